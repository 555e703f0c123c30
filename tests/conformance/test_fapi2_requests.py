"""fapi2-security-profile-final: authorization requests and their pushing. Sections are of the FAPI 2.0 Security Profile
unless they say otherwise.
"""

from urllib.parse import urlencode

import pytest

from tests.conformance.browser import Answer
from tests.conformance.provider import Provider
from tests.conformance.rp import BANK, CALLBACK, Client, bank_client, goes_on, refused, shows_error
from tests.conftest import TestClock

BAD_REQUEST = ("invalid_request", "invalid_request_object")
PUSHED = "pushed_authorization_request_endpoint"


def test_fapi2_security_profile_final_ensure_authorization_request_without_state_success(app: Client) -> None:
    """RFC 6749 4.1.1: state is the client's choice; none comes back."""
    answer = app.sign_in(state=None)
    assert "state" not in answer.params
    assert app.redeem(answer.params["code"]).status_code == 200


def test_fapi2_security_profile_final_ensure_authorization_request_without_nonce_success(app: Client) -> None:
    """OIDC Core 3.1.2.1."""
    assert "nonce" not in app.id_token(app.tokens(nonce=None))


def test_fapi2_security_profile_final_ensure_authorization_request_with_64_char_nonce_success(app: Client) -> None:
    """5.3.2.2 (14)."""
    nonce = "n" * 64
    assert app.id_token(app.tokens(nonce=nonce))["nonce"] == nonce


def test_fapi2_security_profile_final_ensure_authorization_request_with_long_nonce(app: Client) -> None:
    """OIDC Core 3.1.2.1: a longer one comes back whole, or not at all."""
    nonce = "n" * 384
    assert app.id_token(app.tokens(nonce=nonce))["nonce"] == nonce


def test_fapi2_security_profile_final_ensure_authorization_request_with_long_state(app: Client) -> None:
    """RFC 6749 4.1.2: state comes back to the letter."""
    assert "code" in app.sign_in(state="s" * 1024).params


def test_fapi2_security_profile_final_ensure_other_scope_order_succeeds(app: Client) -> None:
    """RFC 6749 3.3: the order of scopes means nothing."""
    tokens = app.tokens(scope=" ".join(reversed(BANK.split())))
    assert set(tokens["scope"].split()) == set(BANK.split())


def outside(app: Client, provider: Provider, name: str) -> tuple[dict[str, str], Answer]:
    """A pushed request, and another value of one parameter beside its request_uri."""
    browser, facts = provider.signed_in(), app.asked()
    arrived = browser.go_on(app.refer(browser, app.pushed(facts), **{name: "another"}))
    assert isinstance(arrived, Answer)
    return facts, app.checked(arrived, facts)


def test_fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object(
    app: Client, provider: Provider
) -> None:
    """RFC 9101 6.3, RFC 9126 4: only what was pushed counts."""
    facts, answer = outside(app, provider, "state")
    assert answer.params["state"] == facts["state"]


def test_fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object(
    app: Client, provider: Provider
) -> None:
    """RFC 9101 6.3."""
    facts, answer = outside(app, provider, "nonce")
    assert app.id_token(app.redeem(answer.params["code"]).get_json())["nonce"] == facts["nonce"]


def test_fapi2_security_profile_final_state_only_outside_request_object_not_used(
    app: Client, provider: Provider
) -> None:
    """RFC 9101 6.3: a state that was not pushed does not come back."""
    browser, facts = provider.signed_in(), app.asked(state=None)
    arrived = browser.go_on(app.refer(browser, app.pushed(facts), state="outside"))
    assert isinstance(arrived, Answer)
    assert "state" not in app.checked(arrived, facts).params


def test_fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails(app: Client) -> None:
    """5.3.2.2 (6)."""
    refused(app.push(app.asked(redirect_uri=None)), *BAD_REQUEST)


def test_fapi2_security_profile_final_ensure_redirect_uri_in_authorization_request(app: Client) -> None:
    """5.3.2.2 (6): nor is one taken from the address later."""
    refused(app.push(app.asked(redirect_uri=None)), *BAD_REQUEST)


def test_fapi2_security_profile_final_ensure_registered_redirect_uri(app: Client) -> None:
    """RFC 9700 2.1: equal to the letter."""
    for uri in (CALLBACK + "/bad", CALLBACK + "?x=1", "https://evil.example/callback"):
        refused(app.push(app.asked(redirect_uri=uri)), *BAD_REQUEST)


def test_fapi2_security_profile_final_plain_fapi_tolerate_unregistered_redirect_uri(app: Client) -> None:
    """RFC 9126 2.4 would allow it; this hub does not, and says so in the one word that it may."""
    refused(app.push(app.asked(redirect_uri=CALLBACK + "/unregistered")), *BAD_REQUEST)


def test_fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails(
    app: Client, provider: Provider
) -> None:
    """5.3.2.2 (2, 3): a request that was not pushed."""
    browser, facts = provider.signed_in(), app.asked()
    arrived = browser.open(provider.endpoint("authorization_endpoint") + "?" + urlencode(facts))
    assert isinstance(arrived, Answer)
    assert app.checked(arrived, facts).params["error"] in BAD_REQUEST
    assert browser.consents == 0


@pytest.mark.parametrize("response_type", ["code id_token", "id_token code"])
def test_fapi2_security_profile_final_ensure_response_type_code_idtoken_fails(app: Client, response_type: str) -> None:
    """5.3.2.2 (1)."""
    refused(app.push(app.asked(response_type=response_type)), "unsupported_response_type", "invalid_request")


