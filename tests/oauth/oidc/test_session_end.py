"""What the end of a session writes down and ends, in one transaction (Back-Channel Logout 1.0, 2.5 and 2.7)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from hub.hashing import secret_hash
from hub.identity import cookies, logout_notices, sessions
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.models.logout import LogoutNotice
from hub.models.oauth import Grant, RefreshToken
from hub.models.signal import Signal
from tests.oauth.oidc.provider import App, Browser, Provider

HERE = Origin("192.0.2.7", "test")
LISTENS = {"backchannel_logout_uri": "https://shop.example/backchannel"}


def notices(op: Provider) -> list[tuple[str, str]]:
    """(client, session) of every notice."""
    with op.hub.db.read() as session:
        rows = session.scalars(select(LogoutNotice)).all()
    return sorted((row.client_id, row.sid) for row in rows)


def who(op: Provider, browser: Browser) -> Person:
    cookie = browser.client.get_cookie(cookies.session_name(op.hub.settings))
    assert cookie is not None
    found = sessions.load(op.hub, cookie.value, op.clock())
    assert found is not None
    return found


def log_out(browser: Browser) -> None:
    browser.press(browser.get("/logout"), "logout-confirm")


@pytest.fixture
def shop(op: Provider) -> App:
    return op.register("Shop", **LISTENS)


def test_every_client_that_signed_the_person_in_during_the_session_is_noted(op: Provider, shop: App) -> None:
    cafe, deaf = op.register("Café", **LISTENS), op.register("Deaf")
    alice, elsewhere, bob = op.browser(), op.browser(), op.browser(op.bob)
    sid = who(op, alice).sid
    for app in (shop, shop, cafe, deaf):
        op.sign_in(alice, app)
    op.sign_in(elsewhere, shop)
    op.sign_in(bob, shop)
    assert notices(op) == []
    log_out(alice)
    assert notices(op) == sorted([(shop.id, sid), (cafe.id, sid)])
    with op.hub.db.read() as session:
        told = session.scalars(select(Signal).where(Signal.kind == "session.ended")).one()
    assert (told.subject_id, sorted(told.body["told"])) == (sid, sorted([shop.id, cafe.id]))


def test_the_page_says_who_will_hear_of_it(op: Provider, shop: App) -> None:
    op.register("Silent", **LISTENS)
    alice = op.browser()
    op.sign_in(alice, shop)
    for path in ("/logout", "/oauth/logout"):
        text = alice.get(path).text
        assert "These apps will hear that you left: <strong>Shop</strong>." in text
        assert "Silent" not in text
    assert "will hear" not in alice.get("/oauth/logout", client_id=shop.id).text  # it asks: it knows


def test_without_openid_there_was_no_id_token_and_nobody_to_tell(op: Provider, shop: App) -> None:
    alice = op.browser()
    assert "id_token" not in op.sign_in(alice, shop, scope="profile")
    log_out(alice)
    assert notices(op) == []


def test_a_client_whose_access_was_stopped_still_hears_of_it_and_a_deleted_one_does_not(
    op: Provider, shop: App
) -> None:
    gone = op.register("Gone", **LISTENS)
    alice = op.browser()
    op.sign_in(alice, shop)
    op.sign_in(alice, gone)
    with op.hub.db.write() as session:
        for grant in session.scalars(select(Grant)):
            grant.revoked_at = op.clock()
        session.merge(gone.client).deleted_at = op.clock()
    log_out(alice)
    assert [client_id for client_id, _ in notices(op)] == [shop.id]


def _everywhere(op: Provider, person: Person) -> None:
    sessions.revoke_all(op.hub, person, origin=HERE, now=op.clock())


def _others(op: Provider, person: Person) -> None:
    sessions.revoke_others(op.hub, person, origin=HERE, now=op.clock())


def _one(op: Provider, person: Person) -> None:
    sessions.revoke(op.hub, person.session_hash, psu_id=person.psu_id, origin=HERE, now=op.clock())


@pytest.mark.parametrize(("how", "ended"), [(_everywhere, {0, 1, 2}), (_others, {1, 2}), (_one, {0})])
def test_however_a_session_ends_its_clients_are_noted(op: Provider, shop: App, how: Any, ended: set[int]) -> None:
    browsers = [op.browser() for _ in range(3)]
    for browser in browsers:
        op.sign_in(browser, shop)
    people = [who(op, browser) for browser in browsers]
    how(op, people[0])
    assert notices(op) == sorted((shop.id, people[number].sid) for number in ended)


def test_a_session_that_was_proven_again_is_still_the_same_to_its_clients(op: Provider, shop: App) -> None:
    alice = op.browser()
    op.sign_in(alice, shop)
    before = who(op, alice)
    with op.hub.db.write() as session:
        secret = sessions.rotate(session, before.session_hash, amr=("pwd",), now=op.clock(), settings=op.hub.settings)
    assert secret is not None
    sessions.revoke(op.hub, secret_hash(secret), psu_id=before.psu_id, origin=HERE, now=op.clock())
    assert notices(op) == [(shop.id, before.sid)]


def test_an_end_that_is_rolled_back_tells_nobody(op: Provider, shop: App) -> None:
    alice = op.browser()
    op.sign_in(alice, shop)
    person = who(op, alice)

    def end_and_fail() -> None:
        with op.hub.db.write() as session:
            sessions.end(session, person.psu_id, now=op.clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        end_and_fail()
    assert notices(op) == []
    assert op.is_signed_in(alice)


def test_of_fifty_logouts_at_once_one_is_told(op: Provider, shop: App) -> None:
    alice = op.browser()
    op.sign_in(alice, shop)
    person = who(op, alice)
    with ThreadPoolExecutor(50) as pool:
        ended = list(
            pool.map(
                lambda _: sessions.revoke(
                    op.hub, person.session_hash, psu_id=person.psu_id, origin=HERE, now=op.clock()
                ),
                range(50),
            )
        )
    assert ended.count(True) == 1
    assert len(notices(op)) == 1


def test_refresh_tokens_go_with_the_session_unless_the_person_allowed_offline_access(op: Provider, shop: App) -> None:
    alice = op.browser()
    offline = op.sign_in(alice, shop, scope="openid offline_access")["refresh_token"]
    online = op.sign_in(alice, shop, scope="openid offline_access email", prompt="consent")["refresh_token"]
    with op.hub.db.write() as session:  # as a flow writes it that gives refresh tokens for the time of the session
        session.get_one(RefreshToken, secret_hash(online)).scope = "email openid"
    log_out(alice)
    refreshed = {
        name: op.token({"grant_type": "refresh_token", "refresh_token": token}, shop).status_code
        for name, token in (("offline", offline), ("online", online))
    }
    assert refreshed == {"offline": 200, "online": 400}


def test_a_code_that_was_not_exchanged_dies_with_the_session(op: Provider, shop: App) -> None:
    """Else the client would sign somebody in whose logout it has been told already."""
    alice, elsewhere = op.browser(), op.browser()
    code, other = op.code(alice, shop), op.code(elsewhere, shop)
    log_out(alice)
    assert op.redeem(code, shop).get_json()["error"] == "invalid_grant"
    assert op.redeem(other, shop).status_code == 200


def test_a_scope_word_is_found_whole_and_nowhere_else(op: Provider, shop: App) -> None:
    alice = op.browser()
    op.sign_in(alice, shop)
    sid = who(op, alice).sid
    for scope, heard in {"openid": 1, "email openid profile": 1, "xopenid": 0, "openidx email": 0, "": 0}.items():
        with op.hub.db.write() as session:
            session.scalars(select(Grant)).one().scope = scope
            assert len(logout_notices.listeners(session, sid)) == heard, scope
