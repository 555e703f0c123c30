"""Reads that a hot standby may answer (PostgreSQL's streaming replication), never with less than the primary had.

Before each read the primary says how far its log is on disk, and the standby whether it has replayed that: whatever was
committed before the request came is in the answer. Whether a consent holds is always asked of the primary, before.
A standby that is late, away or not a standby of this primary is let rest, and the primary answers.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Outcome = Literal["answered", "late", "away"]
WAIT_S, STEP_S = 0.05, 0.002
"""How long a read waits for the standby, which is mostly a few milliseconds late, and how often it looks."""
REST_S: dict[Outcome, float] = {"late": 1.0, "away": 5.0}
_FLUSHED = text("SELECT CAST(pg_current_wal_flush_lsn() AS text)")
_HAS_REPLAYED = text("SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)")
_BEHIND = text("SELECT pg_wal_lsn_diff(CAST(:position AS pg_lsn), pg_last_wal_replay_lsn())")
_WHOSE = "SELECT system_identifier FROM pg_control_system()"


class Unusable(Exception):
    """What the replica's URL names does not answer, or is no copy of the primary; in words."""


class Replica:
    """``tell`` hears how each read went. Safe from any thread."""

    def __init__(self, engine: Engine, primary: Engine) -> None:
        self.engine, self._primary = engine, primary
        self.tell: Callable[[Outcome], None] = lambda _: None
        self._rests_until = 0.0
        self._is_checked = False

    def ask(self, work: Callable[[Connection], Answer]) -> Answer:
        """What ``work`` returns, who writes nothing and may be called a second time, on the primary."""
        if time.monotonic() >= self._rests_until:
            try:
                with self.engine.connect() as there:
                    if self._has_all(there):
                        found = work(there)
                        self.tell("answered")
                        return found
                self._rest("late")
            except (SQLAlchemyError, Unusable) as error:
                self._rest("away")
                log.warning("the replica does not answer", extra={"error": type(error).__name__})
        with self._primary.connect() as here:
            return work(here)

    def behind_bytes(self) -> int:
        """How much of the primary's log it has not replayed. Raises Unusable."""
        try:
            with self.engine.connect() as there:
                position = self._position(there)
                if not there.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
                    raise Unusable("it is a primary itself")
                return max(0, int(there.execute(_BEHIND, {"position": position}).scalar_one()))
        except SQLAlchemyError as error:
            raise Unusable(f"it does not answer ({type(error).__name__})") from error

    def _has_all(self, there: Connection) -> bool:
        position, ends_at = self._position(there), time.monotonic() + WAIT_S
        while not there.execute(_HAS_REPLAYED, {"position": position}).scalar_one():
            if time.monotonic() > ends_at:
                return False
            time.sleep(STEP_S)
        return True

    def _position(self, there: Connection) -> str:
        """The end of what the primary has on disk."""
        with self._primary.connect() as here:
            if not self._is_checked:
                if here.exec_driver_sql(_WHOSE).scalar_one() != there.exec_driver_sql(_WHOSE).scalar_one():
                    raise Unusable("it is no copy of the primary")
                self._is_checked = True
            return str(here.execute(_FLUSHED).scalar_one())

    def _rest(self, outcome: Outcome) -> None:
        self._rests_until = time.monotonic() + REST_S[outcome]
        self._is_checked = False
        self.tell(outcome)


def engine(url: Any) -> Engine:
    """Connections that give up soon: the primary is there to answer."""
    options = "-c timezone=UTC -c default_transaction_read_only=on"
    return create_engine(
        url,
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
        pool_size=4,
        max_overflow=8,
        pool_timeout=1.0,
        connect_args={"options": options, "connect_timeout": 2, "tcp_user_timeout": 3000},
    )
