"""What is written on nearly every request and may be lost in a crash: it must cost no flush to disk and leave the main
database alone. On PostgreSQL that is an UNLOGGED table, on SQLite a file of its own beside the database.
"""

import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import TextClause, text

from hub.db import SQLITE_BUSY_MS, Database

_WAL_PAGES = 4000  # 16 MiB: a request writes the log back, flushing, only if no sweep has done so before


class Volatile(Protocol):
    """One table of that sort; statements are the same on both stores. Safe from any thread."""

    def change(self, statement: str, parameters: Mapping[str, Any]) -> int:
        """How many rows it touched."""

    def ask(self, statement: str, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        """The first row of a statement that returns some, which may write as well; None if there is none."""

    def settle(self) -> None:
        """Write the log back, here in the worker, where nobody waits for its flushes."""

    def close(self) -> None:
        """The next use opens it again."""


def volatile(db: Database, name: str, schema: Sequence[str]) -> Volatile:
    """``name`` tells the file: var/rialto.db has var/rialto-``name``.db beside it. ``schema`` makes what is in it; on
    PostgreSQL the migrations do.
    """
    return _File(_beside(db.url.database, name), schema) if db.is_sqlite else _Table(db)


class _Table:
    """A transaction that writes nothing else does not wait for the log's flush."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[str, TextClause] = {}

    def change(self, statement: str, parameters: Mapping[str, Any]) -> int:
        return self._db.write_one(self._text(statement), parameters)

    def ask(self, statement: str, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        return self._db.ask_one(self._text(statement), parameters)

    def settle(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """The connections are the database's."""

    def _text(self, statement: str) -> TextClause:
        return self._known.setdefault(statement, text(statement))


class _File:
    """Made at first use. One connection per process, one statement at a time."""

    def __init__(self, path: str, schema: Sequence[str]) -> None:
        self._path = path
        self._schema = schema
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def change(self, statement: str, parameters: Mapping[str, Any]) -> int:
        with self._lock:
            return self._opened().execute(statement, parameters).rowcount

    def ask(self, statement: str, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        with self._lock:
            rows: list[Sequence[Any]] = self._opened().execute(statement, parameters).fetchall()
        return rows[0] if rows else None

    def settle(self) -> None:
        self.change("PRAGMA wal_checkpoint(PASSIVE)", {})

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self._path, self._schema)
        return self._connection


def _beside(database: str | None, name: str) -> str:
    if database in (None, "", ":memory:"):
        return ":memory:"
    path = Path(str(database))
    return str(path.with_name(f"{path.stem}-{name}.db"))


def _to_wal(connection: sqlite3.Connection) -> None:
    """Of several processes that open a new file at once SQLite turns some away without waiting; they come again."""
    ends_at = time.monotonic() + SQLITE_BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.01)


def _open(path: str, schema: Sequence[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=SQLITE_BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    _to_wal(connection)
    connection.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
    # In WAL mode NORMAL flushes at checkpoints only: a power cut loses the last writes but never the file.
    connection.execute("PRAGMA synchronous=NORMAL")
    for statement in schema:
        connection.execute(statement)
    return connection
