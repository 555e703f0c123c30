"""Three weeks of visits in some seconds: no table, and no file, is larger at its end than it was in the middle."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub import housekeeping
from hub.context import Hub, build
from hub.db import Base
from hub.events.outbox import emit
from hub.identity import activity, sessions, throttle
from hub.identity.activity import Kind
from hub.identity.origin import Origin
from hub.ids import new_id, new_secret
from hub.models.oauth import DeniedToken
from hub.settings import Settings
from tests.conftest import TestClock
from tests.oauth.world import NATIVE_CALLBACK, World, query_of

DAYS, LOGINS, VISITS = 21, 3, 100  # logins each half day, other visits each day
SCOPE = "openid profile offline_access"
ORIGIN = Origin(ip_address="192.0.2.1", user_agent="soak")


@pytest.fixture
def hub(settings: Settings, clock: TestClock) -> Iterator[Hub]:
    """Everything ends within days, so that the second week is as full as the third."""
    short = replace(settings, refresh_token_ttl_s=3 * 86_400, event_days=3, activity_days=3, key_rotation_days=10)
    made = build(short, clock=clock)
    yield made
    made.access_log.close()
    made.replay.close()
    made.db.dispose()


def test_three_weeks_of_visits_leave_the_database_as_large_as_two(hub: Hub, clock: TestClock) -> None:
    world = World(hub)
    world.tokens(scope=SCOPE, days=300)
    latest = world.tokens(world.native, scope=SCOPE, days=300, redirect_uri=NATIVE_CALLBACK)["refresh_token"]
    world.logged_in = world.person()
    rows: dict[str, list[int]] = defaultdict(list)
    disk: list[int] = []
    for _ in range(DAYS):
        for _ in range(2):
            latest = _log_in(world, latest)
            _visit(hub, world.alice)
            clock.advance(seconds=43_200)
            housekeeping.tidy(hub)
        for table, number in _rows(hub).items():
            rows[table].append(number)
        disk.append(_on_disk(hub))
    middle, end = slice(DAYS // 3, 2 * DAYS // 3), slice(2 * DAYS // 3, DAYS)
    grown = {name: seen for name, seen in rows.items() if max(seen[end]) > 1.02 * max(seen[middle])}
    assert grown.keys() <= {"signing_key"}, grown  # a record of a few a year
    assert max(disk[end]) <= 1.02 * max(disk[middle]), disk
    # What was written is many times what is left: without housekeeping this test would have failed.
    assert rows["psu_session"][-1] <= 2 * VISITS < DAYS * VISITS / 10
    assert rows["oauth_grant"][-1] < DAYS * 2 * LOGINS / 2


def _log_in(world: World, refresh_token: str) -> str:
    """Logins that need no new yes, some of whose tokens are refreshed or revoked; and an app without a secret, whose
    refresh token is another one after each use: the latest of them."""
    for number in range(LOGINS):
        location = world.ask(scope=SCOPE, prompt="none").headers["Location"]
        answer = world.redeem(query_of(location)["code"]).get_json()
        if number % 2:
            assert world.refresh(answer["refresh_token"]).status_code == 200
        else:
            assert world.post("/oauth/revoke", {"token": answer["access_token"]}).status_code == 200
        refresh_token = world.refresh(refresh_token, world.native).get_json()["refresh_token"]
    return refresh_token


def _visit(hub: Hub, psu_id: str) -> None:
    """Browsers that log in, guess, give up and replay, in the tables that they leave rows in."""
    now = hub.clock()
    with hub.db.write() as session:
        for _ in range(VISITS // 2):
            sessions.start(session, psu_id, amr=("pwd",), origin=ORIGIN, now=now, settings=hub.settings)
            throttle.claim(session, [throttle.Key(new_secret(), 5)], now=now, lock_s=900)
            activity.write(session, psu_id, Kind.LOGIN, origin=ORIGIN, now=now)
            emit(session, "psu.logged_in", psu_id, now=now, psu_id=psu_id)
            session.add(DeniedToken(jti=new_id(), expires_at=now + timedelta(minutes=5)))
    for _ in range(VISITS // 2):
        assert hub.replay.burn("soak", "client", new_id(), now + timedelta(minutes=5), now)


def _rows(hub: Hub) -> Mapping[str, int]:
    """How many rows each table of this store has."""
    with hub.db.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name != "burnt_jti" or not hub.db.is_sqlite
        }


def _on_disk(hub: Hub) -> int:
    """Bytes of the database and of the file for what is burnt; on PostgreSQL room is given back by vacuum, in its own
    time, so there only rows are counted."""
    if not hub.db.is_sqlite:
        return 1
    folder = Path(str(hub.db.url.database)).parent
    return sum(path.stat().st_size for path in folder.glob("*.db"))
