"""What some banks say beside accounts, balances and transactions: orders, mandates, payees, statements, holders, terms.

In the words of providers.model: ISO 20022 codes, exact money signed from the account holder's side, aware UTC moments,
the bank's calendar days. Everything but the bank's own row is optional, for banks give what they have. Schemas met so
far: UK Open Banking 3.1 and 4.0, Berlin Group periodic payments and trusted beneficiaries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from providers.model import Money, Party

NOBODY = Party()


class Frequency(StrEnum):
    """ISO 20022 Frequency6Code, and the working day that UK Open Banking adds to it."""

    YEARLY = "YEAR"
    HALF_YEARLY = "MIAN"
    QUARTERLY = "QURT"
    MONTHLY = "MNTH"
    WEEKLY = "WEEK"
    DAILY = "DAIL"
    WORKING_DAYS = "WODL"
    INTRADAY = "INDA"
    AD_HOC = "ADHO"


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every ``interval`` of ``frequency``: MNTH and 2 is every other month, WEEK and 2 is fortnightly.

    ``day`` is the day within the month (-1 is its last) or, for WEEK, within the week (1 is Monday). ``week`` is the
    week of the month that ``day`` is in, 1 to 5: the second Friday is MNTH, week 2, day 5. ``source_label`` is the
    bank's own word.
    """

    frequency: Frequency
    interval: int = 1
    day: int | None = None
    week: int | None = None
    source_label: str = ""


class MandateStatus(StrEnum):
    """ISO 20022 ExternalMandateStatus1Code, the part that banks use."""

    ACTIVE = "ACTV"
    CANCELLED = "CANC"
    EXPIRED = "EXPI"
    SUSPENDED = "SUSP"
    INACTIVE = "INAC"  # UK 3.1's own word: no longer paid, for a reason that is not said


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of several. ``money`` is signed: what leaves the account is negative."""

    on: date | None = None
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """``creditor`` is who is paid; ``payments`` how many there will be, None for no end or not told."""

    id: str | None
    status: MandateStatus | None = None
    schedule: Schedule | None = None
    first: Instalment | None = None
    next: Instalment | None = None
    last: Instalment | None = None  # the most recent one
    final: Instalment | None = None  # after which there are no more
    payments: int | None = None
    creditor: Party = NOBODY
    remittance: tuple[str, ...] = ()
    mandate_id: str | None = None
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class DirectDebit:
    """A mandate by which ``creditor`` takes money. ``mandate_id`` is the creditor's reference for it."""

    id: str | None
    status: MandateStatus | None = None
    schedule: Schedule | None = None
    first: Instalment | None = None
    previous: Instalment | None = None
    next: Instalment | None = None
    final: Instalment | None = None
    creditor: Party = NOBODY
    mandate_id: str | None = None
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class ScheduledPayment:
    """One payment on one later day. ``arrives`` says that ``on`` is the day at the creditor's, not the debtor's."""

    id: str | None
    on: date | None
    money: Money | None
    arrives: bool = False
    creditor: Party = NOBODY
    remittance: tuple[str, ...] = ()
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """A payee whom the PSU has saved. ``trusted`` payees may need no SCA (RTS art. 13)."""

    id: str | None
    creditor: Party = NOBODY
    reference: str | None = None
    trusted: bool | None = None
    raw: bytes = field(default=b"", repr=False)


class LineKind(StrEnum):
    """Which part of a statement a line is of."""

    AMOUNT = "amount"
    FEE = "fee"
    INTEREST = "interest"
    BENEFIT = "benefit"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """``type`` is the bank's word for it (ClosingBalance, MinimumPaymentDue, ...); ``rate`` is in percent."""

    kind: LineKind
    type: str
    money: Money
    rate: Decimal | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """``moments`` are named points in time beside the period: PaymentDue, NextStatement. The ``reference`` is what
    transactions name in ``Details.statement_references``."""

    id: str | None
    reference: str | None = None
    type: str | None = None
    period: tuple[date | None, date | None] = (None, None)
    created_at: datetime | None = None
    description: tuple[str, ...] = ()
    lines: tuple[StatementLine, ...] = ()
    moments: Mapping[str, datetime] = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """``lines`` are free text, or the street and its number; ``country`` is ISO 3166-1 alpha-2."""

    lines: tuple[str, ...] = ()
    town: str | None = None
    post_code: str | None = None
    region: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class PartyOfAccount:
    """Who holds an account or acts for it, as the bank knows them. ``type`` and ``role`` are the bank's words (Sole,
    Joint, Delegate; Principal, SecondaryOwner, PowerOfAttorney ...). A person's data throughout."""

    id: str | None = field(repr=False)
    name: str | None = field(default=None, repr=False)
    legal_name: str | None = field(default=None, repr=False)
    type: str | None = None
    role: str | None = None
    legal_structure: str | None = None
    lei: str | None = None
    is_beneficial_owner: bool | None = None
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    mobile: str | None = field(default=None, repr=False)
    addresses: tuple[Address, ...] = field(default=(), repr=False)
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Product:
    """The terms of an account. What they are in detail has no common words and stays in ``raw``."""

    id: str | None
    name: str | None = None
    type: str | None = None
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the bank proposes to the PSU. ``rate`` is in percent; ``fee`` is positive, it costs the PSU that much."""

    id: str | None
    type: str | None = None
    description: str | None = None
    starts: date | None = None
    ends: date | None = None
    rate: Decimal | None = None
    amount: Money | None = None
    fee: Money | None = None
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class FundsConfirmation:
    """``available``: whether the asked amount is there now. ``id`` is the bank's, for its own record."""

    available: bool
    id: str | None = None
    at: datetime | None = None
