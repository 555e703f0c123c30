"""The filter form of an account: text in, queries of the ledger out, and the form again with what was wrong in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from hub.ledger.cursors import Place
from hub.ledger.history import HistoryPage, HistoryQuery
from hub.web.viewmodels import TransactionFilter

FIELDS = ("q", "from", "to", "min", "max", "direction")
MAX_AMOUNT_CHARACTERS = 24
_BOTH: tuple[Literal["in", "out"], ...] = ("in", "out")


@dataclass(frozen=True, slots=True)
class Found:
    items: tuple[Mapping[str, Any], ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Search:
    """``shown`` is the form as it was sent, with its errors; a form with errors finds nothing."""

    shown: TransactionFilter
    cursor: str
    date_from: date | None = None
    date_to: date | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    _given: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> "Search":
        given = {name: args.get(name, "").strip() for name in FIELDS}
        errors: dict[str, str] = {}
        first, last = _day(given, "from", errors), _day(given, "to", errors)
        least, most = _size(given, "min", errors), _size(given, "max", errors)
        if first and last and first > last:
            errors["to"] = "The last day lies before the first."
        if least is not None and most is not None and least > most:
            errors["max"] = "The most is less than the least."
        if given["direction"] not in {"", "in", "out"}:
            errors["direction"] = "In, out, or both."
        if len(given["q"]) > 200 or "\0" in given["q"]:
            errors["q"] = "Up to 200 characters of text."
        shown = TransactionFilter(
            q=given["q"],
            date_from=given["from"],
            date_to=given["to"],
            amount_min=given["min"],
            amount_max=given["max"],
            direction=given["direction"] if "direction" not in errors else "",
            errors=errors,
        )
        return cls(shown, args.get("cursor", ""), first, last, least, most, {n: v for n, v in given.items() if v})

    @property
    def first_page(self) -> str:
        return urlencode(self._given)

    def page_after(self, cursor: str | None) -> str | None:
        return None if cursor is None else urlencode({**self._given, "cursor": cursor})

    def run(self, ask: Callable[[HistoryQuery], HistoryPage], account_id: str, *, limit: int) -> Found:
        """Raises BadInput for a cursor that is not ours."""
        if self.shown.errors:
            return Found((), None)
        pages = [ask(query) for query in self._queries(account_id, limit)]
        if len(pages) == 1:
            return Found(tuple(pages[0].items), pages[0].next_cursor)
        merged = sorted((item for page in pages for item in page.items), key=_place, reverse=True)
        is_last = len(merged) <= limit and not any(page.next_cursor for page in pages)
        kept = merged[:limit]
        return Found(tuple(kept), None if is_last else Place(*_place(kept[-1])).text())

    def _queries(self, account_id: str, limit: int) -> list[HistoryQuery]:
        """The form's amounts have no sign, the ledger's have: at least 50 means money in or money out of that size,
        two readings of the history, unless a direction was chosen.
        """
        wanted = self.shown.direction
        sided = self.least is not None or self.most is not None
        directions: list[Literal["in", "out"] | None] = [None]
        if wanted or sided:
            directions = [one for one in _BOTH if wanted in {"", one}]
        return [
            HistoryQuery(
                account_id=account_id,
                date_from=self.date_from,
                date_to=self.date_to,
                min_amount=_negative(self.most) if side == "out" else self.least,
                max_amount=_negative(self.least) if side == "out" else self.most,
                direction=side,
                text=self.shown.q or None,
                limit=limit,
                after=self.cursor or None,
            )
            for side in directions
        ]


def _negative(number: Decimal | None) -> Decimal | None:
    return None if number is None else -number


def _place(item: Mapping[str, Any]) -> tuple[date, str]:
    """What the history is ordered by: booking day, else value day, else the day first seen; then the id."""
    day = item["booking_date"] or item["value_date"] or item["first_seen_at"][:10]
    return date.fromisoformat(day), item["id"]


def _day(given: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    if not given[name]:
        return None
    try:
        return date.fromisoformat(given[name])
    except ValueError:
        errors[name] = "A day looks like 2026-11-23."
        return None


def _size(given: Mapping[str, str], name: str, errors: dict[str, str]) -> Decimal | None:
    """``1,250.00`` and ``1250`` are the same; a comma before two digits at the end is a decimal one."""
    text = given[name].lstrip("+-−").replace(" ", "")
    if not text:
        return None
    if "," in text and "." not in text and len(text) - text.rindex(",") <= 3:
        text = text.replace(",", ".")
    text = text.replace(",", "")
    try:
        if len(text) > MAX_AMOUNT_CHARACTERS or not text.isascii() or not set(text) <= set("0123456789."):
            raise InvalidOperation
        return Decimal(text)
    except InvalidOperation:
        errors[name] = "An amount looks like 12.50."
        return None
