"""Each signal becomes one event, in an order that readers can rely on, whoever dies in between."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub import correlation
from hub.context import Hub
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.jobs.queue import put
from hub.models.event import Event
from hub.models.job import Job
from hub.models.signal import Signal
from tests.race import at_once

A_CLICK = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def say(hub: Hub, kind: str, psu_id: str | None = None) -> None:
    with hub.db.write() as session:
        emit(session, kind, "subject", now=hub.clock(), psu_id=psu_id)


def events(hub: Hub) -> list[Event]:
    with hub.db.read() as session:
        return list(session.scalars(select(Event).order_by(Event.position)))


def signals(hub: Hub) -> int:
    with hub.db.read() as session:
        return session.scalar(select(func.count()).select_from(Signal)) or 0


def test_a_signal_becomes_an_event_and_carries_the_id_of_what_caused_it(hub: Hub) -> None:
    with correlation.under(A_CLICK):
        say(hub, "consent.authorised", "alice")
    assert (dispatch(hub, ()), dispatch(hub, ())) == (1, 0)
    (event,) = events(hub)
    assert (event.kind, event.psu_id, event.position, event.trace_id) == ("consent.authorised", "alice", 1, A_CLICK)
    assert signals(hub) == 0


def test_many_dispatchers_beside_many_sources_lose_double_and_disorder_nothing(hub: Hub) -> None:
    names = iter("abcd")

    def source() -> None:
        name = next(names)
        for number in range(12):
            say(hub, f"{number}", name)

    def dispatcher() -> None:
        for _ in range(30):
            dispatch(hub, (), batch=5)

    parts = iter([source, dispatcher] * 4)
    at_once(8, lambda: next(parts)())
    while dispatch(hub, ()):
        pass
    found = events(hub)
    assert [one.position for one in found] == list(range(1, 49))
    for name in "abcd":
        assert [one.kind for one in found if one.psu_id == name] == [str(number) for number in range(12)]


def test_what_a_route_writes_comes_with_the_events_or_not_at_all(hub: Hub) -> None:
    def route(hub: Hub, session: Session, told: Sequence[Event], now: datetime) -> None:
        for one in told:
            put(session, "tell", key=one.id, at=now, now=now)

    def breaks(hub: Hub, session: Session, told: Sequence[Event], now: datetime) -> None:
        raise OSError("the machine goes down")

    say(hub, "consent.authorised")
    with pytest.raises(OSError, match="goes down"):
        dispatch(hub, (route, breaks))
    assert (events(hub), signals(hub)) == ([], 1)
    dispatch(hub, (route,))
    with hub.db.read() as session:
        assert session.scalars(select(Job.key)).all() == [one.id for one in events(hub)]
