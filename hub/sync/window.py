"""From which day on an account's transactions are asked for. Pure.

Many banks show their whole history only for minutes after the PSU was there, and some 90 days later on; what an
institution's file says of that (providers.listing.History) is obeyed:

the PSU was at the bank                    this account was read since   first day asked for
within the window, or it has no known end  no                            all that the bank shows then
longer ago                                 no                            what it shows later, ``days_after``
whenever                                   yes                           the last reading less OVERLAP, within the same

What was asked for less than the bank shows now, since the window was missed, is asked for whole the next time.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from providers.listing import History

OVERLAP = timedelta(days=14)
"""Banks book late and renumber."""
ALWAYS_READABLE_DAYS = 89
"""What banks show without the PSU where nobody has written down more (RTS on SCA art. 10)."""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of an account. ``asked_from``: the earliest day that was ever asked for. Moments aware UTC."""

    synced_at: datetime | None
    asked_from: date | None
    sca_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reach:
    """``is_whole``: much may come, so it is stored page by page. ``fallback`` is asked for instead where the bank
    refuses ``first``; None if that is no further back."""

    first: date
    is_whole: bool
    fallback: date | None


def reach(history: History, past: Past, *, most_days: int, now: datetime) -> Reach:
    """``most_days`` is the most that the hub and the adapter ask for."""
    today = now.date()
    most = min(most_days, history.days or most_days)
    is_bounded = history.window_s is not None or history.days_after is not None
    later = min(most, history.days_after or ALWAYS_READABLE_DAYS) if is_bounded else most
    is_open = _is_first_since_sca(past) and _is_within(history, past, now)
    earliest = today - timedelta(days=most if is_open else later)
    always = today - timedelta(days=min(later, ALWAYS_READABLE_DAYS))
    is_deeper = is_bounded and is_open and past.asked_from is not None and earliest < past.asked_from
    if past.synced_at is None or is_deeper:
        return Reach(earliest, is_whole=True, fallback=always if earliest < always else None)
    first = max(past.synced_at.date() - OVERLAP, earliest)
    return Reach(first, is_whole=False, fallback=always if first < always else None)


def _is_first_since_sca(past: Past) -> bool:
    return past.synced_at is None or (past.sca_at is not None and past.synced_at < past.sca_at)


def _is_within(history: History, past: Past, now: datetime) -> bool:
    if history.window_s is None:
        return True
    return past.sca_at is not None and now - past.sca_at < timedelta(seconds=history.window_s)
