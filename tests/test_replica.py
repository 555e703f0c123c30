"""A hot standby answers what is read, and never with less than the primary had."""

import importlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, make_url, select, text
from sqlalchemy.exc import ProgrammingError

from hub import checks, migrate, replica
from hub.context import Hub, build
from hub.db import Base, Database
from hub.errors import NotFound
from hub.ids import new_id
from hub.models.job import Schedule
from hub.observability import parts
from hub.settings import Settings, SettingsError, from_environ
from tests import postgres
from tests.api.world import READS, World
from tests.conftest import TestClock
from tests.people import alice

pytestmark = pytest.mark.postgres


@dataclass
class Pair:
    """A hub whose database has a standby; ``asked`` counts how its reads went."""

    hub: Hub
    standby_url: str
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def db(self) -> Database:
        return self.hub.db

    def on_standby(self, statement: str) -> None:
        engine = create_engine(self.standby_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, str]]:
    """The URLs of a durable database and of the same one on its standby."""
    if postgres.binaries() is None:
        pytest.skip("no initdb on this machine")
    with postgres.cluster(is_durable=True) as primary, postgres.database(primary, "followed") as url:
        migrate.upgrade(Database(url))
        with postgres.standby(primary) as standby:
            yield url, make_url(standby).set(database="followed").render_as_string(hide_password=False)


@pytest.fixture
def pair(cluster: tuple[str, str], tmp_path: Path, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    url, standby_url = cluster
    postgres.empty(url, [table.name for table in Base.metadata.sorted_tables])
    monkeypatch.setattr(replica, "WAIT_S", 5.0)  # a busy machine is slow, and that is no failure here
    settings = Settings(database_url=url, database_replica_url=standby_url, data_dir=tmp_path / "var")
    made = Pair(build(settings, clock=clock), standby_url)
    assert made.db.replica is not None
    made.db.replica.tell = lambda outcome: made.asked.update([outcome])
    yield made
    made.on_standby("SELECT pg_wal_replay_resume()")
    made.hub.close()


def is_standby(reading: Connection) -> bool:
    return bool(reading.execute(text("SELECT pg_is_in_recovery()")).scalar_one())


def test_a_read_is_done_by_the_standby(pair: Pair) -> None:
    assert pair.db.ask(is_standby)
    assert pair.asked == {"answered": 1}


def put(db: Database, clock: TestClock) -> str:
    with db.write() as session:
        session.add(Schedule(name=(name := new_id()), next_at=clock()))
    return name


def finds(name: str) -> Callable[[Connection], bool]:
    return lambda reading: reading.execute(select(Schedule.name).where(Schedule.name == name)).first() is not None


def test_what_was_committed_before_is_in_the_answer(pair: Pair, clock: TestClock) -> None:
    for _ in range(100):
        assert pair.db.ask(finds(put(pair.db, clock)))
    assert pair.asked == {"answered": 100}


def test_a_standby_that_is_late_is_let_rest_and_the_primary_answers(
    pair: Pair, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "WAIT_S", 0.05)
    assert pair.db.ask(is_standby)
    pair.on_standby("SELECT pg_wal_replay_pause()")
    name = put(pair.db, clock)
    assert pair.db.ask(finds(name))
    assert pair.db.ask(finds(name))
    assert pair.asked == {"answered": 1, "late": 1}, "it is not asked each time"
    monkeypatch.setattr(replica, "WAIT_S", 5.0)
    pair.on_standby("SELECT pg_wal_replay_resume()")
    assert pair.db.replica is not None
    pair.db.replica._rests_until = 0.0
    assert pair.db.ask(finds(name))
    assert pair.asked == {"answered": 2, "late": 1}


def test_a_standby_whose_connections_are_cut_off_is_asked_again_later(pair: Pair) -> None:
    assert pair.db.ask(is_standby)
    pair.on_standby(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'followed' AND pid <> pg_backend_pid()"
    )
    assert not pair.db.ask(is_standby), "the primary answered"
    assert pair.asked == {"answered": 1, "away": 1}
    assert pair.db.replica is not None
    pair.db.replica._rests_until = 0.0
    assert pair.db.ask(is_standby)


def test_what_breaks_on_the_standby_alone_is_asked_of_the_primary(pair: Pair) -> None:
    breaks_there = text("SELECT CASE WHEN pg_is_in_recovery() THEN 1 / (random() * 0)::int ELSE 7 END")
    assert pair.db.ask(lambda reading: reading.execute(breaks_there).scalar_one()) == 7


def test_a_mistake_of_ours_is_raised_and_what_is_not_there_is_said(pair: Pair) -> None:
    def absent(_reading: Connection) -> None:
        raise NotFound("no such account")

    with pytest.raises(NotFound):
        pair.db.ask(absent)
    with pytest.raises(ProgrammingError):
        pair.db.ask(lambda reading: reading.execute(text("SELECT * FROM nothing")).all())


def test_another_database_is_no_replica(pair: Pair, postgres_cluster: str, tmp_path: Path, clock: TestClock) -> None:
    url = pair.db.url.render_as_string(hide_password=False)
    for other, why in ((postgres_cluster, "copy"), (url, "a primary itself")):
        settings = Settings(database_url=url, database_replica_url=other, data_dir=tmp_path / "var")
        hub = build(settings, clock=clock)
        assert not hub.db.ask(is_standby)
        found = [one.what for one in checks.run(hub) if "replica" in one.what]
        assert len(found) == 1
        assert why in found[0]
        hub.close()


def test_one_that_is_not_there_costs_nobody_the_answer(pair: Pair, tmp_path: Path, clock: TestClock) -> None:
    url = pair.db.url.render_as_string(hide_password=False)
    settings = Settings(
        database_url=url, database_replica_url="postgresql://nobody@127.0.0.1:1/none", data_dir=tmp_path / "var"
    )
    hub = build(settings, clock=clock)
    assert not hub.db.ask(is_standby)
    (part,) = [one for one in parts.of(hub) if one.name == "Replica"]
    assert (part.state, part.says) == ("warn", "it does not answer (OperationalError); reads go to the primary")
    hub.close()


def test_apps_read_through_it_and_what_ended_is_ended_at_once(pair: Pair) -> None:
    psu_id, world = alice(pair.hub), World(pair.hub, importlib.import_module("hub.app").create_app(pair.hub))
    (account,) = world.link(psu_id, "albion", {"GB33BUKB20201555555555": "GBP"})
    world.history(account, 5)
    caller = world.caller(psu_id, {account: READS})
    assert pair.db.replica is not None
    pair.db.replica.tell = lambda outcome: pair.asked.update([outcome])
    paths = [
        "/v1/accounts",
        f"/v1/accounts/{account}",
        "/v1/balances",
        "/v1/transactions",
        "/v1/transactions/sync",
        "/v1/recurring",
        "/v1/beneficiaries",
    ]
    assert [caller.get(path).status_code for path in paths] == [200] * len(paths)
    assert pair.asked == {"answered": len(paths)}
    assert len(caller.get("/v1/transactions").json["data"]) == 5
    (part,) = [one for one in parts.of(pair.hub) if one.name == "Replica"]
    assert part.state == "good"
    assert part.says.endswith("KiB behind")
    pair.on_standby("SELECT pg_wal_replay_pause()")
    assert caller.delete(f"/v1/consents/{caller.consent_id}").status_code == 204
    assert caller.get("/v1/transactions").status_code in {401, 403}


def test_a_replica_is_of_postgresql() -> None:
    with pytest.raises(SettingsError, match="DATABASE_REPLICA_URL"):
        from_environ({"DATABASE_REPLICA_URL": "postgresql://replica/rialto"})
