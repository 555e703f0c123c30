"""One UK bank through the port: each exchange as the standard has it, each refusal as an action for the caller."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from joserfc import jwt
from joserfc.jwk import KeySet

from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account
from providers.port import Access, LinkState, Psu, Redirect
from providers.registry import CatalogueError
from providers.uk_obie.adapter import UkObieAdapter
from tests.providers import tpp
from tests.providers.pages import UK_ACCOUNT, UK_BALANCE, UK_TRANSACTION, but, uk

ACCOUNT = Account("22289", "GBP")
ACCESS = Access("consent-1", None, None, {"access_token": "at-1", "refresh_token": "rt-1"})
STATE = LinkState("consent-1", tpp.CALLBACK, "state-1", "nonce-1", {"code_verifier": "v" * 64})
YES = {"state": "state-1", "code": "code-1", "iss": tpp.UK}
TRANSACTIONS = f"{tpp.AISP}/accounts/22289/transactions"
DAYS = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def adapter() -> UkObieAdapter:
    return UkObieAdapter(tpp.albion(), tpp.tpp())


def consent(**changed: Any) -> dict[str, Any]:
    data = {"ConsentId": "consent-1", "Status": "Authorised", "ExpirationDateTime": "2026-08-28T23:59:59+00:00"}
    return {"Data": but(data, **changed), "Risk": {}}


def a_bank_that_says_yes(bank: responses.RequestsMock, **changed: Any) -> None:
    """``changed`` are claims of the ID token."""
    token = {"access_token": "at-1", "token_type": "bearer", "expires_in": 300, "refresh_token": "rt-1"}
    bank.post(f"{tpp.UK}/token", json=token | {"id_token": tpp.id_token(tpp.id_token_claims(**changed))})
    bank.get(f"{tpp.UK}/jwks", json=tpp.bank_jwks())
    bank.post(f"{tpp.AISP}/account-access-consents", json=consent(Status="AwaitingAuthorisation"), status=201)
    bank.get(f"{tpp.AISP}/account-access-consents/consent-1", json=consent())
    bank.delete(f"{tpp.AISP}/account-access-consents/consent-1", status=204)


def ours(token: str) -> dict[str, Any]:
    """The claims of something we signed, read with our published keys."""
    keys = KeySet.import_key_set({"keys": tpp.tpp().jwks()["keys"]})
    return jwt.decode(token, keys, algorithms=["PS256"]).claims


def form(call: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(call.request.body).items()}


def test_a_link_starts_with_a_consent_and_a_signed_request(
    bank: responses.RequestsMock, adapter: UkObieAdapter
) -> None:
    a_bank_that_says_yes(bank)
    start = adapter.start(tpp.link_request())

    proof = ours(form(bank.calls[0])["client_assertion"])
    assert (proof["iss"], proof["sub"], proof["aud"]) == ("rialto", "rialto", f"{tpp.UK}/token")
    assert proof["exp"] - proof["iat"] <= 300

    asked = json.loads(bank.calls[1].request.body or "")
    assert asked["Risk"] == {}
    assert asked["Data"]["ExpirationDateTime"] == "2026-08-28T23:59:59+00:00"
    assert asked["Data"]["TransactionFromDateTime"] == "2024-03-01T00:00:00+00:00"
    assert "ReadTransactionsDetail" in asked["Data"]["Permissions"]

    assert isinstance(start.step, Redirect)
    url = urlsplit(start.step.url)
    shown = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{tpp.UK}/authorize"
    signed = ours(shown["request"])
    assert {name: signed[name] for name in shown if name != "request"} == {
        name: value for name, value in shown.items() if name != "request"
    }
    assert (signed["iss"], signed["aud"], signed["response_type"]) == ("rialto", tpp.UK, "code")
    assert (signed["state"], signed["nonce"], signed["redirect_uri"]) == ("state-1", "nonce-1", tpp.CALLBACK)
    assert signed["claims"]["id_token"]["openbanking_intent_id"] == {"value": "consent-1", "essential": True}
    assert signed["code_challenge_method"] == "S256"
    assert signed["exp"] - signed["nbf"] <= 300
    assert re.fullmatch(r"[A-Za-z0-9_-]{43,128}", start.state.data["code_verifier"])
    assert start.state.data["code_verifier"] not in start.step.url
    assert start.state.bank_consent_id == "consent-1"


def test_a_link_finishes_with_tokens_and_the_banks_own_end(
    bank: responses.RequestsMock, adapter: UkObieAdapter
) -> None:
    a_bank_that_says_yes(bank)
    access = adapter.finish(STATE, YES, now=tpp.NOW, psu=Psu())
    assert bank.calls[0].request.url == f"{tpp.UK}/jwks"  # before the code is spent
    sent = form(bank.calls[1])
    assert (sent["grant_type"], sent["code"], sent["code_verifier"]) == ("authorization_code", "code-1", "v" * 64)
    assert sent["redirect_uri"] == tpp.CALLBACK
    assert access.expires_at == tpp.NOW + timedelta(seconds=300)
    assert access.valid_until == datetime(2026, 8, 28, 23, 59, 59, tzinfo=UTC)
    assert access.data == {"access_token": "at-1", "refresh_token": "rt-1"}


CALLBACKS: list[tuple[dict[str, str], type[ProviderError], str]] = [
    ({**YES, "state": "state-2"}, ContractBroken, "state"),
    ({"code": "code-1"}, ContractBroken, "state"),
    ({**YES, "state": "é"}, ContractBroken, "state"),
    ({**YES, "state": "\ud800"}, ContractBroken, "state"),
    ({**YES, "iss": "http://127.0.0.1:9"}, ContractBroken, "issuer"),
    ({"state": "state-1"}, ContractBroken, "neither"),
    ({"state": "state-1", "error": "access_denied"}, Refused, "access_denied"),
    ({"state": "state-1", "error": "temporarily_unavailable"}, Transient, "temporarily_unavailable"),
    ({"state": "state-1", "error": "<script>alert(1)</script>"}, Refused, "refused without a code"),
    ({"state": "state-2", "error": "access_denied"}, ContractBroken, "state"),
]


@pytest.mark.parametrize(("callback", "kind", "word"), CALLBACKS)
def test_a_callback_is_checked_before_anything_is_sent(
    bank: responses.RequestsMock, adapter: UkObieAdapter, callback: dict[str, str], kind: type[ProviderError], word: str
) -> None:
    with pytest.raises(kind, match=word) as caught:
        adapter.finish(STATE, callback, now=tpp.NOW, psu=Psu())
    assert (caught.value.institution_id, caught.value.step) == ("albion", "finish")
    assert len(bank.calls) == 0


def test_a_no_at_the_bank_has_the_code_the_port_promises(adapter: UkObieAdapter) -> None:
    with pytest.raises(Refused) as caught:
        adapter.finish(STATE, {"state": "state-1", "error": "access_denied"}, now=tpp.NOW, psu=Psu())
    assert caught.value.code == "access_denied"


@pytest.mark.parametrize("changed", [{"nonce": "other"}, {"iss": "x"}, {"openbanking_intent_id": "consent-2"}])
def test_tokens_beside_a_foreign_id_token_are_not_used(
    bank: responses.RequestsMock, adapter: UkObieAdapter, changed: dict[str, str]
) -> None:
    a_bank_that_says_yes(bank, **changed)
    with pytest.raises(ContractBroken, match="ID token"):
        adapter.finish(STATE, YES, now=tpp.NOW, psu=Psu())


@pytest.mark.parametrize("status", ["Rejected", "Revoked", "Unheard"])
def test_a_consent_that_does_not_stand_gives_no_access(
    bank: responses.RequestsMock, adapter: UkObieAdapter, status: str
) -> None:
    a_bank_that_says_yes(bank)
    bank.replace("GET", f"{tpp.AISP}/account-access-consents/consent-1", json=consent(Status=status))
    with pytest.raises(Refused):
        adapter.finish(STATE, YES, now=tpp.NOW, psu=Psu())


@pytest.mark.parametrize(
    ("status", "body"), [(503, ""), (429, ""), (200, json.dumps(consent(Status="AwaitingAuthorisation")))]
)
def test_a_bank_that_is_slow_to_confirm_does_not_cost_the_psu_the_link(
    bank: responses.RequestsMock, adapter: UkObieAdapter, status: int, body: str
) -> None:
    a_bank_that_says_yes(bank)
    state = adapter.start(tpp.link_request()).state
    bank.replace("GET", f"{tpp.AISP}/account-access-consents/consent-1", body=body, status=status)
    access = adapter.finish(state, YES, now=tpp.NOW, psu=Psu())
    assert access.valid_until == datetime(2026, 8, 28, 23, 59, 59, tzinfo=UTC)


TOKEN_ANSWERS: list[tuple[int, Any, type[ProviderError]]] = [
    (400, {"error": "invalid_grant"}, ReconsentRequired),
    (401, {"error": "invalid_client"}, Refused),
    (400, {"error": "temporarily_unavailable"}, Transient),
    (429, {}, Transient),
    (500, {}, Transient),
    (400, "<html>", ContractBroken),
    (200, "<html>", ContractBroken),
    (200, {"access_token": "x", "token_type": "mac"}, ContractBroken),
    (200, {"access_token": "", "token_type": "Bearer"}, ContractBroken),
    (200, {"token_type": "Bearer"}, ContractBroken),
    (200, {"token_type": "Bearer", "access_token": "a\r\nb"}, ContractBroken),
    (200, {"token_type": "Bearer", "access_token": "令牌"}, ContractBroken),
]


@pytest.mark.parametrize(("status", "body", "kind"), TOKEN_ANSWERS)
def test_what_the_token_endpoint_says_to_a_refresh(
    bank: responses.RequestsMock, adapter: UkObieAdapter, status: int, body: Any, kind: type[ProviderError]
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    bank.post(f"{tpp.UK}/token", body=text, status=status)
    with pytest.raises(kind) as caught:
        adapter.refresh(ACCESS, now=tpp.NOW)
    assert getattr(caught.value, "raw", b"") == b""


def test_a_refresh_keeps_the_refresh_token_unless_the_bank_rotates_it(
    bank: responses.RequestsMock, adapter: UkObieAdapter
) -> None:
    bank.post(f"{tpp.UK}/token", json={"access_token": "at-2", "token_type": "Bearer", "expires_in": "299"})
    rotated = {"access_token": "at-3", "token_type": "Bearer", "refresh_token": "rt-3", "id_token": "sample_id_token"}
    bank.post(f"{tpp.UK}/token", json=rotated)
    second = adapter.refresh(ACCESS, now=tpp.NOW)
    third = adapter.refresh(second, now=tpp.NOW)
    assert second.data == {"access_token": "at-2", "refresh_token": "rt-1"}
    assert second.expires_at == tpp.NOW + timedelta(seconds=299)
    assert (third.data, third.expires_at) == ({"access_token": "at-3", "refresh_token": "rt-3"}, None)


def test_without_a_refresh_token_only_the_psu_can_help(adapter: UkObieAdapter) -> None:
    with pytest.raises(ReconsentRequired):
        adapter.refresh(Access("c", None, None, {"access_token": "a"}), now=tpp.NOW)


@pytest.mark.parametrize("psu", [None, Psu("192.0.2.1", "Browser/1.0"), Psu()])
def test_the_bank_is_told_of_the_psu_only_when_the_psu_is_there(
    bank: responses.RequestsMock, adapter: UkObieAdapter, psu: Psu | None
) -> None:
    bank.get(f"{tpp.AISP}/accounts", body=uk("Account", UK_ACCOUNT))
    bank.get(f"{tpp.AISP}/accounts/22289/balances", body=uk("Balance", UK_BALANCE))
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION))
    assert len(adapter.accounts(ACCESS, psu=psu)) == 1
    assert len(adapter.balances(ACCESS, ACCOUNT, psu=psu)) == 1
    assert len(list(adapter.transactions(ACCESS, ACCOUNT, psu=psu, **DAYS))) == 1
    present = psu is not None and psu.ip_address is not None
    for call in bank.calls:
        assert ("x-fapi-customer-ip-address" in call.request.headers) is present
        assert ("x-customer-user-agent" in call.request.headers) is present
        assert call.request.headers["Authorization"] == "Bearer at-1"
    assert len({call.request.headers["x-fapi-interaction-id"] for call in bank.calls}) == 3
    assert "fromBookingDateTime=2026-01-01T00:00:00Z&toBookingDateTime=2026-02-01T23:59:59Z" in (
        bank.calls[2].request.url or ""
    )


def ob_error(code: str) -> dict[str, Any]:
    return {"Code": "400 BadRequest", "Message": "no", "Errors": [{"ErrorCode": code, "Message": "IBAN GB33"}]}


REFUSALS: list[tuple[int, Any, type[ProviderError]]] = [
    (401, "", ReconsentRequired),
    (403, ob_error("UK.OBIE.Reauthenticate"), ReconsentRequired),
    (403, ob_error("UK.OBIE.Resource.InvalidConsentStatus"), ReconsentRequired),
    (403, ob_error("UK.OBIE.Field.Invalid"), Refused),
    (403, "<html>firewall</html>", Refused),
    (400, ob_error("UK.OBIE.Field.InvalidDate"), Refused),
    (400, ob_error("UK.OBIE.Resource.InvalidConsentStatus"), ReconsentRequired),
    (400, ob_error("please call +44 20 7946 0000"), Refused),
    (404, "", Refused),
    (406, "", Refused),
    (429, "", Transient),
    (500, ob_error("UK.OBIE.UnexpectedError"), Transient),
    (503, "", Transient),
    (204, "", ContractBroken),
    (302, "", ContractBroken),
    (200, "<html>maintenance</html>", ContractBroken),
    (200, '{"Data":{"Account":[', ContractBroken),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
def test_each_refusal_is_an_action_for_the_caller(
    bank: responses.RequestsMock, adapter: UkObieAdapter, status: int, body: Any, kind: type[ProviderError]
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    bank.get(f"{tpp.AISP}/accounts", body=text, status=status, headers={"Retry-After": "7"})
    with pytest.raises(kind) as caught:
        adapter.accounts(ACCESS, psu=None)
    assert (caught.value.institution_id, caught.value.step) == ("albion", "accounts")
    assert not re.search(r"GB33|at-1|\+44", f"{caught.value} {caught.value.reason}")
    if isinstance(caught.value, Transient):
        assert caught.value.retry_after_s == 7


def test_pages_are_followed_one_request_each_as_the_caller_asks(
    bank: responses.RequestsMock, adapter: UkObieAdapter
) -> None:
    second = f"{TRANSACTIONS}?page=2"
    bank.get(second, body=uk("Transaction", but(UK_TRANSACTION, TransactionId="t-2")))
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION, following=second))
    pages = adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS)
    assert len(bank.calls) == 0
    assert next(pages).next == second
    assert len(bank.calls) == 1
    assert next(pages).next is None
    assert list(pages) == []


BAD_NEXT = [
    "http://127.0.0.2:1/steal",
    "https://127.0.0.1:8101/x",
    "//evil.example/",
    "file:///etc/passwd",
    "https://[",
]


@pytest.mark.parametrize("link", BAD_NEXT)
def test_a_foreign_next_link_fails_after_the_page_that_named_it(
    bank: responses.RequestsMock, adapter: UkObieAdapter, link: str
) -> None:
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION, following=link))
    pages = adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS)
    assert len(next(pages).transactions) == 1
    with pytest.raises(ContractBroken, match="link"):
        next(pages)
    assert len(bank.calls) == 1


def test_the_same_page_again_fails_after_the_first(bank: responses.RequestsMock, adapter: UkObieAdapter) -> None:
    bank.get(
        re.compile(re.escape(TRANSACTIONS)), body=uk("Transaction", UK_TRANSACTION, following=f"{TRANSACTIONS}?p=2")
    )
    pages = adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS)
    next(pages)
    with pytest.raises(ContractBroken, match="same page"):
        next(pages)


def test_a_next_link_that_leads_back_fails_before_it_is_followed(
    bank: responses.RequestsMock, adapter: UkObieAdapter
) -> None:
    bank.get(f"{TRANSACTIONS}?p=2", body=uk("Transaction", following=f"{TRANSACTIONS}?p=2"))
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION, following=f"{TRANSACTIONS}?p=2"))
    pages = adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS)
    next(pages)
    next(pages)
    with pytest.raises(ContractBroken, match="leads back"):
        next(pages)
    assert len(bank.calls) == 2


def test_page_two_may_break_and_page_one_is_kept(bank: responses.RequestsMock, adapter: UkObieAdapter) -> None:
    bank.get(f"{TRANSACTIONS}?p=2", body=b'{"Data":{"Trans')
    bank.get(TRANSACTIONS, body=uk("Transaction", UK_TRANSACTION, following=f"{TRANSACTIONS}?p=2"))
    pages = adapter.transactions(ACCESS, ACCOUNT, psu=None, **DAYS)
    assert len(next(pages).transactions) == 1
    with pytest.raises(ContractBroken) as caught:
        next(pages)
    assert caught.value.raw == b'{"Data":{"Trans'


def test_accounts_on_a_second_page_are_not_lost(bank: responses.RequestsMock, adapter: UkObieAdapter) -> None:
    bank.get(f"{tpp.AISP}/accounts?p=2", body=uk("Account", but(UK_ACCOUNT, AccountId="2")))
    bank.get(f"{tpp.AISP}/accounts", body=uk("Account", UK_ACCOUNT, following="?p=2"))
    assert [one.resource_id for one in adapter.accounts(ACCESS, psu=None)] == ["22289", "2"]


def test_pages_that_overlap_show_an_account_once(bank: responses.RequestsMock, adapter: UkObieAdapter) -> None:
    other = but(UK_ACCOUNT, AccountId="2")
    bank.get(f"{tpp.AISP}/accounts?p=2", body=uk("Account", UK_ACCOUNT, other))
    bank.get(f"{tpp.AISP}/accounts", body=uk("Account", UK_ACCOUNT, following="?p=2"))
    assert [one.resource_id for one in adapter.accounts(ACCESS, psu=None)] == ["22289", "2"]


@pytest.mark.parametrize("end", ["soon", "", None, ...])
def test_an_end_that_cannot_be_read_costs_no_link(
    bank: responses.RequestsMock, adapter: UkObieAdapter, end: Any
) -> None:
    a_bank_that_says_yes(bank)
    for method, url in (("POST", ""), ("GET", "/consent-1")):
        body = consent(Status="AwaitingAuthorisation", ExpirationDateTime=end)
        bank.replace(method, f"{tpp.AISP}/account-access-consents{url}", json=body, status=201)
    adapter.start(tpp.link_request())
    assert adapter.finish(STATE, YES, now=tpp.NOW, psu=Psu()).valid_until is None


def test_odd_members_of_a_token_answer_cost_nothing(bank: responses.RequestsMock, adapter: UkObieAdapter) -> None:
    odd = {"scope": ["openid", "accounts"], "expires_in": {}, "id_token": 7, "refresh_token": None}
    bank.post(f"{tpp.UK}/token", json={"access_token": "at-2", "token_type": "BEARER"} | odd)
    access = adapter.refresh(ACCESS, now=tpp.NOW)
    assert (access.data, access.expires_at) == ({"access_token": "at-2", "refresh_token": "rt-1"}, None)


def test_a_broken_account_is_reported_and_the_others_come(
    bank: responses.RequestsMock, adapter: UkObieAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    bank.get(f"{tpp.AISP}/accounts", body=uk("Account", but(UK_ACCOUNT, AccountId=...), UK_ACCOUNT))
    assert len(adapter.accounts(ACCESS, psu=None)) == 1
    assert "AccountId" in caplog.text
    assert "O'Connor" not in caplog.text


def test_nothing_but_broken_accounts_is_a_broken_contract(bank: responses.RequestsMock, adapter: UkObieAdapter) -> None:
    bank.get(f"{tpp.AISP}/accounts", body=uk("Account", but(UK_ACCOUNT, AccountId=...)))
    with pytest.raises(ContractBroken, match="every row is broken"):
        adapter.accounts(ACCESS, psu=None)


@pytest.mark.parametrize(
    ("status", "body"), [(204, ""), (400, ob_error("UK.OBIE.Resource.NotFound")), (404, ""), (410, "")]
)
def test_revoking_succeeds_also_when_the_bank_knows_the_consent_no_more(
    bank: responses.RequestsMock, adapter: UkObieAdapter, status: int, body: Any
) -> None:
    a_bank_that_says_yes(bank)
    text = body if isinstance(body, str) else json.dumps(body)
    bank.replace("DELETE", f"{tpp.AISP}/account-access-consents/consent-1", body=text, status=status)
    adapter.revoke(ACCESS)


@pytest.mark.parametrize(("status", "kind"), [(400, Refused), (403, Refused), (500, Transient), (200, ContractBroken)])
def test_revoking_fails_when_the_bank_did_not_do_it(
    bank: responses.RequestsMock, adapter: UkObieAdapter, status: int, kind: type[ProviderError]
) -> None:
    a_bank_that_says_yes(bank)
    bank.replace("DELETE", f"{tpp.AISP}/account-access-consents/consent-1", json={}, status=status)
    with pytest.raises(kind):
        adapter.revoke(ACCESS)


@pytest.mark.parametrize(
    "api",
    [
        {"issuer": ...},
        {"issuer": "nowhere"},
        {"token_auth": "none"},
        {"surprise": 1},
        {"time_zone": "Mars/North"},
        {"permissions": []},
        {"aisp": {"base": "http://bank.example/aisp"}},
    ],
)
def test_a_bank_whose_settings_are_wrong_is_refused_by_name_and_field(api: dict[str, Any]) -> None:
    institution = tpp.albion(**api)
    for name in [name for name, value in institution.api.items() if value is ...]:
        del institution.api[name]
    with pytest.raises(CatalogueError, match="albion"):
        UkObieAdapter(institution, tpp.tpp())
