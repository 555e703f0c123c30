"""Values into words: money, days, moments, masked identifiers. Pure; the clock is an argument.

Money and dates follow CLDR through Babel. A sign is always U+2212 or ``+`` and stands before the whole
amount, so that it never hides between a symbol and a digit and is never told by colour alone.
"""

import base64
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency

from hub.web.viewmodels import TransactionRow
from providers.model import Money

LOCALE = "en_GB"
MINUS = "\u2212"
HOUSE_COLOUR = "#0b5a5e"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_LETTER_THEN_DIGIT = re.compile(r"(?<=[A-Za-z])(?=[0-9])")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}\Z")


def money(amount: Money, *, signed: bool = False, locale: str = LOCALE) -> str:
    """``€1,200.00``, ``−€12.50``; with ``signed`` also ``+€12.50``. No digit that the bank gave is rounded
    away.
    """
    magnitude = format_currency(abs(amount.number), amount.currency, locale=locale, decimal_quantization=False)
    return _sign(amount.number, signed) + _LETTER_THEN_DIGIT.sub("\u00a0", magnitude)


def _sign(number: Decimal, signed: bool) -> str:
    if number < 0:
        return MINUS
    return "+" if signed and number > 0 else ""


def direction(amount: Money) -> str:
    """``in``, ``out`` or ``zero``: a class name and the word that a screen reader is told."""
    return "in" if amount.number > 0 else "out" if amount.number < 0 else "zero"


def long_date(value: date, *, locale: str = LOCALE) -> str:
    """``23 November 2026``."""
    return format_date(value, "d MMMM y", locale=locale)


def short_date(value: date, *, locale: str = LOCALE) -> str:
    """``23 Nov``: where the year is plain from the context."""
    return format_date(value, "d MMM", locale=locale)


def day(value: date, now: datetime, *, locale: str = LOCALE) -> str:
    """A day as people say it: Today, Yesterday, Tomorrow, ``Monday 16 November``, ``16 November 2025``."""
    today = _utc(now).date()
    near = {0: "Today", 1: "Yesterday", -1: "Tomorrow"}.get((today - value).days)
    if near:
        return near
    return format_date(value, "EEEE d MMMM" if value.year == today.year else "d MMMM y", locale=locale)


def moment(value: datetime, *, locale: str = LOCALE) -> str:
    """``23 November 2026, 07:32 UTC``. ValueError on a naive datetime."""
    return format_datetime(_utc(value), "d MMMM y, HH:mm", locale=locale) + " UTC"


