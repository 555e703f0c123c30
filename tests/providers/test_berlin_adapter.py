"""One Berlin Group bank through the port: each exchange as the standard has it, each refusal as an action."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import responses

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account
from providers.port import Access, LinkState, Psu, Redirect
from providers.registry import CatalogueError
from tests.providers import tpp
from tests.providers.pages import BERLIN_ACCOUNT, BERLIN_BALANCE, BERLIN_TRANSACTION, berlin

ACCOUNT = Account("acc-1", "EUR")
ACCESS = Access("consent-1", None, None)
STATE = LinkState("consent-1", tpp.CALLBACK, "state-1", "nonce-1")
CONSENTS = f"{tpp.BERLIN}/v1/consents"
ACCOUNTS = f"{tpp.BERLIN}/v1/accounts"
TRANSACTIONS = f"{ACCOUNTS}/acc-1/transactions"
DAYS = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def adapter() -> BerlinGroupAdapter:
    return BerlinGroupAdapter(tpp.lorelei(), tpp.tpp())


def created(link: Any) -> dict[str, Any]:
    return {"consentStatus": "received", "consentId": "consent-1", "_links": {"scaRedirect": link}}


def test_a_link_starts_with_a_bank_offered_consent(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    bank.post(CONSENTS, json=created({"href": f"{tpp.BERLIN}/sca/1"}), status=201)
    start = adapter.start(tpp.link_request())
    assert start.step == Redirect(f"{tpp.BERLIN}/sca/1")
    assert start.state.bank_consent_id == "consent-1"
    request = bank.calls[0].request
    assert json.loads(request.body or "") == {
        "access": {"accounts": [], "balances": [], "transactions": []},
        "recurringIndicator": True,
        "validUntil": "2026-08-28",
        "frequencyPerDay": 4,
        "combinedServiceIndicator": False,
    }
    assert str(UUID(request.headers["X-Request-ID"])) == request.headers["X-Request-ID"]
    assert request.headers["PSU-IP-Address"] == "192.0.2.1"
    assert request.headers["TPP-Redirect-Preferred"] == "true"
    yes, no = (parse_qs(urlsplit(request.headers[name]).query) for name in ("TPP-Redirect-URI", "TPP-Nok-Redirect-URI"))
    assert yes == {"state": ["state-1"]}
    assert no == {"state": ["state-1"], "error": ["access_denied"]}


@pytest.mark.parametrize("link", ["https://sca.bank.example/x?id=1", {"href": "https://sca.bank.example/x?id=1"}])
def test_the_banks_page_may_live_on_another_https_host(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, link: Any
) -> None:
    bank.post(CONSENTS, json=created(link), status=201)
    assert adapter.start(tpp.link_request()).step == Redirect("https://sca.bank.example/x?id=1")


BAD_LINKS = [
    None,
    {},
    "https://[",
    {"href": "https://["},
    {"href": "http://sca.bank.example/"},
    {"href": "javascript:alert(1)"},
    {"href": "/sca/1"},
    7,
]


@pytest.mark.parametrize("link", BAD_LINKS)
def test_no_browser_is_sent_where_it_should_not_go(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, link: Any
) -> None:
    bank.post(CONSENTS, json=created(link), status=201)
    with pytest.raises(ContractBroken):
        adapter.start(tpp.link_request())


@pytest.mark.parametrize("consent_id", ["", "a\r\nX-Evil: 1", "同意"])
def test_a_consent_id_that_cannot_stand_in_a_header_is_refused_at_once(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, consent_id: str
) -> None:
    bank.post(CONSENTS, json=created({"href": f"{tpp.BERLIN}/sca/1"}) | {"consentId": consent_id}, status=201)
    with pytest.raises(ContractBroken):
        adapter.start(tpp.link_request())


VALID_UNTIL = [
    ("2026-05-31", datetime(2026, 6, 1, tzinfo=UTC)),
    ("9999-12-31", None),
    (None, None),
]


@pytest.mark.parametrize(("named", "end"), VALID_UNTIL)
def test_the_end_is_the_one_the_bank_names_its_last_day_included(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, named: str | None, end: datetime | None
) -> None:
    bank.get(f"{CONSENTS}/consent-1/status", json={"consentStatus": "valid"})
    bank.get(f"{CONSENTS}/consent-1", json={"consentStatus": "valid", "validUntil": named})
    access = adapter.finish(STATE, {"state": "state-1"}, now=tpp.NOW, psu=Psu())
    assert isinstance(access, Access)
    assert (access.bank_consent_id, access.expires_at, access.valid_until) == ("consent-1", None, end)


STATUSES: list[tuple[str, dict[str, str], type[ProviderError], str]] = [
    ("received", {}, Transient, ""),
    ("partiallyAuthorised", {}, Transient, ""),
    ("received", {"error": "access_denied"}, Refused, "access_denied"),
    ("rejected", {}, Refused, "access_denied"),
    ("rejected", {"error": "access_denied"}, Refused, "access_denied"),
    ("expired", {}, Refused, "consent_not_valid"),
    ("revokedByPsu", {}, Refused, "consent_not_valid"),
    ("something new", {}, Refused, "consent_not_valid"),
]


@pytest.mark.parametrize(("status", "more", "kind", "code"), STATUSES)
def test_only_a_valid_consent_gives_access_and_only_the_bank_says_so(
    bank: responses.RequestsMock,
    adapter: BerlinGroupAdapter,
    status: str,
    more: dict[str, str],
    kind: type[ProviderError],
    code: str,
) -> None:
    bank.get(f"{CONSENTS}/consent-1/status", json={"consentStatus": status})
    with pytest.raises(kind) as caught:
        adapter.finish(STATE, {"state": "state-1"} | more, now=tpp.NOW, psu=Psu())
    assert getattr(caught.value, "code", "") == code


@pytest.mark.parametrize("callback", [{}, {"state": "state-2"}, {"state": ""}, {"state": "ü"}])
def test_a_callback_of_another_attempt_is_refused_before_anything_is_sent(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, callback: dict[str, str]
) -> None:
    with pytest.raises(ContractBroken, match="state"):
        adapter.finish(STATE, callback, now=tpp.NOW, psu=Psu())
    assert len(bank.calls) == 0


def test_a_refresh_asks_whether_the_consent_still_stands(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    bank.get(f"{CONSENTS}/consent-1/status", json={"consentStatus": "valid"})
    bank.get(f"{CONSENTS}/consent-1/status", json={"consentStatus": "revokedByPsu"})
    assert adapter.refresh(ACCESS, now=tpp.NOW) == ACCESS
    with pytest.raises(ReconsentRequired, match="revokedByPsu"):
        adapter.refresh(ACCESS, now=tpp.NOW)


@pytest.mark.parametrize("psu", [None, Psu("192.0.2.1", "Browser/1.0"), Psu()])
def test_the_bank_is_told_of_the_psu_only_when_the_psu_is_there(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, psu: Psu | None
) -> None:
    bank.get(ACCOUNTS, json={"accounts": [BERLIN_ACCOUNT]})
    bank.get(f"{ACCOUNTS}/acc-1/balances", json={"balances": [BERLIN_BALANCE]})
    bank.get(TRANSACTIONS, body=berlin(BERLIN_TRANSACTION))
    assert len(adapter.accounts(ACCESS, psu=psu)) == 1
    assert len(adapter.balances(ACCESS, ACCOUNT, psu=psu)) == 1
    assert len(list(adapter.transactions(ACCESS, ACCOUNT, psu=psu, **DAYS))) == 1
    present = psu is not None and psu.ip_address is not None
    for call in bank.calls:
        assert ("PSU-IP-Address" in call.request.headers) is present
        assert call.request.headers["Consent-ID"] == "consent-1"
    assert len({call.request.headers["X-Request-ID"] for call in bank.calls}) == 3
    assert "bookingStatus=both&dateFrom=2026-01-01&dateTo=2026-02-01" in (bank.calls[2].request.url or "")


def test_a_bank_that_knows_only_booked_rows_is_asked_for_those(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(booking_status="booked"), tpp.tpp())
    bank.get(TRANSACTIONS, body=berlin(BERLIN_TRANSACTION))
    list(adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS))
    assert "bookingStatus=booked" in (bank.calls[0].request.url or "")
    assert adapter.capabilities.pending is False


@pytest.mark.parametrize("same", [True, False])
def test_pages_of_one_reading_share_a_request_id_where_the_bank_wants_it(
    bank: responses.RequestsMock, same: bool
) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(same_request_id_on_pages=same), tpp.tpp())
    bank.get(f"{TRANSACTIONS}?p=2", body=berlin(pending=(BERLIN_TRANSACTION,)))
    bank.get(TRANSACTIONS, body=berlin(BERLIN_TRANSACTION, following="/v1/accounts/acc-1/transactions?p=2"))
    assert len(list(adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS))) == 2
    assert len({call.request.headers["X-Request-ID"] for call in bank.calls}) == (1 if same else 2)


def messages(code: str) -> dict[str, Any]:
    return {"tppMessages": [{"category": "ERROR", "code": code, "text": "Konto DE02120300000000202051"}]}


REFUSALS: list[tuple[int, Any, type[ProviderError]]] = [
    (401, messages("CONSENT_EXPIRED"), ReconsentRequired),
    (401, messages("CONSENT_INVALID"), ReconsentRequired),
    (403, messages("CONSENT_UNKNOWN"), ReconsentRequired),
    (400, messages("CONSENT_UNKNOWN"), ReconsentRequired),
    (401, messages("TOKEN_EXPIRED"), ReconsentRequired),
    (401, {"type": "x", "title": "t", "code": "CONSENT_EXPIRED"}, ReconsentRequired),
    (401, messages("CERTIFICATE_EXPIRED"), Refused),
    (400, messages("PERIOD_INVALID"), Refused),
    (404, messages("RESOURCE_UNKNOWN"), Refused),
    (403, "<html>firewall</html>", Refused),
    (429, messages("ACCESS_EXCEEDED"), Transient),
    (429, "", Transient),
    (500, "", Transient),
    (200, "<Document/>", ContractBroken),
    (200, '{"accounts":[', ContractBroken),
    (200, "{}", ContractBroken),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
def test_each_refusal_is_an_action_for_the_caller(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, status: int, body: Any, kind: type[ProviderError]
) -> None:
    bank.get(ACCOUNTS, body=body if isinstance(body, str) else json.dumps(body), status=status)
    with pytest.raises(kind) as caught:
        adapter.accounts(ACCESS, psu=None)
    assert (caught.value.institution_id, caught.value.step) == ("lorelei", "accounts")
    assert "DE02" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Date": "Sun, 01 Mar 2026 23:00:00 GMT"}, 3601), ({"Retry-After": "9"}, 9)]
)
def test_a_spent_quota_waits_for_the_next_day_unless_the_bank_says_otherwise(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, headers: dict[str, str], seconds: int
) -> None:
    bank.get(ACCOUNTS, json=messages("ACCESS_EXCEEDED"), status=429, headers=headers)
    with pytest.raises(Transient) as caught:
        adapter.accounts(ACCESS, psu=None)
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize("link", ["http://127.0.0.2:1/steal", "//evil.example/", "http://127.0.0.1:8101/other-bank"])
def test_a_foreign_next_link_fails_after_the_page_that_named_it(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, link: str
) -> None:
    bank.get(TRANSACTIONS, body=berlin(BERLIN_TRANSACTION, following=link))
    pages = adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS)
    assert len(next(pages).transactions) == 1
    with pytest.raises(ContractBroken):
        next(pages)
    assert len(bank.calls) == 1


def test_the_same_page_again_fails_after_the_first(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    bank.get(re.compile(re.escape(TRANSACTIONS)), body=berlin(BERLIN_TRANSACTION, following="?p=2"))
    pages = adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS)
    next(pages)
    with pytest.raises(ContractBroken, match="same page"):
        next(pages)


def test_a_report_that_cannot_be_downloaded_is_not_read_as_an_empty_one(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    bank.get(TRANSACTIONS, json={"_links": {"download": {"href": "/v1/accounts/acc-1/transactions/download/1"}}})
    bank.get(f"{TRANSACTIONS}/download/1", status=404)
    with pytest.raises(Refused):
        list(adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS))


@pytest.mark.parametrize(
    ("status", "body"),
    [(204, None), (403, messages("CONSENT_UNKNOWN")), (401, messages("CONSENT_EXPIRED")), (404, {}), (410, {})],
)
def test_revoking_succeeds_also_when_the_bank_knows_the_consent_no_more(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, status: int, body: Any
) -> None:
    bank.delete(f"{CONSENTS}/consent-1", json=body, status=status)
    adapter.revoke(ACCESS)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (403, Refused), (429, Transient), (503, Transient), (202, ContractBroken)]
)
def test_revoking_fails_when_the_bank_did_not_do_it(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, status: int, kind: type[ProviderError]
) -> None:
    bank.delete(f"{CONSENTS}/consent-1", json={}, status=status)
    with pytest.raises(kind):
        adapter.revoke(ACCESS)


@pytest.mark.parametrize(
    "api", [{"base_url": "lorelei"}, {"base_url": "http://bank.example"}, {"booking_status": "x"}, {"surprise": 1}]
)
def test_a_bank_whose_settings_are_wrong_is_refused_by_name(api: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError, match="lorelei"):
        BerlinGroupAdapter(tpp.lorelei(**api), tpp.tpp())
