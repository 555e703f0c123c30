"""A login that begins at the hub (OIDC Core 4): the suite's modules oidcc-3rd_party-init-login*, and more."""

import html
import re
from typing import Any

import pytest

from hub.models.consent import ConsentRow
from hub.oauth import initiate_login
from tests.oauth.oidc.provider import Browser, Provider

START = "https://shop.example/login/start?from=rialto"


def opened(browser: Browser) -> list[str]:
    """The addresses behind the buttons that open an app."""
    found = re.findall(r'<a class="btn" href="([^"]+)" rel="noreferrer">Open', browser.get("/consents").text)
    return [html.unescape(href) for href in found]


def test_oidcc_3rd_party_init_login(op: Provider) -> None:
    shop, plain = op.register("Shop", initiate_login_uri=START), op.register("Plain")
    alice = op.browser()
    assert opened(alice) == []
    op.sign_in(alice, shop)
    op.sign_in(alice, plain)
    assert opened(alice) == [START + "&iss=http%3A%2F%2F127.0.0.1%3A8000"]
    assert op.hub.settings.base_url == "http://127.0.0.1:8000"


def test_the_link_tells_the_app_nothing_of_the_person(op: Provider) -> None:
    shop = op.register("Shop", initiate_login_uri=START)
    link = initiate_login.link(op.hub.settings, shop.client)
    assert link is not None
    assert "alice" not in link
    assert "hint" not in link


def test_an_app_whose_access_has_ended_is_not_opened_from_here(op: Provider) -> None:
    shop = op.register("Shop", initiate_login_uri=START)
    alice = op.browser()
    op.sign_in(alice, shop)
    with op.hub.db.write() as session:
        session.query(ConsentRow).one().valid_until = op.clock.advance(seconds=1)
    op.clock.advance(seconds=1)
    assert opened(alice) == []


@pytest.mark.parametrize(
    "uri",
    [
        "http://shop.example/start",
        "http://127.0.0.1/start",
        "com.example.shop:/start",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "https://a@shop.example/",
        "https://shop.example/#x",
        'https://shop.example/"><script>',
        "https:\\\\shop.example",
        "//shop.example/start",
        "",
        None,
        ["https://shop.example/start"],
    ],
)
def test_oidcc_3rd_party_init_login_nohttps(op: Provider, uri: Any) -> None:
    """Such an address cannot be registered, and if it stood there all the same nobody would be sent to it."""
    if isinstance(uri, str):
        assert initiate_login.fault(uri)
    shop = op.register("Shop", initiate_login_uri=uri)
    alice = op.browser()
    op.sign_in(alice, shop)
    assert opened(alice) == []


def test_https_can_be_registered() -> None:
    assert initiate_login.fault(START) is None
