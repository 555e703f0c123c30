"""A bank that is down is left alone, asked again by one caller, and open to all as soon as it answers."""

import threading

import pytest

from hub.connections.circuit import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE,
    LONGEST_PAUSE,
    PROBE_ENDS,
    WINDOW,
    Circuits,
    Family,
    State,
)
from hub.connections.link import LinkFailed
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from tests.conftest import TestClock
from tests.connections.world import OTHER_BANK, World, one_store, person

DOWN = Transient("HTTP 503")


@pytest.fixture
def circuits(clock: TestClock) -> Circuits:
    return Circuits(clock)


def ask(circuits: Circuits, error: BaseException | None = None, family: Family = Family.READ) -> None:
    with circuits.asking("lorelei", family):
        if error is not None:
            raise error


def fail(circuits: Circuits, times: int, family: Family = Family.READ) -> None:
    for _ in range(times):
        with pytest.raises(Transient, match="HTTP 503"):
            ask(circuits, DOWN, family)


def is_refused(circuits: Circuits) -> bool:
    """Whether a caller is turned away without the bank being asked."""
    asked = False
    try:
        with circuits.asking("lorelei", Family.READ):
            asked = True
            raise Refused("asked")  # an answer
    except (Transient, Refused):
        return not asked


def test_so_many_failures_in_a_row_open_it_and_one_fewer_does_not(circuits: Circuits) -> None:
    fail(circuits, FAILURES_TO_OPEN - 1)
    assert circuits.state("lorelei", Family.READ) is State.CLOSED
    fail(circuits, 1)
    assert circuits.state("lorelei", Family.READ) is State.OPEN
    with pytest.raises(Transient) as caught:
        ask(circuits)
    assert caught.value.retry_after_s == FIRST_PAUSE.total_seconds() + 1
    assert circuits.state("albion", Family.READ) is State.CLOSED
    assert circuits.state("lorelei", Family.LINK) is State.CLOSED


ANSWERS = [Refused("no"), ReconsentRequired("gone"), ContractBroken("odd"), Transient("HTTP 429", answered=True)]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: type(one).__name__)
def test_any_answer_says_that_the_bank_is_there(circuits: Circuits, answer: ProviderError) -> None:
    for _ in range(3):
        fail(circuits, FAILURES_TO_OPEN - 1)
        with pytest.raises(type(answer)):
            ask(circuits, answer)
    assert circuits.state("lorelei", Family.READ) is State.CLOSED


def test_failures_far_apart_are_not_in_a_row(circuits: Circuits, clock: TestClock) -> None:
    for _ in range(3 * FAILURES_TO_OPEN):
        fail(circuits, 1)
        clock.advance(seconds=WINDOW.total_seconds() + 1)
    assert circuits.state("lorelei", Family.READ) is State.CLOSED


def test_one_caller_probes_and_the_others_wait_for_what_it_finds(circuits: Circuits, clock: TestClock) -> None:
    fail(circuits, FAILURES_TO_OPEN)
    clock.advance(seconds=FIRST_PAUSE.total_seconds())
    assert circuits.state("lorelei", Family.READ) is State.DUE
    with circuits.asking("lorelei", Family.READ):
        assert circuits.state("lorelei", Family.READ) is State.PROBING
        assert is_refused(circuits)
    assert circuits.state("lorelei", Family.READ) is State.CLOSED
    assert not is_refused(circuits)


def test_of_many_callers_at_once_one_probes(circuits: Circuits, clock: TestClock) -> None:
    fail(circuits, FAILURES_TO_OPEN)
    clock.advance(seconds=FIRST_PAUSE.total_seconds())
    start, inside, asked = threading.Barrier(8), threading.Event(), []
    turned_away: list[int] = []

    def call(number: int) -> None:
        start.wait(10)
        try:
            with circuits.asking("lorelei", Family.READ):
                asked.append(number)
                assert inside.wait(10)
        except Transient:
            turned_away.append(number)
            if len(turned_away) == 7:
                inside.set()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(asked), len(turned_away)) == (1, 7)


