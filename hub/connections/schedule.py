"""When to ask a bank again. Pure but for the dice, which can be passed in."""

import secrets

FIRST_RETRY_S = 60
RETRY_AFTER_MOST_S = 60 * 60 * 24  # a bank that says "come back next year" is asked again tomorrow
DAY_S = 60 * 60 * 24
_dice = secrets.SystemRandom()


def backoff_s(failures: int, *, limit_s: int, retry_after_s: int | None = None, jitter: float | None = None) -> float:
    """Seconds to wait after the ``failures``-th failure in a row: doubling from a minute up to ``limit_s``, never less
    than the bank's own ``retry_after_s``. ``jitter`` (0 to 1) spreads the crowd over a further quarter.
    """
    wait_s: float = min(FIRST_RETRY_S * 2 ** min(max(failures, 1) - 1, 20), max(limit_s, FIRST_RETRY_S))
    if retry_after_s is not None:
        wait_s = max(wait_s, min(retry_after_s, RETRY_AFTER_MOST_S))
    return wait_s * (1 + _share(jitter) / 4)


def regular_s(interval_s: int, *, jitter: float | None = None) -> float:
    """Seconds to the next ordinary sync. The jitter only adds, so the bank's daily quota holds."""
    return interval_s * (1 + _share(jitter) / 20)


def spread_s(wait_s: float, *, jitter: float | None = None) -> float:
    """``wait_s`` and up to five minutes more: quotas of a thousand accounts begin anew at one midnight."""
    return wait_s + 300 * _share(jitter)


def _share(jitter: float | None) -> float:
    return _dice.random() if jitter is None else jitter
