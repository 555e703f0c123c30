"""Between the two steps of a login, and over them."""

from dataclasses import replace

from sqlalchemy import select

from hub.context import Hub
from hub.hashing import secret_hash
from hub.identity import people, second_step, sessions
from hub.identity.admission import HalfOpen, LoggedIn
from hub.identity.factors import passkey_login, passkeys, recovery_codes, totp_enrolment
from hub.identity.factors.challenges import Purpose
from hub.identity.people import LoginFailed
from hub.identity.risk import Facts, Risk
from hub.identity.second_step import Over, Wrong
from hub.identity.sessions import Person
from hub.models.factor import HalfOpenLogin
from hub.models.signal import Signal
from hub.sweeping import sweep_all
from tests.conftest import TestClock
from tests.identity.factors.authenticator import UP, Authenticator
from tests.identity.factors.steps import as_now, at_once, by_code, code_now, enrol_app, enrol_passkey, log_in_with_code
from tests.identity.steps import HERE, NEW_PASSWORD, activity_of, attempt, elsewhere, half_open, loaded, log_in
from tests.people import PASSWORD, alice, charlie


def with_app(hub: Hub, clock: TestClock, name: str = "alice") -> tuple[bytes, Person]:
    """Somebody with an authenticator app whose next code is unused."""
    person, _ = log_in(hub, name)
    seed, person = enrol_app(hub, person)
    clock.advance(seconds=60)
    return seed, person


def by_passkey(hub: Hub, secret: str, key: Authenticator, *, asked_for: str | None = None) -> second_step.Answer:
    """``asked_for`` is the half-open login whose challenge is answered, usually the same."""
    pending = second_step.find(hub, asked_for or secret, now=hub.clock())
    assert pending is not None
    asked = passkey_login.ask(hub, Purpose.SECOND_STEP, pending.id_hash, psu_id=pending.psu_id, now=hub.clock())
    return second_step.by_passkey(hub, secret, key.use(asked), origin=HERE, now=hub.clock())


def person_of(hub: Hub, answer: object) -> Person:
    assert isinstance(answer, LoggedIn), answer
    found = loaded(hub, answer.session_secret)
    assert found is not None
    return found


