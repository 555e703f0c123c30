"""What the engine room does in a second, each beside the floor of the same run: jobs, events, webhooks, syncs.

    python -m bench.engine [--postgres] [--connections 1000] [--save]

- jobs that do nothing, put in one transaction and done by 1, 2 and 4 worker processes; floor: the driver alone takes
  the same rows away, 16 in a transaction, in one process;
- signals to events with all routes, for people whose consents let four apps listen; floor: the driver alone writes
  rows of that size and takes the signals away;
- webhooks to a receiver on a socket, by 1, 2 and 4 worker processes; floor: as many POSTs by `requests` from one
  process with as many threads;
- connections due at once, each a sync of three calls to a bank that answers after 20 ms, by 1, 2 and 4 worker
  processes; floor: the same calls by `requests` from one process with as many threads, their answers thrown away.

Walls, not CPU: workers wait for disks, sockets and each other, and that is the question. The machine's cores are shared
with the receiver, the banks and the database, so more workers than cores show contention and not growth.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import requests
from sqlalchemy import func, select, update

from hub import duties
from hub.clock import now
from hub.context import Hub, build
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.jobs.crew import Crew
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.jobs.queue import put
from hub.models.connection import Connection
from hub.models.event import Event
from hub.models.job import Job
from hub.models.signal import Signal
from hub.models.webhook import WebhookMessage
from hub.settings import from_environ
from hub.sync import job as connections
from hub.webhooks import deliver
from tests import postgres
from tests.storm.storm import Storm, storm

RESULTS = Path(__file__).parent / "results" / "engine.txt"
WORKERS = (1, 2, 4)
JOBS, SIGNALS, CALLED = 6_000, 3_000, 300
BANKS = 20  # as many as keep the workers busy: two read one bank at once, whatever the number of workers
BATCH = 16
APPS = 4
LIMIT_S = 600.0


def _nothing(_hub: Hub, _held: Held) -> None:
    return None


KINDS = {"jobs": Kind("bench", _nothing, threads=BATCH), "webhooks": deliver.KIND, "syncs": connections.KIND}


def child(what: str) -> None:
    """A worker process for one kind of work; says when it is ready."""
    crew = Crew(build(from_environ(os.environ)), [KINDS[what]])
    crew.stop_on_signals()
    print("ready", flush=True)
    crew.run()


@contextmanager
def working(weather: Storm, what: str, workers: int) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.engine", "--child", what]
    running = [subprocess.Popen(command, env=weather.environ, stdout=subprocess.PIPE) for _ in range(workers)]
    try:
        for one in running:
            assert one.stdout is not None
            assert one.stdout.readline() == b"ready\n", "a worker could not be started"
        yield
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(60)


def timed(left: Callable[[], int], begin: Callable[[], None]) -> float:
    """Things a second, from ``begin`` until nothing is left."""
    begin()
    count, started = left(), time.monotonic()
    while left():
        if time.monotonic() - started > LIMIT_S:
            raise SystemExit("it never ends")
        time.sleep(0.02)
    return count / (time.monotonic() - started)


def rate_of(weather: Storm, what: str, left: Callable[[], int], begin: Callable[[], None]) -> list[float]:
    found = []
    for workers in WORKERS:
        with working(weather, what, workers):
            found.append(timed(left, begin))
    return found


def jobs(weather: Storm) -> list[float]:
    hub = weather.hub

    def begin() -> None:
        moment = now()
        with hub.db.write() as session:
            for _ in range(JOBS):
                put(session, "bench", at=moment, now=moment)

    def left() -> int:
        with hub.db.read() as session:
            return session.scalar(select(func.count()).where(Job.queue == "bench")) or 0

    begin()
    floor = _floor_of_jobs(hub)
    return [floor, *rate_of(weather, "jobs", left, begin)]


def _floor_of_jobs(hub: Hub) -> float:
    started, gone = time.monotonic(), 0
    if hub.db.is_sqlite:
        bare = sqlite3.connect(str(hub.db.url.database), isolation_level=None)
        bare.execute("PRAGMA synchronous=FULL")
        first = f"SELECT key FROM job WHERE queue = 'bench' ORDER BY priority, run_at LIMIT {BATCH}"
        while True:
            bare.execute("BEGIN IMMEDIATE")
            took = bare.execute(f"DELETE FROM job WHERE queue = 'bench' AND key IN ({first})").rowcount
            bare.execute("COMMIT")
            gone += took
            if not took:
                bare.close()
                return gone / (time.monotonic() - started)
    with _driver(hub) as connection:
        first = (
            f"SELECT key FROM job WHERE queue = 'bench' ORDER BY priority, run_at LIMIT {BATCH} FOR UPDATE SKIP LOCKED"
        )
        while True:
            took = connection.execute(f"DELETE FROM job WHERE queue = 'bench' AND key IN ({first})").rowcount
            connection.commit()
            gone += took
            if not took:
                return gone / (time.monotonic() - started)


def _driver(hub: Hub) -> psycopg.Connection:
    url = hub.db.url.set(drivername="postgresql")
    return psycopg.connect(url.render_as_string(hide_password=False))


FOUND = {"result": "synced", "status": "ready", "accounts_read": 1, "added": 1, "modified": 0, "removed": 0}


def signal(weather: Storm, count: int) -> None:
    """What a sync says that found something new, of each person's connections in turn."""
    with weather.hub.db.read() as session:
        known = [tuple(row) for row in session.execute(select(Connection.id, Connection.psu_id))]
    with weather.hub.db.write() as session:
        for number in range(count):
            connection_id, psu_id = known[number % len(known)]
            emit(session, "connection.synced", connection_id, now=now(), psu_id=psu_id, body=FOUND)


