"""Counting, locking, giving back: the arithmetic, on both stores."""

import threading
from datetime import datetime, timedelta

from sqlalchemy import select

from hub.context import Hub
from hub.identity import throttle
from hub.identity.origin import Origin
from hub.identity.throttle import Admitted, Key, Locked
from hub.models.psu import LoginThrottle
from hub.sweeping import sweep_all
from tests.conftest import TestClock

LOCK_S = 900
KEY = Key("e" * 64, limit=3)
SHARED = Key("n" * 64, limit=5)


def claim(hub: Hub, *keys: Key, now: datetime) -> Admitted | Locked:
    with hub.db.write() as session:
        return throttle.claim(session, keys, now=now, lock_s=LOCK_S)


def test_the_limit_is_reached_by_the_last_attempt_that_is_looked_at(hub: Hub, clock: TestClock) -> None:
    answers = [claim(hub, KEY, now=clock()) for _ in range(5)]
    nothing_used_up = Admitted(frozenset())
    assert answers == [
        nothing_used_up,
        nothing_used_up,
        Admitted(frozenset({KEY})),
        Locked(LOCK_S),
        Locked(LOCK_S),
    ]


def test_the_lock_counts_down_ends_and_is_not_prolonged_by_knocking(hub: Hub, clock: TestClock) -> None:
    for _ in range(3):
        claim(hub, KEY, now=clock())
    assert claim(hub, KEY, now=clock.advance(seconds=600.5)) == Locked(300)
    assert claim(hub, KEY, now=clock.advance(seconds=299)) == Locked(1)
    assert claim(hub, KEY, now=clock.advance(seconds=0.5)) == Admitted(frozenset())


def test_after_a_lock_the_count_starts_anew(hub: Hub, clock: TestClock) -> None:
    for _ in range(3):
        claim(hub, KEY, now=clock())
    clock.advance(seconds=LOCK_S)
    assert [type(claim(hub, KEY, now=clock())) for _ in range(4)] == [Admitted, Admitted, Admitted, Locked]


def test_failures_far_apart_do_not_add_up(hub: Hub, clock: TestClock) -> None:
    for _ in range(10):
        assert claim(hub, KEY, now=clock.advance(seconds=LOCK_S)) == Admitted(frozenset())


def test_failures_close_together_do_although_the_first_is_old(hub: Hub, clock: TestClock) -> None:
    steps = [claim(hub, KEY, now=clock.advance(seconds=LOCK_S - 1)) for _ in range(4)]
    assert isinstance(steps[-2], Admitted)
    assert isinstance(steps[-1], Locked)


def test_a_limit_of_one_locks_with_the_first_attempt(hub: Hub, clock: TestClock) -> None:
    strict = Key("s" * 64, limit=1)
    assert claim(hub, strict, now=clock()) == Admitted(frozenset({strict}))
    assert claim(hub, strict, now=clock()) == Locked(LOCK_S)


def test_an_attempt_that_one_key_refuses_is_counted_against_none(hub: Hub, clock: TestClock) -> None:
    for _ in range(3):
        claim(hub, KEY, now=clock())
    for _ in range(20):
        assert isinstance(claim(hub, SHARED, KEY, now=clock()), Locked)
    assert claim(hub, SHARED, now=clock()) == Admitted(frozenset())


def test_a_locked_network_refuses_every_address_and_counts_none(hub: Hub, clock: TestClock) -> None:
    for _ in range(5):
        claim(hub, SHARED, now=clock())
    for _ in range(20):
        assert isinstance(claim(hub, SHARED, KEY, now=clock()), Locked)
    assert claim(hub, KEY, now=clock()) == Admitted(frozenset())


def test_giving_back_opens_the_lock_that_this_attempt_completed(hub: Hub, clock: TestClock) -> None:
    for _ in range(3):
        claim(hub, KEY, now=clock())
    with hub.db.write() as session:
        throttle.give_back(session, [KEY])
    assert claim(hub, KEY, now=clock()) == Admitted(frozenset({KEY}))
    assert claim(hub, KEY, now=clock()) == Locked(LOCK_S)


def test_giving_back_never_goes_below_nothing(hub: Hub, clock: TestClock) -> None:
    claim(hub, KEY, now=clock())
    with hub.db.write() as session:
        throttle.give_back(session, [KEY, KEY, KEY, SHARED])
    assert [type(claim(hub, KEY, now=clock())) for _ in range(4)] == [Admitted, Admitted, Admitted, Locked]


def test_clearing_forgets_the_failures(hub: Hub, clock: TestClock) -> None:
    for _ in range(2):
        claim(hub, KEY, now=clock())
    with hub.db.write() as session:
        throttle.clear(session, KEY)
    assert [type(claim(hub, KEY, now=clock())) for _ in range(4)] == [Admitted, Admitted, Admitted, Locked]


def test_forty_claims_at_once_are_admitted_three_times(hub: Hub, clock: TestClock) -> None:
    answers: list[Admitted | Locked] = []
    gate = threading.Barrier(40)

    def run() -> None:
        gate.wait()
        answers.append(claim(hub, SHARED, KEY, now=clock()))

    threads = [threading.Thread(target=run) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 40
    assert sum(isinstance(answer, Admitted) for answer in answers) == 3


def test_the_sweep_takes_only_what_means_nothing_any_more(hub: Hub, clock: TestClock) -> None:
    day_s = 24 * 3600
    with hub.db.write() as session:
        throttle.claim(session, [Key("l" * 64, limit=1)], now=clock(), lock_s=2 * day_s)
        throttle.claim(session, [KEY], now=clock(), lock_s=LOCK_S)
    clock.advance(seconds=day_s - 1)
    claim(hub, SHARED, now=clock())
    for after_s, left in [(0, "lne"), (1, "ln"), (day_s - 1, "l"), (1, "")]:
        dict(sweep_all(hub, clock.advance(seconds=after_s)))
        with hub.db.read() as session:
            assert {key[0] for key in session.scalars(select(LoginThrottle.key_hash))} == set(left)


def test_keys_tell_nothing_and_do_not_run_into_each_other(hub: Hub) -> None:
    secret, settings = b"s" * 32, hub.settings
    origin = Origin(ip_address="192.0.2.1", user_agent="")
    keys = [
        throttle.email_key(secret, "192.0.2.1", settings),
        throttle.network_key(secret, origin, settings),
        throttle.proof_key(secret, "192.0.2.1", settings),
        throttle.registration_key(secret, origin, settings),
        throttle.email_key(b"t" * 32, "192.0.2.1", settings),
    ]
    assert len({key.hash for key in keys}) == len(keys)
    assert [key.limit for key in keys] == [5, 50, 5, 5, 5]
    assert throttle.email_key(secret, "x" * 100_000 + "\ud800\x00", settings).hash.isalnum()


def test_no_rhythm_of_guessing_beats_running_into_the_lock(hub: Hub, clock: TestClock) -> None:
    for gap_s in (60, 299, 301, 899, 900):
        key, begin, looked_at = Key(f"{gap_s:064}", limit=3), clock(), 0
        while clock() < begin + timedelta(seconds=6 * LOCK_S):
            looked_at += isinstance(claim(hub, key, now=clock()), Admitted)
            clock.advance(seconds=gap_s)
        assert looked_at <= 6 * key.limit
