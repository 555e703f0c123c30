"""Signals become events, in one order, and go to whoever is to hear of them, in one transaction.

    source -> signal (its own transaction) | dispatcher -> events with positions, timers (hub.events.rules), what each
                                             route writes; the signals are gone

One dispatcher works at a time, over all machines: the row ``head`` is its lock, and positions are given under it, so
they have no gaps and are visible in their order. A dispatcher that dies in between has done nothing: the signals are
still there. Nothing here waits for anybody: what must be sent is put as a job, or read from the events by position.

Of a batch that fails each signal is tried alone, and one that fails alone as well is given up (hub.events.dead).
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hub import bulk, logs
from hub.context import Hub
from hub.db import json_text
from hub.events import dead, rules
from hub.events.dead import Buried
from hub.ids import new_id
from hub.models.event import Event, Stream
from hub.models.signal import Signal
from hub.oauth.grants.base import PAIRWISE
from hub.upsert import insert_into

log = logging.getLogger(__name__)
HEAD = "head"
BATCH = 500
ALONE = 50
"""So many signals are tried alone in one transaction: each costs as much as many together, and all others wait."""
POLL_S = 0.2

Route = Callable[[Hub, Session, Sequence[Event], datetime], None]
"""Hands events on inside the dispatcher's transaction: rows and jobs, no calls. ``events`` are in their order and must
not be changed."""


def dispatch(hub: Hub, routes: Sequence[Route], *, batch: int = BATCH) -> int:
    """Up to ``batch`` signals; how many there were. 0 as well while another dispatcher is at it. Raises what is no
    signal's fault; nothing is done then."""
    with hub.db.read() as session:  # mostly there is nothing, and that takes no lock to find out
        if session.scalar(select(Signal.seq).limit(1)) is None:
            return 0
    hub.keys.secret(PAIRWISE)  # made now if it never was: routes name people, and inside the transaction cannot
    try:
        return _dispatch(hub, routes, _together, batch)
    except Exception as error:
        if not dead.is_its_own(error):
            raise
    return _dispatch(hub, routes, _alone, min(batch, ALONE))


@dataclass(slots=True)
class _Round:
    """One transaction under the lock of all positions. ``position``: the last one given."""

    hub: Hub
    session: Session
    routes: Sequence[Route]
    now: datetime
    position: int
    events: list[Event] = field(default_factory=list)
    given_up: list[tuple[Buried, Exception]] = field(default_factory=list)

    def tell(self, signals: Sequence[Signal]) -> None:
        """The events of these signals, and whatever follows; the signals are gone."""
        session, events = self.session, list(_events(signals, self.position))
        moment = bulk.notation(session).moment
        bulk.insert(session, _TABLE, _COLUMNS, (_row(one, moment) for one in events))
        for one in signals:
            rules.wind(session, one, self.now)
        for route in self.routes:
            route(self.hub, session, events, self.now)
        session.execute(delete(Signal).where(Signal.seq.in_([one.seq for one in signals])), execution_options=_OPTIONS)
        self.position += len(events)
        self.events += events


def _dispatch(hub: Hub, routes: Sequence[Route], way: Callable[[_Round, int], int], batch: int) -> int:
    now = hub.clock()
    with hub.db.write() as session:
        position = _head(session, now)
        if position is None:
            return 0
        one = _Round(hub, session, routes, now, position)
        if not (count := way(one, batch)):
            return 0
        head = update(Stream).where(Stream.name == HEAD).values(position=one.position, moved_at=now)
        session.execute(head, execution_options=_OPTIONS)
    for made in one.events:
        hub.recorder.note("hub", f"event {made.kind}", took_ms=0, trace_id=made.trace_id, request_id=made.id)
    for buried, error in one.given_up:
        _note(hub, buried, error)
    return count


def _together(one: _Round, batch: int) -> int:
    signals = one.session.scalars(select(Signal).order_by(Signal.seq).limit(batch)).all()
    if signals:
        one.tell(signals)
    return len(signals)


def _alone(one: _Round, batch: int) -> int:
    """What fails leaves nothing but itself, given up."""
    seqs = one.session.scalars(select(Signal.seq).order_by(Signal.seq).limit(batch)).all()
    for seq in seqs:
        try:
            with one.session.begin_nested():
                one.tell(one.session.scalars(select(Signal).where(Signal.seq == seq)).all())
        except Exception as error:
            if not dead.is_its_own(error):
                raise
            one.given_up.append((dead.bury(one.session, seq, type(error).__name__, one.now), error))
    return len(seqs)


def _note(hub: Hub, buried: Buried, error: Exception) -> None:
    told = {"signal_id": buried.id, "kind": buried.kind, "error": type(error).__name__, "frames": logs.frames(error)}
    log.error("a signal was given up", extra=told)
    hub.recorder.note(
        "hub",
        f"signal {buried.kind}",
        took_ms=0,
        outcome="failed",
        detail=type(error).__name__,
        trace_id=buried.trace_id,
        request_id=buried.id,
    )


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


def _events(signals: Sequence[Signal], position: int) -> Iterator[Event]:
    """Each signal as it is, followed by what the catalogue makes of it."""
    for signal in signals:
        position += 1
        yield _event(signal, position, id=signal.id, kind=signal.kind, body=signal.body)
        for made in rules.made_of(signal):
            position += 1
            yield _event(signal, position, id=new_id(), kind=made.type, body={**made.data, **_of_client(signal)})


def _of_client(signal: Signal) -> dict[str, str]:
    """Whose app it is about, for the routes; no part of what anybody is told."""
    return {"client_id": signal.body["client_id"]} if "client_id" in signal.body else {}


def _event(signal: Signal, position: int, **own: Any) -> Event:
    return Event(
        position=position,
        at=signal.at,
        psu_id=signal.psu_id,
        subject_id=signal.subject_id,
        trace_id=signal.trace_id,
        **own,
    )


def _row(event: Event, moment: Callable[[datetime], Any]) -> bulk.Row:
    """In the order of _COLUMNS."""
    at, body = moment(event.at), json_text(event.body)
    return event.id, event.position, at, event.kind, event.psu_id, event.subject_id, body, event.trace_id


_TABLE = Event.metadata.tables[Event.__tablename__]
_COLUMNS = ("id", "position", "at", "kind", "psu_id", "subject_id", "body", "trace_id")