def ago(value: datetime, now: datetime, *, locale: str = LOCALE) -> str:
    """How long since: ``just now``, ``5 minutes ago``, ``yesterday``, ``on 3 November``. ValueError if
    naive.
    """
    value, now = _utc(value), _utc(now)
    elapsed = now - value
    if elapsed < timedelta(minutes=1):  # a bank's clock may run a little ahead of ours
        return "just now" if elapsed > -timedelta(minutes=5) else "on " + long_date(value, locale=locale)
    if elapsed < timedelta(hours=1):
        return _count(int(elapsed.total_seconds() // 60), "minute") + " ago"
    if elapsed < timedelta(hours=24):
        return _count(int(elapsed.total_seconds() // 3600), "hour") + " ago"
    days = (now.date() - value.date()).days
    if days == 1:
        return "yesterday"
    if days < 7:
        return _count(days, "day") + " ago"
    pattern = "d MMMM" if value.year == now.year else "d MMMM y"
    return "on " + format_date(value, pattern, locale=locale)


def left(value: datetime, now: datetime) -> str:
    """How long until: ``over``, ``12 minutes left``, ``3 hours left``, ``6 days left``. ValueError if
    naive.
    """
    remaining = (_utc(value) - _utc(now)).total_seconds()
    if remaining <= 0:
        return "over"
    for size_s, unit in ((86400, "day"), (3600, "hour")):
        if remaining >= size_s:
            return _count(int(remaining // size_s), unit) + " left"
    return _count(max(1, int(remaining // 60)), "minute") + " left"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a moment is an aware datetime")
    return value.astimezone(UTC)


def masked(identifier: str) -> str:
    """Enough to recognise, too little to use: ``DE•• •••• 3000``, ``•••• 5678``; short values show nothing."""
    value = re.sub(r"[\s-]", "", identifier).upper()
    if len(value) < 8:
        return "••••"
    if _IBAN.match(value):
        return f"{value[:2]}•• •••• {value[-4:]}"
    return f"•••• {value[-4:]}"


def initials(name: str) -> str:
    """One or two letters for a mark: ``Albion Bank`` -> ``AB``."""
    words = [word for word in re.split(r"[^\w]+", name) if word]
    return "".join(word[0] for word in words[:2]).upper() or "?"


def colour(value: str) -> str:
    """The colour itself where it is ``#rrggbb``, else the house colour: nothing else may reach an
    attribute.
    """
    return value if _COLOUR.match(value) else HOUSE_COLOUR


def ink_on(background: str) -> str:
    """Black or white, whichever reads better on ``background`` (WCAG 2.2 contrast)."""
    dark, light = "#14242b", "#ffffff"
    return max((dark, light), key=lambda ink: contrast(ink, colour(background)))


def contrast(first: str, second: str) -> float:
    """The WCAG 2.2 contrast ratio of two ``#rrggbb`` colours: 1 to 21."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(value: str) -> float:
    channels = (int(value[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def host(url: str) -> str:
    """The host of an http(s) URL, the part that a person can judge; empty for anything else.

    In its ASCII form: a look-alike letter of another alphabet then shows as ``xn--``, not as the name it imitates.
    """
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
        return name.encode("idna").decode("ascii") if parts.scheme in ("https", "http") else ""
    except ValueError:  # UnicodeError is one: no host that a browser would visit
        return ""


def by_day(rows: Sequence[TransactionRow]) -> list[tuple[date | None, list[TransactionRow]]]:
    """Rows grouped by booking date: what is not booked yet (None) in one group before all, then each day in the
    order given.
    """
    pending = [row for row in rows if row.booking_date is None]
    booked = groupby((row for row in rows if row.booking_date is not None), key=lambda row: row.booking_date)
    return [*([(None, pending)] if pending else []), *((day_, list(group)) for day_, group in booked)]


class _Literal(str):
    """A JSON number as the bank wrote it: ``10.00`` must not become ``10.0`` on its way to the reader."""

    __slots__ = ()


def pretty_json(text: str) -> str:
    """JSON text indented, every number as it was written; text that is not JSON comes back unchanged."""
    try:
        return _written(json.loads(text, parse_float=_Literal, parse_int=_Literal), "")
    except (ValueError, RecursionError):
        return text


def example_json(value: Any) -> str:
    """A JSON value of our own API document, indented, for a page that escapes it itself."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _written(value: Any, indent: str) -> str:
    if isinstance(value, _Literal):
        return str(value)
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        rows = [f"{deeper}{json.dumps(k, ensure_ascii=False)}: {_written(v, deeper)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(deeper + _written(item, deeper) for item in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def data_url(text: str) -> str:
    """A JSON document as an address that saves it as a file: nothing is sent, and nothing is kept anywhere."""
    return f"data:application/json;base64,{base64.b64encode(text.encode()).decode()}"


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "direction": direction,
    "long_date": long_date,
    "short_date": short_date,
    "day": day,
    "moment": moment,
    "ago": ago,
    "left": left,
    "masked": masked,
    "initials": initials,
    "colour": colour,
    "ink_on": ink_on,
    "host": host,
    "by_day": by_day,
    "pretty_json": pretty_json,
    "example_json": example_json,
    "data_url": data_url,
}