def events(weather: Storm) -> list[float]:
    hub = weather.hub
    _dispatched(hub)
    signal(weather, SIGNALS)
    floor = _floor_of_events(hub)
    signal(weather, SIGNALS)
    started = time.monotonic()
    count = _dispatched(hub)
    return [floor, count / (time.monotonic() - started)]


def _dispatched(hub: Hub) -> int:
    whole = 0
    while count := dispatch(hub, duties.ROUTES):
        whole += count
    return whole


def _floor_of_events(hub: Hub) -> float:
    """500 rows at a time, as the dispatcher; of a table like the events', which is thrown away."""
    with hub.db.read() as session:
        columns = [column.key for column in Event.__table__.columns]
        rows = [
            {name: getattr(one, name, None) for name in columns} | {"position": 10**9 + number, "id": f"floor-{number}"}
            for number, one in enumerate(session.scalars(select(Signal)))
        ]
        made = [tuple(str(row[name]) if row[name] is not None else None for name in columns) for row in rows]
    named = ", ".join(f"{name} TEXT" for name in columns)
    marks = ", ".join(("?" if hub.db.is_sqlite else "%s",) * len(columns))
    write = f"INSERT INTO floor VALUES ({marks})"
    take = "DELETE FROM signal WHERE seq IN (SELECT seq FROM signal ORDER BY seq LIMIT 500)"
    batches = [made[at : at + 500] for at in range(0, len(made), 500)]
    if hub.db.is_sqlite:
        bare = sqlite3.connect(str(hub.db.url.database), isolation_level=None)
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute(f"CREATE TABLE floor ({named})")
        started = time.monotonic()
        for batch in batches:
            bare.execute("BEGIN IMMEDIATE")
            bare.executemany(write, batch)
            bare.execute(take)
            bare.execute("COMMIT")
        took = time.monotonic() - started
        bare.execute("DROP TABLE floor")
        bare.close()
        return len(made) / took
    with _driver(hub) as connection:
        connection.execute(f"CREATE TABLE floor ({named})")
        connection.commit()
        started = time.monotonic()
        for batch in batches:
            with connection.cursor() as cursor:
                cursor.executemany(write, batch)
                cursor.execute(take)
            connection.commit()
        took = time.monotonic() - started
        connection.execute("DROP TABLE floor")
        connection.commit()
    return len(made) / took


