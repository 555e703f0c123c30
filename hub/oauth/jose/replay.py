"""The one-time store: a jti of an assertion, a proof, a request object or a logout token is burnt on its first use.

It is kept in hub.volatile: what a crash may lose, and why that may be, is in docs/decisions/0006-replay.md.
"""

import hashlib
from datetime import datetime

import orjson

from hub.db import Database, in_transaction
from hub.volatile import volatile

HOSTS_APART_S = 10
"""How far apart the clocks of one hub's hosts may be: none forgets what another would still accept."""
BATCH = 5000
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS burnt_jti (key BLOB PRIMARY KEY, until_s INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS ix_burnt_jti_until_s ON burnt_jti (until_s)",
)


class Replay:
    """Safe from any thread; every process of a hub shares what is burnt. Never called inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._store = volatile(db, "replay", _SCHEMA)

    def burn(self, kind: str, issuer: str, jti: str, expires_at: datetime, now: datetime) -> bool:
        """True for the first caller only, until ``expires_at``: of any number at once, exactly one.

        ``kind`` keeps purposes apart ("assertion", "dpop", ...), ``issuer`` those who choose the jti (a client_id, a
        key's thumbprint). ``expires_at`` is when whatever carries the jti is refused for its age alone.
        """
        if in_transaction():
            raise RuntimeError("a jti is burnt outside transactions: it stays burnt when they are rolled back")
        key = hashlib.sha256(orjson.dumps([kind, issuer, jti])).digest()
        until_s = int(expires_at.timestamp()) + 1 + HOSTS_APART_S
        given = {"key": key, "until_s": until_s, "now_s": int(now.timestamp())}
        return self._store.change(_BURN, given) == 1

    def sweep(self, now: datetime, batch: int = BATCH) -> int:
        """Forget up to ``batch`` that have ended; returns how many. Returned as much as ``batch``, call again."""
        gone = self._store.change(_SWEEP, {"now_s": int(now.timestamp()), "batch": batch})
        self._store.settle()
        return gone

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
