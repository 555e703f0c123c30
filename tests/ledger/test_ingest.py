"""Storing what a bank shows: nothing is lost, nothing doubles, nothing is written twice."""

import threading
from collections import Counter
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import select, text

from hub.db import Database
from hub.ledger import tables
from hub.ledger.ingest import Applied
from hub.models.ledger import Account, Change, Transaction, TransactionRaw
from hub.sealing import SealBroken
from tests.ledger.bank import FIRST, NOW, SEALER, Home, days_ago, pending, row
from tests.ledger.conftest import statements


def ledger(home: Home) -> list[Transaction]:
    with home.db.read() as session:
        return list(session.scalars(select(Transaction).order_by(Transaction.sort_date, Transaction.id)))


def live(home: Home) -> Counter[tuple[Any, ...]]:
    """What the ledger shows, as a multiset."""
    return Counter(
        (one.status, one.amount, one.sort_date, one.counterparty_name, tuple(one.remittance))
        for one in ledger(home)
        if one.removed_at is None
    )


def log(home: Home) -> list[tuple[int, str]]:
    with home.db.read() as session:
        return [(one.seq, one.kind) for one in session.scalars(select(Change).order_by(Change.seq))]


def test_a_row_is_stored_with_all_that_the_bank_said(home: Home) -> None:
    shown = row("-1234.5", days_ago(3), after="10.00", transactionId="a", entryReference="r")
    assert home.sync([shown]) == Applied(added=1)
    (stored,) = ledger(home)
    assert (stored.amount, stored.scale, stored.currency) == (-12345, 1, "EUR")
    assert (stored.sort_date, stored.booking_date, stored.value_date) == (days_ago(3),) * 3
    assert (stored.remittance, stored.bank_ids) == (["card 4711"], {"transactionId": "a", "entryReference": "r"})
    assert (stored.balance_after, stored.first_seen_at, stored.updated_at) == ("10.00", home.now, home.now)


def test_the_raw_row_is_sealed_in_its_place(home: Home) -> None:
    shown = row()
    home.sync([shown, row("-4")])
    with home.db.read() as session:
        raw = {one.transaction_id: one for one in session.scalars(select(TransactionRaw))}
    opened = {SEALER.open(one.raw_sealed, f"transaction_raw.raw:{one.transaction_id}"): one for one in raw.values()}
    mine, other = opened.pop(shown.raw), *opened.values()
    assert mine.raw_hash == ""  # nothing that tells whether a guess at what is sealed is right
    assert mine.normaliser == "test/1"
    with pytest.raises(SealBroken):
        SEALER.open(mine.raw_sealed, f"transaction_raw.raw:{other.transaction_id}")


