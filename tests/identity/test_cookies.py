"""The flags of the two cookies, and what is read back."""

from collections.abc import Callable

import pytest
from flask import Request, Response
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from hub.identity import cookies
from hub.settings import Settings

HTTPS = Settings(base_url="https://hub.example")
LOOPBACK = Settings()
SECRET = "k" * 43


def _request(cookie: str) -> Request:
    return Request(EnvironBuilder(headers=Headers({"Cookie": cookie})).get_environ())


@pytest.mark.parametrize(
    ("write", "settings", "name", "flags"),
    [
        (cookies.set_session, HTTPS, "__Host-rialto", {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}),
        (cookies.set_session, LOOPBACK, "rialto_session", {"HttpOnly", "Path=/", "SameSite=Lax"}),
        (cookies.set_pre_session, HTTPS, "__Host-rialto_pre", {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}),
        (cookies.set_pre_session, LOOPBACK, "rialto_pre", {"HttpOnly", "Path=/", "SameSite=Lax"}),
    ],
)
def test_a_cookie_carries_exactly_these_flags(
    write: Callable[[Response, Settings, str], None], settings: Settings, name: str, flags: set[str]
) -> None:
    response = Response()
    write(response, settings, SECRET)
    first, *rest = response.headers["Set-Cookie"].split("; ")
    assert first == f"{name}={SECRET}"
    assert set(rest) == flags  # no Domain, no Max-Age


@pytest.mark.parametrize("clear", [cookies.clear_session, cookies.clear_pre_session])
@pytest.mark.parametrize("settings", [HTTPS, LOOPBACK])
def test_clearing_repeats_the_flags_or_the_browser_would_not_obey(
    clear: Callable[[Response, Settings], None], settings: Settings
) -> None:
    response = Response()
    clear(response, settings)
    header = response.headers["Set-Cookie"]
    assert "Max-Age=0" in header
    assert "Path=/" in header
    assert ("Secure" in header) is settings.secure


@pytest.mark.parametrize(
    ("cookie", "settings", "read"),
    [
        (f"__Host-rialto={SECRET}", HTTPS, SECRET),
        (f"rialto_session={SECRET}", LOOPBACK, SECRET),
        (f"rialto_session={SECRET}", HTTPS, None),  # a sibling host can plant this name, not the other
        (f"__Host-rialto_pre={SECRET}", HTTPS, None),
        ("rialto_session=", LOOPBACK, None),
        ("rialto_session=short", LOOPBACK, None),
        (f"rialto_session={SECRET}x", LOOPBACK, None),
        (f"rialto_session={'x' * 100_000}", LOOPBACK, None),
        ("", LOOPBACK, None),
    ],
)
def test_only_what_can_be_a_session_secret_is_read(cookie: str, settings: Settings, read: str | None) -> None:
    assert cookies.read_session(_request(cookie), settings) == read


def test_the_pre_session_is_read_under_its_own_name() -> None:
    assert cookies.read_pre_session(_request(f"rialto_pre={SECRET}"), LOOPBACK) == SECRET
    assert cookies.read_pre_session(_request(f"rialto_session={SECRET}"), LOOPBACK) is None
