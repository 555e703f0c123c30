"""How many requests a caller may make, and how many may wait for a bank at once; both in this process.

Correct across processes is a later matter; here a client may have the limit once per web process.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hub.errors import TooMany

_KEYS_KEPT = 50_000


@dataclass(frozen=True, slots=True)
class Rate:
    """For the RateLimit headers. ``reset_s``: until the bucket is full again; ``retry_after_s``: 0 unless refused."""

    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int


class RateLimiter:
    """``per_minute`` requests at once or spread over a minute, refilled evenly."""

    def __init__(self, *, per_minute: int, timer: Callable[[], float] = time.monotonic) -> None:
        self._limit = per_minute
        self._per_second = per_minute / 60
        self._timer = timer
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}  # key -> (tokens left, when that was)

    def take(self, key: str) -> Rate:
        """Use one request of ``key``'s allowance, if there is one left."""
        now = self._timer()
        with self._lock:
            tokens, since = self._buckets.pop(key, (float(self._limit), now))
            tokens = min(self._limit, tokens + (now - since) * self._per_second)
            refused = tokens < 1
            if not refused:
                tokens -= 1
            self._buckets[key] = (tokens, now)  # last in order: the first are the longest unused
            while len(self._buckets) > _KEYS_KEPT:
                del self._buckets[next(iter(self._buckets))]
        return Rate(
            limit=self._limit,
            remaining=int(tokens),
            reset_s=math.ceil((self._limit - tokens) / self._per_second),
            retry_after_s=math.ceil((1 - tokens) / self._per_second) if refused else 0,
        )


class Slots:
    """At most ``count`` at once; the next one waits a moment and is then asked to come back.

    For requests that wait for a bank: one that hangs must not take every thread that answers everybody else.
    """

    def __init__(self, count: int, *, patience_s: float = 1.0) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._patience_s = patience_s

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Raises TooMany."""
        if not self._free.acquire(timeout=self._patience_s):
            raise TooMany("Many people are on their way to a bank right now. Try again in a moment.", retry_after_s=5)
        try:
            yield
        finally:
            self._free.release()
