"""Registering and logging in."""

import threading

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, event, func, select, update

from hub.context import Hub
from hub.errors import BadInput, TooMany
from hub.identity import passwords, people, sessions, throttle
from hub.identity.origin import Origin
from hub.identity.people import LoggedIn, LoginFailed
from hub.models.psu import LoginThrottle, Psu, PsuSession
from hub.models.signal import Signal
from tests.conftest import TestClock
from tests.identity.steps import (
    HERE,
    activity_of,
    attempt,
    count_comparisons,
    elsewhere,
    loaded,
    log_in,
)
from tests.people import PASSWORD, alice, bob

pytestmark = pytest.mark.usefixtures("_cheap_hashes")

ALICE, NOBODY = "alice@people.example", "nobody@people.example"


def register(hub: Hub, email: str, *, password: str = PASSWORD, name: str = "Alice", origin: Origin = HERE) -> str:
    return people.register(hub, name=name, email=email, password=password, origin=origin, now=hub.clock())


# --- register -------------------------------------------------------------------------------------


def test_who_registers_can_log_in_under_the_address_in_any_case(hub: Hub, clock: TestClock) -> None:
    psu_id = register(hub, " Alice@People.Example", name="  Alice   Andersen ")
    done = attempt(hub, "ALICE@people.example ", PASSWORD)
    assert isinstance(done, LoggedIn)
    assert done.psu_id == psu_id
    person = loaded(hub, done.session_secret)
    assert person is not None
    assert (person.name, person.email, person.auth_time) == ("Alice Andersen", ALICE, clock())
    assert activity_of(hub, psu_id) == ["login", "registered"]
    with hub.db.read() as session:
        noted = session.scalars(select(Signal)).one()
    assert (noted.kind, noted.subject_id, noted.psu_id, noted.body) == ("psu.registered", psu_id, psu_id, {})


REFUSED = [
    ("", ALICE, PASSWORD, "name"),
    ("Alice", "alice", PASSWORD, "email"),
    ("Alice", ALICE, "short", "password"),
    ("Alice Andersen", ALICE, "alice andersen", "password"),
]


def test_a_refused_registration_names_the_field_and_leaves_nothing(hub: Hub) -> None:
    for name, email, password, parameter in REFUSED:
        with pytest.raises(BadInput) as caught:
            register(hub, email, name=name, password=password)
        assert caught.value.parameter == parameter
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Psu)) == 0


def test_a_taken_address_is_refused_in_plain_words_and_changes_nothing(hub: Hub) -> None:
    psu_id = alice(hub)
    with pytest.raises(BadInput) as caught:
        register(hub, "Alice@people.example", name="Mallory", password="the password of mallory")
    assert (caught.value.parameter, caught.value.detail) == ("email", "We cannot use this e-mail address.")
    assert isinstance(attempt(hub, ALICE, PASSWORD), LoggedIn)
    assert isinstance(attempt(hub, ALICE, "the password of mallory"), LoginFailed)
    assert "registered" not in activity_of(hub, psu_id)


