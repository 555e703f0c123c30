"""A form is answered only if we made it for this very browser."""

from datetime import UTC, datetime

import pytest
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from hub.context import Hub
from hub.errors import BadInput
from hub.identity import csrf
from hub.identity.assurance import ONE_FACTOR
from hub.identity.sessions import Person
from hub.ids import new_secret

KEY = b"k" * 32
BASE = "https://hub.example"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ALICE = Person("psu-a", "Alice", "alice@people.example", "a" * 64, NOW, NOW, NOW, "sid", ONE_FACTOR, ("pwd",))
CHARLIE = Person("psu-c", "Charlie", "charlie@people.example", "c" * 64, NOW, NOW, NOW, "sid", ONE_FACTOR, ("pwd",))


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"Origin": BASE}, True),
        ({"Origin": "https://hub.example:443"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": BASE, "Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "something new"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Origin": "https://hub.example.evil.example"}, False),
        ({"Origin": "https://hub.example@evil.example"}, False),
        ({"Origin": "https://sub.hub.example"}, False),
        ({"Origin": "http://hub.example"}, False),
        ({"Origin": "https://hub.example:8443"}, False),
        ({"Origin": "https://hub.example:no"}, False),
        ({"Origin": f"{BASE}, https://evil.example"}, False),
        ({"Origin": ""}, False),
    ],
)
def test_a_post_from_elsewhere_is_told_by_its_headers(headers: dict[str, str], ours: bool) -> None:
    assert csrf.same_origin(Headers(headers), BASE) is ours


def test_a_base_url_with_its_default_port_is_the_same_origin() -> None:
    assert csrf.same_origin(Headers({"Origin": "https://hub.example"}), "https://HUB.example:443")
    assert csrf.same_origin(Headers({"Origin": "http://127.0.0.1:8000"}), "http://127.0.0.1:8000")


def test_a_token_fits_only_the_cookie_it_was_made_for() -> None:
    tokens = {
        csrf.for_session(KEY, "a" * 64),
        csrf.for_session(KEY, "b" * 64),
        csrf.for_session(b"l" * 32, "a" * 64),
        csrf.for_pre_session(KEY, "a" * 64),  # a planted pre-session cookie is no way to a session's token
    }
    assert len(tokens) == 4


@pytest.mark.parametrize(
    ("expected", "given", "fits"),
    [
        ("token", "token", True),
        ("token", "tokem", False),
        ("token", "", False),
        ("token", None, False),
        ("token", "tökén", False),
        ("", "", False),
        ("", None, False),
        ("", "token", False),
    ],
)
def test_nothing_matches_an_empty_token(expected: str, given: str | None, fits: bool) -> None:
    assert csrf.matches(expected, given) is fits


def _post(token: str | None, *, pre_session: str | None = None, **headers: str) -> Request:
    if pre_session is not None:
        headers["Cookie"] = f"rialto_pre={pre_session}"
    form = {} if token is None else {csrf.FIELD: token}
    return Request(EnvironBuilder(method="POST", data=form, headers=Headers(headers)).get_environ())


def test_a_signed_in_form_needs_the_token_of_its_own_session(hub: Hub) -> None:
    pre = new_secret()
    hers = csrf.form_token(hub, person=ALICE, pre_session=None)
    csrf.check(hub, _post(hers), ALICE)
    with pytest.raises(BadInput):
        csrf.check(hub, _post(hers, Origin="https://evil.example"), ALICE)
    others = [
        None,
        "",
        hers[:-1],
        csrf.form_token(hub, person=CHARLIE, pre_session=None),
        csrf.form_token(hub, person=None, pre_session=pre),
    ]
    for token in others:
        with pytest.raises(BadInput):
            csrf.check(hub, _post(token, pre_session=pre), ALICE)


def test_a_form_before_login_needs_the_cookie_that_its_token_was_made_for(hub: Hub) -> None:
    pre, planted = new_secret(), new_secret()
    token = csrf.form_token(hub, person=None, pre_session=pre)
    csrf.check(hub, _post(token, pre_session=pre), None)
    assert csrf.form_token(hub, person=None, pre_session=None) == ""
    for given, cookie in [(token, None), (token, planted), (None, pre), ("", pre), ("", None), (None, None)]:
        with pytest.raises(BadInput):
            csrf.check(hub, _post(given, pre_session=cookie), None)
