"""A signal at which the dispatcher fails stops nobody else and is not lost, whoever dies in between."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, event, insert, select, text, type_coerce, types
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm import Session

from hub import correlation
from hub.cli import main
from hub.context import Hub
from hub.events import dead
from hub.events.dispatcher import ALONE, Route, dispatch
from hub.events.outbox import emit
from hub.jobs.queue import put
from hub.models.event import Event
from hub.models.job import Job, Schedule
from hub.models.signal import DeadSignal, Signal
from hub.observability import parts, trace
from tests.conftest import TestClock
from tests.events.test_dispatcher import A_CLICK, events, signals
from tests.events.test_rules import run_out
from tests.race import at_once

POISON = "poison"
EFFECT = "effect"


def say(hub: Hub, *kinds: str, subject_id: str = "subject") -> None:
    for kind in kinds:
        with hub.db.write() as session:
            emit(session, kind, subject_id, now=hub.clock(), psu_id="alice", body={"said": kind})


def fails(then: Callable[[Session], object]) -> Route:
    """Puts a job for each event, and does ``then`` where the poison is among them."""

    def route(_hub: Hub, session: Session, told: Sequence[Event], now: datetime) -> None:
        for one in told:
            put(session, EFFECT, key=one.id, at=now, now=now)
        if any(one.kind == POISON for one in told):
            then(session)

    return route


def raises(error: Exception) -> Route:
    def then(_session: Session) -> None:
        raise error

    return fails(then)


def dispatch_all(hub: Hub, route: Route | None = None, batch: int = 500) -> None:
    while dispatch(hub, () if route is None else (route,), batch=batch):
        pass


def breaks_at(kind: str) -> Route:
    def route(_hub: Hub, _session: Session, told: Sequence[Event], _now: datetime) -> None:
        if any(one.kind == kind for one in told):
            raise KeyError

    return route


def given_up(hub: Hub) -> list[DeadSignal]:
    with hub.db.read() as session:
        return list(session.scalars(select(DeadSignal).order_by(DeadSignal.seq)))


def effects(hub: Hub) -> list[str]:
    with hub.db.read() as session:
        return sorted(session.scalars(select(Job.key).where(Job.queue == EFFECT)))


def kinds(hub: Hub) -> list[str]:
    return [one.kind for one in events(hub)]


def twice(session: Session) -> None:
    """The transaction cannot go on after that on PostgreSQL."""
    for _ in range(2):
        session.execute(insert(Schedule).values(name="one", next_at=datetime.fromisoformat("2026-01-01T00:00:00Z")))


def twice_at_the_end(session: Session) -> None:
    """Seen only when it is written out."""
    session.execute(insert(Schedule).values(name="one", next_at=datetime.fromisoformat("2026-01-01T00:00:00Z")))
    session.add(Schedule(name="one", next_at=datetime.fromisoformat("2026-01-01T00:00:00Z")))


def no_type(session: Session) -> None:
    session.execute(select(Job.key).where(Job.key == type_coerce({"a": object()}, types.NullType())))


def no_key(_session: Session) -> None:
    raise KeyError("a person's data")


@pytest.mark.parametrize("then", [twice, twice_at_the_end, no_type, no_key])
def test_what_fails_is_given_up_with_all_it_says_and_those_around_it_go_on(
    hub: Hub, then: Callable[[Session], object], caplog: pytest.LogCaptureFixture
) -> None:
    say(hub, "before")
    with correlation.under(A_CLICK):
        say(hub, POISON)
    say(hub, "after")
    with hub.db.read() as session:
        said = session.scalars(select(Signal).where(Signal.kind == POISON)).one()
    with caplog.at_level(logging.ERROR):
        assert dispatch(hub, (fails(then),)) == 3
    assert (kinds(hub), signals(hub)) == (["before", "after"], 0)
    assert [one.position for one in events(hub)] == [1, 2]
    assert effects(hub) == sorted(one.id for one in events(hub))
    (buried,) = given_up(hub)
    assert all(getattr(buried, name) == getattr(said, name) for name in ("id", "seq", "at", "psu_id", "body"))
    assert (buried.subject_id, buried.trace_id, buried.died_at) == ("subject", A_CLICK, hub.clock())
    assert buried.failure in {"IntegrityError", "ProgrammingError", "KeyError"}
    (told,) = [vars(one) for one in caplog.records if one.message == "a signal was given up"]
    assert (told["kind"], told["error"]) == (POISON, buried.failure)
    assert told["frames"]
    hub.recorder.flush()
    with hub.db.read() as session:
        assert trace.find(session, A_CLICK).verdict.fault == "us"


def test_what_nobody_can_read_is_given_up_as_it_stands(hub: Hub) -> None:
    say(hub, "before", POISON, "after")
    with hub.db.write() as session:
        session.execute(text("UPDATE signal SET body = '{' WHERE kind = 'poison'"))
    assert dispatch(hub, ()) == 3
    assert kinds(hub) == ["before", "after"]
    with hub.db.read() as session:
        assert session.scalar(text("SELECT body FROM dead_signal")) == "{"
        assert [one.kind for one in dead.waiting(session, 9)] == [POISON]
    assert dead.revive(hub) == 1
    with hub.db.read() as session:
        assert session.scalar(text("SELECT body FROM signal")) == "{"


def test_more_than_are_tried_at_once_stop_nobody_either(hub: Hub) -> None:
    say(hub, *[POISON] * (ALONE + 1), "after")
    dispatch_all(hub, raises(KeyError()))
    assert (kinds(hub), len(given_up(hub))) == (["after"], ALONE + 1)


def at_nothing(session: Session) -> None:
    session.execute(text("SELECT * FROM a_table_of_the_next_release"))


def failing(cause: Exception) -> OperationalError:
    return OperationalError("SELECT 1", {}, cause)


@pytest.mark.parametrize(
    "route",
    [
        raises(failing(psycopg.OperationalError("the connection is lost"))),
        raises(failing(psycopg.errors.DeadlockDetected("deadlock detected"))),
        raises(failing(sqlite3.OperationalError("disk I/O error"))),
        raises(psycopg.OperationalError("the connection is lost")),
        raises(OSError("no space left on device")),
        raises(MemoryError()),
        fails(at_nothing),
    ],
)
def test_what_is_not_a_signals_fault_is_not_held_against_it(hub: Hub, route: Route) -> None:
    say(hub, "before", POISON, "after")
    for batch in (500, 1):
        with pytest.raises((SQLAlchemyError, psycopg.Error, OSError, MemoryError)):
            dispatch_all(hub, route, batch)
    assert (kinds(hub), given_up(hub)) == (["before"], [])
    dispatch_all(hub)
    assert kinds(hub) == ["before", POISON, "after"]


def test_a_database_that_goes_away_while_signals_are_tried_alone_has_done_nothing(hub: Hub) -> None:
    later = iter([KeyError(), failing(psycopg.OperationalError("the connection is lost"))])

    def route(_hub: Hub, _session: Session, _told: Sequence[Event], _now: datetime) -> None:
        raise next(later)

    say(hub, "one", "two")
    with pytest.raises(OperationalError):
        dispatch(hub, (route,))
    assert (kinds(hub), signals(hub), given_up(hub)) == ([], 2, [])


@pytest.mark.parametrize(
    ("error", "is_its_own"),
    [
        (DataError("INSERT", {}, psycopg.DataError("a zero byte")), True),
        (psycopg.errors.CharacterNotInRepertoire("a zero byte, by COPY"), True),
        (ProgrammingError("INSERT", {}, psycopg.ProgrammingError("cannot adapt type")), True),
        (ProgrammingError("INSERT", {}, psycopg.errors.UndefinedTable("no such table")), False),
        (OverflowError("too large to convert"), True),
        (SQLAlchemyError("whatever is wrong with a session"), False),
    ],
)
def test_whose_fault_an_error_is(error: Exception, is_its_own: bool) -> None:
    assert dead.is_its_own(error) is is_its_own


class Killed(BaseException):
    """Not an Exception: nothing of ours catches it, as nothing survives kill -9."""


@contextmanager
def killed_at(engine: Engine, strike_at: int) -> Iterator[list[int]]:
    """Every statement and every commit, before and after it, is a moment to die at. Yields the moments that were."""
    moments: list[int] = []

    def moment(*_: object) -> None:
        moments.append(len(moments))
        if moments[-1] == strike_at:
            raise Killed

    listened: list[tuple[object, str]] = [
        (engine, "before_cursor_execute"),
        (Session, "before_commit"),
        (Session, "after_commit"),
    ]
    for target, name in listened:
        event.listen(target, name, moment)
    try:
        yield moments
    finally:
        for target, name in listened:
            event.remove(target, name, moment)


def test_a_dispatcher_that_dies_at_any_moment_loses_and_doubles_nothing(hub: Hub) -> None:
    route = raises(KeyError())
    for strike_at in count():
        subject_id = f"thing-{strike_at}"
        say(hub, "before", POISON, "after", subject_id=subject_id)
        with killed_at(hub.db.writer, strike_at) as moments, suppress(Killed):
            dispatch(hub, (route,))
        dispatch_all(hub, route)
        told = events(hub)
        assert [one.kind for one in told if one.subject_id == subject_id] == ["before", "after"]
        assert [one.subject_id for one in given_up(hub)] == [f"thing-{number}" for number in range(strike_at + 1)]
        assert [one.position for one in told] == list(range(1, len(told) + 1))
        assert effects(hub) == sorted(one.id for one in told)
        if strike_at > len(moments):
            break
    assert strike_at > 20


def test_sending_round_again_that_dies_at_any_moment_loses_doubles_and_disorders_nothing(hub: Hub) -> None:
    for strike_at in count():
        subject_id = f"thing-{strike_at}"
        say(hub, POISON, "also", subject_id=subject_id)
        assert dispatch(hub, (raises(KeyError()), breaks_at("also"))) == 2
        with killed_at(hub.db.writer, strike_at) as moments, suppress(Killed):
            dead.revive(hub)
        assert len(given_up(hub)) + signals(hub) == 2
        dispatch(hub, ())
        dead.revive(hub)
        dispatch(hub, ())
        assert [one.kind for one in events(hub) if one.subject_id == subject_id] == [POISON, "also"]
        if strike_at > len(moments):
            break
    assert strike_at > 5


def test_many_dispatchers_give_it_up_once_and_many_operators_send_it_round_once(hub: Hub) -> None:
    say(hub, *["before", POISON, "after"] * 4)

    def go_on() -> None:
        for _ in range(20):
            dispatch(hub, (raises(KeyError()),), batch=5)

    at_once(4, go_on)
    assert (kinds(hub), len(given_up(hub))) == (["before", "after"] * 4, 4)
    assert sum(at_once(4, lambda: dead.revive(hub))) == 4
    dispatch(hub, ())
    assert (kinds(hub)[8:], given_up(hub)) == ([POISON] * 4, [])


def test_what_is_sent_round_again_comes_after_what_was_told_since_and_says_when_it_was(
    hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.commands.events.hub_of_environ", lambda: hub)
    said_at = clock()
    say(hub, POISON)
    assert "none was given up" in CliRunner().invoke(main, ["events", "dead"]).output
    dispatch(hub, (raises(KeyError("a person's data")),))
    clock.advance(seconds=60)
    say(hub, "since")
    dispatch(hub, ())
    (buried,) = given_up(hub)
    shown = CliRunner().invoke(main, ["events", "dead"]).output
    assert shown == f"{buried.id}  2026-11-23 09:00:00  poison                       subject: KeyError\n"
    lag = CliRunner().invoke(main, ["events", "lag"]).output
    assert "given up: 1" in lag
    assert "Kafka" not in lag  # this hub has none
    assert [one.state for one in parts.of(hub) if one.name == "Events"] == ["warn"]
    assert CliRunner().invoke(main, ["events", "retry"]).exit_code == 2
    assert CliRunner().invoke(main, ["events", "retry", "nothing"]).exit_code == 1
    assert CliRunner().invoke(main, ["events", "retry", buried.id]).output == "1 sent round again\n"
    dispatch(hub, ())
    assert [(one.kind, one.at) for one in events(hub)] == [("since", clock()), (POISON, said_at)]
    assert (events(hub)[1].id, events(hub)[1].body) == (buried.id, {"said": POISON})
    assert [one.state for one in parts.of(hub) if one.name == "Events"] == ["good"]


def test_a_timer_that_begins_late_is_ended_by_what_came_between(hub: Hub, clock: TestClock) -> None:
    say(hub, "connection.begun")
    dispatch(hub, (breaks_at("connection.begun"),))
    clock.advance(seconds=60)
    say(hub, "connection.linked")
    dispatch(hub, ())
    assert dead.revive(hub) == 1
    dispatch(hub, ())
    clock.advance(seconds=600)
    run_out(hub)
    assert kinds(hub) == ["connection.linked", "connection.begun"]


def test_a_timer_is_ended_by_what_was_given_up_too(hub: Hub, clock: TestClock) -> None:
    """It has happened all the same."""
    say(hub, "connection.begun")
    dispatch(hub, ())
    clock.advance(seconds=60)
    say(hub, "connection.linked")
    dispatch(hub, (breaks_at("connection.linked"),))
    clock.advance(seconds=600)
    run_out(hub)
    assert kinds(hub) == ["connection.begun"]


@pytest.mark.parametrize("older", ["connection.begun", "connection.link_failed"])
def test_what_is_sent_round_again_touches_no_timer_that_was_started_since(
    hub: Hub, clock: TestClock, older: str
) -> None:
    say(hub, older)
    dispatch(hub, (breaks_at(older),))
    clock.advance(seconds=300)
    say(hub, "connection.begun")
    dispatch(hub, ())
    assert dead.revive(hub) == 1
    dispatch(hub, ())
    clock.advance(seconds=599)
    run_out(hub)
    assert "connection.abandoned" not in kinds(hub)
    clock.advance(seconds=1)
    run_out(hub)
    assert kinds(hub)[-1] == "connection.abandoned"
