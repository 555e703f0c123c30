"""The one-time store: a jti of an assertion, a proof, a request object or a logout token is burnt on its first use.

Burning happens on nearly every request, so it must cost no flush to disk and leave the main database alone. What a
crash may lose, and why that may be, is in docs/decisions/0006-replay.md.
"""

import hashlib
import sqlite3
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Protocol

import orjson
from sqlalchemy import text

from hub.db import SQLITE_BUSY_MS, Database, in_transaction

HOSTS_APART_S = 10
"""How far apart the clocks of one hub's hosts may be: none forgets what another would still accept."""
BATCH = 5000
_WAL_PAGES = 4000  # 16 MiB: a request writes the log back, flushing, only if no sweep has done so before


class _Store(Protocol):
    def burn(self, key: bytes, until_s: int, now_s: int) -> bool: ...
    def sweep(self, now_s: int, batch: int) -> int: ...
    def close(self) -> None: ...


class Replay:
    """Safe from any thread; every process of a hub shares what is burnt. Never called inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._store: _Store = _File(_beside(db.url.database)) if db.is_sqlite else _Table(db)

    def burn(self, kind: str, issuer: str, jti: str, expires_at: datetime, now: datetime) -> bool:
        """True for the first caller only, until ``expires_at``: of any number at once, exactly one.

        ``kind`` keeps purposes apart ("assertion", "dpop", ...), ``issuer`` those who choose the jti (a client_id, a
        key's thumbprint). ``expires_at`` is when whatever carries the jti is refused for its age alone.
        """
        if in_transaction():
            raise RuntimeError("a jti is burnt outside transactions: it stays burnt when they are rolled back")
        key = hashlib.sha256(orjson.dumps([kind, issuer, jti])).digest()
        until_s = int(expires_at.timestamp()) + 1 + HOSTS_APART_S
        return self._store.burn(key, until_s, int(now.timestamp()))

    def sweep(self, now: datetime, batch: int = BATCH) -> int:
        """Forget up to ``batch`` that have ended; returns how many. Returned as much as ``batch``, call again."""
        return self._store.sweep(int(now.timestamp()), batch)

    def close(self) -> None:
        """The next use opens it again."""
        self._store.close()


# The same on both stores, but for how they mark parameters. One that has ended may be burnt again.
_BURN = """
    INSERT INTO burnt_jti (key, until_s) VALUES (:key, :until_s)
    ON CONFLICT (key) DO UPDATE SET until_s = excluded.until_s WHERE burnt_jti.until_s <= :now_s
"""
# until_s is asked for twice: on PostgreSQL a row found by the subquery may be burnt anew before it is locked.
_SWEEP = """
    DELETE FROM burnt_jti WHERE until_s <= :now_s
    AND key IN (SELECT key FROM burnt_jti WHERE until_s <= :now_s LIMIT :batch)
"""


class _Table:
    """PostgreSQL: an UNLOGGED table. A transaction that writes nothing else does not wait for the log's flush."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def burn(self, key: bytes, until_s: int, now_s: int) -> bool:
        return self._db.write_one(_BURN_TABLE, {"key": key, "until_s": until_s, "now_s": now_s}) == 1

    def sweep(self, now_s: int, batch: int) -> int:
        return self._db.write_one(_SWEEP_TABLE, {"now_s": now_s, "batch": batch})

    def close(self) -> None:
        """The connections are the database's."""


_BURN_TABLE, _SWEEP_TABLE = text(_BURN), text(_SWEEP)


class _File:
    """SQLite: a file beside the database, made at first use. One connection per process, one statement at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def burn(self, key: bytes, until_s: int, now_s: int) -> bool:
        return self._changed(_BURN, {"key": key, "until_s": until_s, "now_s": now_s}) == 1

    def sweep(self, now_s: int, batch: int) -> int:
        gone = self._changed(_SWEEP, {"now_s": now_s, "batch": batch})
        self._changed("PRAGMA wal_checkpoint(PASSIVE)", {})  # here, in the worker, nobody waits for its flushes
        return gone

    def close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _changed(self, statement: str, parameters: dict[str, bytes | int]) -> int:
        with self._lock:
            if self._connection is None:
                self._connection = _open(self._path)
            return self._connection.execute(statement, parameters).rowcount


def _beside(database: str | None) -> str:
    """var/rialto.db has var/rialto-replay.db beside it."""
    if database in (None, "", ":memory:"):
        return ":memory:"
    path = Path(str(database))
    return str(path.with_name(f"{path.stem}-replay.db"))


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


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=SQLITE_BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    _to_wal(connection)
    connection.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
    # In WAL mode NORMAL flushes at checkpoints only: a power cut loses the last burns but never the file.
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS burnt_jti (key BLOB PRIMARY KEY, until_s INTEGER NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS ix_burnt_jti_until_s ON burnt_jti (until_s)")
    return connection
