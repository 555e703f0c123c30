"""The entries that the status ``information`` lists: standing orders. Pure.

psd2-api 1.3.11, accountReport.information: every active standing order of the account is one entry, whose
additionalInformationStructured says when it is carried out. The standard's own example has half of it beside
standingOrderDetails, and so have banks: both are read.
"""

from datetime import date

import msgspec
from msgspec import Raw

from providers import dates
from providers.model import Money, Page, Status, Transaction
from providers.resources import Frequency, Instalment, MandateStatus, Schedule, StandingOrder
from providers.rows import BrokenRow, Lenient

# frequencyCode, as letters only; a bank's ISO codes too
_FREQUENCIES = {
    "daily": (Frequency.DAILY, 1),
    "weekly": (Frequency.WEEKLY, 1),
    "everytwoweeks": (Frequency.WEEKLY, 2),
    "monthly": (Frequency.MONTHLY, 1),
    "everytwomonths": (Frequency.MONTHLY, 2),
    "quarterly": (Frequency.QUARTERLY, 1),
    "semiannual": (Frequency.HALF_YEARLY, 1),
    "annual": (Frequency.YEARLY, 1),
    "monthlyvariable": (Frequency.AD_HOC, 1),  # in the months that monthsOfExecution names
} | {one.value.lower(): (one, 1) for one in Frequency}
_LONGEST_INTERVAL = 99
_LAST_OF_MONTH = 31


class _Details(msgspec.Struct, frozen=True, rename="camel"):
    """standingOrderDetails."""

    start_date: str | None = None
    end_date: str | None = None
    frequency: str | None = None
    multiplicator: int | None = None
    day_of_execution: str | int | None = None


class _Row(msgspec.Struct, frozen=True, rename="camel"):
    additional_information_structured: Raw = Raw(b"")
    standing_order_details: Raw = Raw(b"")


_ROW = Lenient(_Row)
_DETAILS = Lenient(_Details)


def standing_orders(page: Page) -> tuple[StandingOrder, ...]:
    return tuple(_order(row) for row in page.transactions if row.status is Status.INFORMATION)


def _order(row: Transaction) -> StandingOrder:
    around, details = _details(row.raw)
    number = row.money.number
    money = Money(number if number <= 0 else number.copy_negate(), row.money.currency)  # it leaves the account
    first = _day(details.start_date or around.start_date)
    final = _day(details.end_date or around.end_date)
    ids = row.bank_ids
    return StandingOrder(
        id=ids.get("transactionId") or ids.get("entryReference"),
        status=MandateStatus.ACTIVE,
        schedule=_schedule(details, around),
        first=Instalment(first) if first else None,
        next=Instalment(money=money),
        final=Instalment(final) if final else None,
        creditor=row.counterparty,
        remittance=row.remittance,
        mandate_id=ids.get("mandateId"),
        raw=row.raw,
    )


def _details(raw: bytes) -> tuple[_Details, _Details]:
    """additionalInformationStructured, and the standingOrderDetails in it; empty where they are not there."""
    nothing = _Details()
    try:
        structured = bytes(_ROW.decode(raw).additional_information_structured)
        if not structured.startswith(b"{"):
            return nothing, nothing
        inner = bytes(_ROW.decode(structured).standing_order_details)
        return _DETAILS.decode(structured), _DETAILS.decode(inner) if inner.startswith(b"{") else nothing
    except msgspec.MsgspecError:  # a row of a camt report
        return nothing, nothing


def _schedule(details: _Details, around: _Details) -> Schedule | None:
    word = details.frequency or around.frequency or ""
    found = _FREQUENCIES.get("".join(letter for letter in word.lower() if letter.isalpha()))
    if found is None:
        return None
    frequency, interval = found
    times = details.multiplicator or around.multiplicator or 1
    if not 1 <= times <= _LONGEST_INTERVAL:
        times = 1
    day = str(details.day_of_execution or around.day_of_execution or "").strip()
    number = int(day) if day.isascii() and day.isdigit() and len(day) <= 2 else 0
    longest = 7 if frequency is Frequency.WEEKLY else _LAST_OF_MONTH
    on = number if 1 <= number <= longest else None
    on = -1 if on == _LAST_OF_MONTH else on
    return Schedule(frequency, interval * times, on, source_label=word)


def _day(text: str | None) -> date | None:
    try:
        return dates.calendar_day(text, "standingOrderDetails")
    except BrokenRow:
        return None
