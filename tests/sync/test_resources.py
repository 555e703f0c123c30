"""What hangs on accounts: read after the transactions, each kind alone, seldom, and never to their cost."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from consent.decide import for_owner
from consent.model import READ_PERMISSIONS
from hub.events.catalogue import types
from hub.ledger.resources.read import readings, resources
from hub.models.resource import AccountResource, ResourceReading
from hub.models.signal import Signal
from hub.sync.run import Result
from providers.errors import ContractBroken, Failing, QuotaSpent, ReconsentRequired, Refused, Transient
from providers.model import Identifier, Money, Party, Scheme
from providers.port import Resource
from providers.resources import (
    Beneficiary,
    DirectDebit,
    Frequency,
    Instalment,
    MandateStatus,
    Schedule,
    StandingOrder,
)
from tests.connections.world import PRESENT, World, one_store
from tests.stored import everything

ORDERS, DEBITS, PAYEES = Resource.STANDING_ORDERS, Resource.DIRECT_DEBITS, Resource.BENEFICIARIES
SECRET_NUMBER = "GB33BUKB20201555555555"


def order(number: int, *, bank_id: str | None = None, amount: str = "-650.00") -> StandingOrder:
    return StandingOrder(
        id=bank_id or f"SO{number}",
        status=MandateStatus.ACTIVE,
        schedule=Schedule(Frequency.MONTHLY, day=1),
        next=Instalment(date(2026, 12, 1), Money(Decimal(amount), "EUR")),
        creditor=Party(f"Landlord {number}", Identifier(Scheme.IBAN, SECRET_NUMBER)),
        remittance=(f"rent {number}",),
        raw=b'{"StandingOrderId": "SO%d"}' % number,
    )


@pytest.fixture
def offering(world: World) -> World:
    world.fill()
    world.bank.capabilities = replace(world.bank.capabilities, resources=frozenset({ORDERS, DEBITS, PAYEES}))
    world.bank.resources["standing_orders", "resource-1"] = (order(1), order(2))
    world.bank.resources["direct_debits", "resource-1"] = (DirectDebit("DD1", creditor=Party("Water"), raw=b"{}"),)
    world.bank.resources["beneficiaries", "resource-1"] = (Beneficiary("B1", Party("Bob"), raw=b"{}"),)
    return world


def first(world: World) -> str:
    return world.accounts()[0].id


def shown(world: World, kind: Resource = ORDERS, **more: Any) -> list[dict[str, Any]]:
    with world.hub.db.read() as session:
        mine = for_owner(world.alice, [first(world)])
        return resources(session, world.hub.sealer, mine, kind, **more)


def state(world: World, kind: Resource = ORDERS) -> tuple[str | None, str | None]:
    with world.hub.db.read() as session:
        (one,) = readings(session, for_owner(world.alice, [first(world)]), kind)
    return one["state"], one["read_at"]


def asked(world: World) -> list[str]:
    """Which resources the bank was asked for of its first account since last time."""
    words = [step for step, key in world.bank.calls if step in set(Resource) and key == "resource-1"]
    world.bank.calls.clear()
    return words


def again(world: World, connection_id: str, *, attended: bool = True, hours: float = 24) -> Result:
    world.clock.advance(seconds=hours * 3600)
    world.until_due(connection_id)
    return world.sync(connection_id, psu=PRESENT if attended else None).result


def test_they_are_read_after_all_transactions_and_kept_whole(offering: World) -> None:
    offering.synced()
    steps = offering.bank.steps()
    assert max(place for place, step in enumerate(steps) if step == "end") < steps.index("standing_orders")
    one = next(row for row in shown(offering) if row["creditor_name"] == "Landlord 1")
    assert one["next"] == {"date": "2026-12-01", "amount": "-650.00", "currency": "EUR"}
    assert one["schedule"] == {"frequency": "MNTH", "interval": 1, "day": 1, "week": None, "source_label": None}
    assert (one["creditor_name"], one["creditor_account"], one["status"]) == ("Landlord 1", SECRET_NUMBER, "ACTV")
    assert one["ended_at"] is None
    assert state(offering)[0] == "read"
    assert state(offering, Resource.STATEMENTS) == ("not_read", None)


def test_the_same_again_keeps_ids_and_says_when_it_was_seen(offering: World) -> None:
    connection_id = offering.synced()
    before = shown(offering)
    again(offering, connection_id)
    after = shown(offering)
    for name in ("id", "first_seen_at", "last_updated", "next"):
        assert [one[name] for one in after] == [one[name] for one in before]
    assert all(one["seen_at"] > before[0]["seen_at"] for one in after)


def test_a_new_amount_is_the_same_order_and_one_that_is_gone_is_marked_and_may_come_back(offering: World) -> None:
    connection_id = offering.synced()
    one, two = (row["id"] for row in sorted(shown(offering), key=lambda row: row["creditor_name"]))
    offering.bank.resources["standing_orders", "resource-1"] = (order(2, amount="-700.00"), order(3))
    again(offering, connection_id)
    by_id = {row["id"]: row for row in shown(offering, with_ended=True)}
    assert len(by_id) == 3
    assert by_id[two]["next"]["amount"] == "-700.00"
    assert by_id[two]["last_updated"] > by_id[two]["first_seen_at"]
    assert by_id[one]["ended_at"] == by_id[two]["seen_at"]
    assert by_id[one]["seen_at"] < by_id[one]["ended_at"]
    assert one not in {row["id"] for row in shown(offering)}
    offering.bank.resources["standing_orders", "resource-1"] = (order(1), order(2))
    again(offering, connection_id)
    assert {row["id"] for row in shown(offering)} == {one, two}


def test_what_changed_is_signalled_and_nothing_else(offering: World) -> None:
    def told() -> list[tuple[str, int, int, int]]:
        """Since last time, of the first account."""
        with offering.hub.db.write() as session:
            signals = session.scalars(select(Signal).where(Signal.kind.like("%_changed")).order_by(Signal.seq)).all()
            bodies = [one.body for one in signals if one.psu_id == offering.alice]
            session.execute(delete(Signal))
        return [
            (one["resource"], one["added"], one["modified"], one["ended"])
            for one in bodies
            if one["account_id"] == first(offering)
        ]

    connection_id = offering.synced()
    assert told() == [("standing_orders", 2, 0, 0), ("direct_debits", 1, 0, 0), ("beneficiaries", 1, 0, 0)]
    reworded = replace(order(1), raw=b'{"StandingOrderId": "SO1", "Asked": "today"}')
    offering.bank.resources["standing_orders", "resource-1"] = (reworded, order(2))
    again(offering, connection_id)
    assert told() == []
    offering.bank.resources["standing_orders", "resource-1"] = (order(2, amount="-700.00"), order(3))
    again(offering, connection_id)
    assert told() == [("standing_orders", 1, 1, 1)]
    offering.bank.resources["standing_orders", "resource-1"] = (order(1),)
    again(offering, connection_id)
    assert told() == [("standing_orders", 1, 0, 2)]
    for name in ("regular_payments.updated", "beneficiaries.updated", "statements.updated"):
        assert types()[name].permission in READ_PERMISSIONS


def test_a_bank_that_numbers_anew_or_has_one_number_for_all_takes_nobodys_id(offering: World) -> None:
    connection_id = offering.synced()
    before = {row["id"]: row["creditor_name"] for row in shown(offering)}
    for numbers in (("X1", "X2"), ("SO2", "SO1"), ("SAME", "SAME")):
        orders = tuple(order(n + 1, bank_id=number) for n, number in enumerate(numbers))
        offering.bank.resources["standing_orders", "resource-1"] = orders
        again(offering, connection_id)
        assert {row["id"]: row["creditor_name"] for row in shown(offering, with_ended=True)} == before


FAILURES = [
    (Refused("not for this account"), "refused"),
    (ReconsentRequired("HTTP 403"), "refused"),
    (ContractBroken("html", raw=b"<html>the bank's own words"), "failed"),
    (Transient("HTTP 503"), "failed"),
    (KeyError("a bug"), "failed"),
]


def test_what_fails_is_written_down_beside_it_and_stops_nothing_else(offering: World) -> None:
    connection_id = offering.linked()
    for error, said in FAILURES:
        offering.bank.errors = {"standing_orders": error}
        assert again(offering, connection_id, hours=8 * 24) is Result.SYNCED
        row = offering.row(connection_id)
        assert (row.status, row.failure_kind, row.failures) == ("ready", None, 0), error
        assert state(offering)[0] == said
        assert state(offering, DEBITS)[0] == "read"
        assert len(shown(offering, DEBITS)) == 1
    assert offering.transactions() == 8


def test_what_was_known_stays_as_it_was_while_the_bank_refuses(offering: World) -> None:
    connection_id = offering.synced()
    before, (_, read_at) = shown(offering), state(offering)
    offering.bank.errors["standing_orders"] = ContractBroken("html", raw=b"<html>")
    again(offering, connection_id)
    assert shown(offering) == before
    assert state(offering) == ("failed", read_at)
    with offering.hub.db.read() as session:
        kept = session.scalars(select(ResourceReading.failure_raw_sealed).where(ResourceReading.kind == ORDERS)).all()
    assert all(kept)


def test_a_refusal_is_not_repeated_for_a_week_unless_the_person_was_at_the_bank(offering: World) -> None:
    offering.bank.errors["standing_orders"] = Refused("no")
    connection_id = offering.synced()
    asked(offering)
    again(offering, connection_id)
    assert asked(offering) == ["direct_debits", "beneficiaries"]
    offering.come_back(offering.begin(renew=connection_id))
    offering.bank.errors.clear()
    offering.sync(connection_id)
    assert asked(offering) == ["standing_orders"]
    assert state(offering)[0] == "read"


@one_store
def test_a_day_has_one_reading_of_each_however_often_the_bank_is_synced(offering: World) -> None:
    connection_id = offering.synced()
    asked(offering)
    for _ in range(3):
        again(offering, connection_id, attended=False, hours=6)
    assert asked(offering) == []
    again(offering, connection_id, attended=False, hours=6)
    assert asked(offering) == ["standing_orders", "direct_debits"]  # payees are nobody's: see the next test


@one_store
def test_the_quota_of_each_kind_is_its_own(offering: World) -> None:
    connection_id = offering.synced()
    asked(offering)
    offering.bank.errors["standing_orders"] = QuotaSpent("HTTP 429", retry_after_s=20 * 3600)
    assert again(offering, connection_id, attended=False, hours=30) is Result.SYNCED
    assert asked(offering) == ["standing_orders", "direct_debits"]
    assert again(offering, connection_id, attended=False, hours=1) is Result.SYNCED
    assert asked(offering) == []  # closed by the bank's own word, and the other one was read today


@one_store
def test_what_spends_the_quota_of_transactions_leaves_it_to_them(offering: World) -> None:
    offering.bank.capabilities = replace(offering.bank.capabilities, by_transactions=frozenset({ORDERS}))
    connection_id = offering.synced()
    assert "standing_orders" in asked(offering)  # the person is there, so nothing is counted
    offering.clock.advance(days=2)
    offering.until_due(connection_id)
    offering.clock.at = offering.clock().replace(hour=0, minute=5) + timedelta(days=1)
    read = []
    for _ in range(4):
        assert offering.sync(connection_id, psu=None).result is Result.SYNCED
        read += [step for step, key in offering.bank.calls if key == "resource-1" and step != "page"]
        offering.bank.calls.clear()
        offering.until_due(connection_id)
    assert read.count("transactions") == 4
    assert read.count("standing_orders") == 0
    assert read.count("direct_debits") == 1


@one_store
def test_a_bank_that_answers_nothing_is_left_alone_and_its_transactions_go_on(offering: World) -> None:
    offering.bank.errors = dict.fromkeys(("standing_orders", "direct_debits", "beneficiaries"), Transient("timeout"))
    connection_id = offering.synced()
    assert asked(offering) == ["standing_orders", "direct_debits"]
    for _ in range(4):
        assert again(offering, connection_id) is Result.SYNCED
    assert offering.row(connection_id).failures == 0


@one_store
def test_a_bank_that_fails_at_one_kind_after_the_other_is_still_asked_for_the_rest(offering: World) -> None:
    offering.bank.errors = dict.fromkeys(("standing_orders", "direct_debits"), Failing("HTTP 500"))
    offering.synced()
    assert offering.bank.steps().count("beneficiaries") == 2


@one_store
def test_a_slow_bank_keeps_nobody_waiting_and_is_asked_for_the_rest_next_time(offering: World) -> None:
    def slow(step: str, _key: str) -> None:
        if step in set(Resource):
            offering.clock.advance(seconds=40)

    offering.bank.hook = slow
    connection_id = offering.synced()
    assert asked(offering) == ["standing_orders", "direct_debits"]
    assert offering.row(connection_id).sync_owner is None
    again(offering, connection_id, hours=0)
    assert "beneficiaries" in asked(offering)


@one_store
def test_only_what_the_bank_consent_covers_is_asked(offering: World) -> None:
    offering.bank.covered = frozenset({DEBITS})
    offering.synced()
    assert asked(offering) == ["direct_debits"]


@one_store
def test_a_bank_that_wants_the_person_is_not_asked_for_more(offering: World) -> None:
    offering.bank.errors["transactions"] = ReconsentRequired("ended")
    offering.synced()
    assert asked(offering) == []


def test_all_of_it_lies_sealed_and_goes_with_the_account(offering: World) -> None:
    offering.synced()
    with offering.hub.db.read() as session:
        stored = everything(session)
    assert "Landlord" not in stored
    assert SECRET_NUMBER not in stored
    with offering.hub.db.write() as session:
        for account in offering.accounts():
            session.delete(session.get_one(type(account), account.id))
    with offering.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(AccountResource)) == 0
        assert session.scalar(select(func.count()).select_from(ResourceReading)) == 0


@one_store
def test_the_worker_reads_them_too(offering: World) -> None:
    connection_id = offering.synced()
    asked(offering)
    offering.clock.advance(days=1)
    offering.until_due(connection_id)
    offering.crew().run_once()
    assert asked(offering) == ["standing_orders", "direct_debits"]
