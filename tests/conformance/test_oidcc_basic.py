"""oidcc-basic and oidcc-formpost-basic: signing people in with the code flow, answered in the query or by form_post.

Module by module of the OpenID Foundation's plans; those about who is signed in are in test_oidcc_basic_login.
"""

from typing import Any
from urllib.parse import urlencode

import orjson

from tests.conformance.browser import Answer
from tests.conformance.provider import Provider
from tests.conformance.rp import CALLBACK, Client, refused, register, shop, shows_error
from tests.conftest import TestClock
from tests.oauth.oidc.rp import header_of
from tests.oauth.signing import b64

STANDARD = frozenset({"name", "email", "email_verified", "address", "phone_number"})


def unsigned(facts: dict[str, Any]) -> str:
    """A request object of alg none."""
    return ".".join([b64(orjson.dumps({"alg": "none"})), b64(orjson.dumps(facts)), ""])


def about_the_person(rp: Client, **changes: Any) -> set[str]:
    return set(rp.userinfo(rp.tokens(**changes))) & STANDARD


def test_oidcc_server(rp: Client) -> None:
    """OIDC Core 3.1.3.3, 3.1.3.7, 5.3.2: a code, tokens, an ID token for this client, and userinfo of the same sub."""
    tokens = rp.tokens(nonce="n-0S6_WzA2Mj")
    claims = rp.id_token(tokens)
    assert tokens["token_type"] == "Bearer"
    assert claims["nonce"] == "n-0S6_WzA2Mj"
    assert claims["sub"] == rp.userinfo(tokens)["sub"]
    assert len(claims["sub"]) <= 255
    assert header_of(tokens["id_token"])["alg"] == rp.told["id_token_signed_response_alg"]


def test_oidcc_response_type_missing(rp: Client, provider: Provider) -> None:
    """RFC 6749 3.1.1: without response_type there is an error, and nobody is asked anything."""
    browser = provider.signed_in()
    answer = rp.sign_in(browser, response_type=None)
    assert answer.params["error"] in {"invalid_request", "unsupported_response_type"}
    assert browser.consents == 0


def test_oidcc_idtoken_signature(rp: Client) -> None:
    """OIDC Core 15.1: RS256 unless the client registers another, by a key that the JWKS publishes."""
    tokens = rp.tokens()
    assert header_of(tokens["id_token"])["alg"] == "RS256"
    assert rp.id_token(tokens)["aud"] == rp.id


def test_oidcc_idtoken_unsigned(provider: Provider) -> None:
    """OIDC Core 2: none only where it is offered. It is not, so no client gets one."""
    assert "none" not in provider.metadata["id_token_signing_alg_values_supported"]
    refused(register(provider, {"redirect_uris": [CALLBACK], "id_token_signed_response_alg": "none"}),
            "invalid_client_metadata")  # fmt: skip


def test_oidcc_userinfo_get(rp: Client) -> None:
    """OIDC Core 5.3.1."""
    tokens = rp.tokens()
    assert rp.userinfo(tokens)["sub"] == rp.id_token(tokens)["sub"]


def test_oidcc_userinfo_post_header(rp: Client) -> None:
    """OIDC Core 5.3.1: by POST too, the token in the header."""
    tokens = rp.tokens()
    assert rp.userinfo(tokens, method="POST")["sub"] == rp.id_token(tokens)["sub"]