def test_password_and_code_are_two_factors(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    seed, _ = with_app(hub, clock)
    person = log_in_with_code(hub, seed)
    assert (person.psu_id, person.acr, person.amr) == (psu_id, "urn:rialto:acr:two-factor", ("pwd", "otp", "mfa"))
    assert activity_of(hub, psu_id) == ["login", "login", "totp_added"]


def test_a_login_is_as_old_as_its_first_step(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    seed, _ = with_app(hub, clock)
    began, secret = clock(), half_open(hub)
    clock.advance(seconds=300)
    assert person_of(hub, by_code(hub, secret, code_now(hub, seed))).auth_time == began


def test_password_and_passkey_resist_phishing(hub: Hub) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    key = Authenticator.synced()
    enrol_passkey(hub, person, key)
    again = person_of(hub, by_passkey(hub, half_open(hub), key))
    assert (again.psu_id, again.acr, again.amr) == (psu_id, "phr", ("pwd", "swk", "user", "mfa"))


def test_a_recovery_code_is_the_way_back_without_the_phone(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    _, person = with_app(hub, clock)
    codes = recovery_codes.make(hub, person, origin=HERE, now=clock())
    answer = second_step.by_recovery_code(hub, half_open(hub), codes[7], origin=HERE, now=clock())
    again = person_of(hub, answer)
    assert (again.acr, again.amr) == ("urn:rialto:acr:two-factor", ("pwd", "otp", "mfa"))
    totp_enrolment.remove(hub, again, origin=HERE, now=clock())  # and the lost one can go
    assert isinstance(attempt(hub, "alice@people.example", PASSWORD), LoggedIn)
    with hub.db.read() as session:
        used = session.scalars(select(Signal).where(Signal.kind == "psu.recovery_code_used")).one()
    assert (used.psu_id, used.body) == (psu_id, {"left": 9})
    assert "recovery_code_used" in activity_of(hub, psu_id)


def test_a_half_open_login_is_no_session_and_its_secret_is_kept_as_a_hash(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    with_app(hub, clock)
    secret = half_open(hub)
    assert loaded(hub, secret) is None
    with hub.db.read() as session:
        row = session.scalars(select(HalfOpenLogin)).one()
        assert len(sessions.list_sessions(session, psu_id, now=clock(), settings=hub.settings)) == 1
    assert row.id_hash == secret_hash(secret)
    assert activity_of(hub, psu_id) == ["login", "second_step_missing", "totp_added"]
    assert secret not in repr(people.HalfOpen(psu_id, secret))


def test_who_does_not_know_the_password_never_learns_that_there_is_a_second_step(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    with_app(hub, clock)
    assert isinstance(attempt(hub, "alice@people.example", "not the password"), LoginFailed)
    with hub.db.read() as session:
        assert session.scalars(select(HalfOpenLogin)).all() == []


def test_a_half_open_login_lasts_ten_minutes_and_is_swept(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    seed, _ = with_app(hub, clock)
    secret = half_open(hub)
    clock.advance(seconds=599)
    assert second_step.find(hub, secret, now=clock()) is not None
    list(sweep_all(hub, clock()))
    clock.advance(seconds=1)
    assert second_step.find(hub, secret, now=clock()) is None
    assert isinstance(by_code(hub, secret, code_now(hub, seed)), Over)
    list(sweep_all(hub, clock()))
    with hub.db.read() as session:
        assert session.scalars(select(HalfOpenLogin)).all() == []


def test_it_is_good_for_one_login(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    seed, _ = with_app(hub, clock)
    secret = half_open(hub)
    assert isinstance(by_code(hub, secret, code_now(hub, seed)), LoggedIn)
    clock.advance(seconds=60)
    assert isinstance(by_code(hub, secret, code_now(hub, seed)), Over)


def test_of_fifty_half_open_logins_with_one_code_one_gets_in(hub: Hub, clock: TestClock) -> None:
    """Also when every one of them is the same half-open login."""
    alice(hub)
    seed, _ = with_app(hub, clock)
    generous = replace(hub, settings=replace(hub.settings, login_failures_before_lock=1000))
    code = code_now(hub, seed)
    several = [half_open(generous) for _ in range(10)]
    answers = at_once(50, lambda number: by_code(generous, several[number % 10], code))
    assert sum(isinstance(answer, LoggedIn) for answer in answers) == 1


def test_five_wrong_codes_and_no_more_are_looked_at(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    seed, _ = with_app(hub, clock)
    secret = half_open(hub)
    for _ in range(4):
        assert by_code(hub, secret, "000000") == Wrong()
    assert by_code(hub, secret, "000000") == Wrong(hub.settings.login_lock_s)
    assert isinstance(by_code(hub, secret, code_now(hub, seed)), Over)  # its attempts are used up
    other = half_open(hub, origin=elsewhere(1))  # and the person's are, wherever the next one comes from
    answer = by_code(hub, other, code_now(hub, seed))
    assert isinstance(answer, Wrong)
    assert answer.retry_after_s == hub.settings.login_lock_s
    assert activity_of(hub, psu_id).count("second_step_failed") == 5
    clock.advance(seconds=hub.settings.login_lock_s)
    log_in_with_code(hub, seed)


def test_fifty_guesses_at_once_are_no_better_than_five(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    with_app(hub, clock)
    several = [half_open(hub, origin=elsewhere(number)) for number in range(10)]
    at_once(50, lambda number: by_code(hub, several[number % 10], "000000"))
    assert activity_of(hub, psu_id).count("second_step_failed") == 5


def test_recovery_codes_are_guessed_against_the_same_counter(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    _, person = with_app(hub, clock)
    codes = recovery_codes.make(hub, person, origin=HERE, now=clock())
    secret = half_open(hub)
    for _ in range(5):
        second_step.by_recovery_code(hub, secret, "0000-0000", origin=HERE, now=clock())
    answer = second_step.by_recovery_code(hub, half_open(hub), codes[0], origin=HERE, now=clock())
    assert isinstance(answer, Wrong)


def test_a_locked_second_step_still_takes_a_passkey(hub: Hub, clock: TestClock) -> None:
    """Somebody who has the password cannot keep the person out of their own account."""
    alice(hub)
    _, person = with_app(hub, clock)
    key = Authenticator()
    enrol_passkey(hub, person, key)
    secret = half_open(hub)
    for _ in range(5):
        by_code(hub, secret, "000000")
    assert isinstance(by_passkey(hub, half_open(hub), key), LoggedIn)


def test_a_right_code_forgets_the_wrong_ones(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    seed, _ = with_app(hub, clock)
    for _ in range(3):
        secret = half_open(hub)
        for _ in range(4):
            assert isinstance(by_code(hub, secret, "000000"), Wrong)
        assert isinstance(by_code(hub, secret, code_now(hub, seed)), LoggedIn)
        clock.advance(seconds=60)


def test_a_code_for_one_person_does_not_finish_the_login_of_another(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    charlie(hub)
    with_app(hub, clock)
    strange, _ = with_app(hub, clock, "charlie")
    assert isinstance(by_code(hub, half_open(hub), code_now(hub, strange)), Wrong)
    key = Authenticator()
    stranger = log_in_with_code(hub, strange, "charlie")
    enrol_passkey(hub, stranger, key)
    assert isinstance(by_passkey(hub, half_open(hub), key), Wrong)


def test_a_passkey_answers_the_challenge_of_this_very_login(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    key = Authenticator()
    enrol_passkey(hub, person, key)
    one, other = half_open(hub), half_open(hub)
    assert isinstance(by_passkey(hub, one, key, asked_for=other), Wrong)
    assert isinstance(by_passkey(hub, one, replace(key, flags=UP)), Wrong)
    assert isinstance(by_passkey(hub, one, replace(key, origin="https://evil.example")), Wrong)
    assert isinstance(by_passkey(hub, one, key), LoggedIn)


def test_a_copied_passkey_ends_the_half_open_login(hub: Hub) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    key = Authenticator(counter=7)
    enrol_passkey(hub, person, key)
    assert isinstance(by_passkey(hub, half_open(hub), key), Over)
    assert "passkey_copied" in activity_of(hub, psu_id)


def test_a_change_of_the_password_voids_what_it_opened(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    seed, person = with_app(hub, clock)
    secret = half_open(hub)
    people.change_password(hub, person, current=PASSWORD, new=NEW_PASSWORD, origin=HERE, now=clock())
    assert second_step.find(hub, secret, now=clock()) is None
    assert isinstance(by_code(hub, secret, code_now(hub, seed)), Over)


def test_a_change_of_the_password_leaves_the_session_as_strong_as_it_was(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    _, person = with_app(hub, clock)
    secret = people.change_password(hub, person, current=PASSWORD, new=NEW_PASSWORD, origin=HERE, now=clock())
    again = loaded(hub, secret)
    assert again is not None
    assert (again.acr, again.amr, again.auth_time) == (person.acr, person.amr, person.auth_time)


# --- in an open session ---------------------------------------------------------------------------


def test_proving_again_takes_both_steps_and_the_session_goes_on(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    seed, person = with_app(hub, clock)
    began = clock.advance(seconds=3600)
    half = people.reauthenticate(hub, person, PASSWORD, origin=HERE, now=clock())
    assert isinstance(half, HalfOpen)
    with hub.db.read() as session:
        (still,) = sessions.list_sessions(session, psu_id, now=clock(), settings=hub.settings)
    assert still.auth_time == person.auth_time  # nothing is renewed by half a proof
    clock.advance(seconds=300)
    again = person_of(hub, by_code(hub, half.secret, code_now(hub, seed)))
    assert (again.sid, again.auth_time, again.acr) == (person.sid, began, "urn:rialto:acr:two-factor")
    assert activity_of(hub, psu_id) == ["login", "reauthenticated", "totp_added"]


def test_a_session_that_ended_between_the_steps_does_not_come_back(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    seed, person = with_app(hub, clock)
    half = people.reauthenticate(hub, person, PASSWORD, origin=HERE, now=clock())
    assert isinstance(half, HalfOpen)
    sessions.revoke_all(hub, person, origin=HERE, now=clock())
    assert isinstance(by_code(hub, half.secret, code_now(hub, seed)), Over)


# --- what the risk policy asks for ----------------------------------------------------------------


class OnlyPasskeys:
    def assess(self, facts: Facts) -> Risk:
        return Risk(needs="phr", tell=True)


def test_a_policy_that_wants_a_passkey_takes_no_code(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    seed, person = with_app(hub, clock)
    key = Authenticator()
    enrol_passkey(hub, person, key)
    strict = replace(hub, risk=OnlyPasskeys())
    secret = half_open(strict)
    pending = second_step.find(strict, secret, now=clock())
    assert pending is not None
    assert not pending.takes_codes
    assert by_code(strict, secret, code_now(hub, seed)) == Wrong()
    assert isinstance(by_passkey(strict, secret, key), LoggedIn)
    assert "new_device" in activity_of(hub, psu_id)


def test_nobody_is_asked_for_what_they_do_not_have(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    strict = replace(hub, risk=OnlyPasskeys())
    person, _ = log_in(strict)
    seed, _ = enrol_app(strict, person)
    clock.advance(seconds=60)
    assert log_in_with_code(strict, seed).acr == "urn:rialto:acr:two-factor"


def test_a_passkey_removed_between_the_steps_is_not_asked_for_any_more(hub: Hub) -> None:
    alice(hub)
    person, _ = log_in(hub)
    key = Authenticator()
    passkey_id = enrol_passkey(hub, person, key)
    secret = half_open(hub)
    passkeys.remove(hub, as_now(hub, person), passkey_id, origin=HERE, now=hub.clock())
    pending = second_step.find(hub, secret, now=hub.clock())
    assert pending is not None
    assert not pending.has.has_second  # the page leads back to the beginning
    assert isinstance(by_passkey(hub, secret, key), Wrong)
