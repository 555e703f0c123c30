"""How many requests a caller may make, over all processes and machines of a hub.

Each caller has one row: when its allowance is whole again (GCRA). A process takes a handful of requests at a time from
it and spends them by itself, so that most requests write nothing; what is taken counts as used, so the limit is never
exceeded by more than what lay in hands for a minute. Who was refused is refused here, without asking, until there is
something again: a flood costs no writes.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from hub.db import Database
from hub.limits import MINUTE_S, Rate, rate
from hub.volatile import Volatile, volatile

HANDFUL = 20
"""One twentieth of the limit is taken at a time."""
_MOST_IN_HAND = 30
_KEYS_KEPT = 50_000
BATCH = 5000
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS request_rate (key BLOB PRIMARY KEY, full_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS ix_request_rate_full_at ON request_rate (full_at)",
)
_TAKE = """
    INSERT INTO request_rate (key, full_at) VALUES (:key, :now + :cost)
    ON CONFLICT (key) DO UPDATE SET
        full_at = CASE WHEN request_rate.full_at > :now THEN request_rate.full_at ELSE :now END + :cost
    WHERE CASE WHEN request_rate.full_at > :now THEN request_rate.full_at ELSE :now END + :cost <= :now + :minute
    RETURNING full_at
"""
_ASK = "SELECT full_at FROM request_rate WHERE key = :key"
_SWEEP = """
    DELETE FROM request_rate WHERE full_at <= :now
    AND key IN (SELECT key FROM request_rate WHERE full_at <= :now LIMIT :batch)
"""


class SharedRates:
    """The store of all limits. Never called inside a transaction."""

    def __init__(self, db: Database) -> None:
        self.store: Volatile = volatile(db, "rates", _SCHEMA)

    def limiter(self, what: str, *, per_minute: int, timer: Callable[[], float] = time.time) -> "SharedLimiter":
        """``what`` keeps the limits of one caller apart."""
        return SharedLimiter(self.store, what, per_minute=per_minute, timer=timer)

    def sweep(self, now_s: float, batch: int = BATCH) -> int:
        """Forget up to ``batch`` callers whose allowance is whole; returns how many."""
        gone = self.store.change(_SWEEP, {"now": now_s, "batch": batch})
        self.store.settle()
        return gone

    def close(self) -> None:
        self.store.close()


@dataclass(slots=True)
class _Hand:
    """``left`` requests that were taken, to be spent until ``ends_at``. ``refused_until``: nothing before then."""

    full_at: float
    left: int = 0
    ends_at: float = 0.0
    refused_until: float = 0.0


class SharedLimiter:
    """``per_minute`` requests at once or spread over a minute. Safe from any thread."""

    def __init__(self, store: Volatile, what: str, *, per_minute: int, timer: Callable[[], float]) -> None:
        self._store = store
        self._what = what
        self._limit = per_minute
        self._each_s = MINUTE_S / per_minute
        self._handful = max(1, min(per_minute // HANDFUL, _MOST_IN_HAND))
        self._timer = timer
        self._lock = threading.Lock()
        self._hands: OrderedDict[str, _Hand] = OrderedDict()

    def take(self, caller: str) -> Rate:
        """Use one request of ``caller``'s allowance, if there is one left."""
        now = self._timer()
        with self._lock:
            hand = self._hands.get(caller)
            if hand is not None:
                self._hands.move_to_end(caller)
                if hand.left and now < hand.ends_at:
                    hand.left -= 1
                    return rate(self._limit, max(0.0, hand.full_at - now), granted=True, in_hand=hand.left)
                if now < hand.refused_until:
                    return rate(self._limit, hand.full_at - now, granted=False)
        taken, full_at = self._from_all(caller, now)
        with self._lock:
            hand = self._hands.setdefault(caller, _Hand(full_at))
            hand.full_at = full_at
            if taken:
                hand.left = (hand.left if now < hand.ends_at else 0) + taken - 1
                hand.ends_at, hand.refused_until = now + MINUTE_S, 0.0
            else:
                hand.refused_until = full_at + self._each_s - MINUTE_S
            while len(self._hands) > _KEYS_KEPT:
                self._hands.popitem(last=False)
            return rate(self._limit, max(0.0, full_at - now), granted=bool(taken), in_hand=hand.left if taken else 0)

    def _from_all(self, caller: str, now: float) -> tuple[int, float]:
        """How many could be taken, and when the caller's allowance is whole again."""
        key = hashlib.sha256(f"{self._what}:{caller}".encode()).digest()
        for count in sorted({self._handful, 1}, reverse=True):
            given = {"key": key, "now": now, "cost": count * self._each_s, "minute": MINUTE_S + 1e-6}
            if (row := self._store.ask(_TAKE, given)) is not None:
                return count, float(row[0])
        row = self._store.ask(_ASK, {"key": key})
        return 0, float(row[0]) if row is not None else now
