"""The shapes in which banks write dates, read without a clock.

Seen in the wild (and nowhere else promised): offsets as ``Z``, ``+01:00``, ``+0100`` and ``+01``; no offset at all;
fractions of a second or no seconds; ``d-M-yyyy`` with or without a time; ``yyyyMMdd``; ``yyyy/M/d``; ``d.M.yyyy`` and
``dd.MM.yy`` (with points or slashes, the day first); ``04 Mar 2024``, ``04-MAR-24``, ``Fri, 4 March 2024``, ``March 4,
2024`` and ``4. März 2024``; seconds or milliseconds since 1970, also as .NET writes them (``/Date(1709510400000)/``); a
date with a time where a date was promised; the empty string.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

from providers.months import month
from providers.rows import BrokenRow

_DAY = re.compile(
    r"(?:[A-Z][a-z]{2,8},? )?"
    r"(?:(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"
    r"|(?P<y1>[0-9]{4})(?P<sep>[-/.])(?P<m1>[0-9]{1,2})(?P=sep)(?P<d1>[0-9]{1,2})"
    r"|(?P<d2>[0-9]{1,2})[-./](?P<m2>[0-9]{1,2})[-./](?P<y2>[0-9]{4})"
    r"|(?P<d3>[0-9]{1,2})(?P<sep3>[./])(?P<m3>[0-9]{1,2})(?P=sep3)(?P<y3>[0-9]{2})"
    r"|(?P<d4>[0-9]{1,2})(?:[- ]|\. )(?P<m4>[^\W\d_]{3,11})\.?[- ](?P<y4>[0-9]{4}|[0-9]{2})"
    r"|(?P<m5>[^\W\d_]{3,11})\.? (?P<d5>[0-9]{1,2}), (?P<y5>[0-9]{4}))"
    r"\.?(?:[T ,]+(?P<clock>.{0,40})|(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2}))?"
)
_CLOCK = re.compile(
    r"(?P<h>[0-9]{2})[:.]?(?P<min>[0-9]{2})(?:[:.]?(?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
    r"\s?(?P<zone>Z|z|UTC|GMT|(?P<sign>[+-])(?P<oh>[0-9]{2})(?::?(?P<om>[0-9]{2}))?)?(?:\[[A-Za-z/_+-]{1,40}\])?",
    re.ASCII,
)
_EPOCH = re.compile(r"(?:/Date\()?(?P<at>[0-9]{10}(?:[0-9]{3})?)(?:[+-][0-9]{4})?(?:\)/)?", re.ASCII)
_PLACEHOLDERS = frozenset({date.min, date(1900, 1, 1), date.max})
"""What banks write where there is no day (.NET's and SQL Server's first day, "without end"): no movement has it."""
_UTC_NAMES = frozenset({"Z", "z", "UTC", "GMT"})


def calendar_day(text: str | None, field: str) -> date | None:
    """The day as the bank wrote it, whatever time or offset follows; None for nothing and for a placeholder
    (0001-01-01, 9999-12-31); BrokenRow otherwise.

    The written day and not the UTC day: 2021-07-05T23:30:00+01:00 was booked on the fifth.
    """
    text = (text or "").strip()
    return _day(text, field) if text else None


@lru_cache(maxsize=4096)
def _day(text: str, field: str) -> date | None:
    if (at := since_1970(text)) is not None:
        return at.date()
    found = _DAY.fullmatch(text)
    if found is None:
        raise BrokenRow(f"{field} is not a date")
    try:
        day = date(*_numbers(found))
    except ValueError:
        raise BrokenRow(f"{field} is not a day of the calendar") from None
    return None if day in _PLACEHOLDERS else day


def _numbers(found: re.Match[str]) -> tuple[int, int, int]:
    """Year, month and day. A year of two digits is of this century: banks' interfaces are younger."""
    parts = found.groupdict()
    year, named, day = (next(filter(None, (parts.get(f"{one}{n}") for n in ("", *"12345")))) for one in "ymd")
    return int(year) if len(year) == 4 else 2000 + int(year), int(named) if named.isdigit() else month(named), int(day)


def moment(text: str | None, field: str, *, zone: tzinfo) -> datetime | None:
    """An aware UTC moment; ``zone`` is the bank's own, used where a time has no offset.

    A bare day is its midnight in UTC, so that the day itself never shifts.
    """
    text = (text or "").strip()
    day = calendar_day(text, field)
    if day is None:
        return None
    if (at := since_1970(text)) is not None:
        return at
    written = _DAY.fullmatch(text)
    found = _CLOCK.fullmatch(written["clock"].strip()) if written and written["clock"] else None
    if found is None:
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    micro = int((found["f"] or "0")[:6].ljust(6, "0"))
    offset: tzinfo = zone
    if found["zone"] in _UTC_NAMES:
        offset = UTC
    elif found["zone"]:
        span = timedelta(hours=int(found["oh"]), minutes=int(found["om"] or 0))
        if span >= timedelta(hours=24):
            raise BrokenRow(f"{field} has an impossible offset")
        offset = timezone(-span if found["sign"] == "-" else span)
    try:
        clock = time(int(found["h"]), int(found["min"]), int(found["s"] or 0), micro, tzinfo=offset)
    except ValueError:
        raise BrokenRow(f"{field} is not a time of day") from None
    return _utc(datetime.combine(day, clock), field)


def since_1970(text: str) -> datetime | None:
    """The moment that is so many seconds or milliseconds after the first of 1970; None for what is no such number."""
    found = _EPOCH.fullmatch(text)
    if found is None:
        return None
    number = found["at"]
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        milliseconds=int(number if len(number) > 10 else number + "000")
    )


def _utc(value: datetime, field: str) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:  # year 1 or 9999 with an offset
        raise BrokenRow(f"{field} is out of range") from None
