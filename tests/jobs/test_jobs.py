"""Work that was asked for is done: once where that was promised, by one worker, in order of need, whoever dies."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from hub import correlation
from hub.cli import main
from hub.context import Hub
from hub.jobs import holding
from hub.jobs.claim import MARGIN, Claims
from hub.jobs.crew import Crew
from hub.jobs.holding import Held, Lost
from hub.jobs.kind import Again, GiveUp, Kind
from hub.jobs.queue import NOW, ROUTINE, SOON, put, withdraw
from hub.jobs.scheduler import Round, tick
from hub.models.job import Job
from tests.conftest import TestClock
from tests.jobs.workshop import QUEUE, Carver, ask, dead, jobs
from tests.race import at_once


def test_what_was_asked_for_in_a_transaction_that_failed_was_not_asked_for(hub: Hub) -> None:
    def ask_and_die() -> None:
        with hub.db.write() as session:
            put(session, QUEUE, at=hub.clock(), now=hub.clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ask_and_die()
    assert jobs(hub) == []


def test_asked_for_twice_it_is_done_once_and_as_it_was_asked_last(hub: Hub, clock: TestClock) -> None:
    carver = Carver([])
    ask(hub, "rialto", at=clock() + timedelta(hours=1))
    ask(hub, "rialto", args={"in": "stone"})
    carver.then = lambda _hub, held: carver.done.append(str(held.args["in"]))
    assert Crew(hub, [carver.kind()]).run_once() == 1
    assert carver.done == ["rialto", "stone"]
    assert jobs(hub) == []


def test_asked_for_while_it_runs_it_is_done_once_more_afterwards(hub: Hub) -> None:
    carver = Carver([])

    def ask_again(hub: Hub, held: Held) -> None:
        if len(carver.done) == 1:
            ask(hub, held.key)
            assert jobs(hub)[0].owner == held.owner

    carver.then = ask_again
    ask(hub, "rialto")
    crew = Crew(hub, [carver.kind()])
    crew.run_once()
    crew.run_once()
    assert carver.done == ["rialto", "rialto"]
    assert jobs(hub) == []


@pytest.mark.parametrize(("attempts", "sooner"), [(0, True), (2, False)])
def test_more_to_do_brings_it_forward_but_does_not_end_the_pause_after_a_failure(
    hub: Hub, clock: TestClock, attempts: int, sooner: bool
) -> None:
    later = clock() + timedelta(hours=1)
    ask(hub, "rialto", at=later)
    with hub.db.write() as session:
        session.execute(update(Job).values(attempts=attempts))
    ask(hub, "rialto", is_earliest=True)
    assert jobs(hub)[0].run_at == (clock() if sooner else later)
    ask(hub, "rialto", at=later + timedelta(hours=1), is_earliest=True)
    assert jobs(hub)[0].run_at == (clock() if sooner else later)


def test_what_is_not_needed_any_more_goes_unless_it_runs_already(hub: Hub) -> None:
    ask(hub, "waits")
    with hub.db.write() as session:
        withdraw(session, QUEUE, "waits")
    assert jobs(hub) == []
    ask(hub, "runs")
    (held,) = Claims(hub, "w").take(Carver([]).kind(), 9)
    ask(hub, "runs")
    with hub.db.write() as session:
        withdraw(session, QUEUE, "runs")
        holding.finish(session, held)
    assert jobs(hub) == []


def test_a_person_who_waits_goes_before_what_happened_before_what_comes_round(hub: Hub, clock: TestClock) -> None:
    for name, priority in (("nightly", ROUTINE), ("happened", SOON), ("waits", NOW)):
        ask(hub, name, priority=priority)
        clock.advance(seconds=1)
    taken = [held.key for _ in range(3) for held in Claims(hub, "w").take(Carver([]).kind(), 1)]
    assert taken == ["waits", "happened", "nightly"]


def test_many_workers_never_get_the_same_job_and_leave_none(hub: Hub) -> None:
    for number in range(60):
        ask(hub, str(number))
    carver = Carver([])

    def claim_all(name: str) -> list[str]:
        claims, mine = Claims(hub, name), list[str]()
        while taken := claims.take(carver.kind(), 7):
            mine += [held.key for held in taken]
        return mine

    taken = [key for keys in at_once(4, lambda: claim_all("w")) for key in keys]
    assert sorted(taken, key=int) == [str(number) for number in range(60)]


def test_a_lane_has_its_limit_over_all_processes(hub: Hub) -> None:
    kind = Carver([]).kind(per_lane=2, lane_limits=lambda _hub: {"down": 0, "probed": 1})
    for number in range(5):
        for lane in ("albion", "down", "probed"):
            ask(hub, f"{lane}-{number}", lane=lane)
    ask(hub, "free")
    taken = [held.lane for some in at_once(4, lambda: Claims(hub, "w").take(kind, 9)) for held in some]
    assert sorted(map(str, taken)) == ["None", "albion", "albion", "probed"]


def test_a_full_lane_does_not_hide_what_is_behind_it(hub: Hub, clock: TestClock) -> None:
    for number in range(40):
        ask(hub, f"slow-{number}", lane="slow")
    clock.advance(seconds=1)
    ask(hub, "quick", lane="quick")
    taken = [held.key for held in Claims(hub, "w").take(Carver([]).kind(per_lane=1), 8)]
    assert taken == ["slow-0", "quick"] or (taken[0].startswith("slow") and taken[1:] == ["quick"])


def test_a_dead_workers_job_is_taken_over_and_what_it_still_does_changes_nothing(hub: Hub, clock: TestClock) -> None:
    ask(hub, "rialto")
    (zombie,) = Claims(hub, "dies").take(Carver([]).kind(), 1)
    assert Claims(hub, "w").take(Carver([]).kind(), 1) == []
    clock.advance(seconds=hub.settings.job_lease_s)
    (heir,) = Claims(hub, "w").take(Carver([]).kind(), 1)
    assert (heir.taken_from, heir.attempts) == (zombie.owner, 2)
    kind = Carver([]).kind()
    for end in (
        lambda session: holding.finish(session, zombie),
        lambda session: holding.postpone(session, zombie, clock()),
        lambda session: holding.fail(session, kind, zombie, "late", clock()),
        lambda session: holding.fail(session, kind, zombie, "late", clock(), for_good=True),
    ):
        with pytest.raises(Lost), hub.db.write() as session:
            end(session)
    with hub.db.write() as session:
        holding.keep(session, [zombie], clock() + timedelta(days=1))
        holding.release(session, zombie, clock())
        holding.finish_all(session, [zombie])
    assert [(job.owner, job.run_at) for job in jobs(hub)] == [
        (heir.owner, clock() + timedelta(seconds=hub.settings.job_lease_s))
    ]


def test_a_lease_that_is_kept_does_not_run_out(hub: Hub, clock: TestClock) -> None:
    ask(hub, "rialto")
    (held,) = Claims(hub, "w").take(Carver([]).kind(), 1)
    for _ in range(5):
        clock.advance(seconds=hub.settings.job_lease_s / 3)
        with hub.db.write() as session:
            holding.keep(session, [held], clock() + timedelta(seconds=hub.settings.job_lease_s))
    assert Claims(hub, "other").take(Carver([]).kind(), 1) == []


def test_effects_and_the_end_of_the_job_are_one_transaction(hub: Hub) -> None:
    def finish_and_die(hub: Hub, held: Held) -> None:
        with hub.db.write() as session:
            put(session, "effect", key="1", at=hub.clock() + timedelta(days=1), now=hub.clock())
            holding.finish(session, held)
            raise OSError("the machine goes down before the commit")

    ask(hub, "rialto")
    Crew(hub, [Carver([], finish_and_die).kind()]).run_once()
    assert [(job.queue, job.attempts, job.failure) for job in jobs(hub)] == [(QUEUE, 1, "OSError")]


def test_what_fails_is_tried_again_ever_later_and_buried_in_the_end(hub: Hub, clock: TestClock) -> None:
    def fail(_hub: Hub, _held: Held) -> None:
        raise ValueError("with a person's data in it")

    ask(hub, "rialto", args={"of": "marble"})
    crew = Crew(hub, [Carver([], fail).kind(pauses_s=(10, 60))])
    for pause_s in (10, 60):
        crew.run_once()
        (job,) = jobs(hub)
        assert timedelta(seconds=pause_s) <= job.run_at - clock() <= timedelta(seconds=1.25 * pause_s)
        assert (job.failure, job.owner) == ("ValueError", None)
        clock.at = job.run_at
    crew.run_once()
    assert jobs(hub) == []
    (buried,) = dead(hub)
    assert (buried.failure, buried.attempts, buried.args) == ("ValueError", 3, {"of": "marble"})


def test_what_can_never_be_done_is_given_up_at_once_and_endless_work_never(hub: Hub, clock: TestClock) -> None:
    def never(_hub: Hub, _held: Held) -> None:
        raise GiveUp("the stone is broken")

    def fail(_hub: Hub, _held: Held) -> None:
        raise OSError

    ask(hub, "rialto")
    Crew(hub, [Carver([], never).kind()]).run_once()
    assert [one.failure for one in dead(hub)] == ["the stone is broken"]
    ask(hub, "bridge")
    endless = Crew(hub, [Carver([], fail).kind(pauses_s=(1,), is_endless=True)])
    for _ in range(5):
        endless.run_once()
        clock.advance(seconds=2)
    assert [job.attempts for job in jobs(hub)] == [5]


def die_of(hub: Hub, clock: TestClock, kind: Kind, times: int) -> None:
    """The process of each of so many claims dies."""
    for _ in range(times):
        assert len(Claims(hub, "dies").take(kind, 1)) == 1
        clock.advance(seconds=hub.settings.job_lease_s)


def test_what_its_workers_die_of_is_buried_after_its_last_attempt_and_not_begun_again(
    hub: Hub, clock: TestClock
) -> None:
    carver = Carver([])
    kind = carver.kind(pauses_s=(10, 60))
    ask(hub, "rialto", args={"of": "marble"})
    die_of(hub, clock, kind, 3)
    Crew(hub, [kind]).run_once()
    (buried,) = dead(hub)
    assert (carver.done, jobs(hub)) == ([], [])
    assert (buried.failure, buried.args) == ("the process that did it died", {"of": "marble"})
    with hub.db.write() as session:
        assert holding.revive(session, buried.id, clock())
    Crew(hub, [kind]).run_once()
    assert (carver.done, dead(hub)) == (["rialto"], [])


def test_what_a_worker_died_beside_is_taken_over_at_once_and_what_went_well_begins_to_count_anew(
    hub: Hub, clock: TestClock
) -> None:
    carver = Carver([], lambda _hub, _held: Again(clock()))
    kind = carver.kind(pauses_s=(10, 60))
    ask(hub, "rialto")
    for _ in range(3):
        die_of(hub, clock, kind, 2)
        Crew(hub, [kind]).run_once()
    assert (carver.done, dead(hub)) == (["rialto"] * 3, [])


def test_endless_work_that_its_workers_die_of_waits_for_the_last_pause_each_time(hub: Hub, clock: TestClock) -> None:
    carver = Carver([])
    kind = carver.kind(pauses_s=(10, 600), is_endless=True)
    ask(hub, "bridge")
    die_of(hub, clock, kind, 3)
    Crew(hub, [kind]).run_once()
    (job,) = jobs(hub)
    assert (carver.done, job.owner, job.failure) == ([], None, "the process that did it died")
    assert job.run_at - clock() >= timedelta(seconds=600)
    clock.at = job.run_at
    Crew(hub, [kind]).run_once()
    assert (carver.done, jobs(hub)) == (["bridge"], [])


@pytest.mark.parametrize("fails", [False, True])
def test_a_job_that_lasts_longer_than_its_worker_may_stay_is_not_blamed_for_that(
    hub: Hub, clock: TestClock, fails: bool
) -> None:
    """However often the hub is deployed; a failure of its own counts even then."""
    begun, go_on = threading.Event(), threading.Event()

    def linger(_hub: Hub, _held: Held) -> None:
        begun.set()
        assert go_on.wait(20)
        if fails:
            raise OSError

    carver = Carver([], linger)
    ask(hub, "rialto")
    crew = Crew(hub, [carver.kind()], grace_s=0)
    running = threading.Thread(target=crew.run)
    running.start()
    assert begun.wait(10)
    crew.stop()
    running.join(20)
    assert [(job.attempts, job.owner is None) for job in jobs(hub)] == [(0, False)]
    if not fails:
        clock.advance(seconds=hub.settings.job_lease_s)
        (heir,) = Claims(hub, "w").take(carver.kind(), 1)
        assert (heir.attempts, heir.taken_from is None) == (1, False)
    go_on.set()
    while crew._under_way:
        threading.Event().wait(0.01)
    assert [job.attempts for job in jobs(hub)] == [1]


def test_a_dead_job_is_sent_round_again_by_command(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_hub: Hub, _held: Held) -> None:
        raise GiveUp("the stone is broken")

    monkeypatch.setattr("hub.commands.jobs.hub_of_environ", lambda: hub)
    ask(hub, "rialto", args={"of": "marble"})
    Crew(hub, [Carver([], never).kind()]).run_once()
    (buried,) = dead(hub)
    told = CliRunner().invoke(main, ["jobs", "list"]).output.splitlines()[1].split()
    assert told == [QUEUE, "0", "0", "0", "0", "1"]
    assert "the stone is broken" in CliRunner().invoke(main, ["jobs", "dead"]).output
    assert CliRunner().invoke(main, ["jobs", "retry", "nothing"]).exit_code == 1
    assert CliRunner().invoke(main, ["jobs", "retry", buried.id]).output == "1 sent round again\n"
    carver = Carver([])
    assert Crew(hub, [carver.kind()]).run_once() == 1
    assert (carver.done, dead(hub)) == (["rialto"], [])


def test_work_that_comes_again_says_when(hub: Hub, clock: TestClock) -> None:
    ask(hub, "rialto")
    at = clock() + timedelta(hours=2)
    Crew(hub, [Carver([], lambda _hub, _held: Again(at)).kind()]).run_once()
    assert [(job.run_at, job.attempts, job.owner) for job in jobs(hub)] == [(at, 0, None)]


def test_the_id_of_what_asked_for_it_goes_with_the_job(hub: Hub) -> None:
    seen = list[str | None]()
    with correlation.under("a-click"):
        ask(hub, "rialto")
    Crew(hub, [Carver([], lambda _hub, _held: seen.append(correlation.current())).kind()]).run_once()
    assert seen == ["a-click"]
    assert correlation.current() is None


def test_a_crew_that_is_told_to_stop_finishes_what_it_began_and_gives_back_the_rest(hub: Hub) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def linger(_hub: Hub, _held: Held) -> None:
        begun.set()
        assert go_on.wait(10)

    for number in range(3):
        ask(hub, str(number))
    carver = Carver([], linger)
    crew = Crew(hub, [carver.kind(threads=1)])
    running = threading.Thread(target=crew.run)
    running.start()
    assert begun.wait(10)
    crew.stop()
    go_on.set()
    running.join(20)
    assert not running.is_alive()
    assert len(carver.done) == 1
    assert [(job.owner, job.attempts) for job in jobs(hub)] == [(None, 0), (None, 0)]


def test_a_person_who_waits_is_heard_at_once(hub: Hub) -> None:
    done = threading.Event()
    crew = Crew(hub, [Carver([], lambda _hub, _held: done.set()).kind()])
    running = threading.Thread(target=crew.run)
    running.start()
    try:
        assert not done.wait(0.3)
        ask(hub, "rialto", priority=NOW)
        assert done.wait(10)
    finally:
        crew.stop()
        running.join(20)


def test_jobs_put_by_a_machine_whose_clock_is_behind_are_found(hub: Hub, clock: TestClock) -> None:
    ask(hub, "first")
    claims = Claims(hub, "w")
    assert len(claims.take(Carver([]).kind(), 1)) == 1
    ask(hub, "behind", at=clock() - MARGIN)
    assert [held.key for held in claims.take(Carver([]).kind(), 1)] == ["behind"]


def test_a_round_comes_once_over_all_machines_and_is_not_made_up_for(hub: Hub, clock: TestClock) -> None:
    rounds = [Round(QUEUE, timedelta(minutes=1))]
    assert sum(at_once(4, lambda: tick(hub, rounds))) == 1
    assert tick(hub, rounds) == 0
    clock.advance(days=1)
    assert sum(at_once(4, lambda: tick(hub, rounds))) == 1
    assert [job.key for job in jobs(hub)] == [QUEUE]
    clock.advance(seconds=59)
    assert tick(hub, rounds) == 0


def test_a_job_that_came_by_the_clock_is_where_its_trace_begins_and_one_that_was_asked_for_is_not(hub: Hub) -> None:
    notes = list[dict[str, Any]]()
    hub.recorder.note = lambda *_place, **told: notes.append(told | {"trace": correlation.current()})  # type: ignore[method-assign]
    ask(hub, "by the clock")
    with correlation.under(asked_by := str(uuid.uuid4())):
        ask(hub, "asked for")
    assert Crew(hub, [Carver([]).kind()]).run_once() == 2
    by_trace = {one["trace"]: one["request_id"] for one in notes}
    assert by_trace.pop(asked_by) == ""
    assert all(trace == request_id for trace, request_id in by_trace.items())
    assert len(by_trace) == 1
