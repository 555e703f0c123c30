"""Dates whose order of day and month is not written in them."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Literal

from providers.months import month
from providers.rows import BrokenRow

Order = Literal["ymd", "dmy", "mdy"]
ORDERS: tuple[Order, ...] = ("ymd", "dmy", "mdy")

_NUMBERS = re.compile(r"\s*([0-9]{1,4})\s*[-./' ]\s*([0-9]{1,2})\s*[-./' ]\s*'?\s*([0-9]{1,4})(?![0-9])", re.ASCII)
_PACKED = re.compile(r"\s*([0-9]{8})(?![0-9])", re.ASCII)
_NAMED = re.compile(r"\s*([0-9]{1,2})[-. /]*([^\W\d_]{3,10})\.?[-. ,/]*([0-9]{2,4})(?![0-9])")
_NAMED_FIRST = re.compile(r"\s*([^\W\d_]{3,10})\.?[-. ]*([0-9]{1,2})(?:st|nd|rd|th)?[-., ]+([0-9]{4})(?![0-9])")
_YEAR_FIRST = re.compile(r"\s*[12][0-9]{3}(?:[-./ ]|[01][0-9][0-3][0-9](?![0-9]))", re.ASCII)
_LARGEST_LENGTH = 40


def day(text: str, order: Order, field: str) -> date:
    """The calendar day at the beginning of ``text``, whatever time follows. Raises BrokenRow naming ``field``."""
    parts = _parts(text, order)
    if parts is None:
        raise BrokenRow(f"{field} is not a date")
    year, month_number, number = parts
    try:
        return date(_whole_year(year), month_number, number)
    except ValueError:
        raise BrokenRow(f"{field} is not a day of the calendar") from None


def is_day(text: str, order: Order) -> bool:
    try:
        day(text, order, "")
    except BrokenRow:
        return False
    return True


def _parts(text: str, order: Order) -> tuple[int, int, int] | None:
    if len(text) > _LARGEST_LENGTH:
        return None
    if found := _PACKED.match(text):
        digits = found[1]
        if order == "ymd":
            return int(digits[:4]), int(digits[4:6]), int(digits[6:])
        first, second = int(digits[:2]), int(digits[2:4])
        return int(digits[4:]), (second if order == "dmy" else first), (first if order == "dmy" else second)
    if found := _NUMBERS.match(text):
        one, two, three = found[1], found[2], found[3]
        if len(one) == 4:
            return int(one), int(two), int(three)
        if order == "ymd":
            return int(one), int(two), int(three)
        return int(three), int(two if order == "dmy" else one), int(one if order == "dmy" else two)
    if found := _NAMED.match(text):
        named = month(found[2])
        return (int(found[3]), named, int(found[1])) if named else None
    if found := _NAMED_FIRST.match(text):
        named = month(found[1])
        return (int(found[3]), named, int(found[2])) if named else None
    return None


def _whole_year(year: int) -> int:
    return year if year >= 100 else year + (1900 if year >= 80 else 2000)


def orders_of(texts: Iterable[str]) -> tuple[Order, ...]:
    """Every order in which all of ``texts`` are days; the likelier first, where several remain.

    A year of two digits in front is nobody's habit, so that 15.03.24 is a day of March.
    """
    given = [text for text in texts if text.strip()]
    if all(_YEAR_FIRST.match(text) for text in given):
        return ("ymd",) if given and all(is_day(text, "ymd") for text in given) else ()
    fitting = tuple(order for order in ORDERS[1:] if all(is_day(text, order) for text in given))
    by_name = all(_NAMED.match(text) or _NAMED_FIRST.match(text) for text in given)
    return fitting[:1] if by_name else fitting
