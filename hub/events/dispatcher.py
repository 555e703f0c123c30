"""Signals become events, in one order, and go to whoever is to hear of them, in one transaction.

    source -> signal (its own transaction) | dispatcher -> events with positions + what each route writes, signals gone

One dispatcher works at a time, over all machines: the row ``head`` is its lock, and positions are given under it, so
they have no gaps and are visible in their order. A dispatcher that dies in between has done nothing: the signals are
still there. Nothing here waits for anybody: what must be sent is put as a job, or read from the events by position.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.models.event import Event, Stream
from hub.models.signal import Signal
from hub.upsert import insert_into

log = logging.getLogger(__name__)
HEAD = "head"
BATCH = 500
POLL_S = 0.2

Route = Callable[[Hub, Session, Sequence[Event], datetime], None]
"""Hands events on inside the dispatcher's transaction: rows and jobs, no calls. ``events`` are in their order and must
not be changed."""


def dispatch(hub: Hub, routes: Sequence[Route], *, batch: int = BATCH) -> int:
    """Up to ``batch`` signals; how many there were. 0 as well while another dispatcher is at it."""
    with hub.db.read() as session:  # mostly there is nothing, and that takes no lock to find out
        if session.scalar(select(Signal.seq).limit(1)) is None:
            return 0
    now = hub.clock()
    with hub.db.write() as session:
        position = _head(session, now)
        if position is None:
            return 0
        signals = session.scalars(select(Signal).order_by(Signal.seq).limit(batch)).all()
        if not signals:
            return 0
        events = [_event(one, position + place) for place, one in enumerate(signals, start=1)]
        session.execute(insert(Event), [_columns(one) for one in events])
        for route in routes:
            route(hub, session, events, now)
        session.execute(delete(Signal).where(Signal.seq.in_([one.seq for one in signals])), execution_options=_OPTIONS)
        head = update(Stream).where(Stream.name == HEAD).values(position=position + len(events), moved_at=now)
        session.execute(head, execution_options=_OPTIONS)
    return len(signals)


def run(hub: Hub, routes: Sequence[Route], stopping: threading.Event) -> None:
    """Until ``stopping`` is set; an error is logged and the next look tries again."""
    while not stopping.is_set():
        try:
            if dispatch(hub, routes):
                continue
        except Exception as error:  # the database may be away for a while
            log.error("the dispatcher stumbled", extra={"error": type(error).__name__})
        stopping.wait(POLL_S)


_OPTIONS = {"synchronize_session": False}


def _head(session: Session, now: datetime) -> int | None:
    """The last position given, under the lock of all positions; None while somebody else has it."""
    row = select(Stream.position).where(Stream.name == HEAD).with_for_update(skip_locked=True)
    if (position := session.scalar(row)) is not None:
        return position
    first = insert_into(session, Stream).values(name=HEAD, position=0, moved_at=now)
    session.execute(first.on_conflict_do_nothing())
    return session.scalar(row)


def _event(signal: Signal, position: int) -> Event:
    return Event(
        id=signal.id,
        position=position,
        at=signal.at,
        kind=signal.kind,
        psu_id=signal.psu_id,
        subject_id=signal.subject_id,
        body=signal.body,
        trace_id=signal.trace_id,
    )


def _columns(event: Event) -> dict[str, object]:
    return {column.key: getattr(event, column.key) for column in Event.__table__.columns}
