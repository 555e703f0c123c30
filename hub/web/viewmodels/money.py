"""Home, an account's ledger, one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from hub.web.viewmodels.insights import CategoryForm, Spent
from hub.web.viewmodels.planned import AboutAccount, Planned
from hub.web.viewmodels.shared import Bank, ConnectionState, Form, Pager
from providers.model import Money


@dataclass(frozen=True, slots=True)
class AccountRow:
    """``identifier`` is masked already (``format.masked``); ``balance`` None means that the bank gave none."""

    account_id: str
    name: str
    identifier: str
    kind: str  # "Current account"
    balance: Money | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class BankCard:
    """One connection on the home page. ``reason``: what happened, in plain words, where the state is not
    ready.
    """

    connection_id: str
    bank: Bank
    state: ConnectionState
    accounts: tuple[AccountRow, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BalanceSeries:
    """The total of one currency at the end of each day, oldest first. Days without a figure are left out."""

    currency: str
    points: tuple[tuple[date, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class TransactionRow:
    """``counterparty`` is what the row is called: the other side, or the bank's text where there is none."""

    transaction_id: str
    booking_date: date | None  # None: pending, not booked yet; such rows are grouped first
    counterparty: str
    detail: str
    money: Money
    is_pending: bool = False
    account_name: str = ""  # shown where rows of several accounts mix
    bank: Bank | None = None


@dataclass(frozen=True, slots=True)
class HomePage:
    """home.html. No banks draws the empty state. ``totals``: one Money per currency, never converted.

    ``waiting``: how many requests of apps wait on /approvals. ``spent``: this month, by group, currency after currency.
    """

    totals: tuple[Money, ...] = ()
    banks: tuple[BankCard, ...] = ()
    series: tuple[BalanceSeries, ...] = ()
    transactions: tuple[TransactionRow, ...] = ()
    waiting: int = 0
    spent: tuple[Spent, ...] = ()


@dataclass(frozen=True, slots=True)
class TypedBalance:
    """``label`` says it plainly ("Available now"), ``code`` is ISO 20022 ExternalBalanceType1Code."""

    label: str
    code: str
    money: Money
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class TransactionFilter:
    """The filter form as it was sent, still text: GET ``q``, ``from``, ``to``, ``min``, ``max``,
    ``direction``.
    """

    q: str = ""
    date_from: str = ""  # field ``from``, ISO date
    date_to: str = ""  # field ``to``
    amount_min: str = ""  # field ``min``, without sign
    amount_max: str = ""  # field ``max``
    direction: str = ""  # "", "in" or "out"
    errors: Mapping[str, str] = field(default_factory=dict)  # by form field name

    @property
    def is_active(self) -> bool:
        return any((self.q, self.date_from, self.date_to, self.amount_min, self.amount_max, self.direction))

    @property
    def form(self) -> Form:
        """The same under the names that the form's fields have."""
        values = {
            "q": self.q,
            "from": self.date_from,
            "to": self.date_to,
            "min": self.amount_min,
            "max": self.amount_max,
        }
        return Form(values, self.errors)


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """ledger.html, at /accounts/<id>: one bank account and its transactions."""

    account: AccountRow
    connection_id: str
    bank: Bank
    balances: tuple[TypedBalance, ...] = ()
    transactions: tuple[TransactionRow, ...] = ()
    filter: TransactionFilter = TransactionFilter()
    pager: Pager = Pager()
    history_since: date | None = None
    planned: Planned = Planned()
    about: AboutAccount = AboutAccount()


@dataclass(frozen=True, slots=True)
class Fact:
    """One field and where it came from: ``source`` is the bank's own field path, empty where we worked it
    out.
    """

    label: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """transaction.html. ``raw_json``: the bank's own bytes as text, or empty where none was kept. ``unread``: fields of
    it, as the bank names them, that held something we could not read and left out."""

    transaction: TransactionRow
    account_id: str
    account_name: str
    bank: Bank
    facts: tuple[Fact, ...] = ()
    raw_json: str = ""
    fetched_at: datetime | None = None
    normaliser: str = ""  # name and version of the rules that read it
    category: CategoryForm | None = None
    unread: tuple[str, ...] = ()