def test_asking_for_taken_addresses_locks_the_network_for_free_ones_too(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    for _ in range(5):
        with pytest.raises(BadInput):
            register(hub, ALICE)
    for email in (ALICE, "free@people.example"):
        with pytest.raises(TooMany) as caught:
            register(hub, email)
        assert caught.value.retry_after_s == hub.settings.login_lock_s
    register(hub, "free@people.example", origin=elsewhere(1))
    assert isinstance(attempt(hub, ALICE, PASSWORD), LoggedIn)  # logging in from there is another matter
    clock.advance(seconds=hub.settings.login_lock_s)
    register(hub, "free2@people.example")


def test_a_class_of_thirty_can_register_behind_one_address(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hash_password", lambda _password: "a hash")
    assert len({register(hub, f"pupil{number}@people.example") for number in range(30)}) == 30


def test_a_taken_and_a_free_address_cost_one_hash_each(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    alice(hub)
    made: list[str] = []

    def counted(password: str) -> str:
        made.append(password)
        return "a hash"

    monkeypatch.setattr(passwords, "hash_password", counted)
    with pytest.raises(BadInput):
        register(hub, ALICE)
    register(hub, "free@people.example")
    assert len(made) == 2


def test_of_simultaneous_registrations_of_one_address_one_wins(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.keys.secret(throttle.SECRET_NAME)
    monkeypatch.setattr(passwords, "hash_password", lambda _password: "a hash")
    won: list[str] = []
    lost: list[BadInput] = []
    gate = threading.Barrier(8)

    def run(number: int) -> None:
        gate.wait()
        try:
            won.append(register(hub, ALICE, origin=elsewhere(number)))
        except BadInput as error:
            lost.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)


# --- log in ---------------------------------------------------------------------------------------


FAILING = [
    (ALICE, "not her password"),
    (ALICE, ""),
    (ALICE, PASSWORD.upper()),
    (ALICE, "x" * 100_000),
    (ALICE, "\ud800\x00"),
    (NOBODY, PASSWORD),
    ("", PASSWORD),
    ("\x00", PASSWORD),
    ("not an address", PASSWORD),
    ("' OR 1=1 --", PASSWORD),
    ("bob@people.example", PASSWORD + "s"),
    ("%", PASSWORD),
    ("\ud800@people.example", PASSWORD),
    ("a" * 10_000 + "@people.example", PASSWORD),
]


def test_wrong_and_unknown_get_the_same_answer(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    bob(hub)
    for email, password in FAILING:
        clock.advance(seconds=hub.settings.login_lock_s)  # each for itself: none adds up to a lock
        assert attempt(hub, email, password) == LoginFailed(None), email[:40]
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(PsuSession)) == 0


def test_wrong_and_unknown_take_the_same_steps(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    alice(hub)
    hub.keys.secret(throttle.SECRET_NAME)
    compared = count_comparisons(monkeypatch)
    statements: list[str] = []

    def note(_c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    for engine in (hub.db.reader, hub.db.writer):
        event.listen(engine, "before_cursor_execute", note)
        event.listen(engine, "commit", lambda _c: statements.append("COMMIT"))
    seen: list[tuple[tuple[str, ...], int]] = []
    for email in (ALICE, NOBODY, "not an address", ALICE):
        statements.clear()
        compared.clear()
        attempt(hub, email, "not the password", elsewhere(len(seen)))
        seen.append((tuple(statements), len(compared)))
    assert len(set(seen)) == 1
    assert seen[0][1] == 1


@pytest.mark.parametrize("email", [ALICE, NOBODY])
def test_after_five_failures_an_address_is_locked_whether_or_not_it_exists(
    hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    alice(hub)
    compared = count_comparisons(monkeypatch)
    lock_s = hub.settings.login_lock_s
    answers = [attempt(hub, email, "not the password", elsewhere(number)) for number in range(7)]
    assert answers == [LoginFailed(None)] * 4 + [LoginFailed(lock_s)] * 3
    assert len(compared) == 5
    clock.advance(seconds=60)
    assert attempt(hub, email.upper(), PASSWORD) == LoginFailed(lock_s - 60)  # even the right one, not even looked at
    assert len(compared) == 5
    clock.advance(seconds=lock_s - 60)
    assert isinstance(attempt(hub, email, PASSWORD), LoggedIn if email == ALICE else LoginFailed)


def test_the_person_reads_about_failures_and_the_lock_but_nobody_floods_the_page(hub: Hub) -> None:
    psu_id = alice(hub)
    for number in range(30):
        attempt(hub, ALICE, "not the password", elsewhere(number))
    assert activity_of(hub, psu_id) == ["locked"] + ["login_failed"] * 4


def test_a_success_forgets_the_failures_of_the_address(hub: Hub) -> None:
    alice(hub)
    for _ in range(4):
        for _ in range(4):
            attempt(hub, ALICE, "not the password")
        log_in(hub)
    assert attempt(hub, ALICE, "not the password") == LoginFailed(None)


def test_the_fifth_attempt_may_be_the_right_one(hub: Hub) -> None:
    psu_id = alice(hub)
    for _ in range(4):
        attempt(hub, ALICE, "not the password")
    log_in(hub)
    log_in(hub)
    assert activity_of(hub, psu_id) == ["login"] * 2 + ["login_failed"] * 4


def test_sessions_that_are_open_go_on_while_the_login_is_locked(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    person, secret = log_in(hub)
    for number in range(6):
        attempt(hub, ALICE, "not the password", elsewhere(number))
    assert loaded(hub, secret) is not None
    proved = people.reauthenticate(hub, person, PASSWORD, origin=HERE, now=clock())
    assert isinstance(proved, LoggedIn)
    assert loaded(hub, proved.session_secret) is not None


def test_a_network_that_tries_many_addresses_is_locked_for_all_of_them(
    hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice(hub)
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda *_: False)
    answers = [attempt(hub, f"guess{number}@people.example", "spring2026!") for number in range(51)]
    monkeypatch.setattr(passwords, "verify", real)
    assert answers == [LoginFailed(None)] * 49 + [LoginFailed(hub.settings.login_lock_s)] * 2
    assert attempt(hub, ALICE, PASSWORD) == LoginFailed(hub.settings.login_lock_s)
    log_in(hub, origin=elsewhere(1))
    clock.advance(seconds=hub.settings.login_lock_s)
    log_in(hub)


def test_an_attackers_own_logins_do_not_wash_their_network_clean(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    alice(hub)
    monkeypatch.setattr(passwords, "verify", lambda _hash, password: password == PASSWORD)
    for number in range(49):
        attempt(hub, f"guess{number}@people.example", "spring2026!")
        log_in(hub)
    assert attempt(hub, "guess50@people.example", "spring2026!") == LoginFailed(hub.settings.login_lock_s)
    assert isinstance(attempt(hub, ALICE, PASSWORD), LoginFailed)


def test_fifty_guesses_at_once_are_five_comparisons(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    alice(hub)
    hub.keys.secret(throttle.SECRET_NAME)
    compared = count_comparisons(monkeypatch)
    answers: list[LoggedIn | LoginFailed] = []
    gate = threading.Barrier(50)

    def run(number: int) -> None:
        gate.wait()
        answers.append(attempt(hub, ALICE, f"guess number {number}", elsewhere(number)))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50
    assert len(compared) == 5
    assert sum(answer == LoginFailed(None) for answer in answers) == 4


def test_every_login_has_a_secret_of_its_own_and_takes_over_none(hub: Hub) -> None:
    alice(hub)
    planted, first = log_in(hub)  # an attacker plants this cookie; the person then logs in with the browser
    victim, second = log_in(hub)
    assert first != second
    assert planted.session_hash != victim.session_hash
    sessions.revoke_all(hub, victim, origin=HERE, now=hub.clock())
    assert loaded(hub, first) is None


def test_a_password_kept_with_old_parameters_is_kept_anew_at_the_next_login(hub: Hub) -> None:
    psu_id = alice(hub)
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)

    def stored() -> tuple[str, object]:
        with hub.db.read() as session:
            psu = session.get_one(Psu, psu_id)
            return psu.password_hash, psu.password_changed_at

    with hub.db.write() as session:
        session.execute(update(Psu).where(Psu.id == psu_id).values(password_hash=weak))
    changed_at = stored()[1]
    attempt(hub, ALICE, "not the password")
    assert stored() == (weak, changed_at)
    log_in(hub)
    fresh, changed_at_now = stored()
    assert not passwords.needs_rehash(fresh)
    assert changed_at_now == changed_at  # the same password in another form
    log_in(hub)
    assert stored()[0] == fresh


def test_a_machine_that_is_too_busy_to_look_blames_nobody(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    psu_id = alice(hub)

    def busy(*_: object) -> bool:
        raise TooMany("busy", retry_after_s=5)

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "verify", busy)
        for _ in range(10):
            with pytest.raises(TooMany):
                attempt(hub, ALICE, PASSWORD)
    assert activity_of(hub, psu_id) == []
    with hub.db.read() as session:
        assert set(session.scalars(select(LoginThrottle.failures))) == {0}
    log_in(hub)


def test_a_password_changed_between_comparison_and_session_lets_nobody_in(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    psu_id = alice(hub)
    person, _ = log_in(hub)
    real = passwords.needs_rehash

    def change_now(stored: str) -> bool:
        """Runs after the comparison of the old password and before the session is written."""
        monkeypatch.setattr(passwords, "needs_rehash", real)
        people.change_password(
            hub, person, current=PASSWORD, new="quite another password", origin=HERE, now=hub.clock()
        )
        return False

    monkeypatch.setattr(passwords, "needs_rehash", change_now)
    assert attempt(hub, ALICE, PASSWORD, elsewhere(1)) == LoginFailed(None)
    assert "login_failed" in activity_of(hub, psu_id)
    with hub.db.read() as session:
        still_open = select(func.count()).select_from(PsuSession).where(PsuSession.revoked_at.is_(None))
        assert session.scalar(still_open) == 1
