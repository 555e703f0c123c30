"""Newer rules over rows that older ones read: what changes, what stays, and what an operator is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import select

from hub.ledger import renormalise
from hub.ledger.history import HistoryQuery, transactions
from hub.ledger.provenance import wholes
from hub.ledger.renormalise import Report, Rereading, told
from hub.models.ledger import TransactionRaw
from providers.errors import ContractBroken
from providers.model import Account, Money, Party, Status, Transaction
from providers.rows import BrokenRow
from tests.ledger.bank import SEALER, TODAY, Home, days_ago, pending, row
from tests.ledger.test_ingest import ledger, log


@dataclass
class Rules:
    """Reads each row as ``told`` says by its raw text, and others as they were."""

    told: Mapping[bytes, Transaction | Exception]

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        assert (account.currency, trace) == ("EUR", {"money": "transactionAmount"})
        found = self.told[raw]
        if isinstance(found, Exception):
            raise found
        return found


def run(home: Home, *rows: tuple[Transaction, Transaction | Exception], dry_run: bool = False) -> Report:
    rules = Rules({was.raw: now for was, now in rows})
    report = Report()
    one = Rereading(home.db, SEALER, rules, "test/2", home.account_id)
    assert one.left() == sum(one.batches(report, dry_run=dry_run, now=home.now))
    return report


def normalisers(home: Home) -> list[str]:
    with home.db.read() as session:
        return sorted(session.scalars(select(TransactionRaw.normaliser)))


WAS = row("-3.50", name="KAUF COFFEE HOUSE", transactionId="a")
NOW = structs.replace(WAS, counterparty=Party("Coffee House"), provenance={"counterparty": "text by prefix"})


def test_what_newer_rules_say_is_written_over_it_under_the_same_id(home: Home) -> None:
    other = row("-9")
    home.sync([WAS, other])
    before = {one.id: one.first_seen_at for one in ledger(home)}
    report = run(home, (WAS, NOW), (other, other))
    assert (report.read, report.changed, report.fields) == (2, 1, {"counterparty_name": 1})
    assert {one.id: one.first_seen_at for one in ledger(home)} == before
    assert sorted(one.counterparty_name or "" for one in ledger(home)) == ["Coffee House", "Coffee House"]
    assert [kind for _, kind in log(home)] == ["added", "added", "modified"]
    assert normalisers(home) == ["test/2", "test/2"]


def test_the_bank_s_own_row_stays_and_says_how_it_is_read_now(home: Home) -> None:
    home.sync([WAS])
    with home.db.read() as session:
        (fetched_at,) = session.scalars(select(TransactionRaw.fetched_at))
    run(home, (WAS, NOW))
    with home.db.read() as session:
        (raw,) = session.scalars(select(TransactionRaw))
        (trace,) = wholes(session, [raw.provenance])
    assert SEALER.open(raw.raw_sealed, f"transaction_raw.raw:{raw.transaction_id}") == WAS.raw
    assert (trace, raw.fetched_at) == ({"counterparty": "text by prefix"}, fetched_at)


def test_the_bank_saying_it_again_by_the_newer_rules_changes_nothing_more(home: Home) -> None:
    was, now = structs.replace(WAS, bank_ids={}), structs.replace(NOW, bank_ids={})
    home.sync([was, was])
    run(home, (was, now))
    before = log(home)
    home.sync([now, now])
    assert log(home) == before
    assert sorted(one.occurrence for one in ledger(home)) == [0, 1]


def test_a_dry_run_tells_the_same_and_writes_nothing(home: Home) -> None:
    home.sync([WAS])
    before = (log(home), normalisers(home), ledger(home)[0].counterparty_name)
    report = run(home, (WAS, NOW), dry_run=True)
    assert (report.changed, report.fields) == (1, {"counterparty_name": 1})
    assert (log(home), normalisers(home), ledger(home)[0].counterparty_name) == before


def test_a_second_run_finds_nothing_to_do(home: Home) -> None:
    home.sync([WAS])
    run(home, (WAS, NOW))
    assert run(home).read == 0


@pytest.mark.parametrize("batch", [1, 2])
def test_a_run_that_was_stopped_goes_on_where_it_was(home: Home, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(renormalise, "BATCH", batch)
    many = [row(f"-{number}", days_ago(number), name="KAUF X") for number in range(5)]
    newer = [structs.replace(one, counterparty=Party("X")) for one in many]
    home.sync(many)
    read = dict(zip((one.raw for one in many), newer, strict=True))
    one = Rereading(home.db, SEALER, Rules(read), "test/2", home.account_id)
    report = Report()
    next(one.batches(report, dry_run=False, now=home.now))
    assert (one.left(), report.changed) == (5 - batch, batch)
    list(one.batches(report, dry_run=False, now=home.now))
    assert (one.left(), report.changed) == (0, 5)


REFUSED: list[tuple[Transaction | Exception, str]] = [
    (BrokenRow("bookingDate is not a date"), "bookingDate is not a date"),
    (ContractBroken("not the promised JSON"), "ContractBroken"),
    (structs.replace(WAS, money=Money(Decimal(10) ** 30, "EUR")), "ValueError"),
    (structs.replace(WAS, status=Status.REJECTED), "it would be RJCT instead of BOOK"),
]


@pytest.mark.parametrize(("answer", "reason"), REFUSED)
def test_a_row_that_newer_rules_do_not_take_stays_as_it_was_and_is_reported(
    home: Home, answer: Transaction | Exception, reason: str
) -> None:
    home.sync([WAS])
    report = run(home, (WAS, answer))
    assert (report.changed, report.kept) == (0, {reason: 1})
    assert ledger(home)[0].counterparty_name == "KAUF COFFEE HOUSE"
    assert normalisers(home) == ["test/1"]


def test_a_sealed_row_that_does_not_open_is_reported(home: Home) -> None:
    home.sync([WAS])
    with home.db.write() as session:
        raw = session.scalars(select(TransactionRaw)).one()
        raw.raw_sealed = raw.raw_sealed[:-1] + b"\x00"
    assert run(home, (WAS, NOW)).kept == {"the seal does not open here": 1}


def test_replaced_and_withdrawn_rows_are_left_alone(home: Home) -> None:
    home.sync([pending(day=days_ago(1)), pending("-7", text="gone")])
    home.sync([row()])
    assert run(home, (row(), row())).read == 1


def test_clients_are_told_by_the_change_log(home: Home) -> None:
    home.sync([WAS])
    run(home, (WAS, NOW))
    with home.db.read() as session:
        (shown,) = transactions(session, home.allowed(), HistoryQuery()).items
    assert shown["counterparty_name"] == "Coffee House"
    assert log(home)[-1][1] == "modified"


SHAPES: list[tuple[str, Any, str]] = [
    ("counterparty_name", "José 4711", "Aaaa 9999"),
    ("counterparty_account", "DE89 3704", "AA99 9999"),
    ("amount", "-12.30", "-99.99"),
    ("remittance", '["Miete"]', '["Aaaaa"]'),
    ("booking_date", TODAY, TODAY.isoformat()),
    ("counterparty_name", None, "nothing"),
    ("remittance", "x" * 500, "a" * 80),
]


@pytest.mark.parametrize(("name", "value", "expected"), SHAPES)
def test_an_operator_sees_the_shape_of_what_is_somebody_s(name: str, value: Any, expected: str) -> None:
    assert told(name, value) == expected
