"""Whether days follow one another evenly, and when the next one is due. Calendar months are months, not thirty days."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median_low

MOST_MISSED = 4  # of the steps at most one in so many may skip a turn (a payment that did not happen)


class Rhythm(StrEnum):
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    FOUR_WEEKLY = "four_weekly"
    MONTHLY = "monthly"
    TWO_MONTHLY = "two_monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class _Step:
    """``slack_days`` either way: weekends, holidays, a bank that books a day late."""

    rhythm: Rhythm
    days: int = 0
    months: int = 0
    slack_days: int = 0

    def after(self, day: date, times: int = 1, *, anchor: int = 0) -> date:
        """``anchor`` is the day of the month that counts, where the month has it; 0: that of ``day``."""
        if self.days:
            return day + timedelta(days=self.days * times)
        months = day.year * 12 + day.month - 1 + self.months * times
        year, month = divmod(months, 12)
        last = monthrange(year, month + 1)[1]
        return date(year, month + 1, min(anchor or day.day, last))


# Of two that are kept equally well the first counts.
_STEPS = (
    _Step(Rhythm.MONTHLY, months=1, slack_days=5),
    _Step(Rhythm.FOUR_WEEKLY, days=28, slack_days=2),
    _Step(Rhythm.WEEKLY, days=7, slack_days=1),
    _Step(Rhythm.FORTNIGHTLY, days=14, slack_days=2),
    _Step(Rhythm.TWO_MONTHLY, months=2, slack_days=6),
    _Step(Rhythm.QUARTERLY, months=3, slack_days=8),
    _Step(Rhythm.HALF_YEARLY, months=6, slack_days=12),
    _Step(Rhythm.YEARLY, months=12, slack_days=15),
)
_BY_RHYTHM = {step.rhythm: step for step in _STEPS}
_FEWEST = {Rhythm.HALF_YEARLY: 2, Rhythm.YEARLY: 2}
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Beat:
    """``anchor`` is the day of the month that payments mean, 31 for the last one; 0 where weeks count."""

    rhythm: Rhythm
    anchor: int
    slack_days: int

    def due_after(self, day: date) -> date:
        step = _BY_RHYTHM[self.rhythm]
        if step.days:
            return step.after(day)
        # Paid on the 1st for the 31st, or on the 30th for the 1st: the turn is the one nearest to the anchor.
        turn = min(
            (_in_month(day.year, day.month + shift, self.anchor) for shift in (-1, 0, 1)),
            key=lambda one: abs((one - day).days),
        )
        return step.after(turn, anchor=self.anchor)


def beat(days: Sequence[date]) -> Beat | None:
    """The rhythm of ``days`` (ascending) that they keep best; None if they keep none.

    Each day is held to the rhythm from the day before it, so that small delays do not add up; for rhythms of months
    all days must lie near one day of the month as well.
    """
    kept: list[tuple[int, int, Beat]] = []
    for place, step in enumerate(_STEPS):
        if len(days) < _FEWEST.get(step.rhythm, FEWEST):
            continue
        anchor = _anchor(days) if step.months else 0
        if step.months and any(_off(day, anchor) > step.slack_days for day in days):
            continue
        off = _off_days(days, step)
        if off is not None:
            kept.append((off, place, Beat(step.rhythm, anchor, step.slack_days)))
    return min(kept)[2] if kept else None


def _off_days(days: Sequence[date], step: _Step) -> int | None:
    """By how many days in all the steps miss the rhythm; None if one misses it by more than the slack."""
    off = skipped = 0
    for before, day in pairwise(days):
        miss = abs((day - step.after(before)).days)
        if miss > step.slack_days:
            miss = abs((day - step.after(before, 2)).days)
            skipped += 1
        if miss > step.slack_days:
            return None
        off += miss
    return off if skipped * MOST_MISSED <= len(days) - 1 else None


def _anchor(days: Sequence[date]) -> int:
    """The middle one of the days of the month, on a ring where the 31st and the 1st are neighbours."""
    latest = [day.day for day in days]
    if max(latest) - min(latest) > 15:
        latest = [one + 31 if one <= 15 else one for one in latest]
    middle = median_low(latest)
    ends = sum(day.day == monthrange(day.year, day.month)[1] for day in days)
    return 31 if ends * 2 > len(days) else (middle - 1) % 31 + 1


def _off(day: date, anchor: int) -> int:
    return min(abs((day - _in_month(day.year, day.month + shift, anchor)).days) for shift in (-1, 0, 1))


def _in_month(year: int, month: int, anchor: int) -> date:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(anchor, monthrange(year, month)[1]))