def test_every_probe_that_fails_doubles_the_pause_up_to_an_end(circuits: Circuits, clock: TestClock) -> None:
    fail(circuits, FAILURES_TO_OPEN)
    pause = FIRST_PAUSE
    for _ in range(8):
        clock.advance(seconds=pause.total_seconds() - 1)
        assert circuits.state("lorelei", Family.READ) is State.OPEN
        clock.advance(seconds=1)
        fail(circuits, 1)
        pause = min(pause * 2, LONGEST_PAUSE)
    assert pause == LONGEST_PAUSE
    clock.advance(seconds=pause.total_seconds())
    ask(circuits)
    fail(circuits, FAILURES_TO_OPEN)  # a new outage begins with the first pause
    clock.advance(seconds=FIRST_PAUSE.total_seconds())
    assert circuits.state("lorelei", Family.READ) is State.DUE


def test_calls_that_were_under_way_when_it_opened_do_not_prolong_it(circuits: Circuits, clock: TestClock) -> None:
    late = circuits.asking("lorelei", Family.READ)
    late.__enter__()
    fail(circuits, FAILURES_TO_OPEN)
    assert not late.__exit__(Transient, DOWN, None)
    clock.advance(seconds=FIRST_PAUSE.total_seconds())
    assert circuits.state("lorelei", Family.READ) is State.DUE


def test_a_probe_that_met_a_bug_or_never_ended_makes_room_for_the_next(circuits: Circuits, clock: TestClock) -> None:
    fail(circuits, FAILURES_TO_OPEN)
    clock.advance(seconds=FIRST_PAUSE.total_seconds())
    with pytest.raises(KeyError):
        ask(circuits, KeyError("ours"))
    assert circuits.state("lorelei", Family.READ) is State.DUE
    lost = circuits.asking("lorelei", Family.READ)
    lost.__enter__()
    assert circuits.state("lorelei", Family.READ) is State.PROBING
    clock.advance(seconds=PROBE_ENDS.total_seconds())
    assert circuits.state("lorelei", Family.READ) is State.DUE


def open_circuit(world: World, family: Family) -> None:
    fail(world.hub.circuits, FAILURES_TO_OPEN, family)


@one_store
def test_a_person_who_wants_to_link_a_bank_that_is_down_is_told_at_once(world: World) -> None:
    open_circuit(world, Family.LINK)
    with pytest.raises(AssertionError, match="does not answer at the moment"):
        world.begin()
    assert world.bank.calls == []


@one_store
def test_a_person_who_is_back_from_the_bank_is_not_turned_away(world: World) -> None:
    state = world.begin()
    open_circuit(world, Family.LINK)
    assert not isinstance(world.come_back(state), LinkFailed)
    assert world.hub.circuits.state("lorelei", Family.LINK) is State.CLOSED


@one_store
def test_the_worker_leaves_alone_who_is_down_and_sends_one_to_see(world: World) -> None:
    for number in range(4):
        world.linked(person(world.hub, f"person-{number}"))
    world.linked(institution_id=OTHER_BANK)
    open_circuit(world, Family.READ)
    world.bank.calls.clear()
    worker = world.crew()
    assert worker.run_once() == 1  # the other bank's
    assert world.bank.calls == []
    world.clock.advance(seconds=FIRST_PAUSE.total_seconds())
    world.bank.errors["accounts"] = Transient("HTTP 503")
    assert worker.run_once() == 1
    assert world.bank.steps() == ["accounts"]
    world.clock.advance(seconds=(2 * FIRST_PAUSE).total_seconds())
    world.bank.errors.clear()
    assert worker.run_once() == 3  # the one that was sent waits a little longer
    assert world.hub.circuits.state("lorelei", Family.READ) is State.CLOSED


@one_store
def test_a_bank_that_goes_down_costs_so_many_calls_and_then_none(world: World) -> None:
    connections = [world.linked(person(world.hub, f"person-{number}")) for number in range(2 * FAILURES_TO_OPEN)]
    world.bank.errors["accounts"] = Transient("no connection")
    world.bank.calls.clear()
    world.crew(per_institution=1).run_once()
    assert len(world.bank.calls) == FAILURES_TO_OPEN
    waiting = [one for one in connections if world.row(one).failures == 0]
    assert len(waiting) == FAILURES_TO_OPEN  # they have not failed: nobody asked for them
    assert all(world.row(one).next_sync_at <= world.clock() for one in waiting)  # type: ignore[operator]


def test_where_people_bring_their_own_addresses_one_dead_one_shuts_out_nobody(clock: TestClock) -> None:
    circuits = Circuits(clock, is_one_bank=lambda institution_id: institution_id != "lorelei")
    fail(circuits, 3 * FAILURES_TO_OPEN)
    assert circuits.state("lorelei", Family.READ) is State.CLOSED
    ask(circuits)
