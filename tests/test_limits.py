"""The token bucket: a burst up to the limit, then an even trickle."""

import threading

import pytest

from hub.errors import TooMany
from hub.limits import RateLimiter, Slots


class Timer:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_caller_may_burst_up_to_the_limit_then_waits() -> None:
    timer = Timer()
    limiter = RateLimiter(per_minute=60, timer=timer)
    assert [limiter.take("a").retry_after_s for _ in range(60)] == [0] * 60
    refused = limiter.take("a")
    assert (refused.remaining, refused.retry_after_s, refused.reset_s) == (0, 1, 60)
    timer.at += 1
    assert limiter.take("a").retry_after_s == 0
    assert limiter.take("a").retry_after_s == 1


def test_one_caller_does_not_use_up_anothers() -> None:
    limiter = RateLimiter(per_minute=1, timer=Timer())
    assert limiter.take("a").retry_after_s == 0
    assert limiter.take("a").retry_after_s > 0
    assert limiter.take("b").retry_after_s == 0


def test_a_refused_request_does_not_push_the_end_away() -> None:
    timer = Timer()
    limiter = RateLimiter(per_minute=60, timer=timer)
    for _ in range(200):
        limiter.take("a")
    timer.at += 1
    assert limiter.take("a").retry_after_s == 0


def test_only_so_many_wait_for_a_bank_at_once() -> None:
    slots, inside, leave = Slots(2, patience_s=0.05), threading.Barrier(3), threading.Event()

    def wait() -> None:
        with slots.taken():
            inside.wait()
            leave.wait()

    waiting = [threading.Thread(target=wait) for _ in range(2)]
    for one in waiting:
        one.start()
    inside.wait()
    with pytest.raises(TooMany), slots.taken():
        pass
    leave.set()
    for one in waiting:
        one.join()
    with slots.taken():
        pass
