"""What is planned on an account, and what the bank says of it beside its money. The person reads it as owner."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hub.ledger.resources.read import REFUSED, KindRead
from hub.web.format import long_date
from hub.web.present.schedules import in_words
from hub.web.viewmodels import AboutAccount, HolderRow, PayeeRow, Planned, PlannedRow, StatementRow
from providers.model import Money
from providers.port import Resource
from providers.resources import MandateStatus

Read = Mapping[Resource, KindRead]
Row = Mapping[str, Any]

_PLANNED = {
    Resource.STANDING_ORDERS: ("Standing order", "standing orders"),
    Resource.DIRECT_DEBITS: ("Direct debit", "direct debits"),
    Resource.SCHEDULED_PAYMENTS: ("Set for later", "payments set for later"),
}
_NOTES = {
    MandateStatus.SUSPENDED.value: "Suspended",
    MandateStatus.CANCELLED.value: "Cancelled",
    MandateStatus.EXPIRED.value: "Ran out",
    MandateStatus.INACTIVE.value: "Not active",
}
_OVER = frozenset({MandateStatus.CANCELLED.value, MandateStatus.EXPIRED.value, MandateStatus.INACTIVE.value})
_STATEMENTS = 12
NOBODY = "No name given"


def planned(read: Read) -> Planned:
    """Soonest first, then what has no day."""
    coming: list[PlannedRow] = []
    over: list[PlannedRow] = []
    for kind, (word, _) in _PLANNED.items():
        for row in read[kind].rows:
            is_over = row["ended_at"] is not None or row.get("status") in _OVER
            (over if is_over else coming).append(_row(word, row, is_over=is_over))
    times = [datetime.fromisoformat(at) for kind in _PLANNED if (at := read[kind].read_at)]
    return Planned(
        rows=tuple(sorted(coming, key=lambda row: (row.next_on is None, row.next_on or date.max, row.name))),
        over=tuple(sorted(over, key=lambda row: row.name)),
        missing=tuple(words for kind, (_, words) in _PLANNED.items() if read[kind].state == REFUSED),
        read_at=min(times, default=None),
    )


def about(read: Read) -> AboutAccount:
    products = [row["name"] or row["type"] for row in _present(read, Resource.PRODUCTS)]
    statements = sorted(_present(read, Resource.STATEMENTS, with_ended=True), key=_end, reverse=True)
    return AboutAccount(
        product=", ".join(filter(None, products)),
        holders=tuple(map(_holder, _present(read, Resource.PARTIES))),
        payees=tuple(sorted(map(_payee, _present(read, Resource.BENEFICIARIES)), key=lambda one: one.name.casefold())),
        statements=tuple(map(_statement, statements[:_STATEMENTS])),
    )


def _row(word: str, row: Row, *, is_over: bool) -> PlannedRow:
    """A scheduled payment has its day and amount at itself, the others in their instalments."""
    coming, last = row.get("next") or row.get("final") or {}, row.get("last") or {}
    money = _money(row) or _money(coming)
    texts = [word, in_words(row.get("schedule")), *row.get("remittance", ())]
    note = _NOTES.get(row.get("status") or "", "")
    if row["ended_at"] is not None:
        note = f"Last shown on {long_date(datetime.fromisoformat(row['seen_at']).date())}"
    return PlannedRow(
        name=row["creditor_name"] or row["creditor_account"] or NOBODY,
        detail=" · ".join(filter(None, texts)),
        next_on=None if is_over else _day(row.get("date") or coming.get("date")),
        money=money,
        last=None if money else _money(last),
        note=note,
    )


def _holder(row: Row) -> HolderRow:
    places = [
        ", ".join(filter(None, (*one["lines"], one["town"], one["post_code"], one["region"], one["country"])))
        for one in row["addresses"]
    ]
    contact = (*places, row["email"], row["phone"], row["mobile"])
    return HolderRow(
        name=row["legal_name"] or row["name"] or NOBODY,
        role=_spaced(row["role"] or row["type"] or ""),
        contact=tuple(filter(None, contact)),
    )


def _payee(row: Row) -> PayeeRow:
    trusted = "Trusted: may be paid without a second proof" if row["is_trusted"] else ""
    return PayeeRow(
        name=row["creditor_name"] or NOBODY,
        number=row["creditor_account"] or "",
        detail=" · ".join(filter(None, (row["reference"], trusted))),
    )


def _statement(row: Row) -> StatementRow:
    first, last = _day(row["date_from"]), _day(row["date_to"])
    days = " to ".join(long_date(day) for day in (first, last) if day)
    lines = [(line["description"] or _spaced(line["type"]), _money(line)) for line in row["lines"]]
    return StatementRow(
        title=days or row["reference"] or "Statement", lines=tuple((label, money) for label, money in lines if money)
    )


def _spaced(word: str) -> str:
    """``ClosingBalance`` as ``Closing balance``."""
    return "".join(f" {sign.lower()}" if at and sign.isupper() else sign for at, sign in enumerate(word))


def _present(read: Read, kind: Resource, *, with_ended: bool = False) -> Iterable[Row]:
    """A bank shows its last statements only; the others were no less written."""
    return [row for row in read[kind].rows if with_ended or row["ended_at"] is None]


def _end(row: Row) -> str:
    return row["date_to"] or row["date_from"] or row["created_at"] or ""


def _money(row: Row) -> Money | None:
    amount, currency = row.get("amount"), row.get("currency")
    return Money(Decimal(amount), currency) if amount is not None and currency else None


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
