"""How often a client read what: counted for "who sees what" without making a write of every read.

The first reading of a day (per consent and permission, in this process) is written before the answer goes out: that an
app looked is never lost. What follows is counted in memory and written within FLUSH_S seconds; a process that is
killed loses at most those counts. On SQLite a write per read would also empty every reader's page cache.
"""

import atexit
import contextlib
import logging
import threading
from datetime import date, datetime

from sqlalchemy import Date, bindparam, text
from sqlalchemy.exc import IntegrityError

from hub.db import Database, Instant

log = logging.getLogger(__name__)
FLUSH_S = 1.0
_KEYS_KEPT = 100_000

Key = tuple[str, date, str]
"""(consent id, UTC day, permission)"""

# Both stores read this alike.
_COUNT = text(
    """
    INSERT INTO consent_access (consent_id, day, permission, times, last_at)
    VALUES (:consent_id, :day, :permission, :times, :at)
    ON CONFLICT (consent_id, day, permission)
    DO UPDATE SET times = consent_access.times + excluded.times,
        last_at = CASE WHEN excluded.last_at > consent_access.last_at
                       THEN excluded.last_at ELSE consent_access.last_at END
    """
).bindparams(bindparam("day", type_=Date), bindparam("at", type_=Instant))


class AccessLog:
    """One per process. Safe from any thread; must not be called inside a transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._flushing = threading.Lock()  # who closes waits for a round under way instead of finding nothing to do
        self._known: set[Key] = set()
        self._pending: dict[Key, tuple[int, datetime]] = {}
        self._timer: threading.Timer | None = None
        atexit.register(self._try_to_flush)

    def note(self, consent_id: str, permission: str, *, now: datetime) -> None:
        """One reading, now."""
        key = (consent_id, now.date(), permission)
        with self._lock:
            if key in self._known:
                times, _ = self._pending.get(key, (0, now))
                self._pending[key] = (times + 1, now)
                self._flush_soon()
                return
        self._db.write_one(_COUNT, _row(key, 1, now))
        with self._lock:
            if len(self._known) >= _KEYS_KEPT:
                self._known.clear()  # then their next readings are written at once again
            self._known.add(key)

    def close(self) -> None:
        """Write what is left and stop."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        self.flush()
        atexit.unregister(self._try_to_flush)

    def flush(self) -> None:
        """Write down what was counted so far; afterwards it is written, whoever did it."""
        with self._flushing:
            self._flush()

    def _flush(self) -> None:
        with self._lock:
            counted, self._pending = self._pending, {}
        if not counted:
            return
        # In one order: two processes that flush at once must not wait for each other crosswise.
        rows = [_row(key, times, at) for key, (times, at) in sorted(counted.items())]
        try:
            with self._db.write() as session:
                session.execute(_COUNT, rows)
        except IntegrityError:  # one of the consents was erased meanwhile: it must not hold up the others
            for row in rows:
                with contextlib.suppress(IntegrityError):
                    self._db.write_one(_COUNT, row)
        except Exception:
            with self._lock:  # kept for the next round
                for key, (times, at) in counted.items():
                    more, latest = self._pending.get(key, (0, at))
                    self._pending[key] = (times + more, max(at, latest))
            raise

    def _flush_soon(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(FLUSH_S, self._flush_now)
            self._timer.daemon = True
            self._timer.start()

    def _flush_now(self) -> None:
        with self._lock:
            self._timer = None
        if not self._try_to_flush():
            with self._lock:
                self._flush_soon()

    def _try_to_flush(self) -> bool:
        try:
            self.flush()
        except Exception as error:  # the database may be away; the counts are kept for the next round
            log.error("readings could not be counted", extra={"error": type(error).__name__})
            return False
        return True


def _row(key: Key, times: int, at: datetime) -> dict[str, object]:
    consent_id, day, permission = key
    return {"consent_id": consent_id, "day": day, "permission": permission, "times": times, "at": at}
