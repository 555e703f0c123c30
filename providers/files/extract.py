"""What a file says, account by account."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from providers.files.reading import NEEDS_NOTHING, Reading
from providers.files.rows import is_plausible
from providers.model import Account, Balance, RejectedRow, Transaction


class Format(StrEnum):
    CAMT = "camt"
    MT940 = "mt940"
    MT942 = "mt942"
    OFX = "ofx"
    QIF = "qif"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Extract:
    """One account in one file. ``account.currency`` is "" where the file names none: the person has to.

    ``period`` is the file's own word on the days it is about, both included; None where it has none. ``adds_up`` says
    whether the opening balance and the booked rows give the closing balance; None where the file does not have both.
    ``reading`` is what must be kept beside its rows so that they can be read again.
    """

    account: Account
    transactions: tuple[Transaction, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
    balances: tuple[Balance, ...] = ()
    period: tuple[date, date] | None = None
    adds_up: bool | None = None
    reading: Reading = NEEDS_NOTHING

    @property
    def days(self) -> tuple[date, date] | None:
        """From the first to the last day that the file speaks of."""
        days = [day for row in self.transactions if (day := row.booking_date or row.value_date)]
        days += [day for day in self.period or () if is_plausible(day)]
        return (min(days), max(days)) if days else None


@dataclass(frozen=True, slots=True)
class Read:
    """A whole file. ``version`` is the format's own, "" where it has none; ``warnings`` are for the person."""

    format: Format
    version: str
    extracts: tuple[Extract, ...]
    warnings: tuple[str, ...] = ()
