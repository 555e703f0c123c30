"""What a person sees of their connections, leaving a bank, and how the banks are doing."""

from datetime import timedelta

import pytest

from hub.connections import service
from hub.connections.health import health, state_of
from hub.connections.revocation import GIVE_UP_AFTER, end_at_bank
from hub.connections.state import FailureKind, Status
from hub.errors import NotFound
from providers.errors import ContractBroken, ReconsentRequired, Refused, Transient
from tests.connections.world import BANK, World, one_store, person


def disconnect(world: World, connection_id: str) -> None:
    service.disconnect(world.hub, world.alice, connection_id, now=world.clock())


def test_people_see_their_own_connections_and_nobody_elses(world: World) -> None:
    charlie = person(world.hub, "Charlie")
    mine, again, his = world.linked(), world.linked(), world.linked(charlie)
    with world.hub.db.read() as session:
        assert [one.id for one in service.list_for(session, world.alice)] == [mine, again]
        assert [one.id for one in service.list_for(session, charlie)] == [his]
        assert service.get(session, world.alice, mine).status is Status.READY
        with pytest.raises(NotFound):
            service.get(session, charlie, mine)


@one_store
def test_an_overview_holds_no_secret(world: World) -> None:
    connection_id = world.linked()
    with world.hub.db.read() as session:
        overview = service.get(session, world.alice, connection_id)
    assert "sealed" not in repr(overview)
    assert "bank-consent" not in repr(overview)


def test_disconnecting_stops_reading_tells_the_bank_and_keeps_the_ledger(world: World) -> None:
    world.fill()
    connection_id = world.synced()
    disconnect(world, connection_id)
    row = world.row(connection_id)
    assert (row.status, row.access_sealed, row.next_sync_at) == (Status.REVOKED, None, None)
    assert row.revoked_at == world.clock()
    assert world.bank.revoked == ["bank-consent-1"]
    assert world.transactions() == 8
    assert world.events(connection_id)[-2:] == ["connection.revoked", "connection.bank_consent_ended"]
    calls = len(world.bank.calls)
    world.clock.advance(days=1)
    world.sync(connection_id)
    assert world.crew().run_once() == 0
    assert len(world.bank.calls) == calls


def test_a_stranger_cannot_disconnect_and_the_owner_may_do_it_twice(world: World) -> None:
    connection_id = world.linked()
    with pytest.raises(NotFound):
        service.disconnect(world.hub, person(world.hub, "Charlie"), connection_id, now=world.clock())
    assert world.row(connection_id).status == Status.READY
    disconnect(world, connection_id)
    disconnect(world, connection_id)
    assert world.bank.revoked == ["bank-consent-1"]
    assert world.events(connection_id).count("connection.revoked") == 1


@one_store
def test_the_hub_stops_before_the_bank_is_told(world: World) -> None:
    connection_id = world.linked()
    seen: list[str] = []
    world.bank.hook = lambda _step, _key: seen.append(world.row(connection_id).status)
    disconnect(world, connection_id)
    assert seen == [Status.REVOKED]


@one_store
@pytest.mark.parametrize("error", [Transient("down"), ContractBroken("html"), RuntimeError("an adapter's bug")])
def test_a_bank_that_cannot_be_told_now_is_told_later(world: World, error: Exception) -> None:
    connection_id = world.linked()
    world.bank.errors["revoke"] = error
    disconnect(world, connection_id)
    row = world.row(connection_id)
    assert row.status == Status.REVOKED
    assert row.access_sealed is not None  # kept for this alone
    worker = world.crew()
    assert worker.run_once() == 0  # not yet due
    world.until_due(connection_id)
    assert worker.run_once() == 1  # still failing
    world.bank.errors.clear()
    world.until_due(connection_id)
    assert worker.run_once() == 1
    row = world.row(connection_id)
    assert (row.access_sealed, row.next_sync_at) == (None, None)
    assert world.bank.revoked == ["bank-consent-1"]
    assert "accounts" not in world.bank.steps()


@one_store
def test_what_the_bank_will_never_do_is_not_asked_again_and_the_access_is_forgotten(world: World) -> None:
    for error in (Refused("no such consent"), ReconsentRequired("ended")):
        connection_id = world.linked()
        world.bank.errors["revoke"] = error
        disconnect(world, connection_id)
        assert world.row(connection_id).access_sealed is None


@one_store
def test_the_access_is_not_kept_for_ever(world: World) -> None:
    connection_id = world.linked()
    world.bank.errors["revoke"] = Transient("closed for good")
    disconnect(world, connection_id)
    world.clock.at += GIVE_UP_AFTER
    assert end_at_bank(world.hub, connection_id, now=world.clock())
    assert world.row(connection_id).access_sealed is None


@one_store
def test_an_expired_token_is_refreshed_to_say_goodbye(world: World) -> None:
    world.bank.access_ttl = timedelta(minutes=5)
    connection_id = world.linked()
    world.clock.advance(days=1)
    disconnect(world, connection_id)
    assert world.bank.steps()[-2:] == ["refresh", "revoke"]
    assert world.row(connection_id).access_sealed is None


def test_a_link_that_was_never_finished_can_be_disconnected(world: World) -> None:
    world.begin()
    with world.hub.db.read() as session:
        (overview,) = service.list_for(session, world.alice)
    disconnect(world, overview.id)
    row = world.row(overview.id)
    assert (row.status, row.next_sync_at) == (Status.REVOKED, None)
    assert "revoke" not in world.bank.steps()


@pytest.mark.parametrize(
    ("ready", "failing", "state"),
    [(0, 0, "unknown"), (5, 0, "healthy"), (19, 1, "healthy"), (9, 1, "degraded"), (1, 5, "degraded"), (0, 1, "down")],
)
def test_how_a_bank_is_doing(ready: int, failing: int, state: str) -> None:
    assert state_of(ready, failing) == state


def test_health_counts_connections_and_names_nobody(world: World) -> None:
    fine, broken, theirs = world.linked(), world.linked(), world.linked()
    world.sync(fine)
    world.bank.errors["accounts"] = Transient("down")
    world.sync(broken)
    world.bank.errors["accounts"] = ReconsentRequired("ended")
    world.sync(theirs)  # waits for the person: says nothing about the bank
    with world.hub.db.read() as session:
        (found,) = health(session, now=world.clock()).values()
        assert (found.institution_id, found.ready, found.failing, found.state) == (BANK, 1, 1, "degraded")
        assert found.last_success_at == world.clock()
        later = health(session, now=world.clock() + timedelta(days=2))[BANK]
        assert later.state == "unknown"
    assert world.row(broken).failure_kind == FailureKind.BANK_UNAVAILABLE
