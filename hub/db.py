"""One declarative Base and one Database: a writing engine with short transactions, a reading one without any.

- ``Database.write()`` is one transaction: committed at the end of the block, rolled back on any exception. On SQLite
  it begins IMMEDIATE, since a deferred transaction that upgrades fails at once when another writer is about.
- ``Database.read()`` runs each statement on its own (autocommit), which saves two round trips; it cannot write.
- ``Database.ask()`` is the same for work that a replica may do, where there is one (hub.replica).

No network call happens inside write() (rule 5); ``in_transaction()`` lets the outgoing side assert that.
"""

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    URL,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ExceptionContext,
    Executable,
    MetaData,
    Text,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from hub import replica

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
"""How long PostgreSQL is waited for, in seconds, to let us in, and in milliseconds to acknowledge what was sent: a host
that is gone says nothing, and the system's own limits are minutes."""
SQLITE_BUSY_MS = 10_000
SQLITE_MMAP_BYTES = 256 * 1024 * 1024
SQLITE_CACHE_KIB = 16 * 1024
SQLITE_CHECKPOINT_PAGES = 4000
"""16 MiB of log before it is written home, four times the default: a first sync touches the same leaves over again."""


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)


class Instant(TypeDecorator[datetime]):
    """An aware UTC moment. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored moment must be aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def storable(text: str) -> str:
    """``text`` as both stores keep it: without NUL, which PostgreSQL refuses, and with question marks for halves of
    surrogate pairs, which UTF-8 cannot hold."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def json_text(value: Any) -> str:
    """What a JsonText column holds."""
    return orjson.dumps(value).decode()


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as text on every store, so that answers can embed it without parsing."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


Answer = TypeVar("Answer")
Reading = Session | Connection
"""What a function that only reads rows can do with."""


def scaled(number: Decimal) -> tuple[int, int]:
    """An exact decimal as (whole number, scale): 12.30 is (1230, 2). Trailing zeros beyond two places go.

    Whole numbers sort and sum exactly on both stores; SQLite has no exact decimal.
    """
    text = str(number)
    if text[-3:-2] == "." and len(text) < 20:  # by far the most: two places, and no more digits than 63 bits hold
        return int(text[:-3] + text[-2:]), 2
    if not number.is_finite():
        raise ValueError("an amount is finite")
    text = f"{number:f}"
    before, _, after = text.partition(".")
    whole, scale = abs(int(before + after)), len(after)
    while scale > 2 and whole % 10 == 0:
        whole, scale = whole // 10, scale - 1
    if scale > 18 or whole >= 2**63:
        raise ValueError("an amount fits 63 bits and 18 decimals")
    return (-whole if text[0] == "-" else whole), scale


def unscaled(whole: int, scale: int) -> Decimal:
    return Decimal(whole).scaleb(-scale)


def amount_text(whole: int, scale: int) -> str:
    """(−1230, 2) as "-12.30": the API's notation of an amount."""
    if scale == 2 and not -100 < whole < 100:  # by far the most
        text = str(whole)
        return f"{text[:-2]}.{text[-2:]}"
    if scale == 0:
        return str(whole)
    digits = str(abs(whole)).rjust(scale + 1, "0")
    return f"{'-' if whole < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


_open = threading.local()


def in_transaction() -> bool:
    """Whether this thread is inside Database.write()."""
    return getattr(_open, "depth", 0) > 0


