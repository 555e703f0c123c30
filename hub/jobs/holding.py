"""A job that a worker holds, and the ways in which it ends. Each proves the claim first, in its own transaction: a
worker whose lease ran out changes nothing any more.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, Executable, delete, insert, null, select, tuple_, update
from sqlalchemy.orm import Session

from hub.ids import new_id
from hub.jobs.kind import Kind
from hub.models.job import DeadJob, Job
from hub.upsert import insert_into

_OPTIONS = {"synchronize_session": False}


class Lost(Exception):
    """The lease ran out and the job is another worker's now."""


@dataclass(frozen=True, slots=True)
class Claim:
    """That somebody holds a job."""

    queue: str
    key: str
    owner: str

    @property
    def token(self) -> tuple[str, str, str]:
        return (self.queue, self.key, self.owner)


@dataclass(slots=True)
class Held:
    """``owner`` is this claim. ``taken_from`` is the claim that ran out before it, if one did: whatever that one still
    holds elsewhere may be taken over. ``attempts`` includes this one."""

    queue: str
    key: str
    owner: str
    taken_from: str | None
    lane: str | None
    attempts: int
    args: Mapping[str, Any] = field(repr=False)
    trace_id: str | None
    created_at: datetime
    is_over: bool = False

    @property
    def token(self) -> tuple[str, str, str]:
        return (self.queue, self.key, self.owner)

    @property
    def place(self) -> tuple[Any, ...]:
        return (Job.queue == self.queue, Job.key == self.key, Job.owner == self.owner)


def finish(session: Session, held: Held) -> None:
    """Done: in the transaction of the effects. If it was asked for anew meanwhile, it waits for that. Raises Lost."""
    if not _touches(session, delete(Job).where(*held.place, Job.again_at.is_(None))):
        renewed = {**_FREE, "run_at": Job.again_at, "attempts": 0, "failure": None}
        if not _touches(session, update(Job).where(*held.place, Job.again_at.is_not(None)).values(renewed)):
            raise Lost(held.queue)
    held.is_over = True


def finish_all(session: Session, jobs: Collection[Held]) -> None:
    """The same for many at once, in two statements; those that are lost are passed over."""
    claims = tuple_(Job.queue, Job.key, Job.owner).in_([one.token for one in jobs])
    renewed = {**_FREE, "run_at": Job.again_at, "attempts": 0, "failure": None}
    session.execute(delete(Job).where(claims, Job.again_at.is_(None)), execution_options=_OPTIONS)
    session.execute(update(Job).where(claims, Job.again_at.is_not(None)).values(renewed), execution_options=_OPTIONS)


def postpone(session: Session, held: Held, at: datetime) -> None:
    """It went well and comes again at ``at``, or earlier if it was asked for meanwhile. Raises Lost."""
    again_at = session.scalar(select(Job.again_at).where(*held.place).with_for_update())
    run_at = at if again_at is None else min(at, again_at)
    next_time = {**_FREE, "run_at": run_at, "attempts": 0}
    if again_at is None:  # nobody asked for the next time: it gets an id of its own
        next_time["trace_id"] = null()
    if not _touches(session, update(Job).where(*held.place).values(next_time)):
        raise Lost(held.queue)
    held.is_over = True


def release(session: Session, held: Held, now: datetime) -> None:
    """Nothing was begun: it is due for anybody, and this claim does not count. Does nothing if it is lost."""
    untouched = {**_FREE, "run_at": now, "attempts": held.attempts - 1}
    session.execute(update(Job).where(*held.place).values(untouched), execution_options=_OPTIONS)


def excuse(session: Session, held: Held) -> None:
    """Its process is told to end: this claim does not count, unless it fails by itself. Does nothing if it is lost."""
    session.execute(update(Job).where(*held.place).values(attempts=held.attempts - 1), execution_options=_OPTIONS)


def fail(session: Session, kind: Kind, held: Held, failure: str, now: datetime, *, for_good: bool = False) -> bool:
    """It did not go well: again after a pause, or, at its end, buried. True if it is dead. Raises Lost."""
    pause_s = None if for_good else kind.pause_s(held.attempts)
    if pause_s is None:
        _bury(session, held, failure, now)
        return True
    run_at = now + timedelta(seconds=pause_s * random.uniform(1.0, 1.25))  # noqa: S311  # jitter
    values = {**_FREE, "again_at": Job.again_at, "run_at": run_at, "attempts": held.attempts, "failure": failure}
    if not _touches(session, update(Job).where(*held.place).values(values)):
        raise Lost(held.queue)
    held.is_over = True
    return False


def _bury(session: Session, held: Held, failure: str, now: datetime) -> None:
    priority = session.scalar(select(Job.priority).where(*held.place).with_for_update())
    if priority is None:
        raise Lost(held.queue)
    session.execute(
        insert(DeadJob).values(
            id=new_id(),
            queue=held.queue,
            key=held.key,
            lane=held.lane,
            priority=priority,
            attempts=held.attempts,
            failure=failure,
            args=dict(held.args),
            trace_id=held.trace_id,
            created_at=held.created_at,
            died_at=now,
        )
    )
    finish(session, held)


def keep(session: Session, jobs: Collection[Held | Claim], until: datetime) -> None:
    """Their leases end at ``until``, where the claims still stand."""
    claims = tuple_(Job.queue, Job.key, Job.owner).in_([one.token for one in jobs])
    session.execute(update(Job).where(claims).values(run_at=until), execution_options=_OPTIONS)


def overlong(session: Session, limit: datetime) -> list[Claim]:
    """Claims whose leases end after ``limit``: no lease is so long, so the clock that gave them was ahead and has been
    set back. If their workers are dead, nobody would take the jobs over until the clock is there again.

    Of all queues: with a condition on the queue SQLite would walk what waits, and not the short index of what is held.
    """
    rows = session.execute(select(Job.queue, Job.key, Job.owner).where(Job.owner.is_not(None), Job.run_at > limit))
    return [Claim(queue, key, owner) for queue, key, owner in rows if owner is not None]


def revive(session: Session, dead_id: str, now: datetime) -> bool:
    """Send a dead job round again, at once and with all its attempts. False if there is none of that id.

    If the same work has been asked for since, that one stands, and the dead one goes.
    """
    row = session.execute(
        delete(DeadJob)
        .where(DeadJob.id == dead_id)
        .returning(
            DeadJob.queue,
            DeadJob.key,
            DeadJob.lane,
            DeadJob.priority,
            DeadJob.args,
            DeadJob.trace_id,
            DeadJob.created_at,
        )
    ).one_or_none()
    if row is None:
        return False
    values = {**row._mapping, "run_at": now, "attempts": 0}
    session.execute(insert_into(session, Job).values(values).on_conflict_do_nothing())
    return True


_FREE: Mapping[str, Any] = {"owner": null(), "worker": null(), "again_at": null()}


def _touches(session: Session, statement: Executable) -> bool:
    done = session.execute(statement, execution_options=_OPTIONS)
    return isinstance(done, CursorResult) and done.rowcount == 1
