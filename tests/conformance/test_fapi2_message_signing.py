"""fapi2-message-signing-final: signed requests and signed answers.

The modules that it shares with the security profile run there with a client that signs. Sections are of FAPI 2.0
Message Signing unless they say otherwise.
"""

from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.conformance.conftest import ALL, TWO, variants
from tests.conformance.provider import Provider
from tests.conformance.rp import Client, bank_client, refused
from tests.conftest import TestClock
from tests.oauth.oidc.rp import header_of
from tests.oauth.signing import LEFT_OUT, ClientKey

BAD_OBJECT = ("invalid_request_object", "invalid_request")
PUSHED = "pushed_authorization_request_endpoint"


@pytest.fixture(params=variants(ALL[4], TWO[1]))
def signer(provider: Provider, request: pytest.FixtureRequest) -> Client:
    auth, bound, signing = request.param
    return bank_client(provider, auth, bound, signing=signing)


def send(client: Client, **changes: Any) -> TestResponse:
    """Push a request object that is right but for these claims (or its header)."""
    signed = client.request_object(client.asked(), **changes)
    return client.post(PUSHED, {"client_id": client.id, "request": signed})


def now_s(clock: TestClock) -> int:
    return int(clock().timestamp())


def test_a_right_request_object_is_taken(signer: Client) -> None:
    """5.3.1: so that each refusal below is for what it says."""
    assert send(signer).status_code == 201


def test_answers_are_signed_and_say_nothing_beside(signer: Client) -> None:
    """5.4.1, JARM 2.1: iss, aud and exp inside; an algorithm of FAPI's (client.checked has looked at the rest)."""
    answer = signer.sign_in(signer.provider.signed_in())
    assert "code" in answer.params


def test_fapi2_security_profile_final_ensure_request_object_with_multiple_aud_succeeds(signer: Client) -> None:
    """5.3.1 (3): an array that contains the issuer."""
    assert send(signer, aud=["https://other.example", signer.provider.base]).status_code == 201


