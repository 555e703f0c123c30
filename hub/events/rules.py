"""What a signal leads to, by the catalogue: events now, and timers for what is told later unless something comes
between. Pure but for the timers' jobs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from hub.context import Hub
from hub.events.catalogue import OUTSIDE, EventType, concerned
from hub.events.outbox import emit
from hub.jobs import holding
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.jobs.queue import ROUTINE, put, withdraw
from hub.models.signal import Signal

QUEUE = "event.timer"


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
        if signal.kind in one.ends:
            withdraw(session, QUEUE, key)
        if one.is_made_of(signal.kind, signal.body) and (at := due_at(one, signal)) is not None:
            args = {
                "type": one.type,
                "subject_id": signal.subject_id,
                "psu_id": signal.psu_id,
                "data": one.says(signal.kind, signal.subject_id, signal.body)
                | {"client_id": signal.body.get("client_id")},
            }
            put(session, QUEUE, key=key, at=at, now=now, priority=ROUTINE, args=args)


def _key(one: EventType, signal: Signal) -> str:
    """What the hub's own signals are about has a name of its own; a system outside names things as it likes, and of two
    people the same."""
    key = f"{one.type}:{signal.subject_id}"
    return f"{key}:{signal.psu_id or ''}" if signal.kind.startswith(OUTSIDE) else key


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
        emit(
            session,
            str(args["type"]),
            str(args["subject_id"]),
            now=hub.clock(),
            psu_id=args["psu_id"],
            body=args["data"],
        )


KIND = Kind(QUEUE, _run_out, threads=2, is_endless=True)
