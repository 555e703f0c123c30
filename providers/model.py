"""What banks say, in one set of words: normalised facts in ISO 20022 terms.

Adapters produce these values and nothing else leaves them. Everything is frozen; nothing here knows a database,
a web framework or a bank. What every row is made of are Structs, which cost a fifth of frozen dataclasses. Codes are
those of the ISO 20022 external code sets (BalanceType, CashAccountType, EntryStatus), whatever word the bank's own
standard uses for the same thing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec


class Money(msgspec.Struct, frozen=True, gc=False):
    """An exact amount in one ISO 4217 currency.

    ``number`` is signed from the account holder's side: positive is money in. The sign never travels in a second
    field inside the hub; an adapter folds creditDebitIndicator (ISO 20022: CRDT, DBIT) into it. ``number`` is made
    from the bank's own text, never through a binary float.
    """

    number: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.number, Decimal) or not self.number.is_finite():
            raise ValueError("an amount is a finite Decimal")
        if not self.currency:
            raise ValueError("an amount has a currency")


class Scheme(StrEnum):
    """How an account is identified."""

    IBAN = "IBAN"
    BBAN = "BBAN"
    UK_SORT_CODE_ACCOUNT = "UK.SCAN"  # six digits of sort code, eight of account number, no separators
    MASKED_PAN = "PAN_MASKED"
    OTHER = "OTHER"  # a phone number, a proxy, a bank's own number


class Identifier(msgspec.Struct, frozen=True, gc=False):
    scheme: Scheme
    value: str


class AccountType(StrEnum):
    """ISO 20022 ExternalCashAccountType1Code, the part that banks use."""

    CURRENT = "CACC"
    CARD = "CARD"
    SAVINGS = "SVGS"
    LOAN = "LOAN"
    MORTGAGE = "MORT"
    WALLET = "WALT"
    OTHER = "OTHR"


class AccountUsage(StrEnum):
    """ISO 20022 usage: whether a person or an organisation holds the account."""

    PRIVATE = "PRIV"
    ORGANISATION = "ORGA"


@dataclass(frozen=True, slots=True)
class Account:
    """One account as the bank shows it under one bank consent.

    ``resource_id`` addresses the account at the bank and may change with every consent; ``identifiers`` are what
    stays, the best first. The hub keys accounts on the best identifier and the currency, never on resource_id.
    ``parent_id`` is the resource_id of the account that this one hangs on (a deferred-debit card, a pot).
    ``balances`` are those that came with the list of accounts, so that they need not be asked for; None where none did.
    """

    resource_id: str
    currency: str
    type: AccountType = AccountType.OTHER
    name: str | None = None
    product: str | None = None
    owner_name: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    bic: str | None = None
    usage: AccountUsage | None = None
    parent_id: str | None = None
    balances: "tuple[Balance, ...] | None" = None
    raw: bytes = field(default=b"", repr=False)


class BalanceType(StrEnum):
    """ISO 20022 ExternalBalanceType1Code."""

    CLOSING_BOOKED = "CLBD"
    INTERIM_BOOKED = "ITBD"
    INTERIM_AVAILABLE = "ITAV"
    EXPECTED = "XPCD"
    OPENING_BOOKED = "OPBD"
    PREVIOUSLY_CLOSED_BOOKED = "PRCD"
    FORWARD_AVAILABLE = "FWAV"
    CLOSING_AVAILABLE = "CLAV"
    OPENING_AVAILABLE = "OPAV"
    INFORMATION = "INFO"
    VALUE_DATED = "VALU"  # STET's own: booked, counted by value date
    OTHER = "OTHR"


@dataclass(frozen=True, slots=True)
class Balance:
    """``credit_limit`` is the credit granted on the account, positive, where the bank states it beside this balance;
    ``credit_line_included`` says whether ``money`` counts it in. ``source_label`` is the bank's own word."""

    type: BalanceType
    money: Money
    as_of: datetime | None = None
    credit_line_included: bool | None = None
    source_label: str = ""
    credit_limit: Money | None = None


class Status(StrEnum):
    """ISO 20022 EntryStatus1Code, the part that reaches a ledger."""

    BOOKED = "BOOK"
    PENDING = "PDNG"
    FUTURE = "FUTR"  # announced by the bank for a later day
    INFORMATION = "INFO"
    REJECTED = "RJCT"


