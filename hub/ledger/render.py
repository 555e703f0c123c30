"""Rows of the database as JSON, limited to the fields that a consent shows. Bytes from tuples: no object per row."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import DateTime, Text, type_coerce

from hub.db import amount_text
from hub.ledger import tables

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NAIVE_UTC

_T = tables.transaction.c


def _moment(name: str) -> Any:
    """An instant as the driver gives it: UTC without a zone (SQLite), or aware in the session's zone (PostgreSQL)."""
    return type_coerce(_T[name], DateTime(timezone=True)).label(name)


COLUMNS = (
    _T.id,
    _T.account_id,
    _T.sort_date,
    _T.amount,
    _T.scale,
    type_coerce(_T.remittance, Text).label("remittance"),
    type_coerce(_T.bank_ids, Text).label("bank_ids"),
    _T.status,
    _T.booking_date,
    _T.value_date,
    _moment("transaction_datetime"),
    _T.currency,
    _T.counterparty_name,
    _T.counterparty_account,
    _T.bank_transaction_code,
    _T.proprietary_code,
    _T.merchant_category_code,
    _T.balance_after,
    _T.supersedes,
    _T.superseded_by,
    _T.link_reason,
    _T.link_confidence,
    _moment("first_seen_at"),
    _moment("updated_at"),
)
ID, ACCOUNT, DAY, STATUS = 0, 1, 2, 7

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
_MADE: Mapping[str, Callable[[Row], Any]] = {
    "amount": lambda row: amount_text(row[3], row[4]),
    "remittance": lambda row: orjson.Fragment(row[5]),
    "entry_reference": _reference,
}
_PLAIN = {column.name: place for place, column in enumerate(COLUMNS)} | {"last_updated": len(COLUMNS) - 1}
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
    "entry_reference",
    "supersedes",
    "superseded_by",
    "link_reason",
    "link_confidence",
    "first_seen_at",
    "last_updated",
)


Recipe = tuple[tuple[str, ...], Callable[[Row], Sequence[Any]], tuple[tuple[str, Callable[[Row], Any]], ...]]


@lru_cache(maxsize=256)
def _recipe(shown: frozenset[str]) -> Recipe:
    """(names of the fields that are columns, what gets them from a row, fields that are made) among those shown."""
    kept = [name for name in _ORDER if name in shown]
    plain = [name for name in kept if name not in _MADE]
    made = tuple((name, _MADE[name]) for name in kept if name in _MADE)
    return tuple(plain), _getter([_PLAIN[name] for name in plain]), made


def _getter(places: Sequence[int]) -> Callable[[Row], Sequence[Any]]:
    if len(places) < 2:  # itemgetter gives a tuple only for two places or more
        return lambda row: [row[place] for place in places]
    return itemgetter(*places)


def transactions(rows: Sequence[Row], shown: Mapping[str, frozenset[str]]) -> bytes:
    """A JSON array. ``shown`` gives the fields disclosed for each account."""
    if any(one[_SEEN].utcoffset() for one in rows[:1]):
        rows = [_in_utc(row) for row in rows]  # a server that speaks in its own zone
    recipes = {account: _recipe(fields) for account, fields in shown.items()}
    result = []
    for row in rows:
        names, values, made = recipes[row[ACCOUNT]]
        record = dict(zip(names, values(row), strict=True))
        for name, make in made:
            record[name] = make(row)
        result.append(record)
    return orjson.dumps(result, option=OPTIONS)


_SEEN = len(COLUMNS) - 2


def _in_utc(row: Row) -> Row:
    return [one.astimezone(UTC) if isinstance(one, datetime) else one for one in row]


def moment(value: datetime | date | None) -> str | None:
    """An instant in the API's notation."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if value else None


def masked(value: str) -> str:
    """The last four characters, enough for a person to know their account by."""
    return f"••••{value[-4:]}" if len(value) > 6 else "••••"
