"""OAuth before there is a consent: a token first, then the consent with it, then whatever SCA the bank chooses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import responses

from hub.web.present.targets import bank_sources
from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.oauth.pkce import code_challenge
from providers.port import Access, Ask, LinkStart, Psu, Redirect
from providers.registry import CatalogueError
from tests.providers import tpp
from tests.providers.pages import BERLIN_ACCOUNT

CONSENTS = f"{tpp.BERLIN}/v1/consents"
CONSENT = f"{CONSENTS}/consent-1"
METADATA = f"{tpp.BERLIN}/.well-known/oauth-authorization-server"
LOGIN, TOKEN = "https://login.bank.example/authorize", "https://tokens.bank.example/token"
ENDS = {"authorization_endpoint": LOGIN, "token_endpoint": TOKEN}
TOKENS = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt-1"}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(TOKEN, json=TOKENS)
        mock.post(f"{tpp.BERLIN}/token", json=TOKENS)
        mock.get(f"{CONSENT}/status", json={"consentStatus": "valid"})
        mock.get(CONSENT, json={"consentStatus": "valid", "validUntil": "2026-05-31"})
        yield mock


def adapter_with(pre_step: dict[str, Any] = ENDS, **api: Any) -> BerlinGroupAdapter:
    given = {"oauth": {"client_id": "PSDDE-BAFIN-1"}, "pre_step": pre_step} | api
    return BerlinGroupAdapter(tpp.lorelei(**given), tpp.tpp())


def consent(bank: responses.RequestsMock, **told: Any) -> None:
    links = {"scaRedirect": f"{tpp.BERLIN}/sca/1"}
    body = {"consentStatus": "received", "consentId": "consent-1", "_links": links}
    bank.post(CONSENTS, json=body | told, status=201)


def returned(adapter: BerlinGroupAdapter, start: LinkStart, **callback: str) -> Access | LinkStart:
    given = {"state": start.state.state, "code": "code-1"} | callback
    return adapter.finish(start.state, given, now=tpp.NOW, psu=tpp.link_request().psu)


def logged_in(adapter: BerlinGroupAdapter) -> LinkStart:
    gone_on = returned(adapter, adapter.start(tpp.link_request()))
    assert isinstance(gone_on, LinkStart)
    return gone_on


@pytest.mark.parametrize("by_metadata", [True, False])
def test_the_token_comes_first_and_goes_with_every_call_after(bank: responses.RequestsMock, by_metadata: bool) -> None:
    bank.get(METADATA, json={"authorization_endpoint": LOGIN, "token_endpoint": "/token", "issuer": tpp.BERLIN})
    adapter = adapter_with({"metadata_url": METADATA} if by_metadata else ENDS)
    start = adapter.start(tpp.link_request())
    assert isinstance(start.step, Redirect)
    sent = {name: values[0] for name, values in parse_qs(urlsplit(start.step.url).query).items()}
    assert (sent["scope"], sent["state"], sent["redirect_uri"]) == ("AIS", "state-1", tpp.CALLBACK)
    assert not [call for call in bank.calls if call.request.url == CONSENTS]

    consent(bank)
    second = returned(adapter, start)
    assert isinstance(second, LinkStart)
    assert second.step == Redirect(f"{tpp.BERLIN}/sca/1")
    (exchange,) = [one.request for one in bank.calls if str(one.request.url).endswith("/token")]
    assert code_challenge(dict(parse_qsl(str(exchange.body)))["code_verifier"]) == sent["code_challenge"]
    (asked,) = [one.request for one in bank.calls if one.request.url == CONSENTS]
    assert second.state.state in asked.headers["TPP-Redirect-URI"]
    assert "state-1" not in asked.headers["TPP-Redirect-URI"]

    access = adapter.finish(second.state, {"state": second.state.state}, now=tpp.NOW, psu=Psu())
    assert isinstance(access, Access)
    assert access.valid_until == datetime(2026, 6, 1, tzinfo=UTC)
    assert access.expires_at == tpp.NOW + timedelta(seconds=300)
    bank.get(f"{tpp.BERLIN}/v1/accounts", json={"accounts": [BERLIN_ACCOUNT]})
    adapter.accounts(access, psu=None)
    at_consents = [one.request for one in bank.calls if str(one.request.url).startswith(f"{tpp.BERLIN}/v1/")]
    assert len(at_consents) == 4
    assert {one.headers.get("Authorization") for one in at_consents} == {"Bearer at-1"}
    assert "at-1" not in repr((second, access))
    bank.replace("POST", TOKEN, json=TOKENS | {"access_token": "at-2"})
    if not by_metadata:
        assert adapter.refresh(access, now=tpp.NOW).data["access_token"] == "at-2"


def test_what_the_bank_asks_on_our_page_comes_between_token_and_consent(bank: responses.RequestsMock) -> None:
    adapter = adapter_with(ask_psu_id=True, approach="decoupled")
    asked = logged_in(adapter)
    assert isinstance(asked.step, Ask)
    consent(bank, psuMessage="Look at your phone.", _links={"scaStatus": f"{CONSENT}/authorisations/1"})
    bank.get(f"{CONSENT}/authorisations/1", json={"scaStatus": "finalised"})
    waiting = adapter.advance(asked.state, {"psu_id": "alice"}, now=tpp.NOW, psu=Psu())
    assert isinstance(waiting, LinkStart)
    access = adapter.advance(waiting.state, {}, now=tpp.NOW, psu=Psu())
    assert isinstance(access, Access)
    assert access.data["access_token"] == "at-1"
    assert {one.request.headers.get("Authorization") for one in bank.calls[1:]} == {"Bearer at-1"}


def test_a_no_at_the_login_makes_no_consent(bank: responses.RequestsMock) -> None:
    adapter = adapter_with()
    with pytest.raises(Refused) as caught:
        returned(adapter, adapter.start(tpp.link_request()), code="", error="access_denied")
    assert caught.value.code == "access_denied"
    assert len(bank.calls) == 0


def test_no_step_can_be_left_out_or_taken_twice(bank: responses.RequestsMock) -> None:
    adapter = adapter_with()
    start = adapter.start(tpp.link_request())
    with pytest.raises(ContractBroken, match="neither code nor error"):
        adapter.finish(start.state, {"state": "state-1"}, now=tpp.NOW, psu=Psu())
    consent(bank)
    second = returned(adapter, start)
    assert isinstance(second, LinkStart)
    with pytest.raises(ContractBroken, match="state"):
        returned(adapter, second, state="state-1")
    assert "code_verifier" not in second.state.data  # a second code would find nothing to be exchanged with
    bank.replace("GET", f"{CONSENT}/status", json={"consentStatus": "received"})
    with pytest.raises(Transient):
        returned(adapter, second)


@pytest.mark.parametrize(("status", "error"), [(401, Refused), (503, Transient)])
def test_a_bank_that_fails_after_the_login_is_a_named_error(
    bank: responses.RequestsMock, status: int, error: type[ProviderError]
) -> None:
    adapter = adapter_with()
    start = adapter.start(tpp.link_request())
    bank.post(CONSENTS, json={"tppMessages": [{"category": "ERROR", "code": "PSU_UNKNOWN"}]}, status=status)
    with pytest.raises(error) as caught:
        returned(adapter, start)
    assert caught.value.step == "finish"


def test_what_was_begun_is_ended_with_the_token_that_made_it(bank: responses.RequestsMock) -> None:
    adapter = adapter_with()
    consent(bank)
    state = logged_in(adapter).state
    bank.delete(CONSENT, status=204)
    adapter.revoke(Access(state.bank_consent_id, None, None, state.data))
    assert bank.calls[-1].request.headers["Authorization"] == "Bearer at-1"
    adapter.revoke(replace(Access("", None, None), data=state.data))  # before the consent there is nothing to end


@pytest.mark.parametrize(
    "pre_step",
    [
        {},
        {"metadata_url": METADATA, **ENDS},
        {"metadata_url": METADATA, "token_endpoint": TOKEN},
        {"authorization_endpoint": LOGIN},
        {"authorization_endpoint": LOGIN, "token_endpoint": "http://tokens.bank.example/token"},
    ],
)
def test_a_bank_file_names_the_server_once_and_wholly(pre_step: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError):
        adapter_with(pre_step)


def test_a_pre_step_needs_to_know_who_we_are_there() -> None:
    with pytest.raises(CatalogueError, match="oauth"):
        adapter_with(oauth=None)


def test_a_form_of_ours_may_end_at_every_address_of_the_bank() -> None:
    api = {"base_url": tpp.BERLIN, "pre_step": ENDS, "link_urls": ["https://pictures.bank.example/x"]}
    assert {"https://login.bank.example", "https://pictures.bank.example"} < set(bank_sources(api))
