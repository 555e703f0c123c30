"""Which redirect URIs may be registered, which match, and which sector they make."""

import pytest

from hub.oauth import redirects

FINE = [
    ("https://app.example/cb", False),
    ("https://app.example:8443/cb?x=1", False),
    ("https://app.example", False),
    ("http://127.0.0.1:8080/cb", False),
    ("http://[::1]/cb", False),
    ("http://localhost:3000/cb", False),
    ("com.example.app:/cb", True),
    ("com.example.app://cb", True),
]
WRONG = [
    ("http://app.example/cb", False),
    ("http://127.0.0.1.evil.example/cb", False),
    ("https://app.example/cb#x", False),
    ("https://app.example/cb#", False),
    ("https://user@app.example/cb", False),
    ("https://user:secret@app.example/cb", False),
    ("https://*.example/cb", False),
    ("https://app.example/*", False),
    ("https:///cb", False),
    ("https://app.example/a/../b", False),
    ("https://app.example/ b", False),
    ("https://app.example\\@evil.example/", False),
    ("https://äpp.example/cb", False),
    ("https://app.example:port/cb", False),
    ("https://app.example/\n", False),
    ("com.example.app:/cb", False),
    ("app:/cb", True),
    ("javascript:alert(1)", True),
    ("data:text/html,x", True),
    ("file:///etc/passwd", True),
    ("//app.example/cb", True),
    ("/cb", True),
    ("cb", True),
    ("https://app.example/" + "x" * 500, False),
]


@pytest.mark.parametrize(("uri", "public"), FINE)
def test_a_redirect_uri_that_may_be_registered(uri: str, public: bool) -> None:
    assert redirects.fault(uri, public=public) is None


@pytest.mark.parametrize(("uri", "public"), WRONG)
def test_a_redirect_uri_that_may_not(uri: str, public: bool) -> None:
    assert redirects.fault(uri, public=public)


@pytest.mark.parametrize(
    ("asked", "registered", "native", "same"),
    [
        ("https://a.example/cb", "https://a.example/cb", False, True),
        ("https://a.example/cb/", "https://a.example/cb", True, False),
        ("https://a.example:444/cb", "https://a.example/cb", True, False),
        ("http://127.0.0.1:5000/cb", "http://127.0.0.1/cb", True, True),
        ("http://127.0.0.1:5000/cb", "http://127.0.0.1:80/cb", True, True),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80/cb", True, True),
        ("http://[::1]:5000/cb?x", "http://[::1]/cb?x", True, True),
        ("http://127.0.0.1:5000/cb", "http://127.0.0.1/cb", False, False),
        ("http://127.0.0.1:5000/cb", "http://[::1]/cb", True, False),
        ("http://127.0.0.1:5000/other", "http://127.0.0.1/cb", True, False),
        ("http://127.0.0.1:5000/cb?x", "http://127.0.0.1/cb", True, False),
        ("http://localhost:5000/cb", "http://localhost/cb", True, False),
        ("http://127.0.0.1:65536/cb", "http://127.0.0.1/cb", True, False),
        ("http://127.0.0.1:1@evil.example/cb", "http://127.0.0.1/cb", True, False),
        ("http://127.0.0.1.evil.example/cb", "http://127.0.0.1/cb", True, False),
        ("https://127.0.0.1:5000/cb", "http://127.0.0.1/cb", True, False),
        ("com.example.app:/other", "com.example.app:/cb", True, False),
    ],
)
def test_redirect_uris_match_to_the_letter_but_for_a_native_apps_loopback_port(
    asked: str, registered: str, native: bool, same: bool
) -> None:
    assert redirects.registered_as(asked, [registered], native=native) is same


@pytest.mark.parametrize(
    ("uris", "sector"),
    [
        (["https://a.example/1", "https://a.example:8443/2"], "a.example"),
        (["https://A.example/1"], "a.example"),
        (["https://a.example/1", "https://b.example/1"], "the client"),
        (["http://127.0.0.1/cb"], "the client"),
        (["http://localhost/cb"], "the client"),
        (["com.example.app:/cb"], "the client"),
        (["com.example.app://a.example/cb"], "the client"),
        (["https://a.example/1", "com.example.app:/cb"], "the client"),
    ],
)
def test_the_sector_is_the_one_https_host_or_else_the_client_itself(uris: list[str], sector: str) -> None:
    assert redirects.sector(uris, client_id="the client") == sector


def test_an_answer_leaves_the_query_as_it_was() -> None:
    assert redirects.answer("https://a.example/cb", {"a": "b c", "n": None}) == "https://a.example/cb?a=b+c"
    assert redirects.answer("https://a.example/cb?x=%20", {"a": "&"}) == "https://a.example/cb?x=%20&a=%26"
    assert redirects.answer("https://a.example/cb?", {"a": "1"}) == "https://a.example/cb?a=1"
