"""The logs in partitions by time, on PostgreSQL: an operator's choice, made by ``rialto partitions begin``.

Ids begin with their millisecond, so ranges of ids are spans of time under the primary key that is there. The ranges are
in the collation of the column: all ids are of one alphabet and one shape, which every collation orders as bytes do.

    hop            the name that everybody reads and writes
    hop_before     the table as it was, for ids up to a day soon after the beginning; its rows are swept as ever
    hop_20261130   a span, made days ahead and dropped as a whole when the time to live of its last row is over
    hop_default    what belongs to none of them: late, early, or nothing was made ahead; swept row by row

All that makes others wait is tried for a moment and left for the next time. Nothing here is half done: before and after
each transaction the hub works. Why these three logs: docs/decisions/0015-partitions-by-time.md.
"""

import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg.errors
from sqlalchemy import Connection, MetaData, Table, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from hub.db import Base, Database
from hub.ids import first_id, moment_of
from hub.models.event import Event
from hub.models.observability import Hop
from hub.models.psu import SecurityEvent

log = logging.getLogger(__name__)
LOGS = tuple(one.__tablename__ for one in (Hop, Event, SecurityEvent))
"""Each has ``id`` and ``at``, which is no later than its id."""
AHEAD = timedelta(days=4)
"""So far spans are made: a long weekend without a worker."""
SOON, NOW = timedelta(days=3), timedelta(days=1)
"""With less left than this an operator should look, or must."""
REMEDY = "Housekeeping makes them: is a worker alive, may its role make tables, does a long transaction hold this one?"
DAY = timedelta(days=1)
MOMENT_MS = 200
"""So long a lock is waited for that nobody gets past; PostgreSQL looks for deadlocks after a second."""
TRIES, PAUSE_S = 30, 2.0
_KEY = 7_423_002  # any constant; only this module takes it
_PROOF = "ck_partition_proof"
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_FROM, _TO = re.compile(r"FROM \('([^']+)'\)"), re.compile(r"TO \('([^']+)'\)")

TimesToLive = Mapping[str, timedelta | None]
"""Of each table (hub.retention.times_to_live)."""


class Refused(Exception):
    """Nothing has changed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Ids made from ``begins`` (None: the first) until before ``ends``; the default partition has no ``ends``."""

    name: str
    begins: datetime | None
    ends: datetime | None


def width(kept: timedelta | None) -> timedelta:
    """How long a span is: a tenth of the time to live in whole days, so that a row stays a tenth too long at most, and
    a read that goes by no id looks into some dozen partitions, at a few microseconds each."""
    return timedelta(days=max(1, -(-kept.days // 10))) if kept is not None else timedelta(days=30)


def standing(db: Database) -> Mapping[str, Sequence[Partition]]:
    """Of each log that is in partitions, these in the order of time and the default one last. Empty on SQLite."""
    if db.is_sqlite:
        return {}
    query = (
        "SELECT log.relname, part.relname, pg_get_expr(part.relpartbound, part.oid)"
        " FROM pg_inherits JOIN pg_class log ON log.oid = inhparent JOIN pg_class part ON part.oid = inhrelid"
        " WHERE log.relkind = 'p' AND log.relname = ANY(:logs) AND pg_table_is_visible(log.oid)"
    )
    found = defaultdict(list)
    with db.look() as connection:
        for name, part, bounds in connection.execute(text(query), {"logs": list(LOGS)}):
            begins, ends = (moment_of(at[1]) if (at := bound.search(bounds)) else None for bound in (_FROM, _TO))
            found[name].append(Partition(part, begins, ends))
    return {name: sorted(parts, key=lambda one: one.ends or _LAST) for name, parts in sorted(found.items())}


def made_until(db: Database) -> Mapping[str, datetime]:
    """Of each log that is in partitions, up to when they are made."""
    return {name: _end(parts) for name, parts in standing(db).items()}


def put_off(db: Database, kept: TimesToLive) -> Mapping[str, timedelta]:
    """How much longer than their time to live rows of each log in partitions are left to go with the whole: the width
    of a span, and a day for tries to drop it."""
    return {name: width(kept[name]) + DAY for name in standing(db)}


def begin(db: Database, kept: TimesToLive, now: datetime) -> Iterator[tuple[str, str]]:
    """Yields (log, what became of it); again it finds nothing to do. The schema must be this code's. Raises Refused."""
    if db.is_sqlite:
        raise Refused("SQLite has no partitions: they are for a hub of millions, on PostgreSQL")
    with db.writer.begin() as alone:
        alone.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _KEY})
        done = standing(db)
        for name in LOGS:
            if name in done:
                yield name, "in partitions already"
            elif kept[name] is None:
                yield name, "kept for ever, so nothing would be dropped: left as it is"
            else:
                until = _midnight(now + AHEAD)
                _begin(db, Base.metadata.tables[name], until)
                yield name, f"in partitions; the first span begins on {until:%Y-%m-%d}"


def upkeep(db: Database, kept: TimesToLive, now: datetime) -> Mapping[str, int]:
    """Make spans ahead and drop those that are over; what was done and how often. What cannot be done without making
    others wait is left for the next time."""
    done: Counter[str] = Counter()
    if db.is_sqlite:
        return done
    with db.writer.begin() as alone:
        if not alone.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _KEY}):
            return done
        with _otherwise_later():
            _forget_proofs(db)
        for name, parts in standing(db).items():
            for what, work in (("made", _make_ahead), ("dropped", _drop_what_is_over)):
                with _otherwise_later():
                    for _ in work(db, name, parts, kept[name], now):
                        done[f"{name} partitions {what}"] += 1
    return done


