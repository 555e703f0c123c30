"""What a signal leads to, by the catalogue: events now, and timers for what is told later unless something comes
between. Pure but for the timers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.events.catalogue import OUTSIDE, EventType, concerned, types
from hub.events.outbox import emit
from hub.jobs import holding
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.jobs.queue import ROUTINE, put, withdraw
from hub.models.event import Event
from hub.models.job import Job
from hub.models.signal import DeadSignal, Signal

QUEUE = "event.timer"
LATE = timedelta(minutes=1)
"""A signal is dispatched within seconds, unless it was given up before or all have been waiting."""


@dataclass(frozen=True, slots=True)
class Made:
    """An event that a signal makes."""

    type: str
    data: Mapping[str, Any]


def made_of(signal: Signal) -> Iterator[Made]:
    """The events that are told now."""
    for one in concerned(signal.kind):
        if one.after is None and one.before is None and one.is_made_of(signal.kind, signal.body):
            yield Made(one.type, one.says(signal.kind, signal.subject_id, signal.body))


def wind(session: Session, signal: Signal, now: datetime) -> None:
    """Start the timers that this signal starts, and stop those that it stops, in the dispatcher's transaction."""
    for one in concerned(signal.kind):
        key = _key(one, signal)
        if now - signal.at > LATE and _began_later(session, key, signal):
            continue
        if signal.kind in one.ends:
            withdraw(session, QUEUE, key)
        if one.is_made_of(signal.kind, signal.body) and (at := due_at(one, signal)) is not None:
            args = {
                "type": one.type,
                "subject_id": signal.subject_id,
                "psu_id": signal.psu_id,
                "since": signal.at.isoformat(),
                "data": one.says(signal.kind, signal.subject_id, signal.body)
                | {"client_id": signal.body.get("client_id")},
            }
            put(session, QUEUE, key=key, at=at, now=now, priority=ROUTINE, args=args)


def _began_later(session: Session, key: str, signal: Signal) -> bool:
    """Whether the timer that runs was started by what was said after this: a signal that was given up and sent round
    again (hub.events.dead) neither ends it nor starts it anew."""
    args = session.scalar(select(Job.args).where(Job.queue == QUEUE, Job.key == key))
    since = (args or {}).get("since")
    return since is not None and datetime.fromisoformat(str(since)) > signal.at


def _key(one: EventType, signal: Signal) -> str:
    """Of all signals that start and end its timer alike."""
    key = f"{one.type}:{signal.subject_id}"
    return f"{key}:{signal.psu_id or ''}" if _is_by_person(one) else key


def _is_by_person(one: EventType) -> bool:
    """What the hub's own signals are about has a name of its own; a system outside names things as it likes, and of two
    people the same."""
    return any(kind.startswith(OUTSIDE) for kind in (*one.on, *one.ends))


def due_at(one: EventType, signal: Signal) -> datetime | None:
    """When the timer that ``signal`` starts runs out; None if it starts none."""
    if one.after is not None:
        return signal.at + timedelta(minutes=one.after.minutes)
    if one.before is not None:
        try:
            end = datetime.fromisoformat(str(signal.body.get(one.before.field)))
            at = (end - timedelta(days=one.before.days)).astimezone(UTC) if end.tzinfo is not None else None
        except (ValueError, OverflowError):
            return None
        return at if at is not None and at > signal.at else None  # one that was over from the start warns of nothing
    return None


def _run_out(hub: Hub, held: Held) -> None:
    """Nothing came between: a signal of the type's own name says so, in the transaction that ends the timer."""
    args = held.args
    with hub.db.write() as session:
        holding.finish(session, held)
        if _came_between(session, args):
            return
        emit(
            session,
            str(args["type"]),
            str(args["subject_id"]),
            now=hub.clock(),
            psu_id=args["psu_id"],
            body=args["data"],
        )


def _came_between(session: Session, args: Mapping[str, Any]) -> bool:
    """What ends a timer withdraws it, but not out of the hands of a worker, who may be dead; and it may wait for the
    dispatcher or the operator still, or have been told first, if what started the timer was given up for a while."""
    one = types().get(str(args["type"]))
    if one is None or not one.ends or "since" not in args:  # an older release started it
        return False
    since, psu_id = datetime.fromisoformat(str(args["since"])), args["psu_id"]
    for said in (Event, Signal, DeadSignal):
        its = select(said.id).where(said.kind.in_(one.ends), said.subject_id == args["subject_id"], said.at > since)
        if _is_by_person(one):
            its = its.where(said.psu_id == psu_id)
        elif psu_id is not None:  # the same, told of nobody as well; an index finds it
            its = its.where(or_(said.psu_id == psu_id, said.psu_id.is_(None)))
        if session.scalar(its.limit(1)) is not None:
            return True
    return False


KIND = Kind(QUEUE, _run_out, threads=2, is_endless=True)
