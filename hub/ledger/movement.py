"""One movement as evidence: what reconciliation compares, whether it was just fetched or is stored already."""

import hashlib
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from hub.db import amount_text, json_text, scaled, storable
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
# What no placeholder and no row of zeros begins with: most ids are told by their first character.
_TELLING = frozenset(string.ascii_letters + string.digits) - frozenset("nNuU0")
_FULL_SCALE = 18
_TO_FULL = tuple(10 ** (_FULL_SCALE - scale) for scale in range(_FULL_SCALE + 1))
_STATUSES = {status: status.value for status in Status}  # an enum's own attribute takes as long as its row's id

Id = tuple[str, str]
"""(name, value) of a bank's identifier."""


Amount = tuple[int, str]
"""(amount × 10^18, currency): the same for 12.5 and 12.50."""


def exact(amount: int, scale: int, currency: str) -> Amount:
    return amount * _TO_FULL[scale], currency


class Movement(msgspec.Struct, frozen=True, gc=False):
    """What one row says. ``amount`` × 10^-``scale``, signed from the holder's side.

    money: the amount at full scale, with its currency. fingerprint: what the row is (64 hex). content: the fingerprint
    and every other field that is shown, in the order of DETAIL_COLUMNS; two rows with equal content differ in nothing
    but the bank's ids. ids: those for this row alone, best first, placeholders left out. reference: the end-to-end id
    or None. remittance: JSON text. (A Struct, since one is made of every row that is read or compared.)
    """

    status: str
    amount: int
    scale: int
    currency: str
    money: Amount
    booking_date: date | None
    value_date: date | None
    counterparty: str | None
    remittance: str
    fingerprint: str
    content: tuple[Any, ...]
    ids: tuple[Id, ...]
    reference: str | None

    @property
    def day(self) -> date | None:
        return self.booking_date or self.value_date

    @property
    def details(self) -> tuple[Any, ...]:
        return self.content[1:]

    @property
    def wording(self) -> tuple[object, ...]:
        """What an undated row says."""
        return (self.money, self.counterparty, tuple(sorted(orjson.loads(self.remittance))))


class Stored(msgspec.Struct, frozen=True):
    """A row of the ledger. ``is_removed``: a pending row that the bank withdrew and nothing has replaced yet. (A Struct
    as the movement is.)"""

    id: str
    movement: Movement
    occurrence: int
    sort_date: date
    first_seen_at: datetime
    supersedes: str | None = None
    is_removed: bool = False
    is_missing: bool = False


class Fetched(msgspec.Struct, frozen=True, gc=False):
    """A row that a bank just gave: the movement beside the transaction it was read from."""

    movement: Movement
    transaction: Transaction


def fetched(transaction: Transaction) -> Fetched:
    """Raises ValueError for an amount beyond 63 bits or 18 decimals."""
    amount, scale = scaled(transaction.money.number)
    party = transaction.counterparty
    lines = [storable(line) for line in transaction.remittance]
    counterparty = storable(party.name) if party.name else None
    currency = transaction.money.currency
    money = exact(amount, scale, currency)
    status = _STATUSES[transaction.status]
    bank_ids = transaction.bank_ids
    booking_date, value_date = transaction.booking_date, transaction.value_date
    kind = fingerprint(status, money, booking_date or value_date, counterparty, lines)
    movement = Movement(
        status=status,
        amount=amount,
        scale=scale,
        currency=currency,
        money=money,
        booking_date=booking_date,
        value_date=value_date,
        counterparty=counterparty,
        remittance=orjson.dumps(lines).decode(),
        fingerprint=kind,
        content=(
            kind,
            booking_date,
            value_date,
            transaction.transaction_datetime,
            storable(party.account.value) if party.account else None,
            _within(transaction.bank_transaction_code, 40),
            storable(transaction.proprietary_code) if transaction.proprietary_code else None,
            _within(transaction.merchant_category_code, 4),
            amount_text(*scaled(transaction.balance_after.number)) if transaction.balance_after else None,
            details_text(transaction.details),
        ),
        ids=row_ids(bank_ids),
        reference=shared_reference(bank_ids),
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
        day or "",
        counterparty or "",
        sorted(lines),
        status,
    ]
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


def row_ids(bank_ids: Mapping[str, str]) -> tuple[Id, ...]:
    """The ids that stand for one row, the best first."""
    names = _names(tuple(bank_ids))
    kept = [(known_as, value) for name, known_as in names.own if _says(value := bank_ids[name])]
    if names.is_doubled:
        kept.sort(key=lambda one: (_place(one[0]), *one))
    return tuple(kept)


def shared_reference(bank_ids: Mapping[str, str]) -> str | None:
    """The payer's end-to-end id, which both the pending and the booked row of one payment carry."""
    for name in _names(tuple(bank_ids)).end_to_end:
        if _says(value := bank_ids[name]):
            return value
    return None


@dataclass(frozen=True, slots=True)
class _Names:
    """What the names say by which a bank calls its ids: the same few in all of its rows. ``own``: (name, the same blind
    to case) of the ids that stand for one row, the best first. ``is_doubled``: two of them differ in case only.
    """

    own: tuple[tuple[str, str], ...]
    end_to_end: tuple[str, ...]
    is_doubled: bool


@lru_cache(maxsize=1024)
def _names(names: tuple[str, ...]) -> _Names:
    lowered = [(name, name.lower()) for name in names]
    own = sorted((one for one in lowered if one[1] not in _SHARED), key=lambda one: (_place(one[1]), one[1]))
    return _Names(
        own=tuple(own),
        end_to_end=tuple(name for name, known_as in lowered if known_as == "endtoendid"),
        is_doubled=len({known_as for _, known_as in own}) < len(own),
    )


def _place(known_as: str) -> int:
    """How good evidence an id of this name is, 0 the best."""
    return _RANK.get(known_as, len(_RANK))


def storable_ids(bank_ids: Mapping[str, str]) -> dict[str, str]:
    return {storable(name): storable(value) for name, value in bank_ids.items()}


def ids_text(bank_ids: Mapping[str, str]) -> str:
    """The same as JSON text. Hardly any id holds what cannot be stored, so it is looked for in the whole."""
    try:
        text = orjson.dumps(bank_ids).decode()
    except orjson.JSONEncodeError:  # half of a surrogate pair
        return json_text(storable_ids(bank_ids))
    return json_text(storable_ids(bank_ids)) if "\\u0000" in text else text


def _says(value: str) -> bool:
    if value[:1] in _TELLING:
        return True
    core = value if value.isalnum() else "".join(filter(str.isalnum, value))
    core = core.casefold()
    return core not in _PLACEHOLDERS and bool(core.strip("0"))


def _within(text: str | None, limit: int) -> str | None:
    """A code that does not fit its column is no such code; the raw row keeps it."""
    return storable(text) if text and len(text) <= limit else None


FINAL = frozenset({Status.BOOKED.value, Status.REJECTED.value})
"""What an open row may become."""

OPEN = frozenset({Status.PENDING.value, Status.FUTURE.value})
"""What may still change its amount and its day, and be replaced by what it becomes."""

PASSING = OPEN | {Status.INFORMATION.value}
"""What leaves the ledger when the bank no longer shows it; a booked row is flagged instead."""

MOVEMENTS = frozenset({Status.BOOKED.value, Status.PENDING.value})
"""What moves money. A declined payment or a mere announcement, listed among these, would be counted by somebody."""
