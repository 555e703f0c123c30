"""The bank's own calendar. It may run ahead of (or behind) the real one, and tests may move it."""

import threading
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta

skew: ContextVar[timedelta] = ContextVar("how fast the clock is in this request", default=timedelta(0))


class BankClock:
    """``now`` is real time shifted by whole days, so that time of day and short lifetimes stay real.

    A calendar that was told its day stays at it over midnight, until it is moved: what a test sees does not hang on
    when it runs.
    """

    def __init__(self, today: date | None = None) -> None:
        real_today = datetime.now(UTC).date()
        self.first_today = today or real_today
        self._told = today
        self._shift = self.first_today - real_today
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return datetime.now(UTC) + self._shift + skew.get()

    def today(self) -> date:
        with self._lock:
            told = self._told
        return self.now().date() if told is None else told

    def advance(self, days: int) -> date:
        with self._lock:
            self._shift += timedelta(days=days)
            self._told = None if self._told is None else self._told + timedelta(days=days)
        return self.today()


def real_epoch_s() -> int:
    """Seconds since 1970 by the real clock: what goes into and is checked in JWTs, whose other end has real time."""
    return int((datetime.now(UTC) + skew.get()).timestamp())
