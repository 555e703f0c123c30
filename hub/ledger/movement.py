"""One movement as evidence: what reconciliation compares, whether it was just fetched or is stored already."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import orjson

from hub.db import amount_text, scaled
from hub.ledger.details import details_text
from providers.model import Status, Transaction

# Names of ids that several movements share by design: a mandate, a creditor, a cheque book, the payer's own reference.
_SHARED = frozenset(
    {
        "endtoendid",
        "mandateid",
        "creditorid",
        "checkid",
        "transactionreference",
        "paymentinformationid",
        "statementreference",
    }
)
# The best evidence first; names that no list knows follow in their own order.
_RANK = {"transactionid": 0, "internaltransactionid": 1, "entryreference": 2, "accountservicerreference": 3}
_PLACEHOLDERS = frozenset({"", "notprovided", "notavailable", "na", "none", "null", "unknown", "undefined"})
_FULL_SCALE = 18

Id = tuple[str, str]
"""(name, value) of a bank's identifier."""


Amount = tuple[int, str]
"""(amount × 10^18, currency): the same for 12.5 and 12.50."""


def exact(amount: int, scale: int, currency: str) -> Amount:
    return amount * 10 ** (_FULL_SCALE - scale), currency


@dataclass(frozen=True, slots=True)
class Movement:
    """What one row says. ``amount`` × 10^-``scale``, signed from the holder's side.

    fingerprint: what the row is (64 hex). details: every other field that is shown, in the order of DETAIL_COLUMNS.
    ids: the bank's ids for this row alone, best first, placeholders left out. reference: the end-to-end id or None.
    remittance: JSON text.
    """

    status: str
    amount: int
    scale: int
    currency: str
    booking_date: date | None
    value_date: date | None
    counterparty: str | None
    remittance: str
    fingerprint: str
    details: tuple[object, ...]
    ids: tuple[Id, ...]
    reference: str | None
    money: Amount = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "money", exact(self.amount, self.scale, self.currency))

    @property
    def day(self) -> date | None:
        return self.booking_date or self.value_date

    @property
    def content(self) -> tuple[object, ...]:
        """Everything but the bank's ids: two rows with equal content differ in nothing that we show."""
        return (self.fingerprint, *self.details)

    @property
    def wording(self) -> tuple[object, ...]:
        """What an undated row says."""
        return (self.money, self.counterparty, tuple(sorted(orjson.loads(self.remittance))))


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the ledger. ``is_removed``: a pending row that the bank withdrew and nothing has replaced yet."""

    id: str
    movement: Movement
    occurrence: int
    sort_date: date
    first_seen_at: datetime
    supersedes: str | None = None
    is_removed: bool = False
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """A row that a bank just gave: the movement beside the transaction it was read from."""

    movement: Movement
    transaction: Transaction


def fetched(transaction: Transaction) -> Fetched:
    """Raises ValueError for an amount beyond 63 bits or 18 decimals."""
    amount, scale = scaled(transaction.money.number)
    party = transaction.counterparty
    lines = [_storable(line) for line in transaction.remittance]
    counterparty = _storable(party.name) if party.name else None
    currency = transaction.money.currency
    day = transaction.booking_date or transaction.value_date
    movement = Movement(
        status=transaction.status.value,
        amount=amount,
        scale=scale,
        currency=currency,
        booking_date=transaction.booking_date,
        value_date=transaction.value_date,
        counterparty=counterparty,
        remittance=orjson.dumps(lines).decode(),
        fingerprint=fingerprint(transaction.status.value, exact(amount, scale, currency), day, counterparty, lines),
        details=(
            transaction.booking_date,
            transaction.value_date,
            transaction.transaction_datetime,
            _storable(party.account.value) if party.account else None,
            _within(transaction.bank_transaction_code, 40),
            _storable(transaction.proprietary_code) if transaction.proprietary_code else None,
            _within(transaction.merchant_category_code, 4),
            amount_text(*scaled(transaction.balance_after.number)) if transaction.balance_after else None,
            details_text(transaction.details),
        ),
        ids=row_ids(transaction.bank_ids),
        reference=shared_reference(transaction.bank_ids),
    )
    return Fetched(movement, transaction)


DETAIL_COLUMNS = (
    "booking_date",
    "value_date",
    "transaction_datetime",
    "counterparty_account",
    "bank_transaction_code",
    "proprietary_code",
    "merchant_category_code",
    "balance_after",
    "details",
)


def fingerprint(status: str, money: Amount, day: date | None, counterparty: str | None, lines: Iterable[str]) -> str:
    """SHA-256 over direction, amount, currency, day, counterparty, sorted remittance and status: what the row is.

    No id of the bank's is in it: those repeat, change and lack (Belfius, SpareBank 1, Fortuneo).
    """
    number, currency = money
    parts = [
        "in" if number >= 0 else "out",
        str(abs(number)),
        currency,
        day.isoformat() if day else "",
        counterparty or "",
        sorted(lines),
        status,
    ]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def row_ids(bank_ids: Mapping[str, str]) -> tuple[Id, ...]:
    """The ids that stand for one row, the best first."""
    kept = [(name.lower(), value) for name, value in bank_ids.items() if name.lower() not in _SHARED and _says(value)]
    return tuple(sorted(kept, key=lambda one: (_RANK.get(one[0], len(_RANK)), one)))


def shared_reference(bank_ids: Mapping[str, str]) -> str | None:
    """The payer's end-to-end id, which both the pending and the booked row of one payment carry."""
    for name, value in bank_ids.items():
        if name.lower() == "endtoendid" and _says(value):
            return value
    return None


def storable_ids(bank_ids: Mapping[str, str]) -> dict[str, str]:
    return {_storable(name): _storable(value) for name, value in bank_ids.items()}


def _says(value: str) -> bool:
    core = value if value.isalnum() else "".join(filter(str.isalnum, value))
    core = core.casefold()
    return core not in _PLACEHOLDERS and bool(core.strip("0"))


def _storable(text: str) -> str:
    """Without NUL, which PostgreSQL refuses, and without halves of surrogate pairs, which UTF-8 cannot hold."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _within(text: str | None, limit: int) -> str | None:
    """A code that does not fit its column is no such code; the raw row keeps it."""
    return _storable(text) if text and len(text) <= limit else None


FINAL = frozenset({Status.BOOKED.value, Status.REJECTED.value})
"""What a pending row may become."""

PASSING = frozenset({Status.PENDING.value, Status.INFORMATION.value})
"""What leaves the ledger when the bank no longer shows it; a booked row is flagged instead."""

MOVEMENTS = frozenset({Status.BOOKED.value, Status.PENDING.value})
"""What moves money. A declined payment or a mere announcement, listed among these, would be counted by somebody."""
