"""One STET bank through the port: each exchange as the standard has it, each refusal as an action."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from responses.matchers import query_param_matcher

from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account, Identifier, Money, Scheme
from providers.port import Access, LinkState, Psu, Redirect, Resource
from providers.registry import CatalogueError
from providers.signing.seal import Seal
from providers.stet.adapter import StetAdapter
from tests.providers import tpp
from tests.providers.pages import STET_ACCOUNT, STET_CARD, STET_TRANSACTION, but, stet

API = f"{tpp.STET}/psd2/v1"
TOKEN = f"{tpp.STET}/oauth/token"
REVOKE = f"{tpp.STET}/oauth/revoke"
ACCOUNT = Account("acc-1", "EUR")
ACCESS = Access("link-1", None, None, {"access_token": "at-1", "refresh_token": "rt-1"})
STATE = LinkState("link-1", tpp.CALLBACK, "state-1", "nonce-1", {"code_verifier": "v" * 43})
YES = {"state": "state-1", "code": "code-1"}
TOKENS = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "rt-1"}
SIGNED = {"key_id": "{client_id}", "headers": ["(request-target)", "x-request-id", "digest", "psu-ip-address"]}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def adapter(**api: Any) -> StetAdapter:
    return StetAdapter(tpp.melusine(**api), tpp.tpp())


def form(request: Any) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(str(request.body)).items()}


def test_the_psu_is_sent_to_the_bank_with_a_plain_request_and_nothing_is_called() -> None:
    more = {"errorUrl": "{redirect_uri}"}
    start = adapter(scope="aisp extended_transaction_history", authorization_parameters=more).start(tpp.link_request())
    assert isinstance(start.step, Redirect)
    query = {name: values[0] for name, values in parse_qs(urlsplit(start.step.url).query).items()}
    challenge = query.pop("code_challenge")
    assert query == {
        "response_type": "code",
        "client_id": "PSDFR-ACPR-1",
        "redirect_uri": tpp.CALLBACK,
        "scope": "aisp extended_transaction_history",
        "state": "state-1",
        "code_challenge_method": "S256",
        "errorUrl": tpp.CALLBACK,
    }
    assert len(challenge) == 43
    assert start.state.bank_consent_id
    plain = adapter(pkce=False).start(tpp.link_request())
    assert isinstance(plain.step, Redirect)
    assert "code_challenge" not in plain.step.url
    assert plain.state.data == {}


def test_the_grant_is_the_consent_and_lasts_as_long_as_the_rule_says(bank: responses.RequestsMock) -> None:
    bank.post(TOKEN, json=TOKENS)
    access = adapter().finish(STATE, YES, now=tpp.NOW, psu=Psu())
    assert access.bank_consent_id == "link-1"
    assert access.expires_at == tpp.NOW + timedelta(hours=1)
    assert access.valid_until == tpp.NOW + timedelta(days=180)
    assert access.data == {"access_token": "at-1", "refresh_token": "rt-1"}
    assert form(bank.calls[0].request) == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": tpp.CALLBACK,
        "code_verifier": "v" * 43,
        "client_id": "PSDFR-ACPR-1",
    }
    assert adapter(access_days=None).finish(STATE, YES, now=tpp.NOW, psu=Psu()).valid_until is None


def test_a_secret_is_read_from_its_file_and_sent_as_the_bank_wants(
    bank: responses.RequestsMock, tmp_path: Path
) -> None:
    bank.post(TOKEN, json=TOKENS)
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    for how in ("secret_basic", "secret_post"):
        adapter(client_auth=how, client_secret_file=str(secret)).finish(STATE, YES, now=tpp.NOW, psu=Psu())
    basic, post = (call.request for call in bank.calls)
    assert base64.b64decode(basic.headers["Authorization"].split()[1]) == b"PSDFR-ACPR-1:hush"
    assert "client_secret" not in form(basic)
    assert form(post)["client_secret"] == "hush"


def test_calls_are_signed_with_the_psus_address_where_the_psu_is_there(bank: responses.RequestsMock) -> None:
    bank.get(f"{API}/accounts", body=stet("accounts", STET_ACCOUNT))
    bank.post(TOKEN, json=TOKENS)
    signing = adapter(signing=SIGNED)
    signing.accounts(ACCESS, psu=Psu("192.0.2.1", "Browser/1.0"))
    signing.accounts(ACCESS, psu=None)
    signing.refresh(ACCESS, now=tpp.NOW)
    present, absent, token = (call.request.headers for call in bank.calls)
    assert 'keyId="PSDFR-ACPR-1"' in present["Signature"]
    assert 'headers="(request-target) x-request-id digest psu-ip-address"' in present["Signature"]
    assert 'headers="(request-target) x-request-id digest"' in absent["Signature"]
    assert (present["PSU-IP-Address"], present["PSU-User-Agent"]) == ("192.0.2.1", "Browser/1.0")
    assert "PSU-IP-Address" not in absent
    assert present["Authorization"] == "Bearer at-1"
    assert present["X-Request-ID"] != absent["X-Request-ID"]
    assert "hal+json" in present["Accept"]
    assert "Signature" in token
    adapter(signing={**SIGNED, "token_endpoint": False}).refresh(ACCESS, now=tpp.NOW)
    assert "Signature" not in bank.calls[3].request.headers


def test_a_qualified_seal_signs_where_the_bank_does_not_take_the_key_from_our_jwks(
    bank: responses.RequestsMock,
) -> None:
    bank.get(f"{API}/accounts", body=stet("accounts", STET_ACCOUNT))
    other = tpp.bank_key("seal")
    us = replace(tpp.tpp(), qualified_seal=Seal(other.as_pem(private=True)))
    for template, key in (("{client_id}", other), ("{kid}", tpp.tpp_key())):
        institution = tpp.melusine(signing={"key_id": template, "headers": ["digest"]})
        StetAdapter(institution, us).accounts(ACCESS, psu=None)
        headers = bank.calls[-1].request.headers
        signature = base64.b64decode(headers["Signature"].split('signature="')[1].rstrip('"'))
        public = key.public_key
        assert isinstance(public, RSAPublicKey)
        public.verify(signature, f"digest: {headers['Digest']}".encode(), PKCS1v15(), SHA256())


def test_the_consent_is_forwarded_when_the_bank_waits_for_it_and_not_before(bank: responses.RequestsMock) -> None:
    bare = [but(one, _links=...) for one in (STET_ACCOUNT, STET_CARD)]
    bank.get(f"{API}/accounts", body=stet("accounts", *bare))
    bank.get(f"{API}/accounts", body=stet("accounts", STET_ACCOUNT, STET_CARD))
    bank.put(f"{API}/consents", status=201)
    detailed = adapter(consent_model="detailed", offers=["parties"])
    for _ in range(2):
        assert len(detailed.accounts(ACCESS, psu=None)) == 2
    methods = [call.request.method for call in bank.calls]
    assert methods == ["GET", "PUT", "GET", "GET"]
    named = [STET_ACCOUNT["accountId"], STET_CARD["accountId"]]
    assert json.loads(bank.calls[1].request.body or "") == {
        "balances": named,
        "transactions": named,
        "owners": named,
        "trustedBeneficiaries": False,
        "psuIdentity": True,
    }


def test_in_the_full_model_no_consent_is_forwarded(bank: responses.RequestsMock) -> None:
    bank.get(f"{API}/accounts", body=stet("accounts", but(STET_ACCOUNT, _links=...)))
    assert len(adapter().accounts(ACCESS, psu=None)) == 1


PERIODS = [
    ({}, "dateFrom=2026-01-01T00:00:00Z&dateTo=2026-02-02T00:00:00Z"),
    ({"day_format": "date"}, "dateFrom=2026-01-01&dateTo=2026-02-02"),
    ({"day_format": "date", "date_type": "bookingDate"}, "dateFrom=2026-01-01&dateTo=2026-02-02&dateType=bookingDate"),
]


@pytest.mark.parametrize(("api", "query"), PERIODS)
def test_the_last_day_is_asked_for_by_the_day_after(
    bank: responses.RequestsMock, api: dict[str, Any], query: str
) -> None:
    bank.get(f"{API}/accounts/acc-1/transactions", body=stet("transactions", STET_TRANSACTION))
    days = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
    (page,) = adapter(**api).transactions(ACCESS, ACCOUNT, psu=None, **days)
    assert len(page.transactions) == 1
    assert urlsplit(bank.calls[0].request.url or "").query == query


def test_no_content_is_an_empty_list(bank: responses.RequestsMock) -> None:
    bank.get(f"{API}/accounts/acc-1/transactions", status=204)
    bank.get(f"{API}/accounts/acc-1/balances", status=204)
    days = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
    (page,) = adapter().transactions(ACCESS, ACCOUNT, psu=None, **days)
    assert (page.transactions, page.next) == ((), None)
    assert adapter().balances(ACCESS, ACCOUNT, psu=None) == ()


NEXT_LINKS: list[tuple[dict[str, Any], str]] = [
    ({}, f"{API}/accounts/acc-1/transactions?page=2"),
    ({}, "/psd2/v1/accounts/acc-1/transactions?page=2"),
    ({}, "?page=2"),
    ({}, "v1/accounts/acc-1/transactions?page=2"),
    ({}, "accounts/acc-1/transactions?page=2"),
    ({"links_from_base": True}, "/accounts/acc-1/transactions?page=2"),
    ({"links_from_base": True}, f"{tpp.STET}/v1/accounts/acc-1/transactions?page=2"),
    ({"link_hosts": ["inner.bank.example"]}, "https://inner.bank.example/psd2/v1/accounts/acc-1/transactions?page=2"),
    ({"link_hosts": ["10.0.0.1:8443"]}, "http://10.0.0.1:8443/psd2/v1/accounts/acc-1/transactions?page=2"),
]


@pytest.mark.parametrize(("api", "link"), NEXT_LINKS)
def test_the_next_page_is_found_however_a_bank_writes_where_it_is(
    bank: responses.RequestsMock, api: dict[str, Any], link: str
) -> None:
    url = f"{API}/accounts/acc-1/transactions"
    bank.get(url, body=stet("transactions", STET_TRANSACTION, following=link))
    bank.get(f"{url}?page=2", body=stet("transactions"), match=[query_param_matcher({"page": "2"})])
    days = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
    pages = list(adapter(**api).transactions(ACCESS, ACCOUNT, psu=None, **days))
    assert len(pages) == 2
    assert bank.calls[1].request.url == f"{url}?page=2"


BAD_NEXT = [
    "https://evil.example/psd2/v1/accounts",
    "//evil.example/accounts/x",
    "http://[::1/accounts",
    "http://a:b@127.0.0.1:8103/accounts",
]


@pytest.mark.parametrize("link", BAD_NEXT)
@pytest.mark.parametrize("api", [{}, {"links_from_base": True, "link_hosts": ["inner.bank.example"]}])
def test_no_next_link_leads_away_from_the_bank(bank: responses.RequestsMock, api: dict[str, Any], link: str) -> None:
    bank.get(f"{API}/accounts/acc-1/transactions", body=stet("transactions", STET_TRANSACTION, following=link))
    days = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
    reading = adapter(**api).transactions(ACCESS, ACCOUNT, psu=None, **days)
    assert next(reading).transactions
    with pytest.raises(ContractBroken):
        next(reading)
    assert len(bank.calls) == 1


def test_a_bank_gets_the_headers_that_its_file_names(bank: responses.RequestsMock) -> None:
    bank.get(f"{API}/accounts", body=stet("accounts", STET_ACCOUNT))
    adapter(headers={"X-IBM-Client-Id": "portal-7"}).accounts(ACCESS, psu=None)
    assert bank.calls[0].request.headers["X-IBM-Client-Id"] == "portal-7"


def report(**more: Any) -> dict[str, Any]:
    return {"timestamp": "2026-03-01T00:00:00+0100", "status": 0, "error": "Error", "message": "m", **more}


REFUSALS: list[tuple[int, Any, type[ProviderError], str]] = [
    (401, report(), ReconsentRequired, ""),
    (401, "<html>", ReconsentRequired, ""),
    (403, report(), Refused, "Error"),
    (403, report(error="NAAC"), ReconsentRequired, ""),
    (403, report(code="NAAC"), ReconsentRequired, ""),
    (403, {"error": "invalid_token"}, ReconsentRequired, ""),
    (404, report(error="Not Found"), Refused, ""),
    (400, [], Refused, ""),
    (408, report(), Transient, ""),
    (429, report(), Transient, ""),
    (500, report(), Transient, ""),
    (302, "", ContractBroken, ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), REFUSALS)
def test_what_each_refusal_means(
    bank: responses.RequestsMock, status: int, body: Any, kind: type[ProviderError], code: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    bank.get(f"{API}/accounts", body=text, status=status)
    with pytest.raises(kind) as caught:
        adapter().accounts(ACCESS, psu=None)
    assert (caught.value.institution_id, caught.value.step) == ("melusine", "accounts")
    assert getattr(caught.value, "code", "") == code


def test_a_days_quota_waits_until_the_day_is_over(bank: responses.RequestsMock) -> None:
    told = report(message="Limite des appels par jour dépassée (Erreur H6B-QA03AAH5)")
    bank.get(f"{API}/accounts", json=told, status=429, headers={"Date": "Wed, 07 Apr 2021 21:51:12 GMT"})
    with pytest.raises(Transient) as caught:
        adapter().accounts(ACCESS, psu=None)
    assert caught.value.retry_after_s == 2 * 3600 + 8 * 60 + 49


def test_a_refresh_token_is_replaced_where_the_bank_rotates_it(bank: responses.RequestsMock) -> None:
    bank.post(TOKEN, json=TOKENS | {"access_token": "at-2", "refresh_token": "rt-2"})
    fresh = adapter().refresh(ACCESS, now=tpp.NOW)
    assert fresh.data == {"access_token": "at-2", "refresh_token": "rt-2"}
    bank.replace(responses.POST, TOKEN, json={"error": "invalid_grant"}, status=400)
    with pytest.raises(ReconsentRequired):
        adapter().refresh(ACCESS, now=tpp.NOW)
    with pytest.raises(ReconsentRequired):
        adapter().refresh(Access("link-1", None, None, {"access_token": "at-1"}), now=tpp.NOW)


def test_revoking_takes_back_what_was_forwarded_and_both_tokens(bank: responses.RequestsMock) -> None:
    bank.put(f"{API}/consents", status=201)
    bank.post(REVOKE, status=200)
    adapter(consent_model="detailed", revocation_endpoint=REVOKE).revoke(ACCESS)
    forwarded, refresh, access = (call.request for call in bank.calls)
    assert json.loads(forwarded.body or "")["transactions"] == []
    assert [form(one)["token"] for one in (refresh, access)] == ["rt-1", "at-1"]
    assert form(refresh)["token_type_hint"] == "refresh_token"


def test_revoking_twice_and_where_the_bank_has_no_way_succeeds(bank: responses.RequestsMock) -> None:
    bank.put(f"{API}/consents", status=401)
    adapter(consent_model="detailed").revoke(ACCESS)
    adapter().revoke(ACCESS)
    adapter().revoke(Access("link-1", None, None))


def test_who_holds_an_account_and_whom_the_psu_trusts(bank: responses.RequestsMock) -> None:
    owners = {"identities": [{"fullName": "O'Connor Alice"}]}
    bank.get(f"{API}/accounts/acc-1/owners", json=owners)
    bank.get(f"{API}/end-user-identity", json={"identity": {"fullName": "Alice"}})
    bank.get(f"{API}/trusted-beneficiaries", body=stet("beneficiaries", {"creditor": {"name": "Bob"}}))
    offering = adapter(offers=["parties", "beneficiaries"])
    assert offering.capabilities.resources == {Resource.PARTIES, Resource.BENEFICIARIES}
    assert [one.name for one in offering.parties(ACCESS, ACCOUNT, psu=None)] == ["O'Connor Alice"]
    assert [one.name for one in adapter(owners="end-user-identity").parties(ACCESS, ACCOUNT, psu=None)] == ["Alice"]
    assert [one.creditor.name for one in offering.beneficiaries(ACCESS, ACCOUNT, psu=None)] == ["Bob"]


DEBTORS = [
    (Identifier(Scheme.IBAN, "FR76 1"), {"iban": "FR76 1"}),
    (Identifier(Scheme.MASKED_PAN, "****1234"), {"other": {"identification": "****1234", "schemeName": "MPAN"}}),
]


@pytest.mark.parametrize(("debtor", "named"), DEBTORS)
@pytest.mark.parametrize(("amounts", "amount"), [("number", b'"amount":12.50,'), ("string", b'"amount":"12.50",')])
def test_funds_are_asked_for_with_a_grant_of_its_own(
    bank: responses.RequestsMock, debtor: Identifier, named: dict[str, Any], amounts: str, amount: bytes
) -> None:
    bank.post(TOKEN, json=TOKENS)
    bank.post(f"{API}/funds-confirmations", json={"request": {}, "result": True})
    asking = adapter(amounts=amounts)
    start = asking.start_funds(tpp.link_request(), debtor)
    assert isinstance(start.step, Redirect)
    assert "scope=cbpii" in start.step.url
    access = asking.finish(start.state, {"state": "state-1", "code": "c"}, now=tpp.NOW, psu=Psu())
    assert asking.confirm_funds(access, Money(Decimal("12.50"), "EUR"), reference="r-1").available
    body = bank.calls[1].request.body
    assert isinstance(body, bytes)
    assert amount in body
    assert json.loads(body)["accountId"] == named
    with pytest.raises(Refused):
        asking.confirm_funds(ACCESS, Money(Decimal(1), "EUR"), reference="r-2")


WRONG: list[dict[str, Any]] = [
    {"client_id": ...},
    {"client_id": ""},
    {"resource_base": "ftp://bank"},
    {"resource_base": "http://bank.example/v1"},
    {"client_auth": "secret_basic"},
    {"client_auth": "secret_post", "client_secret_file": "/nowhere/at/all"},
    {"signing": {}},
    {"signing": {"key_id": "SN={serial},CA={issuer}"}},
    {"signing": {"key_id": "k", "headers": ["Digest"]}},
    {"signing": {"key_id": "k", "algorithm": "none"}},
    {"time_zone": "Europe/Atlantis"},
    {"consent_model": "none"},
    {"offers": ["statements"]},
    {"headers": {"X": "a\r\nb"}},
    {"link_hosts": ["https://bank.example"]},
    {"surprise": 1},
]


@pytest.mark.parametrize("api", WRONG)
def test_a_file_that_does_not_fit_names_its_bank(api: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError, match="melusine"):
        adapter(**api)


def test_a_foreign_callback_gives_nothing(bank: responses.RequestsMock) -> None:
    for callback in ({"code": "c"}, {"state": "other", "code": "c"}, {"state": "state-1"}):
        with pytest.raises(ContractBroken):
            adapter().finish(STATE, callback, now=tpp.NOW, psu=Psu())
    with pytest.raises(Refused) as caught:
        adapter().finish(STATE, {"state": "state-1", "error": "access_denied"}, now=tpp.NOW, psu=Psu())
    assert caught.value.code == "access_denied"
    assert not bank.calls
    assert tpp.NOW.tzinfo is UTC
