"""What it costs when logs expire, by rows and by partitions, and what partitions cost elsewhere, on PostgreSQL.

    python -m bench.retention [--rows 50000] [--save]

So many hops and events a day, of all the days that they are kept, in two databases. Then time goes on by the width of
one span: one hub deletes what is over row by row, the other one drops its oldest partition and makes the next. CPU of
this process and of the whole server; autovacuum is off, and a VACUUM that is measured stands in for it. What is over
was on disk for long, so the first touch of each page writes it to the log whole (a CHECKPOINT sees to that). The reads
are some that go by no id and so look into each partition.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Select, create_engine, make_url, select, text

from bench.process import cpu_s
from hub import bulk, migrate, partitions
from hub.context import Hub, build
from hub.db import Base
from hub.ids import first_id
from hub.models.event import Event
from hub.models.observability import Hop
from hub.retention import ENDS, times_to_live
from hub.settings import Settings
from hub.sweeping import sweep_batch
from tests import postgres

RESULTS = Path(__file__).parent / "results" / "retention.txt"
BEGAN = datetime(2026, 11, 23, tzinfo=UTC)
FIRST = BEGAN + partitions.AHEAD
KEPT = times_to_live(Settings())
LIVES = {log: kept for log in ("hop", "event") if (kept := KEPT[log]) is not None}
FILLED = FIRST + max(LIVES.values())
READS = 1000
T = TypeVar("T")
COLUMNS = {
    "hop": ("id", "trace_id", "at", "place", "what", "party", "outcome", "detail", "request_id", "took_ms"),
    "event": ("id", "position", "at", "kind", "psu_id", "subject_id", "body", "trace_id"),
}


@dataclass(slots=True)
class Clock:
    at: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds of both sides, and MiB of the server's log."""

    cpu_s: float
    wal_mib: float


class World:
    """A hub whose logs are full. ``server``: the process above all others of PostgreSQL."""

    def __init__(self, hub: Hub, clock: Clock, server: int, *, rows: int, by_time: bool) -> None:
        self.hub, self.db, self.clock, self._server, self._by_time = hub, hub.db, clock, server, by_time
        if by_time:
            list(partitions.begin(self.db, KEPT, clock()))
            for day in range(partitions.AHEAD.days):
                partitions.upkeep(self.db, KEPT, BEGAN + timedelta(days=day))
        self.written = self.spent(self._fill, rows)
        partitions.upkeep(self.db, KEPT, clock())
        for log in LIVES:
            self.maintain(f"VACUUM ANALYZE {log}")
        self.maintain("CHECKPOINT")

    def _fill(self, rows: int) -> None:
        """A thousand rows of each in a transaction, as the recorder and the dispatcher write them."""
        number = 0
        while FIRST + timedelta(days=number / rows) < FILLED:
            self.clock.at = at = FIRST + timedelta(days=number / rows)
            if number % rows == 0:
                partitions.upkeep(self.db, KEPT, at)
            with self.db.write() as session:
                for log, life in LIVES.items():
                    if at >= FILLED - life:
                        made = (_row(log, one, at) for one in range(number, number + 1000))
                        bulk.insert(session, Base.metadata.tables[log], COLUMNS[log], made)
            number += 1000
        self.clock.at = FILLED

    def expire(self, log: str) -> None:
        """What became due with the last span."""
        if self._by_time:
            done = partitions.upkeep(self.db, KEPT, self.clock())
            assert done[f"{log} partitions dropped"] == 1, done
        (ends,) = (one for one in ENDS if one.table.name == log)
        later = partitions.put_off(self.db, KEPT).get(log, timedelta())
        while sweep_batch(self.hub, ends, self.clock() - later):
            pass
        self.maintain(f"VACUUM {log}")

    def maintain(self, statement: str) -> None:
        with self.db.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))

    def read(self, query: Select[Any]) -> None:
        with self.db.read() as session:
            for _ in range(READS):
                session.execute(query).all()

    def spent(self, work: Callable[[T], object], given: T) -> Used:
        began = self._used()
        work(given)
        ended = self._used()
        return Used(ended.cpu_s - began.cpu_s, ended.wal_mib - began.wal_mib)

    def _used(self) -> Used:
        with self.db.look() as connection:
            wal = connection.execute(text("SELECT pg_current_wal_lsn() - '0/0'")).scalar_one()
        return Used(time.process_time() + cpu_s(self._server), float(wal) / 2**20)


def _row(log: str, number: int, at: datetime) -> bulk.Row:
    id_ = f"{first_id(at)[:14]}7{number & 0xFFF:03x}-8000-{number:012x}"
    if log == "hop":
        return id_, _way(number), at, "bank", "GET accounts", "albion", "ok", "HTTP 200", id_, 20
    return id_, number, at, "connection.synced", id_, id_, '{"result": "synced", "added": 1}', id_


def _way(number: int) -> str:
    """Four hops are one id's."""
    return f"{number // 4:036x}"


def report(rows: int) -> Iterator[str]:
    yield f"{rows:,} hops and events a day{'by rows':>22}{'by partitions':>16}{'ratio':>9}"
    with worlds(rows) as (one, other):
        each = rows * sum(life.days for life in LIVES.values()) / 1e6
        yield _line("a row written: us of CPU", one.written.cpu_s / each, other.written.cpu_s / each)
        last = rows * max(LIVES.values()).days
        after = select(Event).where(Event.position > last - 20).order_by(Event.position).limit(500)
        way = select(Hop).where(Hop.trace_id == _way(last - 9)).order_by(Hop.at, Hop.id)
        for what, query in (("events after a position", after), ("the hops of an id", way)):
            spent = [world.spent(world.read, query).cpu_s / READS * 1e6 for world in (one, other)]
            yield _line(f"{what}: us of CPU", *spent)
        for log, life in LIVES.items():
            width = partitions.width(life)
            one.clock.at = other.clock.at = FILLED + width
            gone = [world.spent(world.expire, log) for world in (one, other)]
            yield f"{width.days} days of {log} expire, {rows * width.days:,} rows"
            yield _line("  s of CPU, VACUUM included", *(used.cpu_s for used in gone))
            yield _line("  MiB of WAL", *(used.wal_mib for used in gone))


def _line(what: str, one: float, other: float) -> str:
    return f"{what:38}{one:18,.2f}{other:16,.2f}{one / other if other else float('inf'):9.2f}"


@contextmanager
def worlds(rows: int) -> Iterator[tuple[World, World]]:
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres.cluster(is_durable=True) as cluster,
        postgres.database(cluster, "by_rows") as one,
        postgres.database(cluster, "by_time") as other,
    ):
        admin = create_engine(cluster, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("ALTER SYSTEM SET autovacuum = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        admin.dispose()
        pid = (Path(str(make_url(cluster).query["host"])) / "data" / "postmaster.pid").read_text().split()[0]
        made = []
        for url in (one, other):
            clock = Clock()
            hub = build(Settings(database_url=url, data_dir=Path(folder)), clock=clock)
            migrate.upgrade(hub.db)
            made.append(World(hub, clock, int(pid), rows=rows, by_time=url == other))
        yield made[0], made[1]
        for world in made:
            world.hub.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=50_000, help="a day; whole thousands")
    parser.add_argument("--save", action="store_true", help=f"keep the output in {RESULTS.name}")
    given = parser.parse_args()
    lines = []
    for line in report(given.rows):
        lines.append(line)
        print(line, flush=True)
    if given.save:
        RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