class Party(msgspec.Struct, frozen=True, gc=False):
    """``agent`` is the BIC of the party's bank."""

    name: str | None = None
    account: Identifier | None = None
    agent: str | None = None


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """ISO 20022 CurrencyExchange: ``unit_currency`` × ``rate`` = the other currency. ``instructed`` is the amount
    before conversion, signed as the transaction is. A bank that gives a part gives only that part."""

    source_currency: str | None = None
    target_currency: str | None = None
    unit_currency: str | None = None
    rate: Decimal | None = None
    instructed: Money | None = None


class Card(msgspec.Struct, frozen=True, gc=False):
    """The card a transaction was made with, and where. ``masked_pan`` shows four digits at most; ``country`` is ISO
    3166-1 alpha-2."""

    masked_pan: str | None = None
    scheme: str | None = None
    merchant_name: str | None = None
    city: str | None = None
    country: str | None = None


class Details(msgspec.Struct, frozen=True, gc=False):
    """What only some banks tell of a transaction, and no ledger needs to add up.

    ``ultimate`` is the party behind the counterparty (the shop behind the payment service). ``purpose`` is ISO 20022
    ExternalPurpose1Code. ``batch_size`` is how many payments one booking sums up. ``charges`` is signed as money is.
    ``statement_references`` are the statements that list the row; ``is_mutable`` is the bank's word that it may still
    change the row, or will not.
    """

    ultimate: Party | None = None
    purpose: str | None = None
    additional: str | None = None
    card: Card | None = None
    exchange: Exchange | None = None
    charges: Money | None = None
    is_reversal: bool = False
    batch_size: int | None = None
    statement_references: tuple[str, ...] = ()
    is_mutable: bool | None = None


NO_DETAILS = Details()


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One movement on an account, as one fetch of one bank shows it.

    ``money`` is signed from the account holder's side. ``booking_date`` and ``value_date`` are the bank's calendar
    days; ``transaction_datetime`` is the moment of the event itself, aware, only where the bank states it.
    ``counterparty`` is the other side, never the account holder. ``bank_ids`` holds every identifier the bank gave
    (``transactionId``, ``entryReference``, ``endToEndId`` ...): evidence for reconciliation, never a key.
    ``provenance`` names, per field, the place in ``raw`` that it was read from and, where a rule made more of it than
    the standard says, `` by `` and the rule's name. ``raw`` is the bank's own text for this row, as bytes.
    """

    status: Status
    money: Money
    booking_date: date | None
    value_date: date | None
    transaction_datetime: datetime | None = None
    counterparty: Party = Party()
    remittance: tuple[str, ...] = ()
    bank_ids: Mapping[str, str] = {}
    bank_transaction_code: str | None = None  # ISO 20022 "DOMAIN-FAMILY-SUBFAMILY"; unknown parts are empty
    proprietary_code: str | None = None
    merchant_category_code: str | None = None
    balance_after: Money | None = None
    details: Details = NO_DETAILS
    provenance: Mapping[str, str] = {}
    raw: bytes = b""

    def __repr__(self) -> str:
        """Without the bank's own bytes."""
        said = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "raw")
        return f"Transaction({', '.join(said)})"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that broke the bank's own standard. ``reason`` names the field and never its value; ``raw`` is the row."""

    reason: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of transactions. ``next`` is the adapter's own cursor for the following page, None on the last. ``link``
    is the bank's link to it: None as well where the next one is asked for by ourselves (another period or status).

    One broken row does not lose the page: the good rows are in ``transactions``, the others in ``rejected``, so the
    data is kept (sealed, like every raw payload) and an operator can be told.

    ``digest`` is the SHA-256 of the answer, empty where there was none. A page that the reader said it knows by its
    digest (providers.paging.knowing) has no rows; ``unread`` reads them after all.

    ``notices`` are what the bank wants the person to read, made plain and short by the adapter.
    """

    transactions: tuple[Transaction, ...]
    next: str | None
    rejected: tuple[RejectedRow, ...] = ()
    digest: bytes = b""
    link: str | None = None
    unread: "Callable[[], Page] | None" = field(default=None, repr=False)
    notices: tuple[str, ...] = ()