def webhooks(weather: Storm) -> list[float]:
    hub = weather.hub

    def begin() -> None:
        signal(weather, CALLED)
        _dispatched(hub)

    def left() -> int:
        with hub.db.read() as session:
            return session.scalar(select(func.count()).where(WebhookMessage.state == "due")) or 0

    def clear() -> None:
        with hub.db.write() as session:
            session.execute(
                update(WebhookMessage).values(state="taken"), execution_options={"synchronize_session": False}
            )

    clear()
    begin()
    with hub.db.read() as session:
        bodies = list(session.scalars(select(WebhookMessage.body).where(WebhookMessage.state == "due").limit(3000)))
    clear()
    with ThreadPoolExecutor(deliver.AT_ONCE * APPS) as pool, requests.Session() as caller:
        caller.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=deliver.AT_ONCE * APPS))
        started = time.monotonic()
        list(pool.map(lambda body: caller.post(weather.receiver.url, data=body.encode(), timeout=10), bodies))
        floor = len(bodies) / (time.monotonic() - started)
    return [floor, *rate_of(weather, "webhooks", left, begin)]


def syncs(weather: Storm) -> list[float]:
    hub, since = weather.hub, [now()]
    with hub.db.read() as session:
        known = session.scalars(select(Connection.id)).all()

    def calls(connection_id: str) -> None:
        bank = weather.banks[hash(connection_id) % BANKS]
        for path in ("accounts", "accounts/r/balances", "accounts/r/transactions"):
            requests.get(f"{bank.url}/v1/{path}", headers={"Consent-ID": connection_id}, timeout=10)

    def begin() -> None:
        since[0] = now()
        due = update(Job).where(Job.queue == connections.KIND.queue).values(run_at=since[0])
        with hub.db.write() as session:
            for one in (due, update(Connection).values(next_sync_at=since[0])):
                session.execute(one, execution_options={"synchronize_session": False})

    def left() -> int:
        with hub.db.read() as session:
            return session.scalar(select(func.count()).where(Connection.last_success_at < since[0])) or 0

    with ThreadPoolExecutor(connections.KIND.threads) as pool:
        started = time.monotonic()
        list(pool.map(calls, known))
        floor = len(known) / (time.monotonic() - started)
    return [floor, *rate_of(weather, "syncs", left, begin)]


LOADS: tuple[tuple[str, Callable[[Storm], list[float]]], ...] = (
    ("jobs", jobs),
    ("events", events),
    ("webhooks", webhooks),
    ("syncs", syncs),
)


def measure(store: str, people: int) -> Iterator[tuple[str, list[float]]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{folder / 'hub.db'}"
        if store == "PostgreSQL":
            url = stack.enter_context(
                postgres.database(stack.enter_context(postgres.cluster(is_durable=True)), "bench")
            )
        weather = stack.enter_context(
            storm(folder / "storm", url, workers=0, banks=BANKS, per_s=0.0, sync_interval_s=86_400)
        )
        weather.environ.pop("PYTHONDONTWRITEBYTECODE")
        weather.environ["RIALTO_JOB_LEASE_S"] = "30"
        weather.settle_people(people)
        for number in range(APPS - 2):
            weather.listens(f"app-{number}", weather.receiver.url)
        for psu_id in weather.people:
            for client_id in ("mover", *(f"app-{number}" for number in range(APPS - 2))):
                weather.allow(psu_id, client_id)
        _dispatched(weather.hub)
        for name, load in LOADS:
            yield name, load(weather)


def line(name: str, found: Sequence[float]) -> str:
    floor, *rates = found
    told = "   ".join(f"{rate:8,.0f}" for rate in rates)
    return f"{name:10} {floor:10,.0f}   {told:{3 * 11}}   {max(rates) / floor:6.2f} of the floor"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--child", choices=KINDS)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    if given.child:
        child(given.child)
        return
    lines = []
    for store in ("SQLite", "PostgreSQL") if given.postgres else ("SQLite",):
        heads = "   ".join(f"{workers} work." for workers in WORKERS)
        lines.append(f"{store}, a second{'floor':>10}   {heads}")
        print(lines[-1], flush=True)
        for name, found in measure(store, given.connections // BANKS):
            lines.append(line(name, found))
            print(lines[-1], flush=True)
    if given.save:
        RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
