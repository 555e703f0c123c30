"""When a connection is worked at next, and whether somebody is at it now.

The plan is written on the connection, where people see it, and put as its job, in one transaction.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from hub.connections.state import SYNCABLE, Status
from hub.jobs.queue import ROUTINE, SOON, put, withdraw
from hub.models.connection import Connection
from hub.models.job import Job

QUEUE = "connection"
THEIR_TURN = timedelta(seconds=10)
"""What a person's own request does right after its transaction, in its own process, the workers leave to it for so
long; if that process dies, they do it."""

OVERDUE = timedelta(minutes=2)


def put_job(session: Session, connection_id: str, institution_id: str, at: datetime | None, *, now: datetime) -> None:
    """Beside the caller's ``next_sync_at``. ``at`` None: not before somebody plans it again."""
    if at is None:
        withdraw(session, QUEUE, connection_id)
    else:
        priority = SOON if at <= now else ROUTINE
        put(session, QUEUE, key=connection_id, lane=institution_id, at=at, now=now, priority=priority)


def is_free(now: datetime, takes_over: str | None) -> ColumnElement[bool]:
    """Nobody works at the connection, or whoever did is known to be dead: ``takes_over`` was its owner."""
    free = or_(Connection.sync_until.is_(None), Connection.sync_until <= now)
    return free if takes_over is None else or_(free, Connection.sync_owner == takes_over)


def put_missing(session: Session, now: datetime, limit: int) -> int:
    """Connections long due without a job, since an older release planned them: give them theirs; how many there were.

    Only overdue ones are looked at, which an index finds; workers keep those few.
    """
    is_work = Connection.status.in_([*(status.value for status in SYNCABLE), Status.REVOKED.value])
    has_job = exists().where(Job.queue == QUEUE, Job.key == Connection.id)
    query = select(Connection.id, Connection.institution_id).where(
        is_work, Connection.next_sync_at <= now - OVERDUE, ~has_job
    )
    rows = session.execute(query.limit(limit)).all()
    for row in rows:
        put_job(session, row.id, row.institution_id, now, now=now)
    return len(rows)
