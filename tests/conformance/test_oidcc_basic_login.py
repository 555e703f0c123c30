"""oidcc-basic and oidcc-formpost-basic: who is signed in, how lately, how surely, and whether a page may be shown."""

import json

from tests.conformance.provider import Provider
from tests.conformance.rp import Client
from tests.conftest import TestClock


def test_oidcc_prompt_login(rp: Client, provider: Provider, clock: TestClock) -> None:
    """OIDC Core 3.1.2.1: prompt=login asks for the password again, and auth_time says so."""
    browser = provider.browser()
    first = rp.id_token(rp.tokens(browser))
    clock.advance(seconds=2)
    second = rp.id_token(rp.tokens(browser, prompt="login"))
    assert browser.logins == 2
    assert second["sub"] == first["sub"]
    assert second["auth_time"] > first["auth_time"]


def test_oidcc_prompt_none_not_logged_in(rp: Client, provider: Provider) -> None:
    """OIDC Core 3.1.2.6."""
    answer = rp.sign_in(provider.browser(), prompt="none")
    assert answer.params["error"] == "login_required"
    assert "code" not in answer.params


def test_oidcc_prompt_none_logged_in(rp: Client, provider: Provider) -> None:
    """OIDC Core 3.1.2.1: nobody is asked; it is the same person and the same login."""
    browser = provider.browser()
    first = rp.id_token(rp.tokens(browser))
    second = rp.id_token(rp.tokens(browser, prompt="none"))
    assert (browser.logins, browser.consents) == (1, 1)
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


def test_oidcc_max_age_1(rp: Client, provider: Provider, clock: TestClock) -> None:
    """OIDC Core 3.1.2.1: an older login is made anew, and auth_time is there to be checked."""
    browser = provider.browser()
    first = rp.id_token(rp.tokens(browser))
    clock.advance(seconds=2)
    second = rp.id_token(rp.tokens(browser, max_age="1"))
    assert browser.logins == 2
    assert second["auth_time"] > first["auth_time"]
    assert clock().timestamp() - second["auth_time"] <= 1
    assert second["sub"] == first["sub"]


def test_oidcc_max_age_10000(rp: Client, provider: Provider, clock: TestClock) -> None:
    """OIDC Core 3.1.2.1: a login that is young enough stands."""
    browser = provider.browser()
    first = rp.id_token(rp.tokens(browser))
    clock.advance(seconds=2)
    second = rp.id_token(rp.tokens(browser, max_age="10000"))
    assert browser.logins == 1
    assert second["auth_time"] == first["auth_time"]


def test_oidcc_id_token_hint(rp: Client, provider: Provider) -> None:
    """OIDC Core 3.1.2.1: with prompt=none and the ID token of the person who is signed in, the answer is theirs."""
    browser = provider.browser()
    tokens = rp.tokens(browser)
    again = rp.tokens(browser, prompt="none", id_token_hint=tokens["id_token"])
    assert rp.id_token(again)["sub"] == rp.id_token(tokens)["sub"]


def test_oidcc_login_hint(rp: Client, provider: Provider) -> None:
    """OIDC Core 3.1.2.1: a hint, which proves nothing and breaks nothing."""
    assert "id_token" in rp.tokens(provider.browser(), login_hint="buffy@people.example")


def test_oidcc_ensure_request_with_acr_values_succeeds(rp: Client) -> None:
    """OIDC Core 3.1.2.1, 5.5.1.1: acr_values is a wish; the ID token tells the login as it was."""
    claims = rp.id_token(rp.tokens(acr_values="1 2"))
    assert claims["acr"] == "urn:rialto:acr:one-factor"


def test_oidcc_claims_essential(rp: Client) -> None:
    """OIDC Core 5.5: name as an essential claim of userinfo, without the scope that would bring it."""
    claims = json.dumps({"userinfo": {"name": {"essential": True}}})
    assert rp.userinfo(rp.tokens(scope="openid", claims=claims))["name"] == "Alice"