class Database:
    """``url`` is an SQLAlchemy URL: sqlite:///path or postgresql+psycopg://... ``replica_url``: a hot standby of it."""

    def __init__(self, url: str, replica_url: str = "") -> None:
        self.url = _url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database not in {None, "", ":memory:"}:
            Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
        self._doubt = _Doubt()
        self.writer = self._engine(writes=True)
        self.reader = self._engine(writes=False)
        self.replica = replica.Replica(replica.engine(_url(replica_url)), self.reader) if replica_url else None
        # SQLite has one writer; threads that wait for it in line are woken at once, where its busy handler sleeps.
        self._turn: AbstractContextManager[object] = threading.Lock() if self.is_sqlite else nullcontext()
        # On PostgreSQL a lone statement needs no BEGIN and COMMIT of its own: two round trips less.
        self._single = self.writer if self.is_sqlite else self.writer.execution_options(isolation_level="AUTOCOMMIT")

    def _engine(self, *, writes: bool) -> Engine:
        if self.is_sqlite:
            options: dict[str, Any] = {} if writes else {"isolation_level": "AUTOCOMMIT"}
            engine = create_engine(self.url, hide_parameters=True, **options)
            event.listen(engine, "connect", _sqlite_writer if writes else _sqlite_reader)
            if writes:
                event.listen(engine, "begin", _begin_immediate)
            return engine
        options = {
            "pool_size": 4,
            "max_overflow": 8,
            "connect_args": {"options": "-c timezone=UTC", **PATIENCE},
        }
        if not writes:
            options |= {
                "isolation_level": "AUTOCOMMIT",
                "connect_args": {"options": "-c timezone=UTC -c default_transaction_read_only=on", **PATIENCE},
            }
        # hide_parameters: an error must not carry a person's row into a log.
        engine = create_engine(self.url, hide_parameters=True, **options)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", self._doubt.ping)
        event.listen(engine, "handle_error", self._doubt.note_of_writer if writes else self._doubt.note)
        return engine

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction. Never nested in the same thread: a second one could not see the first."""
        if in_transaction():
            raise RuntimeError("a transaction is open already in this thread")
        _open.depth = 1
        try:
            with self._turn, Session(self.writer, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            _open.depth = 0

    def write_one(self, statement: Executable, parameters: Mapping[str, Any]) -> int:
        """One writing statement that needs no company; not inside write(). Returns how many rows it touched."""
        if in_transaction():
            raise RuntimeError("a transaction is open already in this thread")
        with self._single.begin() as connection:
            return connection.execute(statement, parameters).rowcount

    def ask_one(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        """The first row of one writing statement that needs no company; not inside write()."""
        if in_transaction():
            raise RuntimeError("a transaction is open already in this thread")
        with self._single.begin() as connection:
            return connection.execute(statement, parameters).first()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session whose statements stand alone and cannot write."""
        with Session(self.reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """The same without a Session around it, for reads that are counted in microseconds and return plain rows."""
        with self.reader.connect() as connection:
            yield connection

    def ask(self, work: Callable[[Connection], Answer]) -> Answer:
        """What ``work``, which only reads, returns: of the replica if it has all that the primary has."""
        if self.replica is not None:
            return self.replica.ask(work)
        with self.look() as connection:
            return work(connection)

    def size_bytes(self) -> int:
        """What the database takes on disk, room that is free for new rows included."""
        pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        query = pages if self.is_sqlite else "SELECT pg_database_size(current_database())"
        with self.look() as connection:
            return int(connection.execute(text(query)).scalar_one())

    def dispose(self) -> None:
        self.writer.dispose()
        self.reader.dispose()
        if self.replica is not None:
            self.replica.engine.dispose()


def _url(given: str) -> URL:
    url = make_url(given)
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _sqlite_writer(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a consent that was answered with "done" survives a power cut
    connection.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    # 2 MiB by default, which a page of new rows and its indexes exceed: they would be written before the commit too.
    connection.execute(f"PRAGMA cache_size=-{SQLITE_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={SQLITE_CHECKPOINT_PAGES}")


def _sqlite_reader(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
    connection.execute("PRAGMA query_only=ON")
    connection.execute(f"PRAGMA cache_size=-{SQLITE_CACHE_KIB}")
    connection.execute(f"PRAGMA mmap_size={SQLITE_MMAP_BYTES}")  # pages are read where they lie, without a call each


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


READ_ONLY = "25006"  # SQLSTATE read_only_sql_transaction
PING_AFTER_S = 5.0
"""A connection that rested longer may have been cut off by a failover or a firewall; asking each time costs a third of
a short read."""


class _Doubt:
    """Which connections are looked at before they are used: those that rested, and all others once one has broken.

    SQLAlchemy empties the pool in which a connection broke; the other pool's will have broken with it. Apart from the
    Database, because SQLAlchemy keeps the dialects that it met, and with them what listens.
    """

    def __init__(self) -> None:
        self._broke_at = -math.inf

    def note(self, context: ExceptionContext) -> None:
        if context.is_disconnect:
            self._broke_at = time.monotonic()

    def note_of_writer(self, context: ExceptionContext) -> None:
        """A server that writes no more was the first and is the second now: its connections are as good as broken.
        (At a reader the same error is a mistake of ours, who wrote there.)"""
        if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
            context.is_disconnect = True
        self.note(context)

    def ping(self, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        """Not those that were just opened, also in the place of a broken one: of two in a row that break here
        SQLAlchemy makes an InvalidRequestError, which does not tell that the database is away. Their first use does."""
        used_at = record.info.get("used_at")
        if used_at is None or (used_at > self._broke_at and time.monotonic() - used_at < PING_AFTER_S):
            return
        try:
            connection.execute("SELECT 1")
            if not connection.autocommit:
                connection.rollback()
        except Exception as error:
            raise DisconnectionError from error  # the pool then opens another one


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()
