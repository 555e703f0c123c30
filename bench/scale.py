"""How costs grow with what is stored: people multiplied from one whose history went the way of a sync, on PostgreSQL.

    python -m bench.scale [--rows 10000,100000,1000000] [--save]

A person is one connection with two accounts of 500 transactions each. At each size: one page of the history, a first
sync of 500 rows, the same page again unchanged, a claim of 20 jobs among one for each connection, 100 signals
dispatched; each the best of a few tries, CPU of this process and of the server process behind its connection, in
milliseconds. Then what a transaction takes on disk, indexes included, and a person.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.ingest import ACCOUNT, FIRST, NOW, SEALER, pages
from bench.process import cpu_s
from consent.decide import Allowed, for_owner
from hub import migrate
from hub.connections.plan import QUEUE, put_job
from hub.context import Hub, build
from hub.db import Base, Database
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.ids import new_id
from hub.jobs import holding
from hub.jobs.claim import Claims
from hub.ledger import history
from hub.ledger.accounts import store_accounts
from hub.ledger.ingest import Fetch
from hub.models.connection import Connection
from hub.models.psu import Psu
from hub.settings import Settings
from hub.sync.job import KIND
from providers.berlin_group import normalize
from tests import postgres

EACH = 500
PER_PERSON = 2 * EACH
TRIES = 5
RESULTS = Path(__file__).parent / "results" / "scale.txt"
# Of a row of these, the ids that are the copy's own: their first eight digits become the person's number.
_COPIED = {
    "psu": ("id",),
    "connection": ("id", "psu_id"),
    "account": ("id", "psu_id", "connection_id"),
    "transaction": ("id", "account_id"),
    "transaction_raw": ("transaction_id",),
    "change": ("connection_id", "account_id", "transaction_id"),
    "job": ("key",),
}


class World:
    """One database with a person in it, to be multiplied."""

    def __init__(self, hub: Hub) -> None:
        self.hub, self.db = hub, hub.db
        self.psu_id, self.connection_id = new_id(), new_id()
        self.people = 1
        self.accounts = self._household()
        for account_id in self.accounts:
            self.sync(account_id)

    def _household(self) -> list[str]:
        with self.db.write() as session:
            person = {"id": self.psu_id, "email": f"{self.psu_id}@bench.example", "name": "Alice"}
            session.add(Psu(**person, password_hash="x", password_changed_at=NOW, created_at=NOW))
            session.flush()
            link = {"id": self.connection_id, "psu_id": self.psu_id, "institution_id": "bench", "status": "ready"}
            session.add(Connection(**link, created_at=NOW, next_sync_at=NOW + timedelta(hours=6)))
            session.flush()
            put_job(session, self.connection_id, "bench", NOW + timedelta(hours=6), now=NOW)
            shown = [replace(ACCOUNT, resource_id=str(number), identifiers=()) for number in range(2)]
            ids = store_accounts(
                session,
                psu_id=self.psu_id,
                connection_id=self.connection_id,
                institution_id="bench",
                accounts=shown,
                now=NOW,
            )
        return list(ids.values())

    def sync(self, account_id: str) -> None:
        """Its 500 rows, as one page from the bank."""
        fetch = Fetch(account_id, self.connection_id, FIRST, NOW.date(), "bench/1")
        (body,) = pages(EACH)
        page = normalize.transactions(body, account=ACCOUNT)
        with self.db.write() as session:
            fetch.apply_pages(session, SEALER, [page], NOW)
        with self.db.write() as session:
            fetch.finish(session, NOW)

    def new_account(self) -> str:
        with self.db.write() as session:
            shown = [replace(ACCOUNT, resource_id=new_id(), identifiers=())]
            (account_id,) = store_accounts(
                session,
                psu_id=self.psu_id,
                connection_id=self.connection_id,
                institution_id="bench",
                accounts=shown,
                now=NOW,
            ).values()
        return account_id

    def grow(self, rows: int) -> None:
        """Until so many transactions are stored."""
        people = max(self.people, rows // PER_PERSON)
        mine = {"psu": [self.psu_id], "connection": [self.connection_id], "account": self.accounts}
        with self.db.writer.begin() as connection:
            for table, own in _COPIED.items():
                columns = [column.name for column in Base.metadata.tables[table].columns]
                told = {name: f"lpad(to_hex(p), 8, '0') || substr(t.\"{name}\", 9)" for name in own}
                if table == "psu":
                    told["email"] = "p || '@bench.example'"
                if table == "account":
                    told["identity_hash"] = "md5(p || t.identity_hash)"
                names = ", ".join(f'"{name}"' for name in columns)
                values = ", ".join(told.get(name, f't."{name}"') for name in columns)
                connection.execute(
                    text(
                        f'INSERT INTO "{table}" ({names}) SELECT {values}'  # names of our own models
                        f' FROM "{table}" t, generate_series(CAST(:first AS integer), CAST(:last AS integer)) p'
                        f" WHERE {_template(table)}"
                    ),
                    {"first": self.people + 1, "last": people, **_ids(table, mine)},
                )
        with self.db.writer.connect() as raw:
            raw.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")
        self.people = people

    def allowed(self) -> Allowed:
        return for_owner(self.psu_id, self.accounts)


def _template(table: str) -> str:
    return {
        "psu": "t.id = ANY(:ids)",
        "connection": "t.id = ANY(:ids)",
        "account": "t.id = ANY(:ids)",
        "transaction": "t.account_id = ANY(:ids)",
        "transaction_raw": 't.transaction_id IN (SELECT id FROM "transaction" WHERE account_id = ANY(:ids))',
        "change": "t.connection_id = ANY(:ids) AND t.account_id = ANY(:accounts)",
        "job": "t.queue = 'connection' AND t.key = ANY(:ids)",
    }[table]


def _ids(table: str, mine: dict[str, list[str]]) -> dict[str, Any]:
    if table in {"transaction", "transaction_raw"}:
        return {"ids": mine["account"]}
    if table == "change":
        return {"ids": mine["connection"], "accounts": mine["account"]}
    return {"ids": mine["connection" if table == "job" else table]}


def _used_s(db: Database) -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    pids = []
    for engine in (db.writer, db.reader):
        with engine.connect() as connection:
            pids.append(int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one()))
    return own.ru_utime + own.ru_stime + sum(map(cpu_s, pids))


def _best_ms(db: Database, work: Callable[[], object], times: int) -> float:
    """Of a few tries, each of ``times`` calls."""
    spent = []
    for _ in range(TRIES):
        began = _used_s(db)
        for _ in range(times):
            work()
        spent.append((_used_s(db) - began) * 1000 / times)
    return min(spent)


def measure(world: World) -> dict[str, float]:
    hub, db = world.hub, world.db
    allowed, query = world.allowed(), history.HistoryQuery(limit=100)
    claims = Claims(hub, "bench")

    def read() -> None:
        with db.look() as connection:
            history.transactions(connection, allowed, query)

    def first() -> None:
        world.sync(world.new_account())

    def claim() -> None:
        with db.write() as session:
            for number in range(20):
                put_job(session, f"due-{number}", f"bank-{number}", NOW, now=NOW)
        taken = claims.take(replace(KIND, per_lane=2), 20)
        assert len(taken) == 20, len(taken)
        with db.write() as session:
            holding.finish_all(session, taken)

    def events() -> None:
        with db.write() as session:
            for _ in range(100):
                emit(session, "bench.happened", new_id(), now=NOW, psu_id=world.psu_id)
        assert dispatch(hub, ()) == 100

    return {
        "a page of 100": _best_ms(db, read, 20),
        "first sync, 500 rows": _best_ms(db, first, 2),
        "the same again": _best_ms(db, lambda: world.sync(world.accounts[0]), 5),
        "20 jobs put, claimed, done": _best_ms(db, claim, 10),
        "100 signals to events": _best_ms(db, events, 5),
    }


def sizes(db: Database, people: int) -> list[str]:
    names = ("transaction", "transaction_raw", "change", "account", "balance", "connection", "job", "psu", "seen_page")
    query = (
        "SELECT pg_total_relation_size(:table), (SELECT reltuples FROM pg_class WHERE oid = CAST(:table AS regclass))"
    )
    lines = [f"{'on disk':24}{'bytes a row':>12}{'KiB a person':>14}"]
    whole = 0.0
    with db.look() as connection:
        for name in names:
            size, rows = connection.execute(text(query), {"table": f'"{name}"'}).one()
            whole += size
            lines.append(f"{name:24}{size / max(1, rows):12,.0f}{size / 1024 / people:14,.1f}")
    return [*lines, f"{'together':36}{whole / 1024 / people:14,.1f}"]


@contextmanager
def _world() -> Iterator[World]:
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.cluster() as cluster,
        postgres.database(cluster, "scale") as url,
    ):
        hub = build(Settings(database_url=url, data_dir=Path(folder)), clock=lambda: NOW)
        migrate.upgrade(hub.db)
        yield World(hub)
        hub.close()


def report(steps: list[int]) -> str:
    found: dict[int, dict[str, float]] = {}
    with _world() as world:
        for rows in steps:
            world.grow(rows)
            found[rows] = measure(world)
        disk = sizes(world.db, world.people)
    lines = ["CPU milliseconds, both sides" + "".join(f"{rows:>14,}" for rows in steps)]
    lines += [f"{name:28}" + "".join(f"{found[rows][name]:14.2f}" for rows in steps) for name in found[steps[0]]]
    return "\n".join([*lines, "", f"{QUEUE} jobs: one a person", *disk])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", default="10000,100000,1000000")
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    told = report([int(one) for one in given.rows.split(",")])
    print(told)
    if given.save:
        RESULTS.write_text(told + "\n")


if __name__ == "__main__":
    main()
