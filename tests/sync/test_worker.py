"""The worker takes what is due, in parallel over banks, and ends when it is told to."""

import threading
import time
from dataclasses import replace

import msgspec
import pytest

from hub.connections.plan import THEIR_TURN
from hub.connections.state import Status
from hub.jobs.crew import Crew
from hub.sync.first import start_first_sync
from hub.sync.job import kind
from hub.sync.run import Result
from providers.errors import ReconsentRequired
from tests.connections.scripted import ScriptedBank
from tests.connections.world import BANK, OTHER_BANK, PRESENT, World, one_store, person


def _wait_for(event: threading.Event) -> None:
    assert event.wait(10)


def other_bank(world: World) -> ScriptedBank:
    found = world.hub.banks[OTHER_BANK]
    assert isinstance(found, ScriptedBank)
    return found


def test_the_worker_does_what_is_due_once(world: World) -> None:
    world.fill()
    connections = [world.linked(person(world.hub, f"person-{n}")) for n in range(5)]
    worker = world.crew()
    assert worker.run_once() == 5
    assert all(world.row(one).last_success_at for one in connections)
    assert worker.run_once() == 0
    assert world.bank.presence == [None] * 5


@one_store
def test_the_worker_leaves_alone_what_is_not_its_turn(world: World) -> None:
    world.begin()  # not finished
    waiting = world.linked()
    world.bank.errors["accounts"] = ReconsentRequired("ended")
    world.sync(waiting)
    world.clock.advance(seconds=3600)
    world.bank.calls.clear()
    assert world.crew().run_once() == 0
    assert world.bank.calls == []


@one_store
def test_one_bank_never_takes_more_than_its_share(world: World) -> None:
    inside, most = [0], [0]
    lock = threading.Lock()

    def measure(step: str, _key: str) -> None:
        if step == "accounts":
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.02)
            with lock:
                inside[0] -= 1

    for n in range(6):
        world.linked(person(world.hub, f"person-{n}"))
    world.bank.hook = measure
    assert world.crew(per_institution=2).run_once() == 6
    assert most[0] <= 2


def test_a_slow_bank_does_not_keep_the_others_waiting(world: World) -> None:
    other_done = threading.Event()

    def slow(step: str, _key: str) -> None:
        if step == "accounts":
            assert other_done.wait(10), "the other bank had to wait for this one"

    for n in range(6):
        world.linked(person(world.hub, f"person-{n}"))
    world.clock.advance(seconds=1)  # the other bank's connection is the last in the queue
    world.linked(institution_id=OTHER_BANK)
    world.bank.hook = slow
    other_bank(world).hook = lambda step, _key: other_done.set() if step == "end" else None
    assert world.crew(threads=4).run_once() == 7
    assert world.bank.steps().count("accounts") == 6


@one_store
def test_twenty_banks_are_read_at_once(world: World) -> None:
    """However long each takes to answer, together they take about as long as the slowest (bench.refresh: how long)."""
    everybody = threading.Barrier(20)

    def wait_for_all(step: str, _key: str) -> None:
        if step == "accounts":
            everybody.wait(20)  # breaks unless all twenty are being asked at this moment

    some = world.hub.institutions[BANK]
    banks = {f"bank-{n}": ScriptedBank() for n in range(20)}
    for slow in banks.values():
        slow.hook = wait_for_all
    hub = replace(world.hub, banks=banks, institutions={one: msgspec.structs.replace(some, id=one) for one in banks})
    connections = [World(hub, world.bank, world.clock, world.alice).linked(institution_id=one) for one in banks]
    world.clock.at += THEIR_TURN
    assert Crew(hub, [kind()]).run_once() == 20
    assert [world.row(one).failure_kind for one in connections] == [None] * 20


def test_two_workers_do_not_do_the_same_work(world: World) -> None:
    for n in range(8):
        world.linked(person(world.hub, f"person-{n}"))
    threads = [threading.Thread(target=world.crew().run_once) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.bank.steps().count("accounts") == 8


@one_store
def test_a_worker_runs_until_it_is_stopped_and_survives_a_job_that_breaks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = world.linked(), world.linked(person(world.hub, "Bob"))

    def break_one(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr("hub.sync.run.left_to_us", break_one)
    worker = world.crew()
    thread = threading.Thread(target=worker.run)
    thread.start()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not all(world.row(one).failure_kind for one in (broken, fine)):
        time.sleep(0.02)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert [world.row(one).failure_kind for one in (broken, fine)] == ["hub_error", "hub_error"]


def test_the_first_sync_is_waited_for_a_moment(world: World) -> None:
    world.fill()
    connection_id = world.linked()
    assert start_first_sync(world.hub, connection_id, psu=PRESENT, wait_s=10)
    assert world.transactions() == 8
    assert world.bank.presence == [PRESENT]


def test_the_first_sync_goes_on_when_nobody_waits_any_more(world: World) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def linger(step: str, _key: str) -> None:
        if step == "page":
            begun.set()
            _wait_for(go_on)

    world.fill()
    world.bank.hook = linger
    connection_id = world.linked()
    assert not start_first_sync(world.hub, connection_id, psu=PRESENT, wait_s=0.01)
    _wait_for(begun)
    calls = len(world.bank.calls)
    assert world.crew().run_once() == 1  # looked, and left it: the lease is the web process's
    assert len(world.bank.calls) == calls
    go_on.set()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and world.row(connection_id).last_success_at is None:
        time.sleep(0.01)
    assert world.transactions() == 8


def test_a_first_sync_whose_process_died_is_taken_up_by_the_worker(world: World) -> None:
    class Killed(BaseException):
        pass

    def die(step: str, key: str) -> None:
        if (step, key) == ("page", "resource-2"):
            raise Killed

    world.fill()
    connection_id = world.linked()
    world.bank.hook = die
    with pytest.raises(Killed):
        world.sync(connection_id)
    world.bank.hook = lambda _step, _key: None
    worker, calls = world.crew(), len(world.bank.calls)
    worker.run_once()
    assert len(world.bank.calls) == calls  # the dead process's lease has not run out
    world.clock.advance(seconds=world.hub.settings.sync_lease_s)
    assert worker.run_once() == 1
    row = world.row(connection_id)
    assert (row.status, row.last_success_at) == (Status.READY, world.clock())
    assert world.transactions() == 8
    assert world.sync(connection_id).result is Result.SYNCED
