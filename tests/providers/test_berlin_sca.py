"""Embedded and decoupled SCA: whatever link a bank gives is followed, and nothing that the PSU typed stays behind."""

import base64
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import responses

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ProviderError, Refused
from providers.port import Access, Ask, LinkStart, Redirect
from providers.registry import BUILT_IN_INSTITUTIONS, load_institutions
from tests.providers import tpp
from tests.providers.sandbox_banks import PSU, Browser, SandboxDriver, bank_process
from tests.providers.test_against_sandbox import QUICK, moved

CONSENTS = f"{tpp.BERLIN}/v1/consents"
STARTS = f"{CONSENTS}/consent-1/authorisations"
ONE = f"{STARTS}/auth-1"
PNG = b"\x89PNG\r\n\x1a\n and so on"
LOGIN = {"psu_id": "alice", "password": "s3cret-Pässword"}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def adapter() -> BerlinGroupAdapter:
    return BerlinGroupAdapter(tpp.lorelei(approach="embedded"), tpp.tpp())


def begun(bank: responses.RequestsMock, adapter: BerlinGroupAdapter, told: dict[str, Any]) -> LinkStart:
    bank.post(CONSENTS, json={"consentStatus": "received", "consentId": "consent-1"} | told, status=201)
    return adapter.start(tpp.link_request())


def advanced(adapter: BerlinGroupAdapter, start: LinkStart, **answers: str) -> LinkStart:
    gone_on = adapter.advance(start.state, answers, now=tpp.NOW, psu=PSU)
    assert isinstance(gone_on, LinkStart)
    return gone_on


def ask_of(start: LinkStart) -> Ask:
    assert isinstance(start.step, Ask)
    return start.step


def links(**named: Any) -> dict[str, Any]:
    return {"_links": named}


def names(ask: Ask) -> list[str]:
    return [field.name for field in ask.fields]


FIRST: list[tuple[str, list[str], str, dict[str, Any], dict[str, str]]] = [
    ("startAuthorisationWithPsuIdentification", ["psu_id"], "POST", {}, {"psu_id": "alice"}),
    ("updatePsuIdentification", ["psu_id"], "PUT", {}, {"psu_id": "alice"}),
    (
        "startAuthorisationWithPsuAuthentication",
        ["psu_id", "password"],
        "POST",
        {"psuData": {"password": "s3cret-Pässword"}},
        LOGIN,
    ),
    ("updatePsuAuthentication", ["psu_id", "password"], "PUT", {"psuData": {"password": "s3cret-Pässword"}}, LOGIN),
    (
        "updateAdditionalPsuAuthentication",
        ["password"],
        "PUT",
        {"psuData": {"additionalPassword": "x"}},
        {"password": "x"},
    ),
    ("authoriseTransaction", ["code"], "PUT", {"scaAuthenticationData": "123456"}, {"code": " 123456 "}),
    (
        "startAuthorisationWithTransactionAuthorisation",
        ["code"],
        "POST",
        {"scaAuthenticationData": "123456"},
        {"code": "123456"},
    ),
]


@pytest.mark.parametrize(("link", "asked", "method", "sent", "answers"), FIRST)
@pytest.mark.parametrize("href", [ONE, {"href": ONE}, {"href": "/v1/consents/consent-1/authorisations/auth-1"}])
def test_each_link_asks_for_what_it_needs_and_sends_it_where_it_leads(
    bank: responses.RequestsMock,
    adapter: BerlinGroupAdapter,
    link: str,
    asked: list[str],
    method: str,
    sent: dict[str, Any],
    answers: dict[str, str],
    href: Any,
) -> None:
    start = begun(bank, adapter, links(**{link: href}))
    assert names(ask_of(start)) == asked
    bank.add(method, ONE, json={"scaStatus": "started", "psuMessage": "Look at your phone."})
    after = advanced(adapter, start, **answers)
    assert ask_of(after).explanation == "Look at your phone."
    request = bank.calls[1].request
    assert json.loads(request.body or "") == sent
    assert request.headers.get("PSU-ID") == answers.get("psu_id")
    assert ("TPP-Redirect-URI" in request.headers) is (method == "POST")
    assert request.headers["PSU-IP-Address"] == "192.0.2.7"


@pytest.mark.parametrize(
    ("approach", "sent"),
    [("redirect", ("true", None)), ("embedded", ("false", None)), ("decoupled", ("false", "true"))],
)
def test_the_bank_is_told_which_approach_we_prefer(
    bank: responses.RequestsMock, approach: str, sent: tuple[str, str | None]
) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(approach=approach), tpp.tpp())
    begun(bank, adapter, links(scaRedirect=f"{tpp.BERLIN}/sca/1"))
    headers = bank.calls[0].request.headers
    assert (headers["TPP-Redirect-Preferred"], headers.get("TPP-Decoupled-Preferred")) == sent


