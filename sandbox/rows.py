"""One line of an account's history, before any standard has put it into its own words."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    OPENING = "opening"
    SALARY = "salary"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    STANDING_ORDER = "standing_order"
    DIRECT_DEBIT = "direct_debit"
    CARD = "card"
    REFUND = "refund"
    CASH = "cash"
    FEE = "fee"
    INTEREST = "interest"


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a card purchase cost where it was made. ``rate`` is units of ``currency`` for one of the account's."""

    currency: str
    amount: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """A movement. ``amount`` is signed from the holder's side (positive: money in), in the account's currency.

    ``on`` is the day it was made. ``settles_after_days`` later it is booked; until then it is pending.
    ``twin`` marks rows that equal another one in every field but ``key``.
    """

    key: str
    on: date
    amount: Decimal
    kind: Kind
    counterparty: str
    text: str
    settles_after_days: int = 0
    counterparty_iban: str = ""
    mcc: str = ""
    foreign: Foreign | None = None
    end_to_end_id: str = ""
    mandate_id: str = ""
    creditor_id: str = ""
    twin: bool = False

    @property
    def books_on(self) -> date:
        return self.on + timedelta(days=self.settles_after_days)
