"""What must not pass, where no module of a plan asks for it: FAPI 2.0 (FAPI2), RFC 9700 and OpenID Connect.

test_reference_lines says which line each of these belongs to.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from hub.settings import Settings, SettingsError
from tests.conformance.browser import Answer, Page
from tests.conformance.provider import Provider
from tests.conformance.rp import (
    ACCOUNTS,
    AUTHORITY,
    BANK,
    CALLBACK,
    MTLS,
    Client,
    bank_client,
    goes_on,
    refused,
    register,
    shop,
    shows_error,
)
from tests.conftest import TestClock
from tests.oauth.registration.documents import jwks, public
from tests.oauth.signing import ClientKey

PUSHED = "pushed_authorization_request_endpoint"


@pytest.fixture
def client(provider: Provider) -> Client:
    """A FAPI 2.0 client."""
    return bank_client(provider)


def public_client(provider: Provider) -> Client:
    return shop(provider, token_endpoint_auth_method="none")


def registering(provider: Provider, **members: Any) -> TestResponse:
    """A FAPI 2.0 client's registration, changed."""
    facts = {"redirect_uris": [CALLBACK], "scope": BANK, "token_endpoint_auth_method": "private_key_jwt"}
    return register(provider, {**facts, "jwks": jwks(public()), **members})


def test_the_issuer_is_https_or_on_loopback() -> None:
    """FAPI2 5.2.1."""
    with pytest.raises(SettingsError, match="https"):
        Settings(base_url="http://hub.example")


def test_no_other_origin_may_script_the_authorization_endpoint(provider: Provider) -> None:
    """FAPI2 5.2.3; RFC 9700 2.1."""
    url = provider.endpoint("authorization_endpoint")
    for method in ("GET", "POST", "OPTIONS"):
        answer = provider.http(method, url, headers={"Origin": "https://shop.example"})
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]
        assert answer.headers["Strict-Transport-Security"]


def test_there_is_no_password_grant(client: Client) -> None:
    """FAPI2 5.3.2.1 (2); RFC 9700 2.4."""
    form = {"grant_type": "password", "username": "alice@people.example", "password": "x"}
    refused(client.post("token_endpoint", form), "unsupported_grant_type")
    assert "password" not in client.provider.metadata["grant_types_supported"]
    refused(registering(client.provider, grant_types=["password"]), "invalid_client_metadata")


def test_a_public_client_cannot_register_for_data(provider: Provider) -> None:
    """FAPI2 5.3.2.1 (3)."""
    refused(registering(provider, token_endpoint_auth_method="none"), "invalid_client_metadata")


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "client_secret_jwt"])
def test_a_secret_is_not_enough_for_data(provider: Provider, method: str) -> None:
    """FAPI2 5.3.2.1 (6); RFC 9700 2.5."""
    refused(registering(provider, token_endpoint_auth_method=method), "invalid_client_metadata")


def test_no_bearer_for_data(provider: Provider) -> None:
    """FAPI2 5.3.2.1 (4)."""
    unbound = {"dpop_bound_access_tokens": False, "tls_client_certificate_bound_access_tokens": False}
    refused(registering(provider, **unbound), "invalid_client_metadata")


def test_an_unknown_client_or_address_never_redirects(provider: Provider, client: Client) -> None:
    """FAPI2 5.3.2.1 (7); RFC 9700 2.1, 4.11: whatever else is wrong, and whether or not it was pushed."""
    signs_in = shop(provider)
    evil = "https://evil.example/callback"
    for known in (signs_in, client):
        for changes in (
            {"client_id": "nobody"},
            {"client_id": None},
            {"redirect_uri": evil},
            {"redirect_uri": None},
            {"redirect_uri": CALLBACK + "/"},
            {"redirect_uri": CALLBACK.upper()},
            {"redirect_uri": CALLBACK + "#x"},
            {"redirect_uri": "https://shop.example@evil.example/callback"},
            {"redirect_uri": evil, "response_type": "token", "prompt": "none"},
            {"redirect_uri": evil, "response_mode": "form_post"},
        ):
            url = provider.endpoint("authorization_endpoint") + "?" + urlencode(known.asked(**changes))
            shows_error(provider.signed_in().open(url))
    twice = urlencode(signs_in.asked()) + "&" + urlencode({"redirect_uri": evil})
    shows_error(provider.signed_in().open(provider.endpoint("authorization_endpoint") + "?" + twice))


def test_nobody_pushes_unauthenticated(client: Client) -> None:
    """FAPI2 5.3.2.2 (4)."""
    for credentials in ({}, {"client_id": client.id}, {"client_id": client.id, "client_secret": "x"}):
        refused(client.push(credentials=credentials), "invalid_client", "invalid_request")
    stranger = bank_client(client.provider)
    refused(client.push(credentials=stranger.assertion()), "invalid_client", "invalid_request")


def test_an_http_address_cannot_be_registered(provider: Provider) -> None:
    """FAPI2 5.3.2.2 (8)."""
    for uri in ("http://shop.example/callback", "http://127.0.0.1.evil.example/", "javascript:alert(1)", "data:,x"):
        refused(registering(provider, redirect_uris=[uri]), "invalid_redirect_uri")


