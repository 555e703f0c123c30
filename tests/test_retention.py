"""Every table has an end for its rows or a reason to keep them, and rows go when they should, a batch at a time."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from hub import housekeeping, migrate
from hub.context import Hub
from hub.db import Base, Database
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.identity import sessions
from hub.identity.origin import Origin
from hub.ids import new_id
from hub.models.consent import ConsentRow
from hub.models.oauth import AuthorizationCode, DeniedToken, Grant, RefreshToken
from hub.models.psu import PsuSession, SecurityEvent
from hub.retention import ENDS
from hub.sweeping import sweep_all
from tests.conftest import TestClock
from tests.oauth.test_races import at_once
from tests.oauth.world import NATIVE_CALLBACK, World
from tests.people import alice
from tests.statements import statements

SWEPT = {ends.table.name for ends in ENDS}


@pytest.fixture
def world(hub: Hub) -> World:
    return World(hub)


def swept(hub: Hub, *, batch: int = 1000) -> Counter[str]:
    gone: Counter[str] = Counter()
    for table, rows in sweep_all(hub, hub.clock(), batch=batch):
        gone[table] += rows
    return gone


def count(hub: Hub, table: type[Base]) -> int:
    with hub.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_round_finds_its_work_by_an_index_that_begins_with_the_end() -> None:
    for ends in ENDS:
        leading = {next(iter(index.columns)).name for index in ends.table.indexes}
        assert ends.column.name in leading, f"{ends.table.name}.{ends.column.name} has no index"


def test_postgres_vacuums_the_swept_tables_often(own_database_url: str) -> None:
    db = Database(own_database_url)
    if db.is_sqlite:
        db.dispose()
        pytest.skip("the storage options of PostgreSQL")
    migrate.upgrade(db)
    query = "SELECT relname FROM pg_class WHERE 'autovacuum_vacuum_scale_factor=0.02' = ANY(reloptions)"
    with db.look() as connection:
        assert set(connection.execute(text(query)).scalars()) == SWEPT
    db.dispose()


def test_an_idle_round_takes_no_lock(hub: Hub) -> None:
    with statements(hub) as seen:
        assert swept(hub) == {}
    assert len(seen) == len(ENDS)
    assert all(statement.startswith("SELECT") and "FOR UPDATE" not in statement for statement in seen)


def test_a_batch_is_as_long_as_it_may_be_and_a_backlog_is_worked_off(hub: Hub, clock: TestClock) -> None:
    with hub.db.write() as session:
        session.add_all(DeniedToken(jti=str(number), expires_at=clock()) for number in range(25))
    clock.advance(days=1)
    with statements(hub) as seen:
        assert [gone for _, gone in sweep_all(hub, clock(), batch=10)] == [10, 10, 5]
    deletes = [statement for statement in seen if statement.startswith("DELETE")]
    assert len(deletes) == 3
    assert count(hub, DeniedToken) == 0


def test_one_round_has_an_end(hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.sweeping.BATCHES", 2)
    with hub.db.write() as session:
        session.add_all(DeniedToken(jti=str(number), expires_at=clock()) for number in range(25))
    clock.advance(days=1)
    assert swept(hub, batch=10) == {"denied_token": 20}
    assert swept(hub, batch=10) == {"denied_token": 5}


def test_the_oldest_go_first(hub: Hub, clock: TestClock) -> None:
    with hub.db.write() as session:
        for number in (3, 1, 2):
            session.add(DeniedToken(jti=str(number), expires_at=clock() + timedelta(hours=number)))
    clock.advance(days=1)
    next(sweep_all(hub, clock(), batch=1))
    with hub.db.read() as session:
        assert set(session.scalars(select(DeniedToken.jti))) == {"2", "3"}


def test_many_housekeepers_share_the_work_and_nothing_is_counted_twice(hub: Hub, clock: TestClock) -> None:
    with hub.db.write() as session:
        session.add_all(DeniedToken(jti=str(number), expires_at=clock()) for number in range(400))
    clock.advance(days=1)
    assert sum(at_once([lambda: swept(hub, batch=7)["denied_token"]] * 8)) == 400


@contextmanager
def held(hub: Hub, jti: str) -> Iterator[None]:
    """Another connection has this row under a lock."""
    with hub.db.writer.connect() as other:
        other.execute(update(DeniedToken).where(DeniedToken.jti == jti).values(expires_at=DeniedToken.expires_at))
        yield
        other.rollback()


def test_a_row_that_somebody_holds_is_left_for_the_next_time(hub: Hub, clock: TestClock) -> None:
    if hub.db.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with hub.db.write() as session:
        session.add_all(DeniedToken(jti=jti, expires_at=clock()) for jti in ("held", "free"))
    clock.advance(days=1)
    with held(hub, "held"):
        assert swept(hub) == {"denied_token": 1}
    assert swept(hub) == {"denied_token": 1}


def test_activity_and_events_stay_as_long_as_the_settings_say(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    with hub.db.write() as session:
        entry = SecurityEvent(
            id=new_id(), psu_id=psu_id, at=clock(), kind="login", detail={}, user_agent="", ip_address=""
        )
        session.add(entry)
        for _ in range(3):
            emit(session, "psu.registered", psu_id, now=clock(), psu_id=psu_id)
    dispatch(hub, ())
    clock.advance(days=hub.settings.event_days, seconds=-1)
    assert swept(hub) == {}
    clock.advance(seconds=1)
    assert swept(hub) == {"event": 3}
    clock.advance(days=hub.settings.activity_days - hub.settings.event_days)
    assert swept(hub) == {"security_event": 1}


def test_a_setting_of_zero_days_keeps_for_ever(hub: Hub, clock: TestClock) -> None:
    with hub.db.write() as session:
        emit(session, "psu.registered", new_id(), now=clock(), psu_id=None)
    dispatch(hub, ())
    clock.advance(days=40_000)
    assert swept(replace(hub, settings=replace(hub.settings, event_days=0))) == {}
    assert swept(hub) == {"event": 1}


def test_what_ended_stays_recognisable_for_as_long_as_its_reuse_matters(world: World, clock: TestClock) -> None:
    code = world.code()
    answer = world.redeem(code).get_json()
    clock.advance(seconds=24 * 3600)
    swept(world.hub)
    assert world.redeem(code).get_json()["error"] == "invalid_grant"
    assert world.refresh(answer["refresh_token"]).get_json()["error"] == "invalid_grant", "its reuse ended the grant"


def test_an_exchanged_refresh_token_that_turns_up_weeks_later_still_ends_the_grant(
    world: World, clock: TestClock
) -> None:
    """The thief refreshes on; the person comes back from a long holiday with the token that was copied."""
    stolen = world.tokens(world.native, redirect_uri=NATIVE_CALLBACK, days=60)["refresh_token"]
    latest = stolen
    for _ in range(4):
        clock.advance(days=5)
        latest = world.refresh(latest, world.native).get_json()["refresh_token"]
        swept(world.hub)
    assert world.refresh(stolen, world.native).status_code == 400
    assert world.refresh(latest, world.native).status_code == 400


def grants(world: World) -> list[str]:
    with world.hub.db.read() as session:
        return list(session.scalars(select(Grant.id).order_by(Grant.id)))


def _sessions_are_over(world: World) -> None:
    """Those that the grants came from; the world's own last for ever."""
    with world.hub.db.write() as session:
        session.execute(update(Grant).values(sid=None))


