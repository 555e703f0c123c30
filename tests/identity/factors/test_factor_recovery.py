"""Lost second factors: no way around them but time, notice and the first step."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from hub import housekeeping
from hub.context import Hub
from hub.errors import Conflict, NotFound
from hub.hashing import secret_hash
from hub.identity import factor_recovery, recovery, second_step
from hub.identity.admission import LoggedIn
from hub.identity.factor_recovery import OPEN_FOR, Wait
from hub.identity.factors import enrolled, passkey_login, recovery_codes
from hub.identity.factors.challenges import Purpose
from hub.identity.sessions import Person
from hub.models.factor import HalfOpenLogin, Totp
from hub.models.psu import Psu
from hub.models.recovery import FactorRecovery
from hub.models.signal import Signal
from tests.conftest import TestClock
from tests.identity.factors.authenticator import Authenticator
from tests.identity.factors.steps import as_now, by_passkey, code_now, enrol_app, enrol_passkey
from tests.identity.steps import HERE, NEW_PASSWORD, activity_of, half_open, loaded, log_in
from tests.mail.letters import delivered, link_in
from tests.people import alice
from tests.race import at_once

ALICE = "alice@people.example"
KEEP = "/recover/factors/keep/"
WAIT = timedelta(hours=72)


def protected(hub: Hub, *, is_verified: bool = True) -> tuple[Person, bytes]:
    """Alice with an authenticator app that she has had for long; her session goes on."""
    psu_id = alice(hub)
    person, _secret = log_in(hub)
    seed, person = enrol_app(hub, person)
    with hub.db.write() as session:
        session.execute(update(Totp).values(created_at=hub.clock() - WAIT))
    if is_verified:
        with hub.db.write() as session:
            session.execute(update(Psu).where(Psu.id == psu_id).values(email_verified_at=hub.clock()))
    return person, seed


def first_step(hub: Hub) -> str:
    """The hash of a half-open login: somebody who has the password."""
    return secret_hash(half_open(hub))


def ask(hub: Hub, person: Person, half: str) -> None:
    factor_recovery.ask(hub, person.psu_id, half, origin=HERE, now=hub.clock())


def remove(hub: Hub, person: Person, half: str) -> None:
    factor_recovery.remove(hub, person.psu_id, half, origin=HERE, now=hub.clock())


def wait_of(hub: Hub, person: Person) -> Wait:
    with hub.db.read() as session:
        return factor_recovery.of(session, person.psu_id, now=hub.clock())


def has_second(hub: Hub, person: Person) -> bool:
    with hub.db.read() as session:
        return enrolled.of(session, person.psu_id).has_second


def test_after_the_wait_the_factors_go_and_so_does_every_session(hub: Hub, clock: TestClock) -> None:
    person, _seed = protected(hub)
    elsewhere = person.session_hash
    ask(hub, person, first_step(hub))
    (notice,) = delivered(hub)
    assert notice["To"] == ALICE
    assert "26 November 2026, 09:00 UTC" in notice.get_content()
    clock.advance(seconds=WAIT.total_seconds() - 1)
    with pytest.raises(Conflict):
        remove(hub, person, first_step(hub))
    clock.advance(seconds=1)
    assert wait_of(hub, person).is_over
    remove(hub, person, first_step(hub))
    assert not has_second(hub, person)
    assert {"factor_recovery_asked", "factors_removed"} <= set(activity_of(hub, person.psu_id))
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(HalfOpenLogin)) == 0
        assert {"psu.factor_recovery_asked", "psu.factors_removed"} <= set(session.scalars(select(Signal.kind)))
    assert delivered(hub)[-1]["Subject"] == "The second step of your Rialto login was removed"
    again, _secret = log_in(hub)
    assert again.acr == "urn:rialto:acr:one-factor"
    assert again.session_hash != elsewhere


def test_nothing_can_be_asked_without_the_first_step(hub: Hub, clock: TestClock) -> None:
    person, _seed = protected(hub)
    for half in ("", "0" * 64, secret_hash("guess")):
        with pytest.raises(Conflict):
            ask(hub, person, half)
    late = first_step(hub)
    clock.advance(seconds=601)
    with pytest.raises(Conflict):
        ask(hub, person, late)
    assert wait_of(hub, person).effective_at is None


def test_the_half_open_login_of_one_person_is_worth_nothing_for_another(hub: Hub) -> None:
    person, _seed = protected(hub)
    with hub.db.write() as session:
        other = Psu(
            id="other",
            email="charlie@people.example",
            name="Charlie",
            password_hash="",
            password_changed_at=hub.clock(),
            created_at=hub.clock(),
            email_verified_at=hub.clock(),
        )
        session.add(other)
    with pytest.raises(Conflict):
        factor_recovery.ask(hub, "other", first_step(hub), origin=HERE, now=hub.clock())
    assert wait_of(hub, person).effective_at is None


def test_nobody_who_cannot_be_warned_waits(hub: Hub) -> None:
    person, _seed = protected(hub, is_verified=False)
    assert not wait_of(hub, person).can_ask
    with pytest.raises(Conflict):
        ask(hub, person, first_step(hub))


def test_the_mailed_link_stops_it_and_works_once(hub: Hub, clock: TestClock) -> None:
    person, _seed = protected(hub)
    ask(hub, person, first_step(hub))
    token = link_in(delivered(hub), ALICE, KEEP)
    factor_recovery.stop_by_link(hub, token, origin=HERE, now=clock())
    with pytest.raises(NotFound):
        factor_recovery.stop_by_link(hub, token, origin=HERE, now=clock())
    clock.advance(seconds=WAIT.total_seconds())
    with pytest.raises(Conflict):
        remove(hub, person, first_step(hub))
    assert has_second(hub, person)
    assert "factor_recovery_stopped" in activity_of(hub, person.psu_id)


def test_one_login_with_the_second_step_ends_the_wait(hub: Hub, clock: TestClock) -> None:
    person, seed = protected(hub)
    ask(hub, person, first_step(hub))
    clock.advance(seconds=3600)
    secret = half_open(hub)
    second_step.by_code(hub, secret, code_now(hub, seed), origin=HERE, now=clock())
    assert wait_of(hub, person).effective_at is None
    clock.advance(seconds=WAIT.total_seconds())
    with pytest.raises(Conflict):
        remove(hub, person, first_step(hub))


@pytest.mark.parametrize("how", ["passkey alone", "passkey", "code", "recovery code"])
def test_a_factor_younger_than_the_wait_does_not_stop_it(hub: Hub, clock: TestClock, how: str) -> None:
    """A thief's own, added in a session that was found open, would keep the owner out for ever."""
    person, seed, key, codes = thiefs(hub)
    clock.advance(seconds=WAIT.total_seconds() - 1)
    ask(hub, person, first_step(hub))
    for _ in range(3):  # on every day of the wait
        clock.advance(seconds=86_400)
        assert is_in_by(hub, how, seed, key, codes)
    effective_at = wait_of(hub, person).effective_at
    assert effective_at is not None
    remove(hub, person, first_step(hub))
    assert not has_second(hub, person)


