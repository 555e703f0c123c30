"""Signals that were given up: whose handling raises, again when it is tried alone. They wait for the operator with all
that they say, and those behind them go on.

What is told of one person is in the order in which it happened, but for what was given up: sent round again it comes
after whatever was told since, and only its ``at`` says when it was. A timer that it starts then is ended by what came
between all the same (hub.events.rules).
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session, defer

from hub.context import Hub
from hub.db import Instant
from hub.models.signal import DeadSignal, Signal

_SAID = ("id", "at", "kind", "psu_id", "subject_id", "body", "trace_id")
_OPTIONS = {"synchronize_session": False}


def is_its_own(error: Exception) -> bool:
    """Whether the signal is at fault, if it was handled alone. Not where the database is away or has another schema
    than this code, nor where the machine is short of something: any other signal would fare alike."""
    if isinstance(error, OSError | MemoryError):
        return False
    cause = error.orig if isinstance(error, DBAPIError) else error
    match cause:
        case sqlite3.DataError() | sqlite3.IntegrityError() | psycopg.DataError() | psycopg.IntegrityError():
            return True
        case sqlite3.ProgrammingError():  # a value that it has no type for; what it says of the schema is operational
            return True
        case psycopg.ProgrammingError():
            return cause.sqlstate is None  # likewise
        case sqlite3.Error() | psycopg.Error():
            return False
    return isinstance(error, StatementError) or not isinstance(error, SQLAlchemyError)


@dataclass(frozen=True, slots=True)
class Buried:
    id: str
    kind: str
    trace_id: str | None


def bury(session: Session, seq: int, failure: str, now: datetime) -> Buried:
    """In the dispatcher's transaction. The row is moved as it stands: its body may be what nobody can read."""
    given_up = (literal(failure), literal(now, Instant))
    row = select(Signal.seq, *(getattr(Signal, name) for name in _SAID), *given_up).where(Signal.seq == seq)
    moved = insert(DeadSignal).from_select(["seq", *_SAID, "failure", "died_at"], row)
    done = session.execute(moved.returning(DeadSignal.id, DeadSignal.kind, DeadSignal.trace_id)).one()
    session.execute(delete(Signal).where(Signal.seq == seq), execution_options=_OPTIONS)
    return Buried(*done)


def revive(hub: Hub, dead_id: str | None = None, *, most: int | None = None) -> int:
    """Send that one, or up to ``most`` of all, round again: the last signals, in the order in which they were said. How
    many there were."""
    wanted = select(DeadSignal.id).order_by(DeadSignal.seq).limit(most)
    with hub.db.read() as session:
        ids = session.scalars(wanted if dead_id is None else wanted.where(DeadSignal.id == dead_id)).all()
    revived = 0
    for one in ids:
        with hub.db.write() as session:
            revived += _revive(session, one)
    return revived


def _revive(session: Session, dead_id: str) -> bool:
    """False if somebody else did."""
    mine = DeadSignal.id == dead_id
    if session.scalar(select(DeadSignal.id).where(mine).with_for_update()) is None:
        return False
    row = select(*(getattr(DeadSignal, name) for name in _SAID)).where(mine)
    session.execute(insert(Signal).from_select(_SAID, row))
    session.execute(delete(DeadSignal).where(mine), execution_options=_OPTIONS)
    return True


def waiting(session: Session, limit: int) -> Sequence[DeadSignal]:
    """In the order in which they were said; what they say is not read."""
    unread = select(DeadSignal).options(defer(DeadSignal.body))
    return session.scalars(unread.order_by(DeadSignal.seq).limit(limit)).all()


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(DeadSignal)) or 0
