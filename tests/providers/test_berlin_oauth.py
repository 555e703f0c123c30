"""A consent that is authorised by OAuth: metadata is believed no further than the bank's own addresses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import responses

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.oauth.pkce import code_challenge
from providers.port import Access, LinkStart, Psu, Redirect
from providers.registry import CatalogueError
from tests.providers import tpp
from tests.providers.pages import BERLIN_ACCOUNT

CONSENT = f"{tpp.BERLIN}/v1/consents/consent-1"
METADATA = f"{tpp.BERLIN}/.well-known/oauth-authorization-server"
TOKEN = f"{tpp.BERLIN}/token"
SERVER = {
    "issuer": tpp.BERLIN,
    "authorization_endpoint": "https://login.bank.example/authorize",
    "token_endpoint": TOKEN,
}
TOKENS = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt-1"}
OAUTH = {"client_id": "PSDDE-BAFIN-1"}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(TOKEN, json=TOKENS)
        mock.get(f"{CONSENT}/status", json={"consentStatus": "valid"})
        mock.get(CONSENT, json={"consentStatus": "valid", "validUntil": "2026-05-31"})
        yield mock


@pytest.fixture
def adapter() -> BerlinGroupAdapter:
    return BerlinGroupAdapter(tpp.lorelei(oauth=OAUTH), tpp.tpp())


def begun(bank: responses.RequestsMock, adapter: BerlinGroupAdapter, link: Any = METADATA, **server: Any) -> LinkStart:
    told = {"consentStatus": "received", "consentId": "consent-1", "_links": {"scaOAuth": link}}
    bank.post(f"{tpp.BERLIN}/v1/consents", json=told, status=201)
    bank.get(METADATA, json=SERVER | server)
    return adapter.start(tpp.link_request())


def finished(adapter: BerlinGroupAdapter, start: LinkStart, **callback: str) -> Access:
    given = {"state": "state-1", "code": "code-1"} | callback
    access = adapter.finish(start.state, given, now=tpp.NOW, psu=Psu())
    assert isinstance(access, Access)
    return access


@pytest.mark.parametrize("link", [METADATA, {"href": METADATA}, "/.well-known/oauth-authorization-server"])
def test_a_code_grant_for_this_consent_gives_the_token_that_goes_with_every_call(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, link: Any
) -> None:
    start = begun(bank, adapter, link)
    assert isinstance(start.step, Redirect)
    sent = {name: values[0] for name, values in parse_qs(urlsplit(start.step.url).query).items()}
    assert start.step.url.startswith("https://login.bank.example/authorize?")
    assert (sent["scope"], sent["state"], sent["client_id"]) == ("AIS:consent-1", "state-1", "PSDDE-BAFIN-1")
    assert (sent["redirect_uri"], sent["response_type"]) == (tpp.CALLBACK, "code")

    access = finished(adapter, start, iss=tpp.BERLIN)
    assert access.valid_until == datetime(2026, 6, 1, tzinfo=UTC)
    assert access.expires_at == tpp.NOW + timedelta(seconds=300)
    (exchange,) = [call.request for call in bank.calls if call.request.url == TOKEN]
    form = dict(parse_qsl(str(exchange.body)))
    assert (form["grant_type"], form["code"], form["redirect_uri"]) == ("authorization_code", "code-1", tpp.CALLBACK)
    assert code_challenge(form["code_verifier"]) == sent["code_challenge"]

    bank.get(f"{tpp.BERLIN}/v1/accounts", json={"accounts": [BERLIN_ACCOUNT]})
    adapter.accounts(access, psu=None)
    bank.delete(CONSENT, status=204)
    adapter.revoke(access)
    for call in [one for one in bank.calls if one.request.url not in (METADATA, TOKEN)][1:]:
        assert call.request.headers["Authorization"] == "Bearer at-1"
    assert "at-1" not in repr(access)


@pytest.mark.parametrize(
    "server",
    [
        {"token_endpoint": "https://evil.example/token"},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"authorization_endpoint": "http://login.bank.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
)
def test_metadata_sends_neither_codes_nor_people_astray(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, server: dict[str, Any]
) -> None:
    with pytest.raises(ContractBroken):
        begun(bank, adapter, **server)


def test_metadata_is_read_at_the_bank_only(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    with pytest.raises(ContractBroken, match="leads away"):
        begun(bank, adapter, "https://evil.example/.well-known/oauth-authorization-server")


CALLBACKS: list[tuple[dict[str, str], type[ProviderError]]] = [
    ({"state": "state-2"}, ContractBroken),
    ({"iss": "https://another.example"}, ContractBroken),
    ({"code": ""}, ContractBroken),
    ({"error": "access_denied"}, Refused),
]


@pytest.mark.parametrize(("callback", "kind"), CALLBACKS)
def test_a_callback_that_is_not_ours_or_says_no_costs_no_code(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, callback: dict[str, str], kind: type[ProviderError]
) -> None:
    start = begun(bank, adapter)
    with pytest.raises(kind):
        finished(adapter, start, **callback)
    assert TOKEN not in [call.request.url for call in bank.calls]


@pytest.mark.parametrize(("status", "kind"), [("received", Transient), ("rejected", Refused)])
def test_a_token_is_no_access_while_the_consent_is_not_valid(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, status: str, kind: type[ProviderError]
) -> None:
    start = begun(bank, adapter)
    bank.replace("GET", f"{CONSENT}/status", json={"consentStatus": status})
    with pytest.raises(kind):
        finished(adapter, start)


def test_tokens_are_renewed_and_a_new_refresh_token_is_never_lost_to_another_call(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    access = finished(adapter, begun(bank, adapter))
    bank.replace("POST", TOKEN, json=TOKENS | {"access_token": "at-2", "refresh_token": "rt-2"})
    bank.replace("GET", f"{CONSENT}/status", status=503)
    fresh = adapter.refresh(access, now=tpp.NOW)
    assert (fresh.data["access_token"], fresh.data["refresh_token"]) == ("at-2", "rt-2")
    assert fresh.valid_until == access.valid_until
    bank.replace("POST", TOKEN, json={"error": "invalid_grant"}, status=400)
    with pytest.raises(ReconsentRequired):
        adapter.refresh(fresh, now=tpp.NOW)


def test_a_token_without_a_successor_lasts_until_its_end(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    access = finished(adapter, begun(bank, adapter))
    alone = replace(access, data={name: value for name, value in access.data.items() if name != "refresh_token"})
    assert adapter.refresh(alone, now=tpp.NOW) == alone
    with pytest.raises(ReconsentRequired):
        adapter.refresh(alone, now=tpp.NOW + timedelta(seconds=300))


def test_a_bank_that_turns_to_oauth_unasked_is_told_of_and_not_followed(bank: responses.RequestsMock) -> None:
    with pytest.raises(Refused) as caught:
        begun(bank, BerlinGroupAdapter(tpp.lorelei(), tpp.tpp()))
    assert caught.value.code == "oauth_not_set_up"


def test_a_secret_that_is_not_there_is_said_when_the_bank_is_set_up() -> None:
    with pytest.raises(CatalogueError, match="client_secret_file"):
        BerlinGroupAdapter(tpp.lorelei(oauth={**OAUTH, "client_auth": "secret_basic"}), tpp.tpp())