@pytest.mark.parametrize("how", ["passkey alone", "passkey", "code", "recovery code"])
def test_a_factor_as_old_as_the_wait_stops_it(hub: Hub, clock: TestClock, how: str) -> None:
    person, seed, key, codes = thiefs(hub)
    clock.advance(seconds=WAIT.total_seconds())
    ask(hub, person, first_step(hub))
    assert is_in_by(hub, how, seed, key, codes)
    assert wait_of(hub, person).effective_at is None


def test_another_factor_of_the_same_kind_does_not_lend_its_age(hub: Hub, clock: TestClock) -> None:
    person, _seed = protected(hub)
    old, young = Authenticator.synced(), Authenticator.synced()
    enrol_passkey(hub, as_now(hub, person), old)
    clock.advance(seconds=WAIT.total_seconds())
    again = loaded(hub, log_in_by(hub, old))
    assert again is not None
    enrol_passkey(hub, again, young, name="Other")
    ask(hub, person, first_step(hub))
    log_in_by(hub, young)
    assert wait_of(hub, person).effective_at is not None
    log_in_by(hub, old)
    assert wait_of(hub, person).effective_at is None


def thiefs(hub: Hub) -> tuple[Person, bytes, Authenticator, Sequence[str]]:
    """All that somebody can add to an account without a second factor."""
    person, seed = protected(hub)
    key = Authenticator.synced()
    enrol_passkey(hub, as_now(hub, person), key)
    with hub.db.write() as session:
        session.execute(update(Totp).values(created_at=hub.clock()))
    return person, seed, key, recovery_codes.make(hub, as_now(hub, person), origin=HERE, now=hub.clock())


def log_in_by(hub: Hub, key: Authenticator) -> str:
    answer = by_passkey(hub, key)
    assert isinstance(answer, LoggedIn)
    return answer.session_secret