@contextmanager
def _otherwise_later() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        log.warning("partitions are left for the next round", extra={"error": type(error.orig).__name__})


def _begin(db: Database, table: Table, until: datetime) -> None:
    """While the proof stands, no id of ``until`` or later can be written: it is days ahead, and housekeeping takes away
    what a process that died has left of it."""
    try:
        _patiently(table.name, lambda: _prove(db, table.name, f"id < '{first_id(until)}'"))
        _patiently(table.name, lambda: _swap(db, table, until))
    except IntegrityError as error:
        what = f"{table.name} has ids of {until:%Y-%m-%d} or later, of a clock that was ahead"
        raise Refused(f"{what}: begin when these rows are gone") from error
    finally:
        with suppress(DBAPIError):
            _forget_proofs(db)


def _patiently(name: str, step: Callable[[], None]) -> None:
    for _ in range(TRIES):
        try:
            step()
            return
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
            time.sleep(PAUSE_S)
    raise Refused(f"somebody holds {name} all the time, such as a backup: it stays as it is, begin again later")


def _swap(db: Database, table: Table, until: datetime) -> None:
    """A partitioned table takes the name, and the one that had it becomes its part: no row moves, none is read."""
    name, before, rest = table.name, f"{table.name}_before", f"{table.name}_default"
    indexes = "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = CAST(:name AS regclass)"
    options = "SELECT unnest(reloptions) FROM pg_class WHERE oid = CAST(:name AS regclass)"
    with _briefly(db, name) as connection:
        run = connection.exec_driver_sql
        run(f"ALTER TABLE {name} VALIDATE CONSTRAINT {_PROOF}")  # it was, unless it is gone
        run(f"ALTER TABLE {name} RENAME TO {before}")
        for index in connection.execute(text(indexes), {"name": before}).scalars().all():
            run(f"ALTER INDEX {index} RENAME TO {index}_before")
        _partitioned(table).create(connection, checkfirst=False)
        _like(connection, rest, before)
        for option in connection.execute(text(options), {"name": before}).scalars().all():
            run(f"ALTER TABLE {rest} SET ({option})")
        run(f"ALTER TABLE {name} ATTACH PARTITION {before} FOR VALUES FROM (MINVALUE) TO ('{first_id(until)}')")
        run(f"ALTER TABLE {before} DROP CONSTRAINT {_PROOF}")
        run(f"ALTER TABLE {name} ATTACH PARTITION {rest} DEFAULT")


def _partitioned(table: Table) -> Table:
    """As the model has it, but for what is unique beside the id: that holds within each part (Event.position)."""
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    for key in table.foreign_keys:
        key.column.table.to_metadata(metadata)
    made = table.to_metadata(metadata)
    made.constraints -= {one for one in made.constraints if isinstance(one, UniqueConstraint)}
    made.dialect_options["postgresql"]["partition_by"] = "RANGE (id)"
    return made


