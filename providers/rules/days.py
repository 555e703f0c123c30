"""Days and moments of one row: from its fields, from its texts where the fields do not say, always checked.

A day in a text is believed only if the calendar has it and it lies near the row's own days: not more than a year
before, not more than three days after. Thirteen digits of a reference look like many things.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

import msgspec
from msgspec import structs

from providers import dates
from providers.months import month
from providers.rows import BrokenRow
from providers.rules.narratives import DATED
from providers.rules.profile import Dates
from providers.rules.template import book
from providers.rules.told import Placed, Told

_BEFORE = timedelta(days=370)
_AFTER = timedelta(days=3)
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_YEAR_FIRST = re.compile(r"(?P<y>[0-9]{4})[-./](?P<m>[0-9]{2})[-./](?P<d>[0-9]{2})", re.ASCII)
_NUMBERS = re.compile(r"(?P<d>[0-9]{1,2})[./-](?P<m>[0-9]{1,2})(?:[./-](?P<y>[0-9]{4}|[0-9]{2})?)?", re.ASCII)
_NAMED = re.compile(r"(?P<d>[0-9]{1,2})[ -]?(?P<m>[A-Za-z]{3})(?:[ -]?(?P<y>[0-9]{4}|[0-9]{2}))?", re.ASCII)
# what a blank of digits alone is as a {date}
_DIGITS: dict[str, Callable[[str], str]] = {
    "ymd": lambda digits: f"{digits[:4]}-{digits[4:6]}-{digits[6:]}",
    "yymmdd": lambda digits: f"20{digits[:2]}-{digits[2:4]}-{digits[4:]}",
    "dashed": lambda digits: f"20{digits}",
    "ddmmyy": lambda digits: f"{digits[:2]}.{digits[2:4]}.{digits[4:]}",
    "ddmm": lambda digits: f"{digits[:2]}.{digits[2:]}",
}
DAY_BLANKS = frozenset({"date", *_DIGITS})
_CLOCK_PARTS = re.compile(r"[:.HhUu]")
_UTC_ENDS = ("Z", "z", "+00:00", "+0000", "+00", "UTC", "GMT")
_ALONE = re.compile(r"(?<![0-9./-])(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}[.][0-9]{2}[.][0-9]{4})(?![0-9./-])", re.ASCII)


class Days(msgspec.Struct, frozen=True, gc=False):
    """``card``: a card number that stood beside a day in a text. ``places``: the place, and the rule, of each that is
    there. ``unread``: fields that hold no date."""

    booking: date | None
    value: date | None
    moment: datetime | None
    card: str | None
    places: dict[str, str]
    unread: tuple[str, ...] = ()


def of_row(told: Told, rules: Dates, lines: Iterable[str], zone: tzinfo) -> Days:
    """``lines`` are the row's texts as remittance has them; ``zone`` is the bank's own."""
    places: dict[str, str] = {}
    unread: list[str] = []
    booking = _first_day(told.booking, "booking_date", places, unread, zone)
    value = _first_day(told.value, "value_date", places, unread, zone)
    if rules.swapped:
        booking, value = value, booking
        places = {
            name: f"{place} by swapped_days"
            for name, other in (("booking_date", "value_date"), ("value_date", "booking_date"))
            if (place := places.get(other))
        }
    moment = None
    for place, text in told.moment:
        if text:
            try:
                moment = dates.moment(text, place, zone=zone)
            except BrokenRow:
                unread.append(place)
                continue
            places["transaction_datetime"] = place
            break
    known = booking or value
    card = None
    if moment is None and (known is None or rules.texts or _may_be_a_card(told.code)):
        moment, card, rule = _from_texts(rules.texts, lines, known, zone)
        if moment is not None:
            places["transaction_datetime"] = f"remittance by {rule}"
    if moment is None and (rules.ids or known is None):
        moment = _from_ids(rules.ids, told, known, zone)
        if moment is not None:
            places["transaction_datetime"] = "bank_ids by day_in_id"
    if known is None and moment is not None:
        booking = _local_day(moment, zone)
        places["booking_date"] = _then(places["transaction_datetime"], "only_day_given")
    return Days(booking, value, moment, card, places, tuple(unread))


def _then(place: str, rule: str) -> str:
    return f"{place}, {rule}" if " by " in place else f"{place} by {rule}"


def _first_day(
    candidates: Iterable[Placed], name: str, places: dict[str, str], unread: list[str], zone: tzinfo
) -> date | None:
    for place, text in candidates:
        if not text:
            continue
        try:
            day = _day_at(text, place, zone)
        except BrokenRow:
            unread.append(place)
            continue
        if day is None:
            continue
        if not _is_of_our_time(day):  # 0001-01-01 and 9999-12-31 stand for a day that the bank does not know
            unread.append(place)
            continue
        places[name] = place
        return day
    return None


@lru_cache(maxsize=4096)
def _day_at(text: str, place: str, zone: tzinfo) -> date | None:
    """The written day. But a moment in UTC that is midnight in the bank's own zone is the day that begins then there:
    2024-06-05T22:00:00Z is how 2024-06-06 leaves a computer in Paris. A number of seconds has no day but the bank's."""
    if (at := dates.since_1970(text.strip())) is not None:
        return _local_day(at, zone)
    day = dates.calendar_day(text, place)
    if day is None or not _is_of_our_time(day) or not text.rstrip().endswith(_UTC_ENDS) or ":" not in text:
        return day
    local = dates.moment(text, place, zone=zone)
    local = local and local.astimezone(zone)
    return local.date() if local is not None and local.time() == time() else day


