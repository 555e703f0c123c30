"""The bank's book: which rows are booked or pending at the bank's today, under which id, and what is on the account."""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

from sandbox.clock import BankClock
from sandbox.history import tell
from sandbox.people import Account, BankName, accounts_at
from sandbox.rows import Kind, Row
from sandbox.words import WORDS

ADDED_SETTLE_DAYS = 2
MOST_ADDED = Decimal(1_000_000)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as the bank shows it today. ``booked_on`` is None while it is pending; id and text change at booking."""

    entry_id: str
    row: Row
    booked_on: date | None
    text: str

    @property
    def day(self) -> date:
        return self.booked_on or self.row.on


@dataclass(frozen=True, slots=True)
class Balances:
    """Signed, in the account's currency. ``booked`` is the sum of the booked rows, ``available`` adds the pending."""

    booked: Decimal
    available: Decimal
    opening: Decimal


class Book:
    """Safe to use from many threads. Amounts and dates of the past never change; only pending rows move on."""

    def __init__(self, bank: BankName, clock: BankClock) -> None:
        self.bank = bank
        self.accounts = accounts_at(bank)
        # What a reader is shown of an account's entries; a fault may change it. Balances are never faulty.
        self.shows: Callable[[list[Entry]], list[Entry]] = list
        self._clock = clock
        self._lock = threading.Lock()
        self._booked_early: dict[tuple[str, str], date] = {}
        self._told_until: date | None = None
        self._rows: dict[str, list[Row]] = {}
        self._added: dict[str, list[Row]] = defaultdict(list)
        self._pages: dict[tuple[str, date], list[Entry]] = {}

    def entries(self, account: Account) -> list[Entry]:
        """Newest first; pending rows before booked ones."""
        return self.shows(self._entries(account))

    def add(self, key: str, amount: Decimal, *, counterparty: str, text: str, pending: bool) -> Row:
        """One more transaction of today on the account ``key``; a pending one is booked in two days.

        ``amount`` is signed from the holder's side. ValueError says what a developer got wrong.
        """
        if key not in {account.key for account in self.accounts}:
            raise ValueError(f"account is one of {', '.join(account.key for account in self.accounts)}")
        if not amount.is_finite() or not 0 < abs(amount) <= MOST_ADDED or amount != amount.quantize(CENT):
            raise ValueError(f"amount has at most two decimals, is not 0 and not beyond {MOST_ADDED}")
        if not counterparty.strip():
            raise ValueError("counterparty says who the other side is")
        today = self._clock.today()
        with self._lock:
            number = len(self._added[key]) + 1
            row = Row(
                f"{today:%Y%m%d}-a{number:03d}",
                today,
                amount.quantize(CENT),
                Kind.CARD if amount < 0 else Kind.REFUND,
                counterparty.strip(),
                text.strip() or counterparty.strip(),
                mcc="5999",  # ISO 18245: other shops
                settles_after_days=ADDED_SETTLE_DAYS if pending else 0,
            )
            self._added[key].append(row)
            self._pages.clear()
        return row

    def _entries(self, account: Account) -> list[Entry]:
        """Worked out once a day, and again when rows are added or booked."""
        today = self._clock.today()
        with self._lock:
            if (account.key, today) not in self._pages:
                early = self._booked_early
                entries = [
                    _entry(account, row, today, early.get((account.key, row.key)))
                    for row in [*self._rows_until(today)[account.key], *self._added[account.key]]
                    if row.on <= today
                ]
                entries.sort(key=lambda entry: (entry.booked_on is None, entry.day, entry.row.key), reverse=True)
                self._pages[account.key, today] = entries
            return list(self._pages[account.key, today])

    def balances(self, account: Account) -> Balances:
        booked = available = opening = Decimal("0.00")
        today = self._clock.today()
        for entry in self._entries(account):
            available += entry.row.amount
            if entry.booked_on:
                booked += entry.row.amount
                if entry.booked_on < today:
                    opening += entry.row.amount
        return Balances(booked, available, opening)

    def book_pending(self) -> int:
        """Book today what is pending now, in every account; returns how many rows moved."""
        today = self._clock.today()
        pending = [
            (account.key, entry.row.key)
            for account in self.accounts
            for entry in self._entries(account)
            if entry.booked_on is None
        ]
        with self._lock:
            self._booked_early.update(dict.fromkeys(pending, today))
            self._pages.clear()
        return len(pending)

    def _rows_until(self, today: date) -> dict[str, list[Row]]:
        """The caller holds the lock."""
        if self._told_until is None or self._told_until < today:
            self._rows = tell(self._clock.first_today, today)
            self._told_until = today
        return self._rows


def _entry(account: Account, row: Row, today: date, booked_early_on: date | None) -> Entry:
    books_on = min(row.books_on, booked_early_on or row.books_on)
    booked_on = books_on if books_on <= today else None
    state = "booked" if booked_on else "pending"
    entry_id = sha256(f"{account.key}:{row.key}:{state}".encode()).hexdigest()[:20]
    return Entry(entry_id, row, booked_on, _text(account.bank, row, is_booked=bool(booked_on)))


def _text(bank: BankName, row: Row, *, is_booked: bool) -> str:
    """A row that was pending for a while reads differently before and after."""
    if not row.settles_after_days:
        return row.text
    words = WORDS[bank]
    return words.settled(row.text, row.on) if is_booked else words.pending(row.text)
