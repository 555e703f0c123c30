"""A wall clock that jumps: nobody's effects come twice, and nothing waits for as long as the clock was wrong."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from hub.context import Hub
from hub.jobs import holding
from hub.jobs.claim import MARGIN, Claims
from hub.jobs.crew import Crew
from hub.jobs.holding import Held
from hub.jobs.queue import put
from hub.jobs.scheduler import Round, tick
from hub.models.job import Job
from tests.conftest import TestClock
from tests.jobs.workshop import QUEUE, Carver, ask, jobs

EFFECT = "effect"
FAR = timedelta(days=400)


def carve(hub: Hub, held: Held) -> None:
    """One effect for each claim that may still have one, in the transaction that ends the job."""
    with hub.db.write() as session:
        put(session, EFFECT, at=hub.clock(), now=hub.clock())
        holding.finish(session, held)


def effects(hub: Hub) -> int:
    with hub.db.read() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.queue == EFFECT)) or 0


def test_a_clock_that_jumps_ahead_lets_others_take_over_and_what_was_begun_has_its_effect_once(
    hub: Hub, clock: TestClock
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def linger(hub: Hub, held: Held) -> None:
        begun.set()
        assert go_on.wait(60)
        carve(hub, held)

    ask(hub, "rialto")
    slow, heir = Carver([], linger), Carver([], carve)
    lingering = threading.Thread(target=Crew(hub, [slow.kind()]).run_once)
    lingering.start()
    try:
        assert begun.wait(60)
        clock.at += FAR
        Crew(hub, [heir.kind()]).run_once()
    finally:
        go_on.set()
        lingering.join(60)
    assert (slow.done, heir.done, effects(hub)) == (["rialto"], ["rialto"], 1)
    assert [job.queue for job in jobs(hub)] == [EFFECT]


def test_a_dead_workers_job_waits_for_a_lease_and_not_for_as_long_as_the_clock_was_ahead(
    hub: Hub, clock: TestClock
) -> None:
    lease = timedelta(seconds=hub.settings.job_lease_s)
    ask(hub, "rialto")
    assert Claims(hub, "dies").take(Carver([]).kind(), 1)
    clock.at -= FAR
    heir = Crew(hub, [Carver([]).kind()])
    heir.keep_leases()
    assert [job.run_at for job in jobs(hub)] == [clock() + lease]
    clock.at += lease
    assert heir.run_once() == 1


def test_a_living_workers_job_stays_its_own_when_the_clock_is_set_back(hub: Hub, clock: TestClock) -> None:
    lease = timedelta(seconds=hub.settings.job_lease_s)
    ask(hub, "rialto")
    (held,) = Claims(hub, "lives").take(Carver([]).kind(), 1)
    clock.at -= FAR
    other = Crew(hub, [Carver([]).kind()])
    for _ in range(5):
        other.keep_leases()
        assert other.run_once() == 0
        clock.at += lease / 3
        with hub.db.write() as session:
            holding.keep(session, [held], clock() + lease)
    carve(hub, held)
    assert effects(hub) == 1


def test_a_lease_of_a_machine_whose_clock_is_a_little_ahead_is_left_alone(hub: Hub, clock: TestClock) -> None:
    ask(hub, "rialto")
    assert Claims(hub, "ahead").take(Carver([]).kind(), 1)
    (before,) = jobs(hub)
    clock.at -= MARGIN
    Crew(hub, [Carver([]).kind()]).keep_leases()
    assert [job.run_at for job in jobs(hub)] == [before.run_at]


def test_what_is_put_after_the_clock_was_set_back_is_found(
    hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(hub, "before")
    claims = Claims(hub, "w")
    assert len(claims.take(Carver([]).kind(), 1)) == 1
    clock.at -= FAR
    ask(hub, "after")
    monkeypatch.setattr("hub.jobs.claim.FROM_THE_BEGINNING_S", 0.0)
    assert [held.key for held in claims.take(Carver([]).kind(), 1)] == ["after"]


def test_a_round_waits_for_its_rhythm_at_most_when_the_clock_is_set_back(hub: Hub, clock: TestClock) -> None:
    rounds = [Round(QUEUE, timedelta(minutes=1))]
    assert tick(hub, rounds) == 1
    clock.at -= FAR
    assert tick(hub, rounds) == 1
    assert tick(hub, rounds) == 0
    clock.advance(seconds=60)
    assert tick(hub, rounds) == 1


def test_machines_whose_clocks_differ_a_little_do_not_begin_a_round_twice(hub: Hub, clock: TestClock) -> None:
    rounds = [Round(QUEUE, timedelta(minutes=1))]
    assert tick(hub, rounds) == 1
    clock.at -= MARGIN
    assert tick(hub, rounds) == 0
