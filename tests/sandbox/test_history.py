"""The invented year: the same for every start, consistent in itself, with the traps that real histories have."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

import pytest

from sandbox.book import Book
from sandbox.clock import BankClock
from sandbox.history import tell
from sandbox.iban import is_iban
from sandbox.people import ACCOUNTS, BY_KEY, AccountKind, BankName, accounts_at, accounts_of
from sandbox.rows import Kind, Row

TODAY = date(2026, 11, 23)
ALICES_MAIN = ("albion.alice.current", "lorelei.alice.giro")
STORY = tell(TODAY, TODAY)
BOOKS = {bank: Book(bank, BankClock(TODAY)) for bank in BankName}  # for tests that only read


def test_the_same_first_day_always_tells_the_same_story() -> None:
    assert tell(TODAY, TODAY) == STORY


def test_a_later_today_only_adds_to_the_story() -> None:
    later = tell(TODAY, TODAY + timedelta(days=9))
    for key, rows in STORY.items():
        assert later[key][: len(rows)] == rows


@pytest.mark.parametrize("today", [TODAY, date(2026, 2, 28), date(2024, 2, 29), date(2027, 1, 1)])
def test_alices_main_accounts_have_600_to_900_rows_a_year(today: date) -> None:
    story = tell(today, today)
    assert all(600 <= len(story[key]) <= 900 for key in ALICES_MAIN)
    assert all(rows for rows in story.values())


def test_every_iban_has_right_check_digits() -> None:
    with_iban = [account for account in ACCOUNTS if account.bank is not BankName.BUNYIP]
    ibans = [account.iban for account in with_iban if account.kind is not AccountKind.CARD]
    ibans += [row.counterparty_iban for rows in STORY.values() for row in rows if row.counterparty_iban]
    assert ibans
    assert all(is_iban(iban) for iban in ibans)
    assert not is_iban("DE00" + ibans[0][4:])


@pytest.mark.parametrize("key", ALICES_MAIN)
def test_a_salary_rises_once(key: str) -> None:
    salaries = [row.amount for row in STORY[key] if row.kind is Kind.SALARY]
    assert len(salaries) >= 12
    assert salaries == sorted(salaries)
    assert len(set(salaries)) == 2


@pytest.mark.parametrize(("key", "text"), [(ALICES_MAIN[0], "NETFLIX"), (ALICES_MAIN[1], "DEUTSCHLANDTICKET")])
def test_a_subscription_gets_dearer_once(key: str, text: str) -> None:
    prices = [-row.amount for row in STORY[key] if text in row.text]
    assert len(set(prices)) == 2
    assert prices == sorted(prices)


@pytest.mark.parametrize("key", ALICES_MAIN)
def test_two_coffees_are_equal_in_every_field(key: str) -> None:
    twins = [replace(row, key="") for row in STORY[key] if row.twin]
    assert len(twins) == 2
    assert twins[0] == twins[1]


@pytest.mark.parametrize("key", ALICES_MAIN)
def test_every_kind_of_row_occurs(key: str) -> None:
    kinds = {row.kind for row in STORY[key]}
    assert kinds >= set(Kind) - {Kind.INTEREST, Kind.OPENING}
    assert any(row.foreign for row in STORY[key])
    assert any(len(row.text) > 140 for row in STORY[key])


def test_a_transfer_between_own_accounts_has_both_its_legs() -> None:
    def legs(key: str, text: str) -> list[tuple[date, Decimal, str]]:
        return [(row.on, abs(row.amount), row.end_to_end_id) for row in STORY[key] if row.text == text]

    for payer, payee, text in (
        ("albion.alice.current", "albion.alice.savings", "TO RAINY DAY SAVER"),
        ("albion.alice.euro", "lorelei.alice.giro", "TO COLOGNE"),
        ("lorelei.bob.giro", "lorelei.alice+bob.joint", "HAUSHALTSGELD BOB"),
    ):
        assert len(legs(payer, text)) == 12
        assert legs(payer, text) == legs(payee, text)


def test_alice_and_bob_share_an_account_at_lorelei() -> None:
    alices, bobs = ({one.iban for one in accounts_of(BankName.LORELEI, name)} for name in ("alice", "bob"))
    assert alices & bobs == {BY_KEY["lorelei.alice+bob.joint"].iban}


@pytest.mark.parametrize("bank", BankName)
def test_balances_are_the_sum_of_the_rows_they_stand_for(bank: BankName) -> None:
    book = BOOKS[bank]
    for account in accounts_at(bank):
        entries = book.entries(account)
        balances = book.balances(account)
        assert balances.booked == sum(entry.row.amount for entry in entries if entry.booked_on)
        assert balances.available == sum(entry.row.amount for entry in entries)


@pytest.mark.parametrize("key", ALICES_MAIN)
def test_two_to_four_rows_are_pending_and_book_later_under_another_id_and_text(key: str) -> None:
    account, clock = BY_KEY[key], BankClock(TODAY)
    book = Book(account.bank, clock)
    pending = {entry.row.key: entry for entry in book.entries(account) if entry.booked_on is None}
    assert 2 <= len(pending) <= 4
    clock.advance(3)
    booked = {entry.row.key: entry for entry in book.entries(account)}
    for row_key, before in pending.items():
        after = booked[row_key]
        assert after.booked_on is not None
        assert after.row.amount == before.row.amount
        assert after.entry_id != before.entry_id
        assert after.text != before.text


def test_what_is_booked_on_demand_stays_booked_on_that_day() -> None:
    account, clock = BY_KEY[ALICES_MAIN[0]], BankClock(TODAY)
    book = Book(account.bank, clock)
    pending = {entry.row.key for entry in book.entries(account) if entry.booked_on is None}
    assert book.book_pending() >= len(pending)
    assert all(entry.booked_on for entry in book.entries(account))
    clock.advance(5)
    assert {entry.booked_on for entry in book.entries(account) if entry.row.key in pending} == {TODAY}


def test_ids_are_unique_within_an_account() -> None:
    for account in accounts_at(BankName.ALBION):
        book = BOOKS[BankName.ALBION]
        assert max(Counter(entry.entry_id for entry in book.entries(account)).values()) == 1


def test_no_row_is_made_in_the_future() -> None:
    rows: list[Row] = [row for told in STORY.values() for row in told]
    assert max(row.on for row in rows) <= TODAY
    assert min(row.on for row in rows) == TODAY - timedelta(days=365)


def test_a_calendar_that_was_told_its_day_stays_at_it_over_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    told, real = BankClock(TODAY), BankClock()
    before = real.today()

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Tomorrow":
            return super().now(tz) + timedelta(days=1)

    monkeypatch.setattr("sandbox.clock.datetime", Tomorrow)
    assert (told.today(), real.today()) == (TODAY, before + timedelta(days=1))
    assert told.advance(2) == told.today() == TODAY + timedelta(days=2)
