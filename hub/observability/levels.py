"""How well the banks serve: of the calls to each, how many were answered and how fast.

Counted by latency bucket, in five minutes (kept a day and a bit) and in days (kept thirteen months). A refusal (4xx but
for 429) is an answer; 5xx, 429, what is no HTTP, and no answer are not.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.models.observability import ServiceCount

BOUNDS_MS = (50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000)
FAILED = -1
MINUTES, DAY = "minutes", "day"
FIVE = timedelta(minutes=5)
_KEPT = {MINUTES: timedelta(hours=26), DAY: timedelta(days=400)}

Key = tuple[str, str, datetime, int]
"""institution, span, where it begins, bucket"""


@dataclass(frozen=True, slots=True)
class Level:
    """``calls`` of some time. ``p50_ms`` and ``p95_ms`` are of those answered, within their bucket by interpolation;
    None where none was."""

    calls: int = 0
    failed: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None

    @property
    def availability(self) -> float | None:
        """The share that was answered, 0 to 1; None without calls."""
        return (self.calls - self.failed) / self.calls if self.calls else None


@dataclass(frozen=True, slots=True)
class Levels:
    """Of one bank. ``days``: the last thirty, those without calls left out, the oldest first."""

    hour: Level
    day: Level
    month: Level
    days: Sequence[tuple[date, Level]] = ()


def keys(institution_id: str, at: datetime, took_ms: int, *, failed: bool) -> tuple[Key, Key]:
    """Where one call is counted."""
    bucket = FAILED if failed else min(bisect_left(BOUNDS_MS, took_ms), len(BOUNDS_MS) - 1)
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    five = midnight + (at - midnight) // FIVE * FIVE
    return (institution_id, MINUTES, five, bucket), (institution_id, DAY, midnight, bucket)


def row(key: Key, times: int) -> dict[str, object]:
    institution_id, span, begins_at, bucket = key
    return {
        "institution_id": institution_id,
        "span": span,
        "begins_at": begins_at,
        "bucket": bucket,
        "times": times,
        "expires_at": begins_at + _KEPT[span],
    }


def level(counted: Mapping[int, int]) -> Level:
    """From times by bucket."""
    failed = counted.get(FAILED, 0)
    answered = sum(counted.values()) - failed
    return Level(answered + failed, failed, _percentile(counted, answered, 0.50), _percentile(counted, answered, 0.95))


def _percentile(counted: Mapping[int, int], answered: int, share: float) -> int | None:
    if not answered:
        return None
    wanted, seen = share * answered, 0
    for bucket, upper in enumerate(BOUNDS_MS):
        here = counted.get(bucket, 0)
        if here and seen + here >= wanted:
            lower = BOUNDS_MS[bucket - 1] if bucket else 0
            return round(lower + (upper - lower) * (wanted - seen) / here)
        seen += here
    raise AssertionError("the shares add up")  # pragma: no cover


def of_all(session: Session, now: datetime) -> Mapping[str, Levels]:
    """By institution; a bank that was not called for thirty days is absent. The last hour begins at the five minutes
    in which it began."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = _counted(session, MINUTES, now - timedelta(hours=1) - FIVE)
    day = _counted(session, MINUTES, now - timedelta(days=1) - FIVE)
    by_day: dict[str, dict[date, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    rows = select(ServiceCount.institution_id, ServiceCount.begins_at, ServiceCount.bucket, ServiceCount.times).where(
        ServiceCount.span == DAY, ServiceCount.begins_at > today - timedelta(days=30)
    )
    for institution_id, begins_at, bucket, times in session.execute(rows):
        by_day[institution_id][begins_at.date()][bucket] += times
    return {
        institution_id: Levels(
            level(hour.get(institution_id, {})),
            level(day.get(institution_id, {})),
            level(sum(days.values(), Counter())),
            [(when, level(days[when])) for when in sorted(days)],
        )
        for institution_id, days in by_day.items()
    }


def _counted(session: Session, span: str, since: datetime) -> Mapping[str, Mapping[int, int]]:
    rows = (
        select(ServiceCount.institution_id, ServiceCount.bucket, func.sum(ServiceCount.times))
        .where(ServiceCount.span == span, ServiceCount.begins_at > since)
        .group_by(ServiceCount.institution_id, ServiceCount.bucket)
    )
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for institution_id, bucket, times in session.execute(rows):
        found[institution_id][bucket] = int(times)
    return found
