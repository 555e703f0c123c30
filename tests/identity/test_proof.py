"""Proving again who one is, and changing the password."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from hub.context import Hub
from hub.errors import BadInput, Conflict, DomainError, TooMany, Unauthenticated
from hub.hashing import secret_hash
from hub.identity import passwords, people, sessions
from hub.identity.people import LoggedIn, LoginFailed
from hub.identity.sessions import Person
from hub.ids import new_id, new_secret
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import AuthorizationCode, Grant, RefreshToken
from hub.models.psu import PsuSession
from hub.models.signal import Signal
from tests.conftest import TestClock
from tests.identity.steps import HERE, NEW_PASSWORD, activity_of, attempt, elsewhere, loaded, log_in
from tests.people import PASSWORD, alice, charlie

pytestmark = pytest.mark.usefixtures("_cheap_hashes")

ALICE = "alice@people.example"


def change(hub: Hub, person: Person, current: str = PASSWORD, new: str = NEW_PASSWORD) -> str:
    return people.change_password(hub, person, current=current, new=new, origin=HERE, now=hub.clock())


def prove(hub: Hub, person: Person, password: str = PASSWORD) -> LoggedIn:
    proved = people.reauthenticate(hub, person, password, origin=HERE, now=hub.clock())
    assert isinstance(proved, LoggedIn)
    return proved


# --- prove again ----------------------------------------------------------------------------------


def test_a_proof_renews_auth_time_and_the_secret(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    person, old = log_in(hub)
    clock.advance(seconds=3000)
    proved = prove(hub, person)
    assert loaded(hub, old) is None
    again = loaded(hub, proved.session_secret)
    assert again is not None
    assert again.auth_time == clock()
    assert activity_of(hub, psu_id) == ["login", "reauthenticated"]


def test_a_wrong_proof_changes_nothing_and_is_written_down(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    person, secret = log_in(hub)
    began = clock()
    clock.advance(seconds=30)
    with pytest.raises(BadInput) as caught:
        prove(hub, person, "not the password")
    assert caught.value.parameter == "password"
    still = loaded(hub, secret)
    assert still is not None
    assert still.auth_time == began
    assert activity_of(hub, psu_id) == ["login", "reauthentication_failed"]


def test_a_stolen_session_is_no_place_to_guess_the_password(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    person, _ = log_in(hub)
    for _ in range(4):
        with pytest.raises(BadInput):
            prove(hub, person, "not the password")
    with pytest.raises(TooMany):
        change(hub, person, current="not the password")
    for ask in (lambda: prove(hub, person), lambda: change(hub, person)):
        with pytest.raises(TooMany) as caught:
            ask()
        assert caught.value.retry_after_s == hub.settings.login_lock_s
    log_in(hub)  # the person is not locked out of their own login by it
    clock.advance(seconds=hub.settings.login_lock_s)
    prove(hub, person)


def test_a_proof_in_a_session_that_ended_does_not_bring_it_back(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    person, _ = log_in(hub)
    sessions.revoke_all(hub, person, origin=HERE, now=clock())
    for ask in (lambda: prove(hub, person), lambda: change(hub, person)):
        with pytest.raises(Unauthenticated):
            ask()
    assert isinstance(attempt(hub, ALICE, PASSWORD), LoggedIn)  # nothing was changed
    assert isinstance(attempt(hub, ALICE, NEW_PASSWORD), LoginFailed)


# --- change the password --------------------------------------------------------------------------


def test_a_change_ends_every_other_session_and_renews_this_one(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    charlie(hub)
    thief, stolen = log_in(hub, origin=elsewhere(1))
    _, foreign = log_in(hub, "charlie")
    person, old = log_in(hub)
    began = clock()
    clock.advance(seconds=60)
    new = change(hub, person)
    here = loaded(hub, new)
    assert here is not None
    assert (here.psu_id, here.password_changed_at) == (psu_id, clock())
    assert here.auth_time == began  # the password alone does not say again what a second factor said
    assert [loaded(hub, secret) is not None for secret in (stolen, old, foreign)] == [False, False, True]
    assert isinstance(attempt(hub, ALICE, PASSWORD), LoginFailed)
    assert isinstance(attempt(hub, ALICE, NEW_PASSWORD), LoggedIn)
    with pytest.raises(BadInput):
        prove(hub, thief)
    with hub.db.read() as session:
        noted = session.scalars(select(Signal).where(Signal.kind == "psu.password_changed")).one()
    assert (noted.psu_id, noted.subject_id, noted.body) == (psu_id, psu_id, {})
    assert "password_changed" in activity_of(hub, psu_id)


REFUSED = [
    ("not the password", NEW_PASSWORD, "current_password"),
    (PASSWORD, "short", "new_password"),
    (PASSWORD, ALICE, "new_password"),
    (PASSWORD, PASSWORD, "new_password"),
    ("not the password", "short", "new_password"),
]


def test_a_refused_change_names_the_field_and_changes_nothing(hub: Hub) -> None:
    alice(hub)
    _, other = log_in(hub)
    person, secret = log_in(hub)
    for current, new, parameter in REFUSED:
        with pytest.raises(BadInput) as caught:
            change(hub, person, current, new)
        assert caught.value.parameter == parameter
    assert loaded(hub, secret) is not None
    assert loaded(hub, other) is not None
    assert isinstance(attempt(hub, ALICE, PASSWORD), LoggedIn)


def test_a_change_revokes_what_clients_hold_for_long(hub: Hub, clock: TestClock) -> None:
    hers, his = alice(hub), charlie(hub)
    for psu_id in (hers, his):
        hold_tokens(hub, psu_id, now=clock())
    person, _ = log_in(hub)
    clock.advance(seconds=10)
    change(hub, person)
    with hub.db.read() as session:
        revoked = select(Grant.psu_id, RefreshToken.revoked_at).join_from(RefreshToken, Grant)
        expires = select(Grant.psu_id, AuthorizationCode.expires_at).join_from(AuthorizationCode, Grant)
        tokens = dict(session.execute(revoked).all())
        codes = dict(session.execute(expires).all())
        assert session.scalar(select(func.count()).select_from(Grant).where(Grant.revoked_at.is_(None))) == 2
    assert tokens == {hers: clock(), his: None}
    # So far back that it is over for a host whose clock lags as well.
    assert codes == {hers: clock() - timedelta(hours=1), his: clock() + timedelta(seconds=50)}


def test_of_two_changes_at_once_one_wins_and_the_other_is_told(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    alice(hub)
    doors = [log_in(hub)[0] for _ in range(2)]
    gate = threading.Barrier(2)
    real = passwords.hash_password

    def both(password: str) -> str:
        gate.wait(timeout=20)  # both have proved the old password by now
        return real(password)

    monkeypatch.setattr(passwords, "hash_password", both)
    outcomes: dict[int, str | DomainError] = {}

    def run(number: int) -> None:
        try:
            outcomes[number] = change(hub, doors[number], new=f"{NEW_PASSWORD} {number}")
        except DomainError as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(number for number, outcome in outcomes.items() if isinstance(outcome, str))
    assert isinstance(outcomes[1 - winner], Conflict)
    assert isinstance(attempt(hub, ALICE, f"{NEW_PASSWORD} {winner}"), LoggedIn)
    assert isinstance(attempt(hub, ALICE, f"{NEW_PASSWORD} {1 - winner}"), LoginFailed)


def test_a_machine_too_busy_to_hash_blames_nobody_for_a_right_password(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    psu_id = alice(hub)
    person, secret = log_in(hub)

    def busy(_password: str) -> str:
        raise TooMany("busy", retry_after_s=5)

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "hash_password", busy)
        for _ in range(6):
            with pytest.raises(TooMany):
                change(hub, person)
    assert activity_of(hub, psu_id) == ["login"]
    assert loaded(hub, secret) is not None
    change(hub, person)


def test_a_slow_clock_still_makes_every_change_later_than_the_one_before(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    person, _ = log_in(hub)
    before = person.password_changed_at
    clock.advance(seconds=-5)
    changed = loaded(hub, change(hub, person))
    assert changed is not None
    assert changed.password_changed_at > before


def test_logins_and_revocations_at_once_never_wait_for_each_other_for_ever(hub: Hub) -> None:
    alice(hub)
    doors = [log_in(hub)[0] for _ in range(6)]
    failures: list[BaseException] = []
    gate = threading.Barrier(len(doors))

    def run(person: Person) -> None:
        gate.wait()
        try:
            sessions.revoke_others(hub, person, origin=HERE, now=hub.clock())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(person,)) for person in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(PsuSession).where(PsuSession.revoked_at.is_(None))) == 0


def hold_tokens(hub: Hub, psu_id: str, *, now: datetime) -> None:
    """A client of the person with a refresh token and a code that nobody has exchanged yet."""
    client = Client(
        client_id=new_id(),
        name="App",
        redirect_uris=[],
        token_endpoint_auth_method="none",
        grant_types=[],
        scopes=[],
        sector="app.example",
        created_at=now,
    )
    consent = ConsentRow(
        grant_id=new_secret(),
        id=new_id(),
        psu_id=psu_id,
        client_id=client.client_id,
        status="valid",
        requested=[],
        personal=[],
        valid_until=now + timedelta(days=90),
        created_at=now,
        status_changed_at=now,
        receipt_head="0" * 64,
    )
    grant = Grant(
        id=new_id(),
        client_id=client.client_id,
        psu_id=psu_id,
        consent_id=consent.id,
        scope="openid",
        auth_time=now,
        created_at=now,
    )
    mine = {"grant_id": grant.id, "client_id": client.client_id, "scope": "openid", "created_at": now}
    token = RefreshToken(token_hash=secret_hash(new_id()), expires_at=now + timedelta(days=30), **mine)
    code = AuthorizationCode(
        code_hash=secret_hash(new_id()),
        redirect_uri="https://app.example/",
        code_challenge="c",
        expires_at=now + timedelta(seconds=60),
        **mine,
    )
    with hub.db.write() as session:
        for row in (client, consent, grant, token, code):
            session.add(row)
            session.flush()
