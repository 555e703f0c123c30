"""A limit holds over all processes, costs few writes, and a flood costs none."""

import pytest

from hub.context import Hub
from hub.rates import SharedLimiter, SharedRates
from hub.volatile import Volatile
from tests.race import at_once


class Timer:
    at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


class Counting:
    """The store, and how often it was written to or asked."""

    def __init__(self, store: Volatile) -> None:
        self.store, self.calls = store, 0

    def ask(self, *given: object) -> object:
        self.calls += 1
        return self.store.ask(*given)  # type: ignore[arg-type]


def limiters(hub: Hub, count: int, per_minute: int, timer: Timer) -> list[SharedLimiter]:
    """As many processes."""
    return [SharedRates(hub.db).limiter("requests", per_minute=per_minute, timer=timer) for _ in range(count)]


def granted(limiter: SharedLimiter, times: int, caller: str = "app") -> int:
    return sum(limiter.take(caller).retry_after_s == 0 for _ in range(times))


def test_several_processes_together_grant_what_one_would(hub: Hub) -> None:
    timer = Timer()
    several = limiters(hub, 3, 60, timer)
    assert sum(granted(one, 60) for one in several) == 60
    assert granted(several[0], 60, "another") == 60
    timer.at += 10
    assert sum(granted(one, 60) for one in several) == 10


def test_at_once_no_more_is_granted_than_there_is(hub: Hub) -> None:
    several = iter(limiters(hub, 4, 100, Timer()))
    assert sum(at_once(4, lambda: granted(next(several), 100))) == 100


def test_in_any_minute_no_more_than_the_limit_and_what_lay_in_hands(hub: Hub) -> None:
    timer = Timer()
    one, other = limiters(hub, 2, 600, timer)
    assert granted(one, 1) == 1  # takes a handful of 30
    timer.at += 59
    assert granted(one, 700) + granted(other, 700) <= 600 + 29


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_most_requests_ask_nobody_and_a_flood_that_is_refused_asks_nobody(hub: Hub) -> None:
    timer = Timer()
    (limiter,) = limiters(hub, 1, 600, timer)
    limiter._store = counting = Counting(limiter._store)  # type: ignore[assignment]
    assert granted(limiter, 600) == 600
    assert counting.calls == 20
    limiter.take("app")
    before = counting.calls
    assert granted(limiter, 10_000) == 0
    assert counting.calls == before


def test_who_waits_as_long_as_told_is_let_in(hub: Hub) -> None:
    timer = Timer()
    (limiter,) = limiters(hub, 1, 60, timer)
    assert granted(limiter, 60) == 60
    refused = limiter.take("app")
    assert (refused.remaining, refused.retry_after_s, refused.reset_s) == (0, 1, 60)
    timer.at += refused.retry_after_s
    assert limiter.take("app").retry_after_s == 0


def test_nobody_is_told_of_more_than_the_limit(hub: Hub) -> None:
    timer = Timer()
    (limiter,) = limiters(hub, 1, 600, timer)
    limiter.take("app")
    timer.at += 30  # what was taken beforehand is still in hand, and the rest has grown back
    assert limiter.take("app").remaining <= 600


def test_what_is_whole_again_is_forgotten(hub: Hub) -> None:
    timer = Timer()
    rates = SharedRates(hub.db)
    granted(rates.limiter("requests", per_minute=60, timer=timer), 5)
    assert rates.sweep(timer.at) == 0
    assert rates.sweep(timer.at + 60) == 1
