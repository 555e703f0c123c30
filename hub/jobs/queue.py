"""Ask for work, in the transaction of the change that needs it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, case, delete, func, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub import correlation
from hub.ids import new_id
from hub.models.job import Job
from hub.upsert import inserts

NOW, SOON, ROUTINE = 0, 1, 2
"""Priorities: a person waits; something happened; it comes round anyway."""
_SAME_MATTER = timedelta(minutes=1)
"""What comes round later than that is no part of what led to it, and gets an id of its own when it is done."""
CHANNEL = "rialto_job"
"""Where PostgreSQL tells the workers that a person waits. Only that: each NOTIFY takes a lock of the whole database."""


def put(
    session: Session,
    queue: str,
    *,
    at: datetime,
    now: datetime,
    key: str | None = None,
    lane: str | None = None,
    priority: int = SOON,
    args: Mapping[str, Any] | None = None,
    is_earliest: bool = False,
) -> str:
    """``at`` is when it is due. Returns the key: the given one, or a new one for work that is like no other.

    A job of that key that waits gets the new ``at``, ``args`` and ``priority``; one that runs is done once more
    afterwards, at ``at``. With ``is_earliest`` a waiting one is only ever brought forward, and one that is being tried
    again after a failure keeps its pause: for "there is more to do" rather than "this is the plan".
    """
    asked = {
        "queue": queue,
        "key": key or new_id(),
        "lane": lane,
        "priority": priority,
        "run_at": at,
        "attempts": 0,
        "args": dict(args or {}),
        "trace_id": correlation.current() if priority != ROUTINE or at - now <= _SAME_MATTER else None,
        "created_at": now,
    }
    dialect = session.get_bind().dialect.name
    session.execute(_upsert(dialect, is_earliest=is_earliest), asked)
    if priority == NOW and dialect == "postgresql":
        session.execute(text("SELECT pg_notify(:channel, :queue)"), {"channel": CHANNEL, "queue": queue})
    return str(asked["key"])


_TABLE = cast(Table, Job.__table__)  # the table and not the class: no object is made of a row


@cache
def _upsert(dialect: str, *, is_earliest: bool) -> sqlite.Insert | postgresql.Insert:
    """Made once: making it takes longer than running it."""
    statement = inserts(_TABLE)[dialect]
    new, waits = statement.excluded, Job.owner.is_(None)
    if is_earliest:
        earlier = case((Job.run_at < new.run_at, Job.run_at), else_=new.run_at)
        run_at = case((waits & (Job.attempts == 0), earlier), else_=Job.run_at)
        attempts: Any = Job.attempts
        again_at = case((waits, None), (Job.again_at < new.run_at, Job.again_at), else_=new.run_at)
    else:
        run_at = case((waits, new.run_at), else_=Job.run_at)
        attempts = case((waits, 0), else_=Job.attempts)
        again_at = case((waits, None), else_=new.run_at)
    return statement.on_conflict_do_update(
        index_elements=["queue", "key"],
        set_={
            "run_at": run_at,
            "again_at": again_at,
            "attempts": attempts,
            "lane": new.lane,
            "priority": new.priority,
            "args": new.args,
            "trace_id": case((waits, func.coalesce(new.trace_id, Job.trace_id)), else_=new.trace_id),
        },
    )


def withdraw(session: Session, queue: str, key: str) -> None:
    """It is not needed any more. One that runs is left to its worker, and not done again."""
    mine = (Job.queue == queue, Job.key == key)
    options = {"synchronize_session": False}
    session.execute(delete(Job).where(*mine, Job.owner.is_(None)), execution_options=options)
    session.execute(update(Job).where(*mine).values(again_at=None), execution_options=options)