def _make_ahead(
    db: Database, name: str, parts: Sequence[Partition], kept: timedelta | None, now: datetime
) -> Iterator[None]:
    """Never for a time that has begun: its rows are in the default partition already, or are about to be."""
    begins = max(_end(parts), _midnight(now + DAY))
    while begins < now + AHEAD:
        ends = begins + width(kept)
        try:
            _make(db, name, begins, ends)
            yield
        except IntegrityError:  # a clock that was ahead left rows of then in the default partition: it keeps that span
            _forget_proofs(db)
        begins = ends


def _make(db: Database, name: str, begins: datetime, ends: datetime) -> None:
    rest, made = f"{name}_default", f"{name}_{begins:%Y%m%d}"
    low, high = first_id(begins), first_id(ends)
    _prove(db, rest, f"id < '{low}' OR id >= '{high}'")
    with _briefly(db, name, rest) as connection:
        run = connection.exec_driver_sql
        run(f"ALTER TABLE {rest} VALIDATE CONSTRAINT {_PROOF}")
        _like(connection, made, rest)
        run(f"ALTER TABLE {name} ATTACH PARTITION {made} FOR VALUES FROM ('{low}') TO ('{high}')")
        run(f"ALTER TABLE {rest} DROP CONSTRAINT {_PROOF}")


def _drop_what_is_over(
    db: Database, name: str, parts: Sequence[Partition], kept: timedelta | None, now: datetime
) -> Iterator[None]:
    for one in parts:
        if kept is None or one.ends is None or one.ends > now - kept:
            return
        with _briefly(db, name, one.name) as connection:
            run = connection.exec_driver_sql
            run(f"LOCK TABLE ONLY {name} IN ACCESS EXCLUSIVE MODE")
            younger = text(f"SELECT EXISTS (SELECT FROM {one.name} WHERE at > :since)")  # noqa: S608  # a name of ours
            if connection.scalar(younger, {"since": now - kept}):
                continue
            run(f"DROP TABLE {one.name}")
        yield


def _prove(db: Database, table: str, rule: str) -> None:
    """PostgreSQL then knows it of all rows and attaches without reading them; they are read here, while others write.
    Raises IntegrityError if one of them breaks it."""
    drop = f"DROP CONSTRAINT IF EXISTS {_PROOF}"
    with _briefly(db, table) as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} {drop}, ADD CONSTRAINT {_PROOF} CHECK ({rule}) NOT VALID")
    with db.writer.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} VALIDATE CONSTRAINT {_PROOF}")


def _forget_proofs(db: Database) -> None:
    """Those that a process left that died, or that did not hold."""
    query = "SELECT relname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid WHERE conname = :proof"
    with db.look() as connection:
        left = connection.execute(text(f"{query} AND pg_table_is_visible(conrelid)"), {"proof": _PROOF}).scalars().all()
    for table in left:
        with _briefly(db, table) as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {_PROOF}")


@contextmanager
def _briefly(db: Database, *tables: str) -> Iterator[Connection]:
    """A transaction that makes others wait for a moment at most. Raises OperationalError (LockNotAvailable) if that
    does not suffice. The first lock keeps autovacuum away, and no reader or writer waiting."""
    with db.writer.begin() as connection:
        run = connection.exec_driver_sql
        run("SET LOCAL lock_timeout = '5s'")
        run(f"LOCK TABLE {', '.join(f'ONLY {table}' for table in tables)} IN SHARE UPDATE EXCLUSIVE MODE")
        run(f"SET LOCAL lock_timeout = '{MOMENT_MS}ms'")
        yield connection


def _like(connection: Connection, made: str, other: str) -> None:
    """DDL binds no values: all that is put into it here are names and ids of our own making."""
    connection.exec_driver_sql(f"CREATE TABLE {made} (LIKE {other} INCLUDING DEFAULTS INCLUDING INDEXES)")


def _end(parts: Sequence[Partition]) -> datetime:
    return max((one.ends for one in parts if one.ends), default=_FIRST)


def _midnight(moment: datetime) -> datetime:
    """The first one from then on."""
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day if day == moment else day + DAY