def test_fapi2_security_profile_final_ensure_response_type_token_fails(app: Client) -> None:
    """5.3.2.2 (1)."""
    refused(app.push(app.asked(response_type="token")), "unsupported_response_type", "invalid_request")


def test_fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(
    app: Client, provider: Provider
) -> None:
    """5.3.2.2 note 3: loading the page again, also in another browser, uses nothing up."""
    facts = app.asked()
    request_uri = app.pushed(facts)
    app.refer(provider.browser(), request_uri)
    browser = provider.signed_in()
    goes_on(app.refer(browser, request_uri))
    answer = browser.go_on(app.refer(browser, request_uri))
    assert isinstance(answer, Answer)
    assert "code" in app.checked(answer, facts).params


def test_fapi2_security_profile_final_par_attempt_reuse_request_uri(app: Client, provider: Provider) -> None:
    """RFC 9126 7.3: once it was answered it is over."""
    browser, request_uri = provider.signed_in(), app.pushed()
    assert isinstance(browser.go_on(app.refer(browser, request_uri)), Answer)
    shows_error(app.refer(browser, request_uri))


def test_fapi2_security_profile_final_par_attempt_to_use_expired_request_uri(
    app: Client, provider: Provider, clock: TestClock
) -> None:
    """RFC 9126 2.2, 5.3.2.2 (12): a lifetime of 5 to 600 s, and it is kept."""
    pushed = app.push().get_json()
    assert 5 <= pushed["expires_in"] < 600
    clock.advance(seconds=pushed["expires_in"] + 1)
    shows_error(app.refer(provider.signed_in(), pushed["request_uri"]))


def test_fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client(
    app: Client, provider: Provider
) -> None:
    """RFC 9126 2.2: bound to the client that pushed it."""
    browser, request_uri = provider.signed_in(), app.pushed()
    shows_error(bank_client(provider).refer(browser, request_uri))
    goes_on(app.refer(browser, request_uri))


def test_fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param(app: Client) -> None:
    """RFC 9126 2.1 (3)."""
    pushed = app.pushed()
    refused(app.push(app.asked() | {"request": "x", "request_uri": pushed}), *BAD_REQUEST)
    refused(app.post(PUSHED, {"request_uri": pushed}), *BAD_REQUEST)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_fapi2_security_profile_final_par_attempt_invalid_http_method(provider: Provider, method: str) -> None:
    """RFC 9126 2.3: POST only."""
    app = bank_client(provider)
    facts = app.asked() | app.assertion()
    url = provider.endpoint(PUSHED)
    answer = provider.http(method, url, query_string=facts) if method == "GET" else provider.http(
        method, url, data=facts
    )  # fmt: skip
    assert answer.status_code == 405
    assert "request_uri" not in answer.text


def test_fapi2_security_profile_final_par_ensure_pkce_required(app: Client) -> None:
    """5.3.2.2 (5)."""
    refused(app.push(app.asked(code_challenge=None, code_challenge_method=None)), *BAD_REQUEST)


def test_fapi2_security_profile_final_par_plain_pkce_rejected(app: Client) -> None:
    """5.3.2.2 (5): S256, said in so many words."""
    plain = {"code_challenge": app.verifier, "code_challenge_method": "plain"}
    refused(app.push(app.asked(**plain)), *BAD_REQUEST)
    refused(app.push(app.asked(code_challenge_method=None)), *BAD_REQUEST)


def test_fapi2_security_profile_final_par_without_duplicate_parameters(app: Client, provider: Provider) -> None:
    """RFC 9126 4: client_id and request_uri are all that the browser needs to carry."""
    browser, facts = provider.signed_in(), app.asked()
    arrived = browser.go_on(app.refer(browser, app.pushed(facts)))
    assert isinstance(arrived, Answer)
    assert "code" in app.checked(arrived, facts).params


def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(
    asserting: Client, clock: TestClock
) -> None:
    """5.3.2.1 (13): clocks differ."""
    ahead = int(clock().timestamp()) + 8
    answer = asserting.push(credentials=asserting.assertion(iat=ahead, nbf=ahead, exp=ahead + 60))
    assert answer.status_code == 201


def test_fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(
    asserting: Client, clock: TestClock
) -> None:
    """5.3.2.1 (13): but not that much."""
    ahead = int(clock().timestamp()) + 61
    for claims in ({"iat": ahead}, {"nbf": ahead}, {"iat": ahead, "nbf": ahead}):
        signed = asserting.assertion(exp=ahead + 60, **claims)
        refused(asserting.push(credentials=signed), "invalid_client", "invalid_request")


def audience(app: Client, where: str) -> dict[str, str]:
    named = {"array": [app.provider.base], "par": app.provider.endpoint(PUSHED)}
    return app.assertion(aud=named.get(where, app.provider.endpoint("token_endpoint")))


def test_fapi2_security_profile_final_par_test_array_as_audience_fails(asserting: Client) -> None:
    """5.3.2.1 (8): the issuer as a string and nothing else."""
    refused(asserting.push(credentials=audience(asserting, "array")), "invalid_client", "invalid_request")


def test_fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails(asserting: Client) -> None:
    """5.3.2.1 (8)."""
    refused(asserting.push(credentials=audience(asserting, "par")), "invalid_client", "invalid_request")


def test_fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails(asserting: Client) -> None:
    """5.3.2.1 (8)."""
    refused(asserting.push(credentials=audience(asserting, "token")), "invalid_client", "invalid_request")
