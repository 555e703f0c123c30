"""The states of signing keys: every move, two at once, a crash at every point, and time."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.exc import IntegrityError

from hub import housekeeping
from hub.context import Hub, build
from hub.keys import AS, TPP
from hub.models.key import SigningKey
from hub.models.signal import Signal
from hub.settings import Settings
from hub.signing import rotation, store
from hub.signing.lines import Line, line_of
from hub.signing.rotation import NextTooNew
from tests.conftest import TestClock
from tests.oauth.test_races import at_once

ES256, EDDSA = line_of(AS), line_of(AS, "EdDSA")


def begin(hub: Hub, line: Line = ES256) -> tuple[str, str]:
    """The kids of the active and the next key of a new line."""
    active = str(hub.keys.signing(line.purpose, line.alg).kid)
    rotation._have_next(hub, line, hub.clock())
    (following,) = (kid for kid, state in states(hub, line).items() if state == "next")
    return active, following


def states(hub: Hub, line: Line = ES256) -> dict[str, str]:
    """In the order in which the keys were made."""
    query = select(SigningKey).where(SigningKey.purpose == line.purpose, SigningKey.alg == line.alg)
    with hub.db.read() as session:
        rows = session.scalars(query.order_by(SigningKey.created_at, SigningKey.state)).all()
    return {row.kid: row.state for row in rows}


def row_of(hub: Hub, kid: str) -> SigningKey:
    with hub.db.read() as session:
        return session.get_one(SigningKey, kid)


def published(hub: Hub, line: Line = ES256) -> set[str]:
    return {key["kid"] for key in hub.keys.jwks(line.purpose)["keys"] if key["alg"] == line.alg}


def events(hub: Hub) -> list[tuple[str, str, str | None]]:
    with hub.db.read() as session:
        rows = session.scalars(select(Signal).where(Signal.kind.like("key.%")).order_by(Signal.seq))
        return [(row.kind, row.subject_id, row.psu_id) for row in rows]


def test_the_whole_life_of_a_key(hub: Hub, clock: TestClock) -> None:
    first, second = begin(hub)
    made = clock()
    assert states(hub) == {first: "active", second: "next"}

    done = rotation.rotate(hub, ES256, replaces=first, now=clock.advance(days=1))
    assert done is not None
    third = done.next
    assert (done.replaced, done.active, done.dropped) == (first, second, frozenset())
    assert states(hub) == {first: "retiring", second: "active", third: "next"}
    assert published(hub) == {first, second, third}
    old = row_of(hub, first)
    assert (old.created_at, old.activated_at, old.retired_at, old.private_sealed) == (made, made, clock(), None)
    assert old.published_until == done.until == clock() + rotation.retiring_for(hub.settings)
    assert row_of(hub, second).activated_at == clock()

    clock.at = done.until
    rotation.upkeep(hub, clock())
    assert states(hub) == {first: "gone", second: "active", third: "next"}
    assert published(hub) == {second, third}
    expected = [("key.made", "as:ES256", None), ("key.made", "as:ES256", None)]
    expected += [("key.rotated", "as:ES256", None), ("key.gone", "as:ES256", None)]
    assert [one for one in events(hub) if one[1] == "as:ES256"] == expected
    before = events(hub)
    rotation.upkeep(hub, clock())
    assert events(hub) == before, "nothing is told twice"


def test_a_retiring_key_outlives_whatever_it_signed(hub: Hub) -> None:
    settings = Settings(access_token_ttl_s=100_000, session_ttl_s=60)
    assert rotation.retiring_for(settings) > timedelta(seconds=100_000)
    for name in ("access_token_ttl_s", "id_token_ttl_s", "session_ttl_s"):
        assert rotation.retiring_for(hub.settings) > timedelta(seconds=getattr(hub.settings, name))


def test_a_key_that_caches_may_not_know_yet_does_not_sign(hub: Hub, clock: TestClock) -> None:
    first, second = begin(hub)
    clock.advance(seconds=hub.settings.key_publish_ahead_s - 1)
    with pytest.raises(NextTooNew) as caught:
        rotation.rotate(hub, ES256, replaces=first, now=clock())
    assert caught.value.ready_at == clock() + timedelta(seconds=1)
    assert states(hub) == {first: "active", second: "next"}
    clock.advance(seconds=1)
    assert rotation.rotate(hub, ES256, replaces=first, now=clock())


def test_a_compromise_takes_the_old_keys_down_at_once(hub: Hub, clock: TestClock) -> None:
    first, second = begin(hub)
    rotation.rotate(hub, ES256, replaces=first, now=clock.advance(days=1))
    done = rotation.rotate(hub, ES256, replaces=second, now=clock.advance(seconds=5), at_once=True)
    assert done is not None
    assert done.dropped == {first, second}, "the one that retires may be the stolen one"
    assert published(hub) == {done.active, done.next}
    for kid in (first, second):
        row = row_of(hub, kid)
        assert (row.state, row.private_sealed, row.published_until) == ("gone", None, clock())
        assert hub.keys.verifying(AS, kid) is None


def test_a_rotation_leaves_the_other_lines_alone(hub: Hub, clock: TestClock) -> None:
    first, _ = begin(hub)
    other = begin(hub, EDDSA)
    rotation.rotate(hub, ES256, replaces=first, now=clock.advance(days=1), at_once=True)
    assert tuple(states(hub, EDDSA)) == other
    assert rotation.rotate(hub, EDDSA, replaces=first, now=clock()) is None


def test_a_line_without_a_next_key_gets_one_first(hub: Hub, clock: TestClock) -> None:
    """As in a database from before keys had states."""
    first = str(hub.keys.signing(AS).kid)
    with pytest.raises(NextTooNew):
        rotation.rotate(hub, ES256, replaces=first, now=clock())
    assert list(states(hub).values()) == ["active", "next"]
    assert rotation.rotate(hub, ES256, replaces=first, now=clock.advance(days=1))


@pytest.mark.parametrize("compromised", [False, True])
def test_of_fifty_rotations_at_once_one_wins(hub: Hub, clock: TestClock, compromised: bool) -> None:
    first, second = begin(hub)
    clock.advance(days=1)

    def run() -> str | None:
        done = rotation.rotate(hub, ES256, replaces=first, now=clock(), at_once=compromised)
        return None if done is None else done.next

    (third,) = (kid for kid in at_once([run] * 50) if kid is not None)
    assert states(hub) == {first: "gone" if compromised else "retiring", second: "active", third: "next"}
    assert [kind for kind, _, _ in events(hub)].count("key.rotated") == 1


def test_rotating_and_asking_for_the_keys_at_once_never_leaves_a_line_without_a_key(hub: Hub, clock: TestClock) -> None:
    hub.keys.jwks(AS)
    clock.advance(days=1)
    stop = threading.Event()
    signers: list[int] = []

    def look() -> None:
        while not stop.is_set():
            kids = {key["kid"] for key in hub.keys.jwks(AS)["keys"] if key["alg"] == "ES256"}
            signers.append(len(kids & {str(hub.keys.signing(AS).kid)}))

    with ThreadPoolExecutor(3) as pool:
        looking = [pool.submit(look) for _ in range(3)]
        for _ in range(5):
            kid = rotation.active_kids(hub, AS)[ES256]
            assert rotation.rotate(hub, ES256, replaces=kid, now=clock.advance(days=1))
        stop.set()
        for one in looking:
            one.result()
    assert list(states(hub).values()).count("active") == list(states(hub).values()).count("next") == 1


class Crash(Exception):
    """The process ends here."""


@contextmanager
def crash_at(hub: Hub, number: int) -> Iterator[list[str]]:
    """The writing statement of this number is not run any more."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)
        if len(seen) == number:
            raise Crash

    event.listen(hub.db.writer, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(hub.db.writer, "before_cursor_execute", note)


def test_a_crash_at_any_point_leaves_a_line_that_works(hub: Hub, clock: TestClock) -> None:
    first = str(hub.keys.signing(AS).kid)
    clock.advance(days=1)
    number, crashed = 0, True
    while crashed:
        number += 1
        with crash_at(hub, number) as seen:
            try:
                rotation.rotate(hub, ES256, replaces=first, now=clock(), at_once=True)
                crashed = False
            except Crash:
                after = list(states(hub).values())
                assert after in (["active"], ["active", "next"]), seen
                assert hub.keys.signing(AS).kid == first
    assert number > 5, "the crash was at each statement in turn"
    assert list(states(hub).values()).count("active") == 1
    assert hub.keys.signing(AS).kid != first


def test_the_database_itself_refuses_a_second_active_key_and_a_private_half_of_a_retired_one(hub: Hub) -> None:
    active, following = begin(hub)
    for values in ({"kid": following, "state": "active"}, {"kid": active, "state": "next"}):
        with pytest.raises(IntegrityError), hub.db.write() as session:
            session.execute(update(SigningKey).where(SigningKey.kid == values["kid"]).values(state=values["state"]))
    with pytest.raises(IntegrityError), hub.db.write() as session:
        session.execute(update(SigningKey).where(SigningKey.kid == active).values(state="retiring"))
    with pytest.raises(IntegrityError), hub.db.write() as session:
        session.execute(update(SigningKey).where(SigningKey.kid == active).values(private_sealed=None))
    assert store.begin(hub.db, hub.sealer, ES256, "next", hub.clock()) is False  # type: ignore[arg-type]


def test_housekeeping_rotates_what_signed_long_enough(hub: Hub, clock: TestClock) -> None:
    hub.keys.jwks(AS)
    bank = begin(hub, line_of(TPP))
    begun = rotation.active_kids(hub, AS)
    clock.advance(days=hub.settings.key_rotation_days, seconds=-1)
    housekeeping.tidy(hub)
    assert rotation.active_kids(hub, AS) == begun
    clock.advance(seconds=1)
    housekeeping.tidy(hub)
    after = rotation.active_kids(hub, AS)
    assert set(after) == set(begun)
    assert set(after.values()).isdisjoint(begun.values())
    housekeeping.tidy(hub)
    assert rotation.active_kids(hub, AS) == after
    assert tuple(states(hub, line_of(TPP))) == bank, "the banks' line moves by command only"
    clock.advance(days=1)
    housekeeping.tidy(hub)
    assert len(hub.keys.jwks(AS)["keys"]) == 8


def test_housekeeping_waits_until_the_next_key_is_known(hub: Hub, clock: TestClock) -> None:
    first = str(hub.keys.signing(AS).kid)
    clock.advance(days=hub.settings.key_rotation_days)
    housekeeping.tidy(hub)
    assert hub.keys.signing(AS).kid == first
    clock.advance(seconds=hub.settings.key_publish_ahead_s)
    housekeeping.tidy(hub)
    assert hub.keys.signing(AS).kid != first


def test_a_schedule_of_zero_days_is_no_schedule(settings: Settings, clock: TestClock) -> None:
    still = build(
        Settings(database_url=settings.database_url, data_dir=settings.data_dir, key_rotation_days=0), clock=clock
    )
    first, _ = begin(still)
    rotation.upkeep(still, clock.advance(days=4000))
    assert rotation.active_kids(still, AS)[ES256] == first
    still.close()


def test_two_housekeepers_at_once_rotate_once(hub: Hub, clock: TestClock) -> None:
    first, second = begin(hub)
    clock.advance(days=hub.settings.key_rotation_days)
    at_once([lambda: rotation.upkeep(hub, clock())] * 8)
    after = states(hub)
    assert (after.pop(first), after.pop(second)) == ("retiring", "active")
    assert list(after.values()) == ["next"]
