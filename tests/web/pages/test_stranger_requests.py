"""Requests that no page of ours makes: what they can reach, and what they leave behind."""

import logging

import pytest
from sqlalchemy import func, select

from hub import migrate
from hub.context import Hub
from hub.errors import TooMany
from hub.identity import activity, people
from hub.identity.origin import Origin
from hub.models.consent import ConsentRow
from hub.models.oauth import AuthorizationRequest
from tests.web.pages.world import World

NUL_PATHS = [
    ("GET", "/consents/%00"),
    ("POST", "/consents/%00/revoke"),
    ("GET", "/connections/%00"),
    ("GET", "/accounts/%00"),
    ("GET", "/transactions/%00"),
    ("GET", "/developer/apps/%00"),
    ("GET", "/v1/institutions/%00"),
    ("GET", "/v1/transactions/%00"),
    ("POST", "/transactions/%00/category"),
    ("GET", "/import/%00"),
]


@pytest.mark.parametrize(("method", "path"), NUL_PATHS)
def test_an_id_that_is_no_text_is_not_found(world: World, method: str, path: str) -> None:
    assert world.browser().client.open(path, method=method).status_code == 404


def test_basic_credentials_that_are_no_text_are_refused(world: World) -> None:
    for endpoint in ("token", "introspect", "revoke"):
        answer = world.app.test_client().post(
            f"/oauth/{endpoint}", auth=("a\x00b", "c"), data={"grant_type": "client_credentials", "token": "x"}
        )
        assert answer.status_code == 401, endpoint


@pytest.mark.parametrize("path", ["/v1//accounts", "//evil.example/", "/login//"])
def test_a_claimed_host_is_never_repeated(world: World, path: str) -> None:
    answer = world.app.test_client().get(path, headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.headers.get("Location", "")
    assert "Location" not in world.app.test_client().get("/v1//accounts").headers


def test_an_error_below_static_is_not_cached(world: World) -> None:
    missing = world.app.test_client().get("/static/nothing.css")
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")
    assert "max-age" in world.app.test_client().get("/static/base.css").headers["Cache-Control"]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
    ],
)
def test_authorization_requests_are_counted_by_network_whichever_way_they_come(
    first: str, then: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing is refilled while the machine is busy elsewhere.
    limiter = world.hub.rates.limiter("few", per_minute=2, timer=lambda: 0.0)
    monkeypatch.setitem(world.app.extensions, "rialto.limiter", limiter)
    http = world.app.test_client()
    http.environ_base["REMOTE_ADDR"] = first
    assert [http.get("/oauth/authorize?client_id=x").status_code for _ in range(3)] == [400, 400, 429]
    http.environ_base["REMOTE_ADDR"] = then
    assert http.get("/oauth/authorize?client_id=x").status_code == 429
    assert http.post("/oauth/authorize", data={"client_id": "x"}).status_code == 429
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(AuthorizationRequest)) == 0


def test_a_yes_that_cannot_be_written_down_is_no_yes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Consent, code and the entry in "recent activity" are one transaction."""

    def broken(*_given: object, **_more: object) -> None:
        raise OSError("disk full")

    request = world.ask(scope="openid")
    browser = world.browser()
    browser.get(request)
    monkeypatch.setattr(activity, "write", broken)
    assert browser.post(request, {"decision": "approve"}).status_code == 500
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(ConsentRow)) == 0


def test_an_unforeseen_error_logs_where_and_not_what(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_given: object, **_more: object) -> None:
        raise ValueError("alice@people.example")

    monkeypatch.setattr(migrate, "current", broken)
    with caplog.at_level(logging.DEBUG):
        world.app.test_client().get("/readyz")
    assert "alice@people.example" not in "".join(str(vars(record)) for record in caplog.records)


def test_one_network_cannot_register_people_without_end(hub: Hub) -> None:
    origin = Origin(ip_address="192.0.2.7", user_agent="")

    def register(number: int) -> None:
        people.register(
            hub,
            name="Somebody",
            email=f"person-{number}@people.example",
            password="a-long-enough-password",
            origin=origin,
            now=hub.clock(),
        )

    limit = hub.settings.login_failures_before_lock * 10
    for number in range(limit):
        register(number)
    with pytest.raises(TooMany):
        register(limit)
