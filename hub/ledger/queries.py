"""The statements of the history, each built once for its shape and compiled once. Keyset pages: no page costs more
than the first.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from functools import lru_cache
from typing import Any, Literal

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    String,
    Text,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)

from hub.errors import BadInput
from hub.ledger import render, tables
from hub.ledger.cursors import Place
from hub.ledger.movement import MOVEMENTS

_T = tables.transaction.c
_MAX_BRANCHES = 100  # beyond this many accounts one sorted scan takes over (SQLite joins at most 500 selects)
_MAX_SCALE = 18
_INT64 = 2**63
MAX_LIMIT = 500
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """What part of the history. Days are those the history is ordered by (booking, else value, else first seen), both
    included. Amounts are signed like every amount: -50 is 50 out; both bounds included. ``text`` is looked for in
    counterparty and remittance, blind to case. ``status`` None means booked and pending: what moves money.

    Raises BadInput naming the parameter that cannot be right.
    """

    account_id: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    min_amount: Decimal | None = None
    max_amount: Decimal | None = None
    direction: Literal["in", "out"] | None = None
    status: str | None = None
    text: str | None = None
    limit: int = 100
    after: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MAX_LIMIT:
            raise BadInput(f"Between 1 and {MAX_LIMIT} rows a page.", parameter="limit")
        if self.direction not in {None, "in", "out"}:
            raise BadInput("In or out.", parameter="direction")
        for name in ("min_amount", "max_amount"):
            number = getattr(self, name)
            if number is not None and (not number.is_finite() or abs(number.adjusted()) > 40):
                raise BadInput("A plain decimal, such as -12.30.", parameter=name)
        if self.text is not None and (not self.text or len(self.text) > MAX_TEXT or not _is_text(self.text)):
            raise BadInput(f"1 to {MAX_TEXT} characters of text", parameter="q")


def _is_text(text: str) -> bool:
    try:
        return "\x00" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False


@dataclass(frozen=True, slots=True)
class _Shape:
    accounts: int
    filters: frozenset[str]


def statement(query: HistoryQuery, accounts: tuple[str, ...], since: date | None) -> tuple[Select[Any], dict[str, Any]]:
    """The one statement of a page, with one row more than asked for; columns as in ``render.COLUMNS``."""
    parameters: dict[str, Any] = {"limit": query.limit + 1}
    filters = set()
    first = max((day for day in (query.date_from, since) if day), default=None)
    if query.status is None:
        filters.add("movements")
    given = {"first": first, "last": query.date_to, "status": query.status}
    for name, value in given.items():
        if value is not None:
            filters.add(name)
            parameters[name] = value
    if query.direction:
        filters.add(query.direction)
    for name in ("min_amount", "max_amount"):
        bound = getattr(query, name)
        if bound is not None:
            filters.add(name)
            parameters |= {f"{name}_{scale}": _bound(bound, scale, name) for scale in range(_MAX_SCALE + 1)}
    if query.text is not None:
        filters.add("text")
        parameters |= _patterns(query.text)
    if query.after is not None:
        place = Place.parse(query.after)
        filters.add("after")
        parameters |= {"after_day": place.day, "after_id": place.id}
    if len(accounts) > _MAX_BRANCHES:
        parameters["accounts"] = accounts
    else:
        parameters |= {f"account_{number}": account for number, account in enumerate(accounts)}
    return _build(_Shape(min(len(accounts), _MAX_BRANCHES + 1), frozenset(filters))), parameters


@lru_cache(maxsize=512)
def _build(shape: _Shape) -> Select[Any]:
    order = (_T.sort_date.desc(), _T.id.desc())
    conditions = [_T.removed_at.is_(None), *(_FILTERS[name] for name in sorted(shape.filters))]
    limit = bindparam("limit", type_=BigInteger)
    if shape.accounts == 1:
        mine = _T.account_id == bindparam("account_0")
        return select(*render.COLUMNS).where(mine, *conditions).order_by(*order).limit(limit)
    if shape.accounts > _MAX_BRANCHES:
        mine = _T.account_id.in_(bindparam("accounts", expanding=True))
        return select(*render.COLUMNS).where(mine, *conditions).order_by(*order).limit(limit)
    # Each account's newest rows by its own index, then the newest of those: nothing is read that cannot be shown.
    branches = []
    for number in range(shape.accounts):
        mine = _T.account_id == bindparam(f"account_{number}")
        branch = select(_T.id, _T.sort_date).where(mine, *conditions).order_by(*order).limit(limit).subquery()
        branches.append(select(branch.c.id, branch.c.sort_date))
    every = union_all(*branches).subquery()
    newest = select(every.c.id).order_by(every.c.sort_date.desc(), every.c.id.desc()).limit(limit).subquery()
    return select(*render.COLUMNS).where(_T.id == newest.c.id).order_by(*order)


def _text_filter() -> ColumnElement[bool]:
    # Without its brackets, so that a search for "[" does not find every row.
    remittance = type_coerce(_T.remittance, Text)
    inside = func.substr(remittance, 2, func.length(remittance) - 2)
    names = [_T.counterparty_name.ilike(bindparam(f"text_{number}", type_=Text), escape="/") for number in range(3)]
    words = [inside.ilike(bindparam(f"json_{number}", type_=Text), escape="/") for number in range(3)]
    return or_(*names, *words)


def _patterns(text: str) -> dict[str, str]:
    """SQLite folds only ASCII, so the text is also looked for as written, in lower and in upper case."""
    result = {}
    for number, form in enumerate((text, text.lower(), text.upper())):
        result[f"text_{number}"] = _like(form)
        result[f"json_{number}"] = _like(orjson.dumps(form).decode()[1:-1])
    return result


def _like(text: str) -> str:
    return "%" + text.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


def _bound(bound: Decimal, scale: int, name: str) -> int:
    """The whole number that an amount of this scale must exceed (min) or stay under (max), within 64 bits."""
    with localcontext(prec=100):
        shifted = bound.scaleb(scale)
        if name == "min_amount":
            whole = int(shifted.to_integral_value(ROUND_CEILING)) - 1
        else:
            whole = int(shifted.to_integral_value(ROUND_FLOOR)) + 1
    return max(-_INT64, min(_INT64 - 1, whole))


def _by_scale(name: str) -> ColumnElement[int]:
    whens = {scale: bindparam(f"{name}_{scale}", type_=BigInteger) for scale in range(_MAX_SCALE + 1)}
    return case(whens, value=_T.scale, else_=literal(None, BigInteger))


_FILTERS: dict[str, ColumnElement[bool]] = {
    "first": _T.sort_date >= bindparam("first", type_=Date),
    "last": _T.sort_date <= bindparam("last", type_=Date),
    "status": _T.status == bindparam("status", type_=String),
    "movements": _T.status.in_([literal(one) for one in sorted(MOVEMENTS)]),
    "in": _T.amount > 0,
    "out": _T.amount < 0,
    "min_amount": _T.amount > _by_scale("min_amount"),
    "max_amount": _T.amount < _by_scale("max_amount"),
    "text": _text_filter(),
    "after": tuple_(_T.sort_date, _T.id)
    < tuple_(bindparam("after_day", type_=Date), bindparam("after_id", type_=String)),
}
