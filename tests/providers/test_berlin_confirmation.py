"""A confirmation code: what a bank gives to whoever comes back from it, and wants to hear from us first."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.port import Access, Ask, LinkStart, Psu
from tests.providers import tpp

CONSENTS = f"{tpp.BERLIN}/v1/consents"
CONSENT = f"{CONSENTS}/consent-1"
ONE = f"{CONSENT}/authorisations/auth-1"
REDIRECTED = {"scaRedirect": f"{tpp.BERLIN}/sca/1", "scaStatus": ONE, "confirmation": ONE}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(CONSENT, json={"consentStatus": "valid", "validUntil": "2026-05-31"})
        yield mock


@pytest.fixture
def adapter() -> BerlinGroupAdapter:
    return BerlinGroupAdapter(tpp.lorelei(oauth={"client_id": "PSDDE-BAFIN-1"}), tpp.tpp())


def begun(bank: responses.RequestsMock, adapter: BerlinGroupAdapter, links: dict[str, Any], **told: Any) -> LinkStart:
    body = {"consentStatus": "received", "consentId": "consent-1", "_links": links} | told
    bank.post(CONSENTS, json=body, status=201)
    return adapter.start(tpp.link_request())


def returned(adapter: BerlinGroupAdapter, start: LinkStart, **callback: str) -> Access | LinkStart:
    return adapter.finish(start.state, {"state": start.state.state} | callback, now=tpp.NOW, psu=Psu())


def says(bank: responses.RequestsMock, consent_status: str, sca_status: str = "unconfirmed") -> None:
    bank.get(f"{CONSENT}/status", json={"consentStatus": consent_status})
    bank.get(ONE, json={"scaStatus": sca_status})


def confirmations(bank: responses.RequestsMock) -> list[dict[str, Any]]:
    return [json.loads(one.request.body or "") for one in bank.calls if one.request.method == "PUT"]


@pytest.mark.parametrize("name", ["confirmationCode", "confirmation_code", "code"])
def test_a_code_that_came_back_is_said_to_the_bank_before_it_is_asked(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, name: str
) -> None:
    start = begun(bank, adapter, REDIRECTED)
    bank.put(ONE, json={"scaStatus": "finalised"})
    says(bank, "valid", "finalised")
    assert isinstance(returned(adapter, start, **{name: "2256ffgh"}), Access)
    assert confirmations(bank) == [{"confirmationCode": "2256ffgh"}]
    assert [one.request.method for one in bank.calls] == ["POST", "PUT", "GET", "GET"]


def test_the_token_of_an_integrated_oauth_is_the_confirmation(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    server = {"authorization_endpoint": "https://login.bank.example/a", "token_endpoint": "/token", "issuer": ""}
    bank.get(f"{tpp.BERLIN}/meta", json=server)
    bank.post(f"{tpp.BERLIN}/token", json={"access_token": "at-1", "token_type": "Bearer"})
    start = begun(bank, adapter, {"scaOAuth": "/meta", "confirmation": ONE})
    bank.put(ONE, json={"scaStatus": "finalised"})
    says(bank, "valid")
    assert isinstance(returned(adapter, start, code="code-1"), Access)
    assert confirmations(bank) == [{}]  # the authorisation code is for the token endpoint and for nobody else
    (put,) = [one.request for one in bank.calls if one.request.method == "PUT"]
    assert put.headers["Authorization"] == "Bearer at-1"


def test_a_no_is_confirmed_to_nobody(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    start = begun(bank, adapter, REDIRECTED)
    says(bank, "received")
    with pytest.raises(Refused) as caught:
        returned(adapter, start, error="access_denied", confirmationCode="2256ffgh")
    assert caught.value.code == "access_denied"
    assert confirmations(bank) == []


def test_another_attempts_return_confirms_nothing(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    start = begun(bank, adapter, REDIRECTED)
    with pytest.raises(ContractBroken, match="state"):
        returned(adapter, start, state="state-2", confirmationCode="2256ffgh")
    assert len(bank.calls) == 1


@pytest.mark.parametrize(
    ("status", "told", "error"),
    [
        (200, {"scaStatus": "failed"}, Refused),
        (401, {"tppMessages": [{"category": "ERROR", "code": "SCA_INVALID"}]}, Refused),
        (400, {"tppMessages": [{"category": "ERROR", "code": "FORMAT_ERROR"}]}, Refused),
        (503, {}, Transient),
        (200, [], ContractBroken),
    ],
)
def test_a_code_that_the_bank_does_not_take_gives_no_access(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, status: int, told: Any, error: type[ProviderError]
) -> None:
    start = begun(bank, adapter, REDIRECTED)
    bank.put(ONE, json=told, status=status)
    with pytest.raises(error):
        returned(adapter, start, confirmationCode="wrong")


def test_a_code_is_said_only_to_the_bank(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    start = begun(bank, adapter, REDIRECTED | {"confirmation": "https://evil.example/collect"})
    with pytest.raises(ContractBroken, match="leads away"):
        returned(adapter, start, confirmationCode="2256ffgh")


@pytest.mark.parametrize("status_link", [True, False])
def test_a_bank_that_sends_no_code_along_has_shown_it(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, status_link: bool
) -> None:
    links = REDIRECTED if status_link else {name: REDIRECTED[name] for name in ("scaRedirect", "confirmation")}
    start = begun(bank, adapter, links)
    says(bank, "received")
    asked = returned(adapter, start)
    assert isinstance(asked, LinkStart)
    assert isinstance(asked.step, Ask)
    assert asked.state.state != start.state.state
    bank.put(ONE, json={"tppMessages": [{"category": "ERROR", "code": "SCA_INVALID"}]}, status=401)
    for _ in range(2):
        again = adapter.advance(asked.state, {"code": "wrong"}, now=tpp.NOW, psu=Psu())
        assert isinstance(again, LinkStart)
        assert isinstance(again.step, Ask)
        assert again.step.error
        asked = again
    bank.replace("PUT", ONE, json={"scaStatus": "finalised"})
    bank.replace("GET", f"{CONSENT}/status", json={"consentStatus": "valid"})
    assert isinstance(adapter.advance(asked.state, {"code": " 2256ffgh "}, now=tpp.NOW, psu=Psu()), Access)
    assert confirmations(bank)[-1] == {"confirmationCode": "2256ffgh"}


def test_codes_are_not_guessed_for_ever(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    asked = begun(bank, adapter, {"confirmation": ONE}, scaStatus="unconfirmed")
    bank.put(ONE, json={"tppMessages": [{"category": "ERROR", "code": "SCA_INVALID"}]}, status=401)
    for _ in range(2):
        again = adapter.advance(asked.state, {"code": "guess"}, now=tpp.NOW, psu=Psu())
        assert isinstance(again, LinkStart)
        asked = again
    with pytest.raises(Refused) as caught:
        adapter.advance(asked.state, {"code": "guess"}, now=tpp.NOW, psu=Psu())
    assert caught.value.code == "psu_credentials_invalid"
    assert len(confirmations(bank)) == 3


def test_who_confirmed_in_the_app_is_asked_for_the_code_that_it_shows(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    start = begun(bank, adapter, {"scaStatus": ONE}, psuMessage="Look at your phone.")
    bank.get(ONE, json={"scaStatus": "unconfirmed", "_links": {"confirmation": ONE}, "psuMessage": "Type the code."})
    asked = adapter.advance(start.state, {}, now=tpp.NOW, psu=Psu())
    assert isinstance(asked, LinkStart)
    assert isinstance(asked.step, Ask)
    assert ([one.name for one in asked.step.fields], asked.step.explanation) == (["code"], "Type the code.")


def test_a_bank_that_is_late_is_waited_for(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    start = begun(bank, adapter, REDIRECTED)
    says(bank, "received", "started")
    with pytest.raises(Transient):
        returned(adapter, start)