def is_in_by(hub: Hub, how: str, seed: bytes, key: Authenticator, codes: Sequence[str]) -> bool:
    """A login by one of them; a recovery code is used once, so another each day."""
    if how == "passkey alone":
        return bool(log_in_by(hub, key))
    secret, now = half_open(hub), hub.clock()
    if how == "code":
        return isinstance(second_step.by_code(hub, secret, code_now(hub, seed), origin=HERE, now=now), LoggedIn)
    if how == "recovery code":
        code = codes[now.day % len(codes)]
        return isinstance(second_step.by_recovery_code(hub, secret, code, origin=HERE, now=now), LoggedIn)
    pending = second_step.find(hub, secret, now=now)
    assert pending is not None
    asked = passkey_login.ask(hub, Purpose.SECOND_STEP, pending.id_hash, psu_id=pending.psu_id, now=now)
    return isinstance(second_step.by_passkey(hub, secret, key.use(asked), origin=HERE, now=now), LoggedIn)


def test_asking_again_neither_shortens_nor_prolongs_and_sends_no_second_mail(hub: Hub, clock: TestClock) -> None:
    person, _seed = protected(hub)
    ask(hub, person, first_step(hub))
    until = wait_of(hub, person).effective_at
    clock.advance(seconds=3600)
    ask(hub, person, first_step(hub))
    assert wait_of(hub, person).effective_at == until
    assert len(delivered(hub)) == 1


def test_a_new_password_by_mail_does_not_get_around_the_second_step(hub: Hub, clock: TestClock) -> None:
    """Whoever holds the mailbox has one factor, not two."""
    person, _seed = protected(hub)
    recovery.ask(hub, email=ALICE, origin=HERE, now=clock())
    token = link_in(delivered(hub), ALICE, "/recover/")
    recovery.reset(hub, token, new=NEW_PASSWORD, origin=HERE, now=clock())
    assert has_second(hub, person)
    half = secret_hash(half_open(hub, password=NEW_PASSWORD))
    with pytest.raises(Conflict):
        remove(hub, person, half)
    ask(hub, person, half)
    assert wait_of(hub, person).effective_at == clock() + WAIT


def test_a_changed_password_voids_the_half_open_login_that_would_ask(hub: Hub, clock: TestClock) -> None:
    person, _seed = protected(hub)
    half = first_step(hub)
    with hub.db.write() as session:
        session.execute(update(Psu).values(password_changed_at=clock() + timedelta(seconds=1)))
    with pytest.raises(Conflict):
        ask(hub, person, half)


def test_the_person_is_told_once_when_the_wait_is_over_with_a_link_that_still_stops_it(
    hub: Hub, clock: TestClock
) -> None:
    person, _seed = protected(hub)
    ask(hub, person, first_step(hub))
    delivered(hub)
    clock.advance(seconds=WAIT.total_seconds())
    for _ in range(3):
        housekeeping.tidy(hub)
    mails = delivered(hub)
    assert [mail["Subject"] for mail in mails] == ["Your Rialto login can now go without its second step"]
    factor_recovery.stop_by_link(hub, link_in(mails, ALICE, KEEP), origin=HERE, now=clock())
    with pytest.raises(Conflict):
        remove(hub, person, first_step(hub))


def test_who_does_not_come_back_in_time_begins_anew(hub: Hub, clock: TestClock) -> None:
    person, _seed = protected(hub)
    ask(hub, person, first_step(hub))
    clock.advance(seconds=(WAIT + OPEN_FOR).total_seconds())
    with pytest.raises(Conflict):
        remove(hub, person, first_step(hub))
    ask(hub, person, first_step(hub))
    assert wait_of(hub, person).effective_at == clock() + WAIT


def test_of_removals_at_once_one_removes(hub: Hub, clock: TestClock) -> None:
    person, _seed = protected(hub)
    ask(hub, person, first_step(hub))
    clock.advance(seconds=WAIT.total_seconds())
    half = first_step(hub)

    def press() -> bool:
        try:
            remove(hub, person, half)
        except Conflict:
            return False
        return True

    assert sum(at_once(8, press)) == 1
    assert activity_of(hub, person.psu_id).count("factors_removed") == 1


def test_of_waits_begun_at_once_there_is_one(hub: Hub) -> None:
    person, _seed = protected(hub)
    half = first_step(hub)
    at_once(8, lambda: ask(hub, person, half))
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(FactorRecovery)) == 1
    assert len(delivered(hub)) == 1
    assert loaded(hub, "x" * 43) is None
