"""Many people coming and going, for tests and loads that ask what they leave behind."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from hub.context import Hub
from hub.db import Base
from hub.events.outbox import emit
from hub.identity import activity, sessions, throttle
from hub.identity.activity import Kind
from hub.identity.origin import Origin
from hub.ids import new_id, new_secret
from hub.models.oauth import DeniedToken
from tests.oauth.world import NATIVE_CALLBACK, World, query_of

SCOPE = "openid profile offline_access"
ORIGIN = Origin(ip_address="192.0.2.1", user_agent="soak")


def begin(hub: Hub) -> tuple[World, str]:
    """Alice has said yes to an app with a secret, and to one without: that one's refresh token."""
    world = World(hub)
    world.tokens(scope=SCOPE, days=300)
    latest = world.tokens(world.native, scope=SCOPE, days=300, redirect_uri=NATIVE_CALLBACK)["refresh_token"]
    return world, str(latest)


def log_in(world: World, refresh_token: str, logins: int) -> str:
    """Logins in a new session that need no new yes, some of whose tokens are refreshed or revoked; and an app without
    a secret, whose refresh token is another one after each use: the latest of them."""
    now, settings = world.hub.clock(), world.hub.settings
    with world.hub.db.write() as session:
        secret = sessions.start(session, world.alice, amr=("pwd",), origin=ORIGIN, now=now, settings=settings)
    world.logged_in = sessions.load(world.hub, secret, now)
    for number in range(logins):
        location = world.ask(scope=SCOPE, prompt="none").headers["Location"]
        answer = world.redeem(query_of(location)["code"]).get_json()
        if number % 2:
            assert world.refresh(answer["refresh_token"]).status_code == 200
        else:
            assert world.post("/oauth/revoke", {"token": answer["access_token"]}).status_code == 200
        refresh_token = world.refresh(refresh_token, world.native).get_json()["refresh_token"]
    return refresh_token


def visit(hub: Hub, psu_id: str, visits: int) -> None:
    """Browsers that log in, guess, give up and replay, in the tables that they leave rows in."""
    now = hub.clock()
    with hub.db.write() as session:
        for _ in range(visits):
            sessions.start(session, psu_id, amr=("pwd",), origin=ORIGIN, now=now, settings=hub.settings)
            throttle.claim(session, [throttle.Key(new_secret(), 5)], now=now, lock_s=900)
            activity.write(session, psu_id, Kind.LOGIN, origin=ORIGIN, now=now)
            emit(session, "psu.logged_in", psu_id, now=now, psu_id=psu_id)
            session.add(DeniedToken(jti=new_id(), expires_at=now + timedelta(minutes=5)))
    for _ in range(visits):
        assert hub.replay.burn("soak", "client", new_id(), now + timedelta(minutes=5), now)


def rows_of(hub: Hub) -> Mapping[str, int]:
    """How many rows each table of this store has."""
    with hub.db.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name not in {"burnt_jti", "request_rate"} or not hub.db.is_sqlite
        }


def bytes_on_disk(hub: Hub) -> int:
    """The database, and on SQLite the file beside it for what is burnt."""
    if not hub.db.is_sqlite:
        return hub.db.size_bytes()
    with hub.db.writer.connect() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    folder = Path(str(hub.db.url.database)).parent
    return sum(path.stat().st_size for path in folder.glob("*.db"))
