"""Rows of the database as JSON, limited to the fields that a consent shows. Bytes from the driver's own tuples: no
object per row, and no value turned into Python only to be written out again.

What a driver gives: SQLite texts for days ("2026-11-23") and for instants ("2026-11-23 09:00:00.000000", UTC),
PostgreSQL dates and aware datetimes in UTC (every connection of ours asks for that).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from msgspec import Raw, Struct, defstruct
from msgspec.json import Encoder
from sqlalchemy import CursorResult, Result

from hub.db import amount_text
from hub.ledger import tables
from hub.ledger.details import without_parties

_T = tables.transaction.c


COLUMNS = (
    _T.id,
    _T.account_id,
    _T.sort_date,
    _T.amount,
    _T.scale,
    _T.remittance,
    _T.bank_ids,
    _T.status,
    _T.booking_date,
    _T.value_date,
    _T.transaction_datetime,
    _T.currency,
    _T.counterparty_name,
    _T.counterparty_account,
    _T.bank_transaction_code,
    _T.proprietary_code,
    _T.merchant_category_code,
    _T.balance_after,
    _T.details,
    _T.supersedes,
    _T.superseded_by,
    _T.link_reason,
    _T.link_confidence,
    _T.first_seen_at,
    _T.updated_at,
)
ID, ACCOUNT, DAY, STATUS = 0, 1, 2, 7
SUPERSEDED_BY = [column.name for column in COLUMNS].index("superseded_by")
_INSTANTS = ("transaction_datetime", "first_seen_at", "last_updated")

Row = Sequence[Any]


def _reference(row: Row) -> str | None:
    """The bank's own reference, whatever its standard calls it."""
    if row[6] == "{}":
        return None
    given = orjson.loads(row[6])
    for name in _REFERENCES:
        if name in given:
            return str(given[name])
    return None


_REFERENCES = ("entryReference", "TransactionReference", "transactionId", "TransactionId")
_DETAILS = [column.name for column in COLUMNS].index("details")


def _details(row: Row) -> Raw | None:
    return None if row[_DETAILS] is None else Raw(row[_DETAILS].encode())


def _details_without_parties(row: Row) -> Raw | None:
    text = without_parties(row[_DETAILS])
    return None if text is None else Raw(text.encode())


_MADE: Mapping[str, Callable[[Row], Any]] = {
    "amount": lambda row: amount_text(row[3], row[4]),
    "remittance": lambda row: Raw(row[5].encode()),
    "entry_reference": _reference,
    "details": _details_without_parties,
}
_MADE_WITH_PARTIES = {**_MADE, "details": _details}
_PLACES = {column.name: place for place, column in enumerate(COLUMNS)} | {"last_updated": len(COLUMNS) - 1}
_ORDER = (
    "id",
    "account_id",
    "status",
    "booking_date",
    "value_date",
    "transaction_datetime",
    "amount",
    "currency",
    "counterparty_name",
    "counterparty_account",
    "remittance",
    "bank_transaction_code",
    "proprietary_code",
    "merchant_category_code",
    "balance_after",
    "details",
    "entry_reference",
    "supersedes",
    "superseded_by",
    "link_reason",
    "link_confidence",
    "first_seen_at",
    "last_updated",
)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How the rows of one account become JSON: the shape of the fields shown, and where their values come from.

    ``places`` has one place of COLUMNS for each field; ``made`` and ``instants`` say which of them are made from it.
    """

    shape: Callable[..., Struct]
    values: Callable[[Row], Sequence[Any]]
    made: tuple[tuple[int, Callable[[Row], Any]], ...]
    instants: tuple[int, ...]


@lru_cache(maxsize=256)
def _recipe(shown: frozenset[str], *, has_category: bool = False) -> _Recipe:
    kept = [name for name in _ORDER if name in shown]
    made = _MADE_WITH_PARTIES if "counterparty_account" in shown else _MADE
    return _Recipe(
        shape=defstruct("Shown", [(name, Any) for name in (*kept, *(("category",) if has_category else ()))]),
        values=_getter([_PLACES.get(name, ID) for name in kept]),
        made=tuple((place, made[name]) for place, name in enumerate(kept) if name in made),
        instants=tuple(place for place, name in enumerate(kept) if name in _INSTANTS),
    )


def _getter(places: Sequence[int]) -> Callable[[Row], Sequence[Any]]:
    if len(places) < 2:  # itemgetter gives a tuple only for two places or more
        return lambda row: [row[place] for place in places]
    return itemgetter(*places)


def fetch(found: Result[Any]) -> list[Row]:
    """The rows of an executed select of COLUMNS, as the driver's tuples."""
    assert isinstance(found, CursorResult)  # noqa: S101  # what executing a select of columns always gives
    with found:
        return list(found.cursor.fetchall())


def day(row: Row) -> date:
    """The day by which the row is sorted."""
    value = row[DAY]
    return value if isinstance(value, date) else date.fromisoformat(value)


def transactions(
    rows: Sequence[Row], shown: Mapping[str, frozenset[str]], category: Callable[[Row], Any] | None = None
) -> bytes:
    """A JSON array. ``shown`` gives the fields disclosed for each account; ``category`` makes one more."""
    recipes = {account: _recipe(fields, has_category=category is not None) for account, fields in shown.items()}
    result = []
    for row in rows:
        recipe = recipes[row[ACCOUNT]]
        values = list(recipe.values(row))
        for place, make in recipe.made:
            values[place] = make(row)
        for place in recipe.instants:
            if (value := values[place]) is not None:
                values[place] = _instant(value)
        if category is not None:
            values.append(category(row))
        result.append(recipe.shape(*values))
    return _encode(result)


def _instant(value: str | datetime) -> str | datetime:
    """To the second, UTC: what a bank says is no finer, and what we say of ourselves need not be."""
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    return f"{value[:10]}T{value[11:19]}Z"


_encode = Encoder().encode


def moment(value: datetime | date | None) -> str | None:
    """An instant in the API's notation."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if value else None


def masked(value: str) -> str:
    """The last four characters, enough for a person to know their account by."""
    return f"••••{value[-4:]}" if len(value) > 6 else "••••"
