"""Measured service levels, as the status page shows them."""

from datetime import datetime, timedelta

from hub.observability.levels import Level, Levels
from hub.web.viewmodels import ServiceLevel

DAYS = 30


def level(found: Level) -> ServiceLevel:
    return ServiceLevel(found.calls, found.availability, found.p50_ms, found.p95_ms)


def days(found: Levels | None, now: datetime) -> tuple[float | None, ...]:
    """One for each of the last thirty days, today last; nothing for a bank that was not called in them."""
    if found is None:
        return ()
    by_day = dict(found.days)
    dates = [now.date() - timedelta(days=back) for back in reversed(range(DAYS))]
    return tuple(by_day[when].availability if when in by_day else None for when in dates)