def test_of_the_grants_that_nobody_can_use_the_newest_of_a_consent_and_scope_stays(
    world: World, clock: TestClock
) -> None:
    scope = "openid profile"
    world.tokens(scope=scope, days=30)
    for _ in range(2):
        _silent(world, scope)
    *old, newest = grants(world)
    assert len(old) == 2
    _sessions_are_over(world)
    clock.advance(days=3)
    swept(world.hub)
    assert grants(world) == [newest]
    world.log_in(world.alice)
    assert _silent(world, scope), "and so the person is not asked again"


def test_an_older_login_keeps_its_grant_as_long_as_it_can_still_be_refreshed(world: World, clock: TestClock) -> None:
    scope = "openid profile offline_access"
    first = world.tokens(scope=scope, days=60)["refresh_token"]
    _silent(world, scope)
    clock.advance(days=3)
    swept(world.hub)
    assert count(world.hub, AuthorizationCode) == 0
    assert len(grants(world)) == 2
    assert world.refresh(first).status_code == 200


def test_a_grant_stays_as_long_as_the_session_whose_logout_its_client_has_to_hear_of(
    world: World, clock: TestClock
) -> None:
    scope = "openid profile"
    world.tokens(scope=scope, days=60)
    _silent(world, scope)
    older, newer = grants(world)
    with world.hub.db.write() as session:
        secret = sessions.start(
            session,
            world.alice,
            amr=("pwd",),
            origin=Origin(ip_address="", user_agent=""),
            now=clock.advance(days=2),
            settings=world.hub.settings,
        )
        sid = session.scalars(select(PsuSession.sid).where(PsuSession.id_hash == secret_hash(secret))).one()
        session.get_one(Grant, older).sid = sid
    assert swept(world.hub)["authorization_code"] == 2
    assert grants(world) == [older, newer]
    clock.advance(seconds=world.hub.settings.session_ttl_s)
    assert swept(world.hub)["psu_session"] == 1
    assert grants(world) == [newer]


def _silent(world: World, scope: str) -> str:
    """One more login that asks nothing, since the consent stands."""
    world.logged_in = world.person()
    response = world.ask(scope=scope, prompt="none")
    assert "code=" in response.headers["Location"], response.headers["Location"]
    code = re.findall(r"code=([^&]+)", response.headers["Location"])[0]
    assert world.redeem(code).status_code == 200
    return str(code)


def test_a_grant_with_a_live_refresh_token_stays_and_an_old_one_goes_with_its_consent(
    world: World, clock: TestClock
) -> None:
    world.tokens(days=60)
    clock.advance(days=20)
    swept(world.hub)
    assert (count(world.hub, Grant), count(world.hub, RefreshToken), count(world.hub, AuthorizationCode)) == (1, 1, 0)
    _sessions_are_over(world)
    clock.advance(days=100)
    housekeeping.tidy(world.hub)
    assert (count(world.hub, Grant), count(world.hub, RefreshToken)) == (0, 0)
    assert count(world.hub, ConsentRow) == 1, "what the person decided is on record"
