"""Who holds the lease writes; everybody else does not, however late or early they come."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from hub.connections import service
from hub.connections.state import Status
from hub.ids import new_id
from hub.models.ledger import Change
from hub.sync import lease
from hub.sync.quota import Budget
from hub.sync.run import Result
from providers.errors import ReconsentRequired
from providers.model import Page
from tests.connections.scripted import movement
from tests.connections.world import World


def test_of_twenty_who_claim_a_connection_one_gets_it(world: World) -> None:
    connection_id = world.linked()
    won: list[object] = []
    gate = threading.Barrier(20)

    def claim() -> None:
        gate.wait()
        if (got := lease.claim(world.hub, connection_id, owner=new_id(), due_only=True)) is not None:
            won.append(got)

    threads = [threading.Thread(target=claim) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_connection_that_is_being_synced_is_left_alone_until_the_lease_runs_out(world: World) -> None:
    connection_id = world.linked()
    assert lease.claim(world.hub, connection_id, owner="first", due_only=False) is not None
    world.clock.advance(seconds=world.hub.settings.sync_lease_s - 1)
    assert lease.claim(world.hub, connection_id, owner="second", due_only=False) is None
    world.clock.advance(seconds=1)
    assert lease.claim(world.hub, connection_id, owner="second", due_only=False) is not None


def test_every_step_prolongs_the_lease_so_that_a_long_sync_is_not_taken_over(world: World) -> None:
    world.fill()
    connection_id = world.linked()
    lease_s = world.hub.settings.sync_lease_s
    others: list[object] = []

    def slowly(_step: str, _key: str) -> None:
        world.clock.advance(seconds=lease_s * 0.3)
        others.append(lease.claim(world.hub, connection_id, owner="another", due_only=False))

    world.bank.hook = slowly
    assert world.sync(connection_id).result is Result.SYNCED
    assert others == [None] * len(world.bank.calls[2:])  # start and finish came before


def test_a_long_answer_that_is_only_stored_at_its_end_keeps_the_lease_too(world: World) -> None:
    world.fill()
    connection_id = world.synced()
    day = world.clock().date()
    world.bank.pages["resource-1"] = [Page((movement(100 + n, day),), str(n)) for n in range(10)]
    others: list[object] = []

    def slowly(_step: str, _key: str) -> None:
        world.clock.advance(seconds=world.hub.settings.sync_lease_s * 0.3)
        others.append(lease.claim(world.hub, connection_id, owner="another", due_only=False))

    world.bank.hook = slowly
    assert world.sync(connection_id).result is Result.SYNCED
    assert others == [None] * len(others)
    assert len(others) > 10


def test_an_account_that_a_newer_link_takes_in_the_middle_is_written_by_that_one_alone(world: World) -> None:
    world.fill()
    day = world.clock().date()
    older = world.linked()
    newer: list[str] = []

    def link_anew(step: str, key: str) -> None:
        if (step, key) == ("balances", "resource-1"):
            world.bank.hook = lambda _step, _key: None
            world.clock.advance(seconds=1)
            newer.append(world.synced())
            world.bank.pages[key].append(Page((movement(99, day),), None))  # the older link alone would see this

    world.bank.hook = link_anew
    assert world.sync(older).result is Result.SYNCED
    assert {account.connection_id for account in world.accounts()} == set(newer)
    with world.hub.db.read() as session:
        assert session.scalars(select(Change.transaction_id).where(Change.connection_id == older)).all() == []
    assert world.transactions() == 8
    world.sync(newer[0])
    assert world.transactions() == 9


def test_a_sync_that_was_taken_over_writes_nothing_more(world: World) -> None:
    world.fill()
    for taken_at in range(9):  # accounts, then for each account: balances, transactions, two pages, end
        connection_id = world.linked()
        before = world.transactions()
        count = iter(range(100))

        def take_over(_step: str, _key: str, at: int = taken_at, of: str = connection_id) -> None:
            if next(count) == at:  # noqa: B023  # each round has its own counter and is over before the next
                world.clock.advance(seconds=world.hub.settings.sync_lease_s)
                assert lease.claim(world.hub, of, owner="another", due_only=False) is not None
                world.bank.hook = lambda _step, _key: None

        world.bank.hook = take_over
        assert world.sync(connection_id).result is Result.LOST, taken_at
        row = world.row(connection_id)
        assert (row.sync_owner, row.last_success_at, row.failure_kind) == ("another", None, None)
        assert "connection.synced" not in world.events(connection_id)
        if taken_at <= 3:  # before the first page was written
            assert world.transactions() == before


def test_disconnecting_while_a_sync_runs_stops_its_late_writes(world: World) -> None:
    world.fill()
    for step in ("accounts", "balances", "transactions", "page", "end"):
        connection_id = world.linked()
        before = (world.transactions(), world.balances())

        def leave(at: str, _key: str, step: str = step, of: str = connection_id) -> None:
            if at == step:
                world.bank.hook = lambda _step, _key: None
                service.disconnect(world.hub, world.alice, of, now=world.clock())

        world.bank.hook = leave
        assert world.sync(connection_id).result is Result.LOST, step
        row = world.row(connection_id)
        assert (row.status, row.sync_owner, row.next_sync_at, row.access_sealed) == (Status.REVOKED, None, None, None)
        assert world.events(connection_id)[-1] == "connection.bank_consent_ended"
        if step == "accounts":
            assert (world.transactions(), world.balances()) == before == (0, 0)


def test_a_sync_on_the_old_access_cannot_spoil_a_link_that_was_renewed_meanwhile(world: World) -> None:
    connection_id = world.synced()

    def renew(step: str, _key: str) -> None:
        if step == "accounts":
            world.bank.hook = lambda _step, _key: None
            world.linked(renew=connection_id)
            raise ReconsentRequired("the new bank consent has replaced this one")

    world.bank.hook = renew
    world.clock.advance(seconds=60)
    assert world.sync(connection_id).result is Result.LOST
    row = world.row(connection_id)
    assert (row.status, row.failure_kind) == (Status.READY, None)
    assert row.next_sync_at == world.clock()
    assert world.sync(connection_id).result is Result.SYNCED


def test_a_lease_that_ran_out_but_was_not_taken_still_writes(world: World) -> None:
    world.fill()
    connection_id = world.linked()
    world.bank.hook = lambda _step, _key: world.clock.advance(seconds=10_000)
    assert world.sync(connection_id).result is Result.SYNCED
    row = world.row(connection_id)
    assert row.next_sync_at is not None
    assert row.next_sync_at >= world.clock() + timedelta(hours=6)


def test_an_adapter_that_cannot_be_made_is_a_failure_of_the_connection_and_is_written_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fill()
    connection_id = world.linked()

    def broken(*_: object) -> Budget:
        raise RuntimeError

    monkeypatch.setattr("hub.sync.run.budget_of", broken)
    monkeypatch.setattr("hub.sync.bank.budget_of", broken)
    world.until_due(connection_id)
    assert world.sync(connection_id, psu=None).result is Result.FAILED
    assert world.row(connection_id).failure_kind == "hub_error"
