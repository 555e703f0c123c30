"""What hangs on an account: what is planned, whose it is, whom it pays, what was written up."""

from dataclasses import dataclass
from datetime import date, datetime

from providers.model import Money


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """``detail`` is what it is, how often, and its note. ``next_on`` None: the bank does not say, or it is over.
    ``money`` None: not known beforehand; ``last`` is then what it was last time. ``note``: why it may not come."""

    name: str
    detail: str
    next_on: date | None = None
    money: Money | None = None
    last: Money | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """``rows`` in the order in which they come. ``over`` is what the bank says is over, or shows no more. ``missing``
    names what the bank does not show of this account; ``read_at`` the oldest of the readings, None: nothing was read.
    """

    rows: tuple[PlannedRow, ...] = ()
    over: tuple[PlannedRow, ...] = ()
    missing: tuple[str, ...] = ()
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HolderRow:
    name: str
    role: str
    contact: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayeeRow:
    name: str
    number: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StatementRow:
    """``lines`` are (what it is, how much), in the bank's order."""

    title: str
    lines: tuple[tuple[str, Money], ...] = ()


@dataclass(frozen=True, slots=True)
class AboutAccount:
    """``product`` is what the bank calls this kind of account, empty where it does not say."""

    product: str = ""
    holders: tuple[HolderRow, ...] = ()
    payees: tuple[PayeeRow, ...] = ()
    statements: tuple[StatementRow, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.product or self.holders or self.payees or self.statements)
