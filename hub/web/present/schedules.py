"""How often something comes, in words: ``every 2 months on the last day``."""

from collections.abc import Mapping
from typing import Any

from providers.resources import Frequency

_EVERY = {
    Frequency.DAILY: ("every day", "every {} days"),
    Frequency.WEEKLY: ("every week", "every {} weeks"),
    Frequency.MONTHLY: ("every month", "every {} months"),
    Frequency.QUARTERLY: ("every quarter", "every {} quarters"),
    Frequency.HALF_YEARLY: ("every half year", "every {} half years"),
    Frequency.YEARLY: ("every year", "every {} years"),
    Frequency.WORKING_DAYS: ("every working day", "every {} working days"),
    Frequency.INTRADAY: ("several times a day", "several times a day"),
    Frequency.AD_HOC: ("whenever it is due", "whenever it is due"),
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKS = ("first", "second", "third", "fourth", "fifth")


def in_words(schedule: Mapping[str, Any] | None) -> str:
    """``schedule`` as the API shows it; empty where the bank does not say."""
    if schedule is None:
        return ""
    frequency, interval = Frequency(schedule["frequency"]), schedule["interval"]
    once, several = _EVERY[frequency]
    words = once if interval == 1 else several.format(interval)
    return " ".join(filter(None, (words, _day(frequency, schedule["day"], schedule["week"]))))


def _day(frequency: Frequency, day: int | None, week: int | None) -> str:
    if day is None:
        return ""
    if week is not None and 1 <= week <= 5 and 1 <= day <= 7:
        return f"on the {_WEEKS[week - 1]} {_WEEKDAYS[day - 1]}"
    if frequency is Frequency.WEEKLY:
        return f"on {_WEEKDAYS[day - 1]}s" if 1 <= day <= 7 else ""
    if frequency is not Frequency.MONTHLY:
        return ""
    return "on the last day" if day == -1 else f"on the {ordinal(day)}" if 1 <= day <= 31 else ""


def ordinal(number: int) -> str:
    """``1st``, ``22nd``, ``13th``."""
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
