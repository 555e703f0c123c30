"""What a page's policy may name, and what a browser claims to be."""

import pytest

from hub.web.present.security import device
from hub.web.present.targets import bank_sources, csp_source
from tests.web.pages.world import FIREFOX


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://app.example/cb?x=1", "https://app.example"),
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("http://127.0.0.1:9000/cb", "http://127.0.0.1:9000"),
        ("http://[::1]:9000/cb", "http:"),
        ("com.example.app:/cb", "com.example.app:"),
        ("https://user@app.example/", "https://app.example"),
        ("https://a;script-src *.example/", None),
        ("https://a 'unsafe-inline'/", None),
        ("https://app.example:port/", None),
        ("https:///cb", None),
        ("/local", None),
        ("", None),
    ],
)
def test_a_policy_names_an_origin_and_nothing_that_could_change_it(url: str, source: str | None) -> None:
    assert csp_source(url) == source


def test_a_bank_may_show_its_login_at_any_of_its_origins() -> None:
    api = {
        "issuer": "https://bank.example",
        "authorization_endpoint": "https://login.bank.example/authorize",
        "token_endpoint": "https://bank.example/token",
        "client_id": "rialto",
        "permissions": ["https://not.this.example"],
        "timeout_s": 5,
        "pre_step": {"authorization_endpoint": "https://first.bank.example/authorize", "scope": "AIS"},
        "link_urls": ["https://sca.bank.example/"],
    }
    hosts = ("bank", "first.bank", "login.bank", "sca.bank")
    assert bank_sources(api) == tuple(f"https://{host}.example" for host in hosts)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "Another program"),
        ("", "Another program"),
    ],
)
def test_a_device_is_told_by_what_it_claims(user_agent: str, name: str) -> None:
    assert device(user_agent) == name