def test_reading_the_same_again_writes_no_row(home: Home) -> None:
    shown = [row(day=days_ago(day)) for day in range(20)] + [pending("-9")]
    home.sync(shown)
    before = log(home)
    with statements(home.db.writer) as seen:
        assert home.sync(shown) == Applied()
    assert log(home) == before
    written = [one for one in seen if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [one.split()[:2] for one in written] == [["UPDATE", "account"]]


def test_the_statements_of_a_sync_do_not_grow_with_its_rows(home: Home) -> None:
    counts = []
    home.sync([row("-1")])
    for size in (5, 50):
        shown = [row(f"-{size}.{number:02}", transactionId=f"{size}-{number}") for number in range(size)]
        with statements(home.db.writer) as seen:
            home.sync(shown)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 16


def test_a_booked_row_replaces_its_pending_one_in_one_step(home: Home) -> None:
    home.sync([pending(day=days_ago(1), transactionId="p")])
    assert home.sync([row(transactionId="b")]) == Applied(added=1, modified=1, removed=1)
    old, new = ledger(home)
    assert (old.status, old.removed_at, old.superseded_by) == ("PDNG", home.now, new.id)
    assert (new.status, new.removed_at, new.supersedes) == ("BOOK", None, old.id)
    assert {(one.link_reason, one.link_confidence) for one in (old, new)} == {("same_amount_and_text", 90)}


def test_a_pending_row_that_vanished_days_before_is_linked_when_it_is_booked(home: Home) -> None:
    home.sync([pending(day=days_ago(3))])
    assert home.sync([]) == Applied(removed=1)
    home.sync([row(day=days_ago(1))])
    old, new = ledger(home)
    assert (old.superseded_by, new.supersedes) == (new.id, old.id)
    assert [kind for _, kind in log(home)] == ["added", "removed", "added", "modified"]  # not removed twice


def test_a_pending_row_that_comes_back_keeps_its_id(home: Home) -> None:
    home.sync([pending()])
    home.sync([])
    assert home.sync([pending()]) == Applied(added=1)
    assert [one.removed_at for one in ledger(home)] == [None]


def test_a_vanished_booked_row_is_flagged_and_found_again(home: Home) -> None:
    both = [row("-1", days_ago(1)), row("-2", days_ago(9))]
    home.sync(both)
    home.sync(both[1:])
    assert [one.missing_since for one in ledger(home)] == [None, home.now]
    home.sync(both)
    assert [(one.missing_since, one.removed_at) for one in ledger(home)] == [(None, None)] * 2


def test_a_fetch_that_broke_off_decides_nothing_and_keeps_what_it_read(home: Home) -> None:
    home.sync([row("-1", days_ago(9)), pending()])
    home.sync([row("-5")], finish=False)
    assert sum(live(home).values()) == 3
    assert [one.missing_since for one in ledger(home)] == [None] * 3


def test_a_crash_after_any_page_changes_nothing_in_the_end(db: Database) -> None:
    pages = [
        [row("-1", days_ago(1), transactionId="1"), row("-3.50", days_ago(1))],
        [row("-3.50", days_ago(1)), row("-2", days_ago(2), transactionId="X")],
        [row("-2", days_ago(2), transactionId="X"), row("-9", days_ago(2), transactionId="X"), pending("-7")],
    ]
    clean = Home(db)
    clean.sync(*pages)
    for crash_after in range(len(pages)):
        home = Home(db)
        home.sync(*pages[: crash_after + 1], finish=False)
        home.sync(*pages)
        assert live_of(home) == live_of(clean)


def live_of(home: Home) -> Counter[tuple[Any, ...]]:
    with home.db.read() as session:
        rows = session.scalars(
            select(Transaction).where(Transaction.account_id == home.account_id, Transaction.removed_at.is_(None))
        )
        return Counter((one.status, one.amount, one.sort_date, one.fingerprint) for one in rows)


def test_a_booked_row_stored_by_a_fetch_that_broke_off_still_finds_its_pending_one(home: Home) -> None:
    home.sync([pending(day=days_ago(1))])
    home.sync([row()], finish=False)
    home.sync([row()])
    old, new = ledger(home)
    assert (old.superseded_by, new.supersedes) == (new.id, old.id)


def test_a_rolled_back_page_leaves_nothing(home: Home) -> None:
    fetch = home.fetch()
    with suppress(InterruptedError), home.db.write() as session:
        fetch.apply(session, SEALER, [row()], NOW)
        raise InterruptedError
    assert ledger(home) == []
    assert log(home) == []
    with pytest.raises(RuntimeError), home.db.write() as session:
        fetch.apply(session, SEALER, [row()], NOW)


def test_two_fetches_of_one_account_do_not_mix(home: Home) -> None:
    one, other = home.fetch(), home.fetch()
    with home.db.write() as session:
        one.apply(session, SEALER, [row()], NOW)
    with home.db.write() as session:
        other.apply(session, SEALER, [row()], NOW)
        other.apply(session, SEALER, [row("-9")], NOW)
    with pytest.raises(RuntimeError), home.db.write() as session:
        one.apply(session, SEALER, [row("-9")], NOW)
    assert len(ledger(home)) == 2


def test_positions_in_the_log_have_no_gaps(home: Home) -> None:
    home.sync([row("-1"), pending("-2", text="a")], [row("-4")])
    home.sync([row("-1"), row("-2", text="a")])
    assert [seq for seq, _ in log(home)] == list(range(1, len(log(home)) + 1))


def test_the_bank_s_order_within_a_day_is_kept(home: Home) -> None:
    newest_first = [row(f"-{number}", text=f"row {number}") for number in range(9, 0, -1)]
    home.sync([*newest_first, row("-100", days_ago(5))])
    assert [one.amount for one in ledger(home)][1:] == [-number * 1 for number in range(1, 10)]


def test_a_row_outside_the_window_is_known_all_the_same(home: Home) -> None:
    """Some banks ignore the dates they are asked for."""
    old = row("-1", days_ago(300))
    home.sync([row(), old])
    assert home.sync([row()], [old]) == Applied()


def test_an_undated_row_is_known_long_after(home: Home) -> None:
    home.sync([row(day=None)])
    home.now = home.now.replace(year=2027)
    assert home.sync([row(day=None)], first=home.now.date()) == Applied()


def test_a_finished_account_says_how_far_it_was_read(home: Home) -> None:
    home.sync([row()])
    home.sync([row()], first=days_ago(7))
    with home.db.read() as session:
        account = session.get_one(Account, home.account_id)
    assert (account.synced_at, account.history_from) == (home.now, FIRST)


def test_codes_that_do_not_fit_are_left_to_the_raw_row(home: Home) -> None:
    home.sync([structs.replace(row(), merchant_category_code="54112", bank_transaction_code="X" * 41)])
    (stored,) = ledger(home)
    assert (stored.merchant_category_code, stored.bank_transaction_code) == (None, None)


def test_a_removed_connection_takes_no_rows(home: Home) -> None:
    with home.db.write() as session:
        session.execute(text("DELETE FROM connection"))
    with pytest.raises(LookupError):
        home.sync([row()])
    with home.db.read() as session:
        assert session.execute(select(tables.transaction)).first() is None


def test_a_removed_account_takes_no_rows(home: Home) -> None:
    fetch = home.fetch()
    with home.db.write() as session:
        fetch.apply(session, SEALER, [row("-1")], NOW)
    with home.db.write() as session:
        session.execute(text("DELETE FROM account"))
    with pytest.raises(LookupError), home.db.write() as session:
        fetch.apply(session, SEALER, [row("-2")], NOW)
    assert ledger(home) == []


@pytest.mark.parametrize("what", ["psu", "connection", "account"])
def test_what_goes_while_a_page_is_being_stored_leaves_nothing_behind(home: Home, what: str) -> None:
    """On PostgreSQL no foreign key sees to it: the page holds what it belongs to, and triggers take it along."""
    id_ = {"psu": home.psu_id, "connection": home.connection_id, "account": home.account_id}[what]
    bob = Home(home.db, name="bob")
    for one in (home, bob):
        one.read([row("-1"), pending("-2")])

    def leave() -> None:
        with home.db.write() as session:
            session.execute(text(f"DELETE FROM {what} WHERE id = :id"), {"id": id_})  # one of the three above

    leaving = threading.Thread(target=leave)
    with home.db.write() as session:
        home.fetch().apply(session, SEALER, [row("-3")], NOW)
        leaving.start()
        leaving.join(0.2)
        assert leaving.is_alive()
    leaving.join()
    with home.db.read() as session:
        left = {table.name: session.execute(select(table)).all() for table in LEDGER}
    assert {name: len(rows) for name, rows in left.items()} == {
        "account": 1,
        "transaction": 2,
        "transaction_raw": 2,
        "change": 5 if what == "account" else 2,  # the log is the connection's
        "seen_page": 1,
    }
    assert {one.account_id for one in left["transaction"]} == {bob.account_id}


LEDGER = (tables.account, tables.transaction, tables.transaction_raw, tables.change, tables.seen_page)


def test_twins_told_in_another_order_do_not_make_their_ids_worthless(home: Home) -> None:
    one, other = row(transactionId="a"), row(transactionId="b")
    home.sync([one])
    home.sync([other], [one], finish=False)
    home.sync([other], [one, one])
    assert sum(live(home).values()) == 2


def test_swallowed_twins_are_stored_when_their_id_is_found_to_mean_nothing(home: Home) -> None:
    home.sync([row(transactionId="X")] * 3, [row("-9", transactionId="X")])
    assert sum(live(home).values()) == 4


def test_a_bank_may_write_the_first_and_the_last_day_that_there_is(home: Home) -> None:
    odd = [row("-1", date.min), row("-2", date.max), row("-3")]
    home.sync(odd)
    assert home.sync(odd) == Applied()
    assert sum(live(home).values()) == 3
