"""Accounts and rows as SimpleFIN writes them: numeric strings, seconds since 1970, 0 for what has not posted."""

from datetime import UTC, datetime, time
from typing import Any

from sandbox.book import Book, Entry
from sandbox.clock import BankClock
from sandbox.people import Account


def account(url: str, book: Book, clock: BankClock, shown: Account) -> dict[str, Any]:
    balances = book.balances(shown)
    return {
        "org": {"domain": "albion.example", "name": "Albion Bank", "sfin-url": f"{url}/simplefin"},
        "id": f"ACT-{shown.masked_number[-4:]}-{shown.currency}",
        "name": f"{shown.name} ({shown.masked_number[-4:]})",
        "currency": shown.currency,
        "balance": f"{balances.booked:.2f}",
        "available-balance": f"{balances.available + shown.credit_line:.2f}",
        "balance-date": int(clock.now().timestamp()),
        "transactions": [],
    }


def points(url: str, clock: BankClock) -> dict[str, Any]:
    """A balance in a currency of its own."""
    return {
        "org": {"domain": "vaporetto.example", "name": "Vaporetto Club", "sfin-url": f"{url}/simplefin"},
        "id": "ACT-MILES",
        "name": "Lagoon miles",
        "currency": f"{url}/currency/miles",
        "balance": "1270",
        "balance-date": int(clock.now().timestamp()),
        "transactions": [],
    }


def transaction(entry: Entry) -> dict[str, Any]:
    made = noon(entry.row.on)
    found = {
        "id": f"TRN-{entry.entry_id}",
        "posted": noon(entry.booked_on) if entry.booked_on else 0,
        "amount": f"{entry.row.amount:.2f}",
        "description": entry.text,
        "payee": entry.row.counterparty,
        "transacted_at": made,
    }
    return found if entry.booked_on else found | {"pending": True}


def noon(day: Any) -> int:
    return int(datetime.combine(day, time(12), UTC).timestamp())