def test_an_authorisation_that_needs_nothing_is_begun_without_the_psu(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    bank.post(STARTS, json={"scaStatus": "received"} | links(scaRedirect=f"{tpp.BERLIN}/sca/1"), status=201)
    start = begun(bank, adapter, links(startAuthorisation=STARTS))
    assert start.step == Redirect(f"{tpp.BERLIN}/sca/1")


def test_a_bank_that_begins_without_end_is_left(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    bank.post(STARTS, json=links(startAuthorisation=STARTS), status=201)
    with pytest.raises(ContractBroken, match="again and again"):
        begun(bank, adapter, links(startAuthorisation=STARTS))


def test_methods_are_offered_by_name_and_the_chosen_one_is_sent(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    methods = [
        {"authenticationMethodId": "1", "authenticationType": "SMS_OTP", "name": "smsTAN", "explanation": "+49 *41"},
        {"authenticationMethodId": "2", "authenticationType": "PUSH_OTP"},
    ]
    start = begun(bank, adapter, {"scaMethods": methods} | links(selectAuthenticationMethod=ONE))
    (field,) = ask_of(start).fields
    assert (field.kind, field.options) == ("choice", (("1", "smsTAN: +49 *41"), ("2", "PUSH_OTP")))
    assert ask_of(advanced(adapter, start, method="")).error
    bank.put(ONE, json={"scaStatus": "scaMethodSelected"} | links(scaRedirect=f"{tpp.BERLIN}/sca/2"))
    assert advanced(adapter, start, method="2").step == Redirect(f"{tpp.BERLIN}/sca/2")
    assert json.loads(bank.calls[1].request.body or "") == {"authenticationMethodId": "2"}


CHALLENGES: list[tuple[dict[str, Any], int, str, str]] = [
    ({"otpMaxLength": 6, "otpFormat": "integer"}, 6, "Digits only.", ""),
    ({"optMaxLength": 8, "optFormat": "characters"}, 8, "", ""),
    ({"otpMaxLength": 0}, 200, "", ""),
    ({"otpMaxLength": 10**9}, 200, "", ""),
    ({"data": ["12345", None, "x\x00y"]}, 200, "", "For your bank's device: 12345, x y"),
    (
        {"data": "99", "additionalInformation": "Insert the card."},
        200,
        "",
        "Insert the card. For your bank's device: 99",
    ),
    ({"otpMaxLength": {"odd": 1}, "additionalInformation": "Still read."}, 200, "", "Still read."),
]


@pytest.mark.parametrize(("challenge", "length", "hint", "explanation"), CHALLENGES)
def test_a_challenge_says_what_to_type(
    bank: responses.RequestsMock,
    adapter: BerlinGroupAdapter,
    challenge: dict[str, Any],
    length: int,
    hint: str,
    explanation: str,
) -> None:
    ask = ask_of(begun(bank, adapter, {"challengeData": challenge} | links(authoriseTransaction=ONE)))
    assert (ask.fields[0].max_length, ask.fields[0].hint, ask.explanation) == (length, hint, explanation)


@pytest.mark.parametrize("prefix", ["", "data:image/svg+xml;base64,"])
def test_a_picture_is_shown_as_what_it_is_and_not_as_what_it_is_called(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, prefix: str
) -> None:
    image = prefix + base64.b64encode(PNG).decode()
    ask = ask_of(begun(bank, adapter, {"challengeData": {"image": image}} | links(authoriseTransaction=ONE)))
    assert (ask.image, ask.image_type) == (PNG, "image/png")


@pytest.mark.parametrize("image", [b"<svg onload='x'/>", b"\xff\xd8\xff" + b"x" * 300_000])
def test_a_picture_that_a_browser_should_not_draw_is_not_shown(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, image: bytes
) -> None:
    written = {"challengeData": {"image": base64.b64encode(image).decode()}}
    with pytest.raises(ContractBroken, match="picture"):
        begun(bank, adapter, written | links(authoriseTransaction=ONE))


def test_a_picture_is_fetched_from_the_bank(bank: responses.RequestsMock, adapter: BerlinGroupAdapter) -> None:
    bank.get(f"{tpp.BERLIN}/pictures/1", body=PNG)
    ask = ask_of(
        begun(bank, adapter, {"challengeData": {"imageLink": "/pictures/1"}} | links(authoriseTransaction=ONE))
    )
    assert ask.image == PNG


@pytest.mark.parametrize("link", ["http://169.254.169.254/latest", "https://evil.example/x.png", "file:///etc/passwd"])
@pytest.mark.parametrize("where", ["picture", "step", "status"])
def test_no_link_leads_us_away_from_the_bank(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, link: str, where: str
) -> None:
    told: dict[str, Any] = links(updatePsuAuthentication=link)
    if where == "picture":
        told = {"challengeData": {"imageLink": link}} | links(authoriseTransaction=ONE)
    if where == "status":
        told = {"psuMessage": "Confirm."} | links(scaStatus=link)
    with pytest.raises(ContractBroken, match=r"leads away|not a URL"):
        adapter.advance(begun(bank, adapter, told).state, LOGIN, now=tpp.NOW, psu=PSU)
    assert len(bank.calls) == 1


def test_a_wrong_answer_is_asked_for_again_and_not_for_ever(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    told = {"challengeData": {"otpMaxLength": 6}} | links(authoriseTransaction=ONE)
    start = begun(bank, adapter, told)
    bank.put(ONE, json={"tppMessages": [{"category": "ERROR", "code": "PSU_CREDENTIALS_INVALID"}]}, status=401)
    for _ in range(2):
        start = advanced(adapter, start, code="000000")
        assert "try again" in ask_of(start).error
        assert ask_of(start).fields[0].max_length == 6
    with pytest.raises(Refused) as caught:
        adapter.advance(start.state, {"code": "000000"}, now=tpp.NOW, psu=PSU)
    assert caught.value.code == "psu_credentials_invalid"


@pytest.mark.parametrize("psu_id", ["ali\r\nX-Evil: 1", "同意", "alice "])
def test_a_login_name_never_becomes_another_header(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, psu_id: str
) -> None:
    start = begun(bank, adapter, links(updatePsuIdentification=ONE))
    bank.put(ONE, json={"scaStatus": "started", "psuMessage": "Look."})
    after = advanced(adapter, start, psu_id=psu_id)
    assert bool(ask_of(after).error) is (psu_id != "alice ")
    assert len(bank.calls) == (2 if psu_id == "alice " else 1)


SCA_STATUSES: list[tuple[str, str, type[ProviderError] | type[Access] | type[Ask]]] = [
    ("received", "received", Ask),
    ("psuIdentified", "received", Ask),
    ("psuAuthenticated", "received", Ask),
    ("scaMethodSelected", "received", Ask),
    ("started", "received", Ask),
    ("a code of the bank's", "received", Ask),
    ("unconfirmed", "received", Refused),
    ("failed", "rejected", Refused),
    ("finalised", "received", Ask),
    ("finalised", "partiallyAuthorised", Ask),
    ("finalised", "valid", Access),
    ("exempted", "valid", Access),
    ("finalised", "rejected", Refused),
    ("finalised", "revokedByPsu", Refused),
    ("finalised", "expired", Refused),
    ("finalised", "terminatedByTpp", Refused),
]


@pytest.mark.parametrize(("sca_status", "consent_status", "outcome"), SCA_STATUSES)
def test_who_confirms_elsewhere_is_linked_when_the_bank_says_that_the_consent_is_valid(
    bank: responses.RequestsMock,
    adapter: BerlinGroupAdapter,
    sca_status: str,
    consent_status: str,
    outcome: type[ProviderError] | type[Access] | type[Ask],
) -> None:
    start = begun(bank, adapter, {"psuMessage": "Confirm in the app."} | links(scaStatus=ONE))
    assert (ask_of(start).fields, ask_of(start).explanation) == ((), "Confirm in the app.")
    bank.get(ONE, json={"scaStatus": sca_status})
    bank.get(f"{CONSENTS}/consent-1/status", json={"consentStatus": consent_status})
    bank.get(f"{CONSENTS}/consent-1", json={"consentStatus": "valid", "validUntil": "2026-05-31"})
    if issubclass(outcome, ProviderError):
        with pytest.raises(outcome):
            adapter.advance(start.state, {}, now=tpp.NOW, psu=PSU)
        return
    gone_on = adapter.advance(start.state, {}, now=tpp.NOW, psu=PSU)
    if outcome is Access:
        assert gone_on == Access("consent-1", None, datetime(2026, 6, 1, tzinfo=UTC))
    else:
        assert isinstance(gone_on, LinkStart)
        assert ask_of(gone_on).error


@pytest.mark.parametrize(
    "told",
    [{}, links(), links(scaRedirect=None), links(selectAuthenticationMethod=ONE), {"scaStatus": "failed"}],
)
def test_a_consent_that_nobody_can_authorise_is_no_link(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, told: dict[str, Any]
) -> None:
    with pytest.raises((ContractBroken, Refused)):
        begun(bank, adapter, told)


def test_a_password_that_only_the_bank_may_read_is_not_asked_for(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter
) -> None:
    with pytest.raises(Refused) as caught:
        begun(bank, adapter, links(startAuthorisationWithEncryptedPsuAuthentication=STARTS))
    assert caught.value.code == "encrypted_password"


@pytest.mark.parametrize("answer", ["s3cret {", '"s3cret"'])
def test_nothing_that_the_psu_typed_stays_behind(
    bank: responses.RequestsMock, adapter: BerlinGroupAdapter, answer: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    start = begun(bank, adapter, links(updatePsuAuthentication=ONE))
    bank.put(ONE, json={"scaStatus": "psuAuthenticated", "psuMessage": "Look."})
    after = advanced(adapter, start, psu_id="alice-at-home", password="s3cret")
    assert "s3cret" not in str(msgspec.json.encode(after))
    assert "alice-at-home" not in str(msgspec.json.encode(after))
    bank.replace("PUT", ONE, body=answer)
    with pytest.raises(ContractBroken) as caught:
        adapter.advance(start.state, LOGIN, now=tpp.NOW, psu=PSU)
    assert caught.value.raw == b""
    assert "s3cret" not in caplog.text


def test_a_link_that_lacks_what_the_gateway_adds_begins_at_our_base(bank: responses.RequestsMock) -> None:
    base = f"{tpp.BERLIN}/berlingroup"
    adapter = BerlinGroupAdapter(tpp.lorelei(base_url=base, links_from_base=True), tpp.tpp())
    told = {"consentStatus": "received", "consentId": "c"} | links(updatePsuIdentification="/v1/consents/c/x")
    bank.post(f"{base}/v1/consents", json=told, status=201)
    bank.put(f"{base}/v1/consents/c/x", json={"scaStatus": "started", "psuMessage": "Look."})
    advanced(adapter, adapter.start(tpp.link_request()), psu_id="alice")


@pytest.fixture(scope="module")
def lorelei() -> Iterator[str]:
    with bank_process("sandbox.berlin") as url:
        yield url


def at_lorelei(url: str, approach: str, **first_answers: str) -> SandboxDriver:
    institution = moved(load_institutions([BUILT_IN_INSTITUTIONS])["lorelei"], url)
    api = {**institution.api, "approach": approach}
    adapter = BerlinGroupAdapter(msgspec.structs.replace(institution, api=api), tpp.tpp(), limits=QUICK)
    return SandboxDriver(adapter, url, "alice-at-lorelei", False, {}, answers=first_answers)


@pytest.mark.parametrize("method", ["sms", "photo"])
def test_alice_types_everything_here_and_her_accounts_are_read(lorelei: str, method: str) -> None:
    driver = at_lorelei(lorelei, "embedded", psu_id="alice", password="wrong")
    adapter = driver.adapter
    assert isinstance(adapter, BerlinGroupAdapter)
    start = driver.start()
    assert (names(ask_of(start)), bool(ask_of(start).error)) == (["psu_id", "password"], True)
    start = advanced(adapter, start, psu_id="alice", password="alice-at-lorelei")
    start = advanced(adapter, start, method=method)
    ask = ask_of(start)
    assert (ask.image is not None, ask.fields[0].max_length) == (method == "photo", 6)
    start = advanced(adapter, start, code="000000")
    tan = ask.explanation.rpartition(" ")[2].rstrip(".")
    access = adapter.advance(start.state, {"code": tan}, now=tpp.NOW, psu=PSU)
    assert isinstance(access, Access)
    assert len(adapter.accounts(access, psu=PSU)) == 4
    adapter.revoke(access)


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_alice_confirms_in_the_app_and_only_then_is_linked(lorelei: str, decision: str) -> None:
    driver = at_lorelei(lorelei, "decoupled", psu_id="alice")
    adapter = driver.adapter
    assert isinstance(adapter, BerlinGroupAdapter)
    start = driver.start()
    assert ask_of(start).fields == ()
    start_again = advanced(adapter, start)
    assert "not heard" in ask_of(start_again).error
    app = Browser(lorelei)
    app.open(ask_of(start).explanation.rpartition(" ")[2])
    app.send("/login", username="alice", password="alice-at-lorelei")
    app.send("/decision", decision=decision, account=app.accounts())
    if decision == "deny":
        with pytest.raises(Refused) as caught:
            adapter.advance(start_again.state, {}, now=tpp.NOW, psu=PSU)
        assert caught.value.code == "access_denied"
        return
    app.send("/tan", tan=app.tan(), decision="approve")
    access = adapter.advance(start_again.state, {}, now=tpp.NOW, psu=PSU)
    assert isinstance(access, Access)
    assert len(adapter.accounts(access, psu=PSU)) == 4