def test_a_redirect_after_a_form_is_303(provider: Provider, client: Client) -> None:
    """FAPI2 5.3.2.2 (10, 11); RFC 9700 4.12: a form, and the password in it, is never sent on."""
    browser = provider.browser()
    asks = client.ask(browser)
    assert isinstance(asks, Page)
    form = asks.form("submit")
    assert form is not None
    fields = dict(form.filled("submit", {"login": browser.email, "password": "a-long-enough-password"}, None))
    logged_in = browser.http.post("/login", base_url=provider.base, data=fields, headers={"Origin": provider.base})
    assert logged_in.status_code == 303
    answer = browser.press(goes_on(browser.open(logged_in.headers["Location"])), "consent-approve", tick="account")
    assert isinstance(answer, Answer)
    assert answer.status == 303


def test_a_token_that_is_over_opens_nothing(client: Client, clock: TestClock) -> None:
    """FAPI2 5.3.4: expired, then another that was revoked."""
    tokens = client.tokens()
    assert client.call(ACCOUNTS, tokens["access_token"]).status_code == 200
    clock.advance(seconds=tokens["expires_in"] + 1)
    assert client.call(ACCOUNTS, tokens["access_token"]).status_code == 401
    renewed = client.refresh(tokens["refresh_token"]).get_json()["access_token"]
    assert client.call(ACCOUNTS, renewed).status_code == 200
    assert client.post("revocation_endpoint", {"token": renewed}).status_code == 200
    assert client.call(ACCOUNTS, renewed).status_code == 401


def test_a_token_opens_what_it_was_given_for(client: Client) -> None:
    """FAPI2 5.3.2.1 (14), 5.3.4."""
    token = client.tokens(scope="openid accounts:read")["access_token"]
    assert client.call(ACCOUNTS, token).status_code == 200
    answer = client.call("/v1/transactions", token)
    assert answer.status_code == 403
    assert client.call("/oauth/userinfo", token).get_json().keys() == {"sub"}


def test_a_token_bound_to_a_certificate_needs_it(provider: Provider) -> None:
    """FAPI2 5.3.4; RFC 8705 3: not without it, nor with another of the same authority."""
    client = bank_client(provider, MTLS, MTLS)
    token = client.tokens()["access_token"]
    assert client.call(ACCOUNTS, token).status_code == 200
    for certificate in (None, AUTHORITY.issue("another")):
        answer = replace(client, certificate=certificate).call(ACCOUNTS, token)
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "member",
    [
        "id_token_signed_response_alg",
        "userinfo_signed_response_alg",
        "request_object_signing_alg",
        "token_endpoint_auth_signing_alg",
        "authorization_signed_response_alg",
    ],
)
@pytest.mark.parametrize("alg", ["none", "RS256", "HS256", "ES384"])
def test_a_weak_algorithm_cannot_be_registered(provider: Provider, member: str, alg: str) -> None:
    """FAPI2 5.4."""
    refused(registering(provider, **{member: alg}), "invalid_client_metadata")


WEAK: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "RSA of 1024 bits": lambda: [public("1024")],
    "a curve nobody asked for": lambda: [public("P-521")],
    "symmetric": lambda: [{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "k1"}],
    "private": lambda: [ClientKey.make().key.as_dict(private=True)],
    "x5u": lambda: [public(x5u="https://shop.example/cert.pem")],
    "jku": lambda: [public(jku="https://shop.example/jwks")],
    "twice the same kid": lambda: [public(), public("Ed25519")],
    "no key": list,
}


@pytest.mark.parametrize("what", WEAK)
def test_a_weak_key_cannot_be_registered(provider: Provider, what: str) -> None:
    """FAPI2 5.4, 5.4.3."""
    refused(registering(provider, jwks={"keys": WEAK[what]()}), "invalid_client_metadata")


def test_a_public_client_sends_a_challenge(provider: Provider) -> None:
    """RFC 9700 2.1.1."""
    client = public_client(provider)
    assert client.sign_in().params["error"] == "invalid_request"
    code = client.code(**client.challenge())
    refused(client.redeem(code), "invalid_request", "invalid_grant")
    assert client.redeem(code, code_verifier=client.verifier).status_code == 200


def test_a_verifier_without_a_challenge_is_refused(provider: Provider) -> None:
    """RFC 9700 4.8.2: somebody took the challenge out of the request."""
    client = shop(provider)
    refused(client.redeem(client.code(), code_verifier=client.verifier), "invalid_grant")


@pytest.mark.parametrize("wanted", ["token", "id_token", "id_token token", "code token", "code id_token token", "none"])
def test_no_other_response_type_is_answered(provider: Provider, wanted: str) -> None:
    """RFC 9700 2.1.2."""
    client = shop(provider)
    assert client.sign_in(response_type=wanted).params["error"] == "unsupported_response_type"
    refused(registering(provider, response_types=[wanted]), "invalid_client_metadata")


