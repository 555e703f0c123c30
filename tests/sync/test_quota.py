"""A bank is asked four times a day without the person, spread over its own day, counted before it is asked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from hub.connections.state import Status
from hub.models.connection import Connection
from hub.models.ledger import Balance as BalanceRow
from hub.models.quota import QuotaUse
from hub.sync import quota
from hub.sync.quota import Budget, Endpoint, Held
from hub.sync.run import Result
from providers.errors import QuotaSpent, Refused, Transient
from providers.model import Balance, BalanceType, Money
from tests.connections.world import PRESENT, World, one_store

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)

SPREAD = [(0, 1), (5.99, 1), (6, 2), (11.99, 2), (12, 3), (18, 4), (23.99, 4)]


@pytest.mark.parametrize(("hours", "allowed"), SPREAD)
def test_the_days_calls_are_spread_over_the_day(hours: float, allowed: int) -> None:
    assert Budget(4, ZoneInfo("UTC")).allowed(MIDNIGHT + timedelta(hours=hours)) == allowed


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25), (11, 24, 24)])
def test_a_day_is_the_banks_and_as_long_as_it_is_there(month: int, day: int, hours: int) -> None:
    budget = Budget(4, BERLIN)
    start, end = budget.bounds(date(2026, month, day))
    assert end - start == timedelta(hours=hours)
    assert start.astimezone(BERLIN).hour == end.astimezone(BERLIN).hour == 0
    assert (budget.allowed(start), budget.allowed(end - timedelta(seconds=1))) == (1, 4)
    assert budget.day(end) > budget.day(end - timedelta(seconds=1))


def test_a_bank_that_allows_none_is_never_asked_without_the_person(world: World) -> None:
    connection_id = at_midnight(world)
    budget = Budget(0, ZoneInfo("UTC"))
    with world.hub.db.write() as session, pytest.raises(Held) as caught:
        quota.take(session, budget, "a", Endpoint.BALANCES, connection_id=connection_id, now=world.clock())
    assert caught.value.until == MIDNIGHT + timedelta(days=1)
    assert rows(world) == []


def due(world: World, connection_id: str) -> None:
    with world.hub.db.write() as session:
        session.get_one(Connection, connection_id).next_sync_at = world.clock()


def unattended(world: World, connection_id: str) -> Result:
    due(world, connection_id)
    return world.sync(connection_id, psu=None).result


def rows(world: World) -> list[tuple[str, int]]:
    with world.hub.db.read() as session:
        return [(row.endpoint, row.used) for row in session.scalars(select(QuotaUse).order_by(QuotaUse.endpoint))]


def at_midnight(world: World) -> str:
    """Alice has linked her bank; her day there has just begun."""
    world.clock.at = MIDNIGHT
    return world.synced()


def test_reading_with_the_person_there_does_not_count(world: World) -> None:
    connection_id = at_midnight(world)
    for _ in range(6):
        world.sync(connection_id, psu=PRESENT)
    assert rows(world) == []


def test_every_account_and_endpoint_is_asked_four_times_a_day_and_no_oftener(world: World) -> None:
    world.fill()
    connection_id = at_midnight(world)
    world.bank.calls.clear()
    results = []
    for _ in range(24):
        results.append(unattended(world, connection_id))
        world.clock.advance(seconds=3600)
    assert results.count(Result.SYNCED) == 4
    assert results.count(Result.HELD) == 20
    assert [number for number, one in enumerate(results) if one is Result.SYNCED] == [0, 6, 12, 18]
    steps = world.bank.steps()
    assert (steps.count("accounts"), steps.count("balances"), steps.count("transactions")) == (4, 8, 8)
    assert rows(world) == [("accounts", 4)] + [("balances", 4)] * 2 + [("transactions", 4)] * 2
    assert unattended(world, connection_id) is Result.SYNCED  # a new day


def test_a_sync_that_is_held_is_due_when_the_bank_may_be_asked_and_nothing_else_changes(world: World) -> None:
    connection_id = at_midnight(world)
    unattended(world, connection_id)
    before = world.row(connection_id)
    assert unattended(world, connection_id) is Result.HELD
    row = world.row(connection_id)
    assert row.next_sync_at is not None
    assert timedelta(hours=6) <= row.next_sync_at - MIDNIGHT <= timedelta(hours=6, minutes=5)
    assert (row.status, row.failures, row.last_success_at) == (Status.READY, 0, before.last_success_at)
    assert (row.sync_owner, row.sync_until) == (None, None)


def test_a_call_is_counted_before_it_is_made_so_a_crash_cannot_hide_it(world: World) -> None:
    class Killed(BaseException):
        pass

    def die(step: str, _key: str) -> None:
        if step == "balances":
            raise Killed

    connection_id = at_midnight(world)
    world.bank.hook = die
    with pytest.raises(Killed):
        unattended(world, connection_id)
    assert rows(world) == [("accounts", 1), ("balances", 1)]


def test_what_the_bank_did_not_answer_is_taken_back_and_what_it_refused_is_not(world: World) -> None:
    connection_id = at_midnight(world)
    world.bank.errors["balances"] = Transient("HTTP 503")
    unattended(world, connection_id)
    assert ("balances", 0) in rows(world)
    world.clock.advance(days=1)
    world.bank.errors = {"balances": Transient("HTTP 429", answered=True), ("accounts", ""): Refused("no")}
    unattended(world, connection_id)
    world.bank.errors.pop(("accounts", ""))
    world.clock.advance(seconds=6 * 3600)
    unattended(world, connection_id)
    with world.hub.db.read() as session:
        used = session.execute(select(QuotaUse.endpoint, QuotaUse.used).where(QuotaUse.day > MIDNIGHT.date())).all()
    assert sorted({tuple(one) for one in used}) == [("accounts", 2), ("balances", 1), ("transactions", 1)]


def test_a_failure_in_the_morning_is_repeated_before_the_next_quarter_of_the_day(world: World) -> None:
    connection_id = at_midnight(world)
    world.bank.errors["accounts"] = Transient("no connection")
    assert unattended(world, connection_id) is Result.FAILED
    world.clock.advance(seconds=120)
    world.bank.errors.clear()
    assert unattended(world, connection_id) is Result.SYNCED


def test_a_bank_that_says_the_quota_is_spent_is_believed_for_as_long_as_it_says(world: World) -> None:
    world.fill()
    connection_id = at_midnight(world)
    spent = QuotaSpent("HTTP 429 ACCESS_EXCEEDED", retry_after_s=30 * 3600)  # beyond midnight
    world.bank.errors["balances", "resource-1"] = spent
    assert unattended(world, connection_id) is Result.SYNCED  # no failure of anybody's
    assert world.row(connection_id).failure_kind is None
    world.bank.errors.clear()
    world.bank.calls.clear()
    for hours in (6, 12, 18, 24):
        world.clock.at = MIDNIGHT + timedelta(hours=hours)
        assert unattended(world, connection_id) is Result.SYNCED
    assert ("balances", "resource-1") not in world.bank.calls
    assert world.bank.calls.count(("balances", "resource-2")) == 4
    world.clock.at = MIDNIGHT + timedelta(hours=30)
    unattended(world, connection_id)
    assert ("balances", "resource-1") in world.bank.calls


def test_a_list_of_accounts_that_the_bank_closes_holds_the_whole_sync(world: World) -> None:
    connection_id = at_midnight(world)
    world.bank.errors["accounts"] = QuotaSpent("HTTP 429", retry_after_s=7200)
    assert unattended(world, connection_id) is Result.HELD
    due_at = world.row(connection_id).next_sync_at
    assert due_at is not None
    assert timedelta(hours=2) <= due_at - MIDNIGHT <= timedelta(hours=2, minutes=5)
    assert world.row(connection_id).failures == 0


@one_store
def test_with_the_person_there_a_spent_quota_is_a_failure_like_any_other(world: World) -> None:
    connection_id = at_midnight(world)
    world.bank.errors["accounts"] = QuotaSpent("HTTP 429", retry_after_s=7200)
    assert world.sync(connection_id, psu=PRESENT).result is Result.FAILED
    assert rows(world) == []


def test_the_count_outlives_the_process_and_is_shown_with_its_end(world: World) -> None:
    connection_id = at_midnight(world)
    unattended(world, connection_id)
    budget = Budget(4, ZoneInfo("UTC"))
    with world.hub.db.read() as session:
        shown = quota.uses(session, budget, connection_id, now=world.clock())
        nobodys = quota.uses(session, budget, "another", now=world.clock())
    assert {(one.endpoint, one.used, one.limit, one.resets_at) for one in shown} == {
        (endpoint, 1, 4, MIDNIGHT + timedelta(days=1))
        for endpoint in (Endpoint.ACCOUNTS, Endpoint.BALANCES, Endpoint.TRANSACTIONS)
    }
    assert nobodys == ()


def test_balances_that_came_with_the_accounts_are_stored_and_not_asked_for(world: World) -> None:
    world.fill()
    told = Balance(BalanceType.INTERIM_BOOKED, Money(Decimal("12.50"), "EUR"), source_label="interimBooked")
    world.bank.shown = [replace(one, balances=(told,)) for one in world.bank.shown]
    connection_id = at_midnight(world)
    world.bank.calls.clear()
    assert unattended(world, connection_id) is Result.SYNCED
    assert world.bank.steps().count("balances") == 0
    assert "balances" not in dict(rows(world))
    with world.hub.db.read() as session:
        assert {one.amount for one in session.scalars(select(BalanceRow))} == {1250}