def test_oidcc_userinfo_post_body(rp: Client, provider: Provider) -> None:
    """RFC 6750 2.2: by POST too, the token in the form."""
    tokens = rp.tokens()
    form = {"access_token": tokens["access_token"]}
    answer = provider.http("POST", provider.endpoint("userinfo_endpoint"), data=form)
    assert answer.get_json()["sub"] == rp.id_token(tokens)["sub"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(rp: Client) -> None:
    """OIDC Core 3.1.2.1: nonce is optional in the code flow; the ID token then has none."""
    assert "nonce" not in rp.id_token(rp.tokens(nonce=None))


def test_oidcc_scope_profile(rp: Client) -> None:
    """OIDC Core 5.4."""
    assert about_the_person(rp, scope="openid profile") == {"name"}


def test_oidcc_scope_email(rp: Client) -> None:
    """OIDC Core 5.4."""
    assert about_the_person(rp, scope="openid email") == {"email", "email_verified"}


def test_oidcc_scope_address(rp: Client, provider: Provider) -> None:
    """OIDC Core 3.1.2.1: the hub knows no postal addresses, says so, and ignores the word."""
    assert "address" not in provider.metadata["scopes_supported"]
    assert about_the_person(rp, scope="openid address") == set()


def test_oidcc_scope_phone(rp: Client, provider: Provider) -> None:
    """OIDC Core 3.1.2.1: nor telephone numbers."""
    assert "phone" not in provider.metadata["scopes_supported"]
    assert about_the_person(rp, scope="openid phone") == set()


def test_oidcc_scope_all(rp: Client) -> None:
    """OIDC Core 5.4: what the hub has of all of them."""
    assert about_the_person(rp, scope="openid profile email address phone") == {"name", "email", "email_verified"}


def test_oidcc_alternate_happy_flow(rp: Client, provider: Provider) -> None:
    """RFC 6749 3.3: neither the order of the scopes matters nor that of the parameters."""
    facts = dict(reversed(rp.asked(scope="email openid").items()))
    answer = provider.signed_in().go_on(rp.ask(provider.signed_in(), facts))
    assert isinstance(answer, Answer)
    tokens = rp.redeem(answer.params["code"]).get_json()
    assert set(tokens["scope"].split()) == {"openid", "email"}


def test_oidcc_display_page(rp: Client) -> None:
    """OIDC Core 3.1.2.1: display is a wish, which changes nothing here."""
    assert "id_token" in rp.tokens(display="page")


def test_oidcc_display_popup(rp: Client) -> None:
    """OIDC Core 3.1.2.1."""
    assert "id_token" in rp.tokens(display="popup")


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(rp: Client) -> None:
    """RFC 6749 3.1: unrecognised request parameters are ignored."""
    assert "id_token" in rp.tokens(extra="foobar")


def test_oidcc_ui_locales(rp: Client) -> None:
    """OIDC Core 3.1.2.1: a language that is not there is no error."""
    assert "id_token" in rp.tokens(ui_locales="se xx")


def test_oidcc_claims_locales(rp: Client) -> None:
    """OIDC Core 5.2."""
    assert "id_token" in rp.tokens(claims_locales="se")


def test_oidcc_codereuse(rp: Client) -> None:
    """RFC 6749 4.1.2: a code is good once."""
    code = rp.code()
    assert rp.redeem(code).status_code == 200
    refused(rp.redeem(code), "invalid_grant")


def test_oidcc_codereuse_30seconds(rp: Client, provider: Provider, clock: TestClock) -> None:
    """RFC 6749 4.1.2: the second use also ends what the first one brought."""
    code = rp.code()
    tokens = rp.redeem(code).get_json()
    clock.advance(seconds=30)
    refused(rp.redeem(code), "invalid_grant")
    answer = rp.call(provider.endpoint("userinfo_endpoint"), tokens["access_token"])
    assert answer.status_code == 401
    refused(rp.refresh(tokens["refresh_token"]), "invalid_grant")


def test_oidcc_ensure_registered_redirect_uri(rp: Client, provider: Provider) -> None:
    """OIDC Core 3.1.2.1, RFC 9700 4.11: an address that is not registered gets nothing, not even an error."""
    shows_error(rp.ask(provider.signed_in(), rp.asked(redirect_uri=CALLBACK + "/bad")))


def test_oidcc_ensure_post_request_succeeds(rp: Client, provider: Provider) -> None:
    """OIDC Core 3.1.2.1: the authorization endpoint takes POST."""
    browser, facts = provider.browser(), rp.asked()
    arrived = browser.post(provider.endpoint("authorization_endpoint"), facts, origin="https://shop.example")
    answer = browser.go_on(arrived)
    assert isinstance(answer, Answer)
    code = rp.checked(answer, facts).params["code"]
    assert rp.redeem(code).status_code == 200


def test_oidcc_server_client_secret_post(provider: Provider, mode: str) -> None:
    """RFC 6749 2.3.1: id and secret in the form, for a client that registered so, and only for that one."""
    rp = shop(provider, mode=mode, token_endpoint_auth_method="client_secret_post")
    code = rp.code()
    refused(rp.redeem(code, more={"credentials": {}, "auth": (rp.id, rp.told["client_secret"])}), "invalid_client")
    assert "id_token" in rp.redeem(code).get_json()


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(rp: Client) -> None:
    """OIDC Core 3.1.2.6, 6.2: a request by reference is refused by that name."""
    answer = rp.sign_in(request_uri="https://shop.example/request.jwt")
    assert answer.params["error"] == "request_uri_not_supported"


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(rp: Client) -> None:
    """OIDC Core 3.1.2.6, 6.1: alg none is not offered, so such an object is refused by that name."""
    assert "none" not in rp.provider.metadata["request_object_signing_alg_values_supported"]
    facts = rp.asked()
    outside = {name: facts[name] for name in ("client_id", "response_type", "scope")}
    browser = rp.provider.signed_in()
    for beside in ({}, {"redirect_uri": "https://evil.example/callback"}):
        arrived = rp.ask(browser, outside | beside | {"request": unsigned(facts)})
        answer = browser.go_on(arrived)
        assert isinstance(answer, Answer)
        assert answer.url.startswith(CALLBACK)
        assert rp.checked(answer, facts).params["error"] == "request_not_supported"
    elsewhere = unsigned(facts | {"redirect_uri": "https://evil.example/callback"})
    shows_error(rp.ask(browser, facts | {"request": elsewhere}))


def test_oidcc_ensure_request_object_with_redirect_uri(provider: Provider, mode: str) -> None:
    """OIDC Core 6.1: where the object and the address both have a parameter, the object's counts."""
    rp = shop(provider, mode=mode, token_endpoint_auth_method="private_key_jwt")
    facts = rp.asked()
    outside = {name: facts[name] for name in ("client_id", "response_type", "scope")}
    signed = {**outside, "request": rp.request_object(facts), "redirect_uri": "https://evil.example/callback"}
    browser = provider.signed_in()
    answer = browser.go_on(browser.open(provider.endpoint("authorization_endpoint") + "?" + urlencode(signed)))
    assert isinstance(answer, Answer)
    assert answer.url.startswith(CALLBACK)
    assert "id_token" in rp.redeem(rp.checked(answer, facts).params["code"]).get_json()


def test_oidcc_refresh_token(rp: Client, provider: Provider) -> None:
    """OIDC Core 12, RFC 6749 6: a refresh token is its client's, and what it brings is about the same person."""
    tokens = rp.tokens(prompt="consent", scope="openid offline_access")
    renewed = rp.refresh(tokens["refresh_token"])
    assert renewed.status_code == 200, renewed.text
    again = renewed.get_json()
    assert again["access_token"] != tokens["access_token"]
    assert rp.userinfo(again)["sub"] == rp.id_token(tokens)["sub"]
    if "id_token" in again:  # 12.2
        first, second = rp.id_token(tokens), rp.id_token(again)
        assert {name: second[name] for name in ("sub", "auth_time")} == {
            name: first[name] for name in ("sub", "auth_time")
        }
        assert "nonce" not in second
    refused(shop(provider).refresh(again.get("refresh_token", tokens["refresh_token"])), "invalid_grant")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(rp: Client) -> None:
    """RFC 7636 4.6: a client that need not may send a challenge, and then its verifier counts."""
    code = rp.code(**rp.challenge())
    refused(rp.redeem(code, code_verifier=rp.verifier[::-1]), "invalid_grant")
    assert rp.redeem(code, code_verifier=rp.verifier).status_code == 200