def test_fapi2_security_profile_final_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted(
    signer: Client, clock: TestClock
) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1 (13)."""
    ahead = now_s(clock) + 8
    assert send(signer, nbf=ahead, iat=ahead, exp=ahead + 300).status_code == 201


def test_a_request_object_of_more_than_a_minute_ahead_is_refused(signer: Client, clock: TestClock) -> None:
    """FAPI 2.0 Security Profile 5.3.2.1 (13)."""
    ahead = now_s(clock) + 61
    refused(send(signer, nbf=ahead, exp=ahead + 300), *BAD_OBJECT)
    refused(send(signer, iat=ahead, exp=ahead + 300), *BAD_OBJECT)


def test_a_request_object_says_whose_it_is(signer: Client) -> None:
    """RFC 9101 4, 10.8."""
    for name in ("iss", "client_id"):
        for value in (LEFT_OUT, "another"):
            signed = signer.request_object(signer.asked() | {name: value})
            refused(signer.post(PUSHED, {"client_id": signer.id, "request": signed}), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_request_object_without_exp_fails(signer: Client) -> None:
    """5.3.1 (6)."""
    refused(send(signer, exp=LEFT_OUT), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_request_object_without_nbf_fails(signer: Client) -> None:
    """5.3.1 (5)."""
    refused(send(signer, nbf=LEFT_OUT), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_expired_request_object_fails(signer: Client, clock: TestClock) -> None:
    """RFC 7519 4.1.4."""
    past = now_s(clock) - 300
    refused(send(signer, nbf=past - 60, iat=past - 60, exp=past), *BAD_OBJECT)


@pytest.mark.parametrize("aud", ["https://other.example", ["https://other.example"], [], LEFT_OUT, None, 5])
def test_fapi2_security_profile_final_ensure_request_object_with_bad_aud_fails(signer: Client, aud: Any) -> None:
    """5.3.1 (3)."""
    refused(send(signer, aud=aud), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_request_object_with_exp_over_60_fails(
    signer: Client, clock: TestClock
) -> None:
    """5.3.1 (6): 60 minutes after nbf at most."""
    assert send(signer, exp=now_s(clock) + 3600).status_code == 201
    refused(send(signer, exp=now_s(clock) + 70 * 60), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_request_object_with_nbf_over_60_fails(
    signer: Client, clock: TestClock
) -> None:
    """5.3.1 (5): 60 minutes ago at most."""
    early = now_s(clock) - 70 * 60
    refused(send(signer, nbf=early, iat=early, exp=now_s(clock) + 60), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_signed_request_object_with_RS256_fails(provider: Provider) -> None:
    """FAPI 2.0 Security Profile 5.4."""
    rsa = ClientKey.make("PS256")
    signer = bank_client(provider, signing=True, key=rsa)
    assert send(signer).status_code == 201
    weak = replace(rsa, alg="RS256").request_object(
        signer.asked(), client_id=signer.id, issuer=provider.base, now=provider.clock()
    )
    refused(signer.post(PUSHED, {"client_id": signer.id, "request": weak}), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_request_object_signature_algorithm_is_not_none(signer: Client) -> None:
    """FAPI 2.0 Security Profile 5.4."""
    signed = signer.request_object(signer.asked(), header={"alg": "none"})
    for unsigned in (signed.rpartition(".")[0] + ".", signed):
        refused(signer.post(PUSHED, {"client_id": signer.id, "request": unsigned}), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_request_object_with_invalid_signature_fails(signer: Client) -> None:
    """RFC 7515 5.2."""
    signed = signer.request_object(signer.asked())
    head, _, signature = signed.rpartition(".")
    broken = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    refused(signer.post(PUSHED, {"client_id": signer.id, "request": broken}), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_matching_key_in_authorization_request(signer: Client) -> None:
    """RFC 9101 6.2: signed by another client's key, or by another client."""
    other = bank_client(signer.provider, signing=True)
    forged = replace(signer, key=other.key).request_object(signer.asked())
    refused(signer.post(PUSHED, {"client_id": signer.id, "request": forged}), *BAD_OBJECT)
    theirs = other.request_object(other.asked())
    refused(signer.post(PUSHED, {"client_id": signer.id, "request": theirs}), *BAD_OBJECT)


def test_fapi2_security_profile_final_ensure_unsigned_request_at_par_endpoint_fails(signer: Client) -> None:
    """5.3.1 (1): parameters as such count for nothing, and there is no object: invalid_request."""
    refused(signer.post(PUSHED, signer.asked()), "invalid_request")


def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri(signer: Client) -> None:
    """RFC 9126 2.1 (3), RFC 9101 4: nor inside the object."""
    refused(send(signer, request_uri=signer.pushed()), *BAD_OBJECT)
    refused(send(signer, request=signer.request_object(signer.asked())), *BAD_OBJECT)


def test_only_parameters_of_the_object_count(signer: Client) -> None:
    """5.3.1 (2), RFC 9101 6.3: what stands beside it is not used to fill its gaps."""
    lacking = signer.request_object(signer.asked(redirect_uri=None, code_challenge=None))
    beside = signer.asked() | {"request": lacking}
    refused(signer.post(PUSHED, beside), "invalid_request")


def test_an_unsigned_answer_cannot_be_asked_for(signer: Client) -> None:
    """5.4.1 (1)."""
    for mode in ("query", "form_post", "fragment", None):
        refused(signer.push(signer.asked(response_mode=mode)), "invalid_request")


def test_introspection_is_signed_for_whoever_asks(signer: Client) -> None:
    """5.5.1, RFC 9701 5: about the caller's own token; iss, aud, iat and the answer inside."""
    token = signer.tokens()["access_token"]
    wanted = {"Accept": "application/token-introspection+jwt"}
    answer = signer.post("introspection_endpoint", {"token": token}, headers=wanted)
    assert answer.mimetype == "application/token-introspection+jwt"
    assert header_of(answer.text)["typ"] == "token-introspection+jwt"
    assert header_of(answer.text)["alg"] in {"PS256", "ES256", "EdDSA"}