@pytest.mark.parametrize("wanted", ["fragment", "web_message", "fragment.jwt", "QUERY"])
def test_no_other_response_mode_is_answered(provider: Provider, wanted: str) -> None:
    """RFC 9700 4.17."""
    answer = shop(provider).sign_in(response_mode=wanted)
    assert (answer.mode, answer.params["error"]) == ("query", "invalid_request")


def test_a_copied_refresh_token_ends_its_family(provider: Provider, clock: TestClock) -> None:
    """RFC 9700 4.14.2: of a public client it is exchanged each time, and who comes with an old one has a copy."""
    client = public_client(provider)
    code = client.code(prompt="consent", **client.challenge())
    first = client.redeem(code, code_verifier=client.verifier).get_json()["refresh_token"]
    second = client.refresh(first).get_json()["refresh_token"]
    assert second != first
    third = client.refresh(second).get_json()["refresh_token"]
    clock.advance(seconds=61)
    refused(client.refresh(first), "invalid_grant")
    refused(client.refresh(third), "invalid_grant")


def test_an_unknown_resource_gets_no_token(provider: Provider) -> None:
    """RFC 9700 2.3; RFC 8707 2."""
    client = shop(provider)
    assert client.sign_in(resource="https://evil.example/api").params["error"] == "invalid_target"
    refused(client.redeem(client.code(), resource="https://evil.example/api"), "invalid_target")


def test_scope_beyond_the_registered(provider: Provider, client: Client) -> None:
    """RFC 9700 2.3: neither more than one registered for, nor data for a client that only signs people in."""
    assert shop(provider).sign_in(scope=BANK).params["error"] == "invalid_scope"
    refused(client.push(client.asked(scope=BANK + " transactions:read")), "invalid_scope")
    refused(client.push(client.asked(scope="openid everything")), "invalid_scope")


def test_a_client_chooses_no_id_and_its_own_token_is_nobodys(provider: Provider) -> None:
    """RFC 9700 2.6, 4.15: a client cannot pass for a person."""
    wanted = {"client_id": "alice", "client_secret": "chosen"}
    client = shop(provider, grant_types=["client_credentials"], response_types=[], scope="", redirect_uris=[], **wanted)
    assert client.id != "alice"
    assert client.told["client_secret"] != "chosen"
    token = client.post("token_endpoint", {"grant_type": "client_credentials"}).get_json()["access_token"]
    for path in ("/oauth/userinfo", ACCOUNTS):
        assert client.call(path, token).status_code == 403


def test_pages_of_the_authorization_tell_nobody(provider: Provider, client: Client) -> None:
    """RFC 9700 4.2, 4.16: no referrer to others, nothing from third parties, in nobody's frame."""
    asks = goes_on(client.ask(provider.signed_in()))
    wrong = shows_error(client.refer(provider.signed_in(), "urn:ietf:params:oauth:request_uri:x"))
    for page in (asks, wrong):
        headers = page.response.headers
        assert headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
        assert headers["X-Frame-Options"] == "DENY"
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["Cache-Control"] == "no-store"


def test_forged_headers_of_a_proxy_prove_nothing(provider: Provider) -> None:
    """RFC 9700 4.13: a certificate that only the caller's own header speaks of."""
    client = bank_client(provider, MTLS, MTLS)
    from_outside = {"environ_base": {"REMOTE_ADDR": "198.51.100.7"}}
    refused(client.push(**from_outside), "invalid_client")
    unverified = {"headers": {"X-Client-Verify": "FAILED:unable to verify"}}
    refused(client.push(**unverified), "invalid_client")
    assert client.push().status_code == 201


def test_prompt_none_asks_nobody_for_consent(provider: Provider) -> None:
    """OIDC Core 3.1.2.6."""
    browser = provider.signed_in()
    answer = shop(provider).sign_in(browser, prompt="none")
    assert answer.params["error"] in {"consent_required", "interaction_required"}
    both = shop(provider).sign_in(browser, prompt="none login")
    assert both.params["error"] == "invalid_request"


def test_an_id_token_of_another_person_is_no_hint(provider: Provider) -> None:
    """OIDC Core 3.1.2.1: the person who is signed in is not the one that is meant."""
    client = shop(provider)
    bobs = client.tokens(provider.browser("bob@people.example"))
    browser = provider.signed_in()
    client.tokens(browser)
    answer = client.sign_in(browser, prompt="none", id_token_hint=bobs["id_token"])
    assert answer.params["error"] == "login_required"


def test_after_logout_nobody_is_signed_in(provider: Provider) -> None:
    """RP-Initiated Logout 1.0 2."""
    client = shop(provider, post_logout_redirect_uris=["https://shop.example/bye"])
    browser = provider.browser()
    tokens = client.tokens(browser)
    assert "code" in client.sign_in(browser, prompt="none").params
    wish = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://shop.example/bye"}
    left = browser.open(provider.endpoint("end_session_endpoint") + "?" + urlencode(wish))
    if isinstance(left, Page):
        left = browser.press(left, "logout-confirm")
    assert isinstance(left, Answer)
    assert left.url.startswith("https://shop.example/bye")
    assert client.sign_in(browser, prompt="none").params["error"] == "login_required"
