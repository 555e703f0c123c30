"""The consent models, what some banks ask before the consent, and the seal on every request."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import responses
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.port import Access, Ask, LinkStart, Redirect
from providers.registry import BUILT_IN_INSTITUTIONS, CatalogueError, load_institutions
from providers.signing.http_signature import digest
from tests.providers import tpp
from tests.providers.sandbox_banks import PSU, SandboxDriver, bank_process
from tests.providers.test_against_sandbox import QUICK, link, moved
from tests.providers.test_signing import parameters, sealed

CONSENTS = f"{tpp.BERLIN}/v1/consents"
CREATED = {
    "consentStatus": "received",
    "consentId": "consent-1",
    "_links": {"scaRedirect": {"href": f"{tpp.BERLIN}/sca/1"}},
}
IBAN, OTHER = "DE02120300000000202051", "NL91ABNA0417164300"


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(CONSENTS, json=CREATED, status=201)
        yield mock


def body_of(bank: responses.RequestsMock) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bank.calls[0].request.body or "")
    return found


def asked(start: Access | LinkStart) -> Ask:
    assert isinstance(start, LinkStart)
    assert isinstance(start.step, Ask)
    return start.step


def test_everything_is_asked_for_and_for_as_long_as_the_bank_allows(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(consent_model="global", valid_until="longest"), tpp.tpp())
    adapter.start(tpp.link_request())
    assert body_of(bank)["access"] == {"allPsd2": "allAccounts"}
    assert body_of(bank)["validUntil"] == "9999-12-31"
    assert "PSU-ID" not in bank.calls[0].request.headers


def test_a_person_names_the_accounts_before_the_bank_hears_of_them(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(consent_model="dedicated"), tpp.tpp())
    start = adapter.start(tpp.link_request())
    assert [field.name for field in asked(start).fields] == ["ibans"]
    assert len(bank.calls) == 0
    after = adapter.advance(
        start.state, {"ibans": f"de02 1203 0000 0000 2020 51, {OTHER};{OTHER}"}, now=tpp.NOW, psu=PSU
    )
    assert isinstance(after, LinkStart)
    assert after.step == Redirect(f"{tpp.BERLIN}/sca/1")
    assert (after.state.bank_consent_id, after.state.state) == ("consent-1", "state-1")
    named = [{"iban": IBAN}, {"iban": OTHER}]
    assert body_of(bank)["access"] == {"accounts": named, "balances": named, "transactions": named}
    assert body_of(bank)["validUntil"] == "2026-08-28"
    assert bank.calls[0].request.headers["PSU-IP-Address"] == "192.0.2.7"


@pytest.mark.parametrize("ibans", ["", " , ", "DE03120300000000202051", f"{IBAN}, 4111111111111111", f"{IBAN}," * 21])
def test_what_is_no_iban_is_asked_for_again_and_reaches_no_bank(bank: responses.RequestsMock, ibans: str) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(consent_model="dedicated"), tpp.tpp())
    start = adapter.start(tpp.link_request())
    again = adapter.advance(start.state, {"ibans": ibans}, now=tpp.NOW, psu=PSU)
    assert asked(again).error
    assert len(bank.calls) == 0


def test_a_login_name_goes_with_the_consent_where_the_bank_wants_it_and_stays_nowhere(
    bank: responses.RequestsMock,
) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(ask_psu_id=True), tpp.tpp())
    start = adapter.start(tpp.link_request())
    assert [field.name for field in asked(start).fields] == ["psu_id"]
    assert asked(adapter.advance(start.state, {"psu_id": "a\r\nX: 1"}, now=tpp.NOW, psu=PSU)).error
    after = adapter.advance(start.state, {"psu_id": "alice-at-home"}, now=tpp.NOW, psu=PSU)
    assert bank.calls[0].request.headers["PSU-ID"] == "alice-at-home"
    assert "alice-at-home" not in msgspec.json.encode(after).decode()


def test_an_attempt_that_came_to_no_consent_has_nothing_to_end(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(consent_model="dedicated"), tpp.tpp())
    adapter.revoke(Access(adapter.start(tpp.link_request()).state.bank_consent_id, None, None))
    assert len(bank.calls) == 0


def test_every_request_is_signed_under_the_qualified_seal(bank: responses.RequestsMock) -> None:
    seal = sealed()
    us = replace(tpp.tpp(), qualified_seal=seal)
    adapter = BerlinGroupAdapter(tpp.lorelei(signing={}), us)
    adapter.start(tpp.link_request())
    bank.get(f"{CONSENTS}/consent-1/status", json={"consentStatus": "valid"})
    adapter.refresh(Access("consent-1", None, None), now=tpp.NOW)
    for call, names in zip(
        bank.calls, ("digest x-request-id date tpp-redirect-uri", "digest x-request-id date"), strict=True
    ):
        request = call.request
        signature = parameters(request)
        assert signature["keyId"] == "SN=A1B2,CA=C=FR,CN=Seal CA"
        assert (signature["algorithm"], signature["headers"]) == ("rsa-sha256", names)
        assert request.headers["TPP-Signature-Certificate"] == seal.certificate_header()
        body = request.body or b""
        assert request.headers["Digest"] == digest(body.encode() if isinstance(body, str) else body)
        signed = "\n".join(f"{name}: {request.headers[name]}" for name in names.split())
        verify(seal, signature["signature"], signed)


def verify(seal: Any, signature: str, signed: str) -> None:
    """Raises InvalidSignature."""
    key = seal.certificate.public_key()
    key.verify(base64.b64decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_a_bank_that_wants_a_seal_cannot_be_had_without_one() -> None:
    with pytest.raises(CatalogueError, match="seal certificate"):
        BerlinGroupAdapter(tpp.lorelei(signing={}), tpp.tpp())


@pytest.fixture(scope="module")
def lorelei() -> Iterator[str]:
    with bank_process("sandbox.berlin") as url:
        yield url


def at_lorelei(url: str, answers: dict[str, str], **api: Any) -> SandboxDriver:
    institution = moved(load_institutions([BUILT_IN_INSTITUTIONS])["lorelei"], url)
    institution = msgspec.structs.replace(institution, api={**institution.api, **api})
    adapter = BerlinGroupAdapter(institution, tpp.tpp(), limits=QUICK)
    return SandboxDriver(adapter, url, "alice-at-lorelei", True, {}, answers=answers)


def test_who_names_one_account_is_given_that_one(lorelei: str) -> None:
    everything = at_lorelei(lorelei, {}, consent_model="global", valid_until="longest")
    access = link(everything)
    assert access.valid_until is not None  # the bank's own end, in place of 9999-12-31
    known = everything.adapter.accounts(access, psu=PSU)
    assert len(known) == 4
    iban = known[1].identifiers[0].value
    one = at_lorelei(lorelei, {"ibans": iban}, consent_model="dedicated")
    given = one.adapter.accounts(link(one), psu=PSU)
    assert [account.identifiers[0].value for account in given] == [iban]
