"""How many requests a caller may make, and how many may wait for a bank at once; both in this process.

What counts over all processes is hub.rates.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hub.errors import TooMany

MINUTE_S = 60.0
_KEYS_KEPT = 50_000
_ROUNDING_S = 1e-6


@dataclass(frozen=True, slots=True)
class Rate:
    """For the RateLimit headers. ``reset_s``: until the bucket is full again; ``retry_after_s``: 0 unless refused."""

    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int


class RateLimiter:
    """``per_minute`` requests at once or spread over a minute, refilled evenly (GCRA), counted in this process."""

    def __init__(self, *, per_minute: int, timer: Callable[[], float] = time.monotonic) -> None:
        self._limit = per_minute
        self._each_s = MINUTE_S / per_minute
        self._timer = timer
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()  # key -> when its allowance is whole again

    def take(self, key: str) -> Rate:
        """Use one request of ``key``'s allowance, if there is one left."""
        now = self._timer()
        with self._lock:
            full_at = max(self._full_at.pop(key, now), now)
            granted = full_at + self._each_s <= now + MINUTE_S + _ROUNDING_S
            if granted:
                full_at += self._each_s
            self._full_at[key] = full_at  # last in order: the first are the longest unused
            while len(self._full_at) > _KEYS_KEPT:
                self._full_at.popitem(last=False)
        return rate(self._limit, full_at - now, granted=granted)


def rate(limit: int, owed_s: float, *, granted: bool, in_hand: int = 0) -> Rate:
    """``owed_s``: until the allowance is whole again. ``in_hand``: granted beforehand and not used yet."""
    each_s = MINUTE_S / limit
    return Rate(
        limit=limit,
        remaining=min(limit, max(0, int((MINUTE_S - owed_s + _ROUNDING_S) / each_s)) + in_hand),
        reset_s=max(0, math.ceil(owed_s - _ROUNDING_S)),
        retry_after_s=0 if granted else max(1, math.ceil(owed_s + each_s - MINUTE_S - _ROUNDING_S)),
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
