"""Rows of a file into transactions, one after the other, so that a broken one costs nothing but itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from providers import dates
from providers.errors import ContractBroken
from providers.model import Balance, Money, RejectedRow, Transaction
from providers.rows import BrokenRow
from providers.rules.engine import Engine
from providers.rules.told import Told

RAW_LIMIT_BYTES = 65_536
FIRST_YEAR, LAST_YEAR = 1900, 2199  # of a movement; beyond it a date is a mistake, and arithmetic on it fails
MAX_ROWS = 200_000
"""Of one file, broken ones included: more take minutes of a core and a gigabyte."""
MAX_STATEMENTS = 20_000
"""Of one file: fifty years of daily ones. Each costs a fifth of a millisecond, rows or none."""
_DIGITS = 18  # of an amount, those behind the mark included: what fits a column of 63 bits


def must_be_few(rows: int, *, of: str = "file") -> None:
    """Raises ContractBroken for more than MAX_ROWS."""
    if rows > MAX_ROWS:
        raise ContractBroken(f"The {of} has more than {MAX_ROWS} rows; divide it into years.")


def must_be_few_statements(count: int) -> None:
    """Raises ContractBroken for more than MAX_STATEMENTS."""
    if count > MAX_STATEMENTS:
        raise ContractBroken(f"The file has more than {MAX_STATEMENTS} statements; divide it into years.")


@dataclass(slots=True)
class Taken:
    """The rows of one account so far."""

    transactions: list[Transaction] = field(default_factory=list)
    rejected: list[RejectedRow] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)

    def keep(self, balance: Balance) -> None:
        """Raises BrokenRow for one that no ledger can hold."""
        _check_amount(balance.money, "balance")
        self.balances.append(balance)

    def take(self, engine: Engine, raw: bytes, tell: Callable[[], Told]) -> None:
        """``tell`` reads the row and may raise BrokenRow. Raises ContractBroken for one too many."""
        must_be_few(len(self.transactions) + len(self.rejected) + 1)
        try:
            self.transactions.append(read_row(engine, tell()))
        except BrokenRow as error:
            self.reject(str(error), raw)

    def reject(self, reason: str, raw: bytes) -> None:
        self.rejected.append(RejectedRow(reason, raw[:RAW_LIMIT_BYTES]))


def read_row(engine: Engine, told: Told) -> Transaction:
    """Raises BrokenRow, also for what no ledger holds."""
    row = engine.transaction(told)
    _check_amount(row.money, "amount")
    for place, text in (*told.booking, *told.value):
        _check_day(text, place)
    if row.balance_after is not None:
        _check_amount(row.balance_after, "balance")
    return row


def is_plausible(day: date) -> bool:
    return FIRST_YEAR <= day.year <= LAST_YEAR


def _check_day(text: str | None, place: str) -> None:
    """A file's days are its own statement's: what the engine would leave out as unknown is a mistake here."""
    if not text:
        return
    try:
        day = dates.calendar_day(text, place)
    except BrokenRow:
        return
    if day is None or not is_plausible(day):
        raise BrokenRow("date is out of range")


def _check_amount(money: Money, field: str) -> None:
    _sign, digits, exponent = money.number.as_tuple()
    if not isinstance(exponent, int) or max(len(digits), -exponent) + max(exponent, 0) > _DIGITS:
        raise BrokenRow(f"{field} is out of range")
