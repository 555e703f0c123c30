"""How the queues stand, for whoever looks after them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from hub.models.job import DeadJob, Job


@dataclass(frozen=True, slots=True)
class Queue:
    """``due`` waits for a worker, ``later`` for its time; ``failing`` of either will be tried again. ``late_s``: how
    long the oldest due one has been waiting, in seconds."""

    name: str
    running: int = 0
    due: int = 0
    later: int = 0
    failing: int = 0
    dead: int = 0
    late_s: float = 0.0


def queues(session: Session, now: datetime) -> Sequence[Queue]:
    """All that hold anything, by name."""
    is_free, is_due = Job.owner.is_(None), Job.run_at <= now
    counted = select(
        Job.queue,
        func.sum(case((is_free, 0), else_=1)).label("running"),
        func.sum(case((is_free & is_due, 1), else_=0)).label("due"),
        func.sum(case((is_free & ~is_due, 1), else_=0)).label("later"),
        func.sum(case((is_free & (Job.attempts > 0), 1), else_=0)).label("failing"),
        func.min(case((is_free & is_due, Job.run_at))).label("oldest"),
    ).group_by(Job.queue)
    rows = session.execute(select(DeadJob.queue, func.count()).group_by(DeadJob.queue))
    dead = {queue: count for queue, count in rows}  # noqa: C416  # typed rows
    found = {
        row.queue: Queue(
            row.queue,
            running=row.running,
            due=row.due,
            later=row.later,
            failing=row.failing,
            dead=dead.pop(row.queue, 0),
            late_s=(now - row.oldest).total_seconds() if row.oldest else 0.0,
        )
        for row in session.execute(counted)
    }
    found |= {name: Queue(name, dead=count) for name, count in dead.items()}
    return [found[name] for name in sorted(found)]


def dead(session: Session, limit: int = 100) -> Sequence[DeadJob]:
    """What was given up, the latest first."""
    return session.scalars(select(DeadJob).order_by(DeadJob.died_at.desc()).limit(limit)).all()
