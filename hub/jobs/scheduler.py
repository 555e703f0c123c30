"""What comes round by the clock is put as jobs. Any number of schedulers may run: the one that moves a row's
``next_at`` on puts the job, in the same transaction; the job's key is the schedule's name, so a round that is still
under way is not begun twice.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.jobs.claim import MARGIN
from hub.jobs.queue import ROUTINE, put
from hub.models.job import Schedule
from hub.upsert import insert_into

log = logging.getLogger(__name__)
POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Round:
    """The job ``queue`` every ``every``, and at once on a hub that never ran it. Rounds that were missed, because
    nobody was there, are not made up for."""

    queue: str
    every: timedelta


def tick(hub: Hub, rounds: Sequence[Round]) -> int:
    """Put what is due now; how many jobs that was."""
    now = hub.clock()
    with hub.db.read() as session:
        known = {row.name: row.next_at for row in session.scalars(select(Schedule))}
    due = [one for one in rounds if one.queue not in known or _is_due(one, known[one.queue], now)]
    put_now = 0
    for one in due:
        with hub.db.write() as session:
            if _is_ours(session, one, known.get(one.queue), now):
                put(session, one.queue, key=one.queue, at=now, now=now, priority=ROUTINE, is_earliest=True)
                put_now += 1
    return put_now


def _is_due(one: Round, next_at: datetime, now: datetime) -> bool:
    """Also where it is further off than its rhythm, and than clocks differ: the clock has been set back since."""
    return next_at <= now or next_at > now + one.every + MARGIN


def _is_ours(session: Session, one: Round, seen: datetime | None, now: datetime) -> bool:
    """Whether this process moved the row on."""
    next_at = now + one.every
    if seen is None:
        fresh = insert_into(session, Schedule).values(name=one.queue, next_at=next_at, last_at=now)
        statement = fresh.on_conflict_do_nothing().returning(Schedule.name)
        return session.execute(statement).one_or_none() is not None
    moved = (
        update(Schedule)
        .where(Schedule.name == one.queue, Schedule.next_at == seen)
        .values(next_at=next_at, last_at=now)
        .returning(Schedule.name)
        .execution_options(synchronize_session=False)
    )
    return session.execute(moved).one_or_none() is not None


def run(hub: Hub, rounds: Sequence[Round], stopping: threading.Event) -> None:
    """Until ``stopping`` is set; an error is logged and the next look tries again."""
    while not stopping.is_set():
        try:
            tick(hub, rounds)
        except Exception as error:  # the database may be away for a while
            log.error("the scheduler stumbled", extra={"error": type(error).__name__})
        stopping.wait(POLL_S)
