"""Lorelei Bank with the person at the TPP: embedded and decoupled, and who may not."""

from typing import Any

import pytest

from tests.sandbox.berlin_tpp import BerlinTpp, code_of

EMBEDDED = {"TPP-Redirect-Preferred": "false"}


def begun(tpp: BerlinTpp, **headers: str) -> tuple[str, dict[str, Any]]:
    answer = tpp.propose(headers=headers)
    return answer.headers["ASPSP-SCA-Approach"], answer.json()


def start(tpp: BerlinTpp, consent: dict[str, Any], username: str, password: str) -> Any:
    path = f"/v1/consents/{consent['consentId']}/authorisations"
    return tpp.call("POST", path, headers={"PSU-ID": username}, json={"psuData": {"password": password}})


def test_the_approach_is_the_one_that_the_tpp_prefers(berlin: BerlinTpp) -> None:
    assert begun(berlin)[0] == "REDIRECT"
    assert begun(berlin, **EMBEDDED)[0] == "EMBEDDED"
    assert begun(berlin, **{"TPP-Decoupled-Preferred": "true"})[0] == "DECOUPLED"


def test_a_consent_by_redirect_takes_no_password_from_a_tpp(berlin: BerlinTpp) -> None:
    answer = start(berlin, begun(berlin)[1], "alice", "alice-at-lorelei")
    assert (answer.status_code, code_of(answer)) == (409, "STATUS_INVALID")


def test_five_wrong_passwords_end_a_consent(berlin: BerlinTpp) -> None:
    consent = begun(berlin, **EMBEDDED)[1]
    for _ in range(5):
        assert code_of(start(berlin, consent, "alice", "bob-at-lorelei")) == "PSU_CREDENTIALS_INVALID"
    assert code_of(start(berlin, consent, "alice", "alice-at-lorelei")) == "STATUS_INVALID"


@pytest.mark.parametrize("body", [{}, {"scaAuthenticationData": "000000"}, {"authenticationMethodId": "pigeon"}])
def test_no_tan_is_taken_before_a_method_was_chosen(berlin: BerlinTpp, body: dict[str, str]) -> None:
    consent = begun(berlin, **EMBEDDED)[1]
    told = start(berlin, consent, "alice", "alice-at-lorelei").json()
    answer = berlin.call("PUT", told["_links"]["selectAuthenticationMethod"]["href"], json=body)
    assert answer.status_code == 400
    path = f"/v1/consents/{consent['consentId']}/status"
    assert berlin.call("GET", path).json() == {"consentStatus": "received"}


def test_bob_cannot_confirm_what_alice_began(berlin: BerlinTpp) -> None:
    consent = begun(berlin, **{"TPP-Decoupled-Preferred": "true"})[1]
    told = start(berlin, consent, "alice", "").json()
    page = {"_links": {"scaRedirect": {"href": told["psuMessage"].rpartition(" ")[2]}}}
    with pytest.raises(AssertionError):
        berlin.approve(page, "bob")