def _from_texts(
    sources: tuple[str, ...], lines: Iterable[str], known: date | None, zone: tzinfo
) -> tuple[datetime | None, str | None, str]:
    """The moment, the card number beside it, and the rule."""
    for line in lines:
        lowered = line.lower()
        for made in (book(sources), DATED):
            found = made.fill(line, lowered)
            if found and (day := _told_day(found, known)) is not None:
                return _at(day, found.get("time"), zone), found.get("card"), "day_in_text"
        if known is None and (alone := _ALONE.search(line)) is not None:
            day = written_day(alone[0], None)
            if day is not None:
                return _at(day, None, zone), None, "only_day_in_text"
    return None, None, ""


def _from_ids(sources: tuple[str, ...], told: Told, known: date | None, zone: tzinfo) -> datetime | None:
    """By the bank's own templates; in a row without any day also an ISO day that stands by itself in an id."""
    for value in told.bank_ids.values():
        text = str(value or "")
        found = book(sources).fill(text, text.lower())
        if found is None and known is None and (alone := _ALONE.search(text)) is not None:
            found = {"date": alone[0]}
        if found is None:
            continue
        day = _told_day(found, known)
        if day is not None:
            return _at(day, found.get("time"), zone)
    return None


def beside_payee(days: Days, code: str | None, blanks: Mapping[str, str], place: str, zone: tzinfo) -> Days:
    """``days`` with the day that stood beside the payee in a text, where nothing else said when it was."""
    known = days.booking or days.value
    if days.moment is not None or not _may_be_a_card(code):
        return days
    day = _told_day(blanks, known)
    if day is None:
        return days
    places = days.places | {"transaction_datetime": _then(place, "day_in_text")}
    return structs.replace(days, moment=_at(day, blanks.get("time"), zone), places=places)


def _told_day(blanks: Mapping[str, str], known: date | None) -> date | None:
    for blank, text in blanks.items():
        if blank in DAY_BLANKS:
            return written_day(_DIGITS[blank](text) if blank in _DIGITS else text, known)
    return None


def written_day(text: str, known: date | None) -> date | None:
    """The day that ``text`` (a {date} blank) means, if it can be one; ``known`` is a day of the same row.

    Without a year it is the last such day up to shortly after ``known``, and without ``known`` it is none.
    """
    if len(text) == 10 and not text[4].isdigit():
        found: re.Match[str] | None = _YEAR_FIRST.fullmatch(text)
    else:
        found = _NUMBERS.fullmatch(text) or _NAMED.fullmatch(text)
    if found is None:
        return None
    number = int(found["m"]) if found["m"].isdigit() else month(found["m"])
    year = found["y"]
    if year:
        years = [int(year) if len(year) == 4 else 2000 + int(year)]
    elif known is not None and _is_of_our_time(known):
        years = sorted({(known + _AFTER).year, known.year, known.year - 1}, reverse=True)
    else:
        years = []
    for one in years:
        try:
            day = date(one, number, int(found["d"]))
        except ValueError:
            continue
        if _is_near(day, known):
            return day
    return None


def _is_near(day: date, known: date | None) -> bool:
    return _is_of_our_time(day) and (known is None or -_BEFORE <= day - known <= _AFTER)


def _is_of_our_time(day: date) -> bool:
    """Far from the ends of the calendar, where no arithmetic with days can leave it."""
    return _FIRST_YEAR <= day.year <= _LAST_YEAR


def _may_be_a_card(code: str | None) -> bool:
    """Whether the bank leaves it open: its own code, where it has one, says a card payment or something else."""
    return code is None or "CRD" in code or "CARD" in code.upper()


def _local_day(moment: datetime, zone: tzinfo) -> date:
    """The bank's own day. A midnight in UTC is a bare day (providers.dates.moment)."""
    if moment.timetz() == time(tzinfo=UTC) or not _is_of_our_time(moment):
        return moment.date()
    return moment.astimezone(zone).date()


def _at(day: date, clock: str | None, zone: tzinfo) -> datetime:
    """``day`` at ``clock`` in ``zone``; its midnight in UTC where no time is told (as providers.dates.moment), or
    midnight, which banks write where they know none."""
    if clock:
        hour, minute, second = (*(int(part) for part in _CLOCK_PARTS.split(clock)), 0)[:3]
        is_told = hour or minute or second
        if is_told and hour < 24 and minute < 60 and second < 60:
            return datetime.combine(day, time(hour, minute, second, tzinfo=zone)).astimezone(UTC)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
