"""Which identity opens which account: made, linked and unlinked by the person, and by nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound, TooMany, Unauthenticated
from hub.identity import first_password, notices, people, sessions
from hub.identity.admission import HalfOpen, LoggedIn
from hub.identity.people import LoginFailed
from hub.identity.sessions import Person
from hub.ids import new_id
from hub.models.factor import Totp
from hub.models.psu import Psu, PsuSession
from hub.models.signal import Signal
from hub.models.upstream import UpstreamAttempt, UpstreamLogin
from hub.upstream import logins
from hub.upstream.attempts import Entered, Undecided
from hub.upstream.logins import Taken
from tests.conftest import TestClock
from tests.identity.steps import HERE, NEW_PASSWORD, activity_of, attempt, loaded, log_in
from tests.mail.letters import delivered
from tests.people import PASSWORD
from tests.race import Halfway, at_once, meanwhile
from tests.upstream.conftest import knowing
from tests.upstream.op import Op
from tests.upstream.steps import Trip, signed_in

pytestmark = pytest.mark.usefixtures("_cheap_hashes")

DORA = "dora@people.example"


def link(hub: Hub, trip: Trip, person: Person) -> None:
    logins.link(hub, person, trip.cookie, origin=HERE, now=hub.clock())


def linked(hub: Hub, op: Op, name: str = "alice", subject: str = "sub-of-alice") -> Person:
    person = signed_in(hub, name)
    trip = Trip(hub, op, person)
    trip.go(subject)
    link(hub, trip, person)
    return person


def create(hub: Hub, trip: Trip, email: str = DORA) -> LoggedIn:
    return logins.create_account(hub, trip.cookie, name="Dora", email=email, origin=HERE, now=hub.clock())


def unlink(hub: Hub, person: Person, login_id: str | None = None) -> None:
    logins.unlink(hub, person, login_id or mine(hub, person)[0], origin=HERE, now=hub.clock())


def mine(hub: Hub, person: Person) -> list[str]:
    with hub.db.read() as session:
        return [one.id for one in logins.list_for(hub, session, person.psu_id)]


def dora(hub: Hub, op: Op) -> Person:
    """A person without a password."""
    trip = Trip(hub, op)
    trip.go("sub-of-dora")
    person = loaded(hub, create(hub, trip).session_secret)
    assert person is not None
    return person


# --- a new account --------------------------------------------------------------------------------


def test_a_new_account_without_a_password_opens_at_the_provider_alone(linked_hub: Hub, op: Op) -> None:
    person = dora(linked_hub, op)
    assert (person.email, person.acr, person.amr) == (DORA, "urn:rialto:acr:one-factor", ("fed",))
    assert activity_of(linked_hub, person.psu_id) == ["login_linked", "registered"]
    assert isinstance(Trip(linked_hub, op).go("sub-of-dora"), Entered)
    for guess in ("", PASSWORD, "nobody"):
        assert isinstance(attempt(linked_hub, DORA, guess), LoginFailed)
    with linked_hub.db.read() as session:
        assert session.scalar(select(Psu.email_verified_at)) is None, "what the provider says proves nothing"
        kinds = session.scalars(select(Signal.kind)).all()
    assert {"psu.registered", "psu.login_linked"} <= set(kinds)
    assert [mail["Subject"] for mail in delivered(linked_hub)] == ["Is this your e-mail address?"]


def test_a_new_account_begins_as_old_as_the_login_at_the_provider(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    proved_at = clock()
    clock.advance(seconds=3600)
    trip = Trip(linked_hub, op)
    trip.come_back(op.authorize(trip.leave(), "sub-of-dora", auth_time=proved_at))
    person = loaded(linked_hub, create(linked_hub, trip).session_secret)
    assert person is not None
    assert person.auth_time == proved_at


def test_an_address_that_somebody_has_makes_no_account_and_joins_none(linked_hub: Hub, op: Op) -> None:
    person = signed_in(linked_hub)
    op.userinfo = {"email": person.email, "email_verified": True}
    trip = Trip(linked_hub, op)
    trip.go()
    with pytest.raises(BadInput):
        create(linked_hub, trip, person.email)
    assert mine(linked_hub, person) == []
    create(linked_hub, trip)


def test_a_session_that_ended_links_and_unlinks_nothing(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    """Its request may have been let in a moment before, and have waited for whoever ended it."""
    person = linked(linked_hub, op)
    trip = Trip(linked_hub, op, person)
    trip.go("sub-of-a-thief")
    sessions.revoke_all(linked_hub, person, origin=HERE, now=clock())
    with pytest.raises(Unauthenticated):
        link(linked_hub, trip, person)
    with pytest.raises(Unauthenticated):
        unlink(linked_hub, person)
    assert len(mine(linked_hub, person)) == 1


def test_one_proof_makes_one_account(linked_hub: Hub, op: Op) -> None:
    trip = Trip(linked_hub, op)
    trip.go()
    numbers = iter(range(8))

    def press() -> bool:
        try:
            create(linked_hub, trip, f"dora{next(numbers)}@people.example")
        except Conflict:
            return False
        return True

    assert sum(at_once(8, press)) == 1
    with linked_hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Psu)) == 1, "no account is left without a way in"
        assert session.scalar(select(func.count()).select_from(UpstreamLogin)) == 1


def test_newcomers_are_counted_whichever_way_they_come(linked_hub: Hub, op: Op) -> None:
    for number in range(50):
        trip = Trip(linked_hub, op)
        trip.go(f"sub-{number}")
        create(linked_hub, trip, f"dora{number}@people.example")
    trip = Trip(linked_hub, op)
    trip.go("sub-50")
    with pytest.raises(TooMany):
        create(linked_hub, trip)


def test_another_browser_can_do_nothing_with_the_proof(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    trip = Trip(linked_hub, op)
    trip.go()
    person = signed_in(linked_hub)
    for cookie in ("a" * 43, "", None):
        assert logins.pending(linked_hub, cookie, now=clock()) is None
        with pytest.raises(Conflict):
            logins.link(linked_hub, person, cookie, origin=HERE, now=clock())
    clock.advance(seconds=linked_hub.settings.upstream_attempt_ttl_s)
    assert logins.pending(linked_hub, trip.cookie, now=clock()) is None
    with pytest.raises(Conflict):
        create(linked_hub, trip)


# --- linking --------------------------------------------------------------------------------------


def test_linking_takes_both_proofs_and_a_yes(linked_hub: Hub, op: Op) -> None:
    person = signed_in(linked_hub)
    trip = Trip(linked_hub, op, person)
    assert isinstance(trip.go(), Undecided)
    assert mine(linked_hub, person) == [], "the proof alone links nothing"
    link(linked_hub, trip, person)
    assert len(mine(linked_hub, person)) == 1
    assert "login_linked" in activity_of(linked_hub, person.psu_id)
    assert isinstance(Trip(linked_hub, op).go(), Entered)


def test_a_verified_address_is_told_of_a_new_way_in(linked_hub: Hub, op: Op) -> None:
    person = signed_in(linked_hub)
    with linked_hub.db.write() as session:
        session.execute(update(Psu).values(email_verified_at=linked_hub.clock()))
    trip = Trip(linked_hub, op, person)
    trip.go()
    link(linked_hub, trip, person)
    (mail,) = delivered(linked_hub)
    assert mail["Subject"] == "A new way into your Rialto account"
    assert "Lagoon Mobility" in mail.get_content()


def test_an_old_login_at_the_provider_is_not_linked(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    """A silent one there may be of hours ago, by whoever sat at this browser then."""
    trip = Trip(linked_hub, op)
    trip.come_back(op.authorize(trip.leave(), auth_time=clock() - timedelta(hours=2)))
    waiting = logins.pending(linked_hub, trip.cookie, now=clock())
    assert waiting is not None
    assert not waiting.is_fresh
    person = signed_in(linked_hub)
    with pytest.raises(Conflict):
        link(linked_hub, trip, person)


def test_what_one_person_began_another_cannot_finish(linked_hub: Hub, op: Op) -> None:
    alice, bob = signed_in(linked_hub), signed_in(linked_hub, "bob")
    trip = Trip(linked_hub, op, alice)
    trip.go()
    with pytest.raises(Conflict):
        link(linked_hub, trip, bob)
    link(linked_hub, trip, alice)


def test_a_no_keeps_nothing_of_the_identity(linked_hub: Hub, op: Op) -> None:
    person = signed_in(linked_hub)
    trip = Trip(linked_hub, op, person)
    trip.go()
    logins.decline(linked_hub, trip.cookie, now=linked_hub.clock())
    with pytest.raises(Conflict):
        link(linked_hub, trip, person)
    with linked_hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(UpstreamAttempt)) == 0


def test_one_identity_opens_one_account(linked_hub: Hub, op: Op) -> None:
    """Two people, in two browsers, each with a proof of the same identity, at the same moment."""
    alice, bob = signed_in(linked_hub), signed_in(linked_hub, "bob")
    pairs = []
    for person in (alice, bob):
        trip = Trip(linked_hub, op, person)
        trip.go("sub-of-both")
        pairs.append((trip, person))
    waiting = iter(pairs)

    def press() -> bool:
        trip, person = next(waiting)
        try:
            link(linked_hub, trip, person)
        except Conflict:
            return False
        return True

    assert sum(at_once(2, press)) == 1
    assert sorted([len(mine(linked_hub, alice)), len(mine(linked_hub, bob))]) == [0, 1]


def test_an_identity_that_is_anothers_is_refused_without_a_name(linked_hub: Hub, op: Op) -> None:
    linked(linked_hub, op)
    bob = signed_in(linked_hub, "bob")
    assert Trip(linked_hub, op, bob).go() == Taken("Lagoon Mobility")


def test_the_same_sub_at_another_issuer_is_another_person(linked_hub: Hub, op: Op) -> None:
    linked(linked_hub, op)
    with linked_hub.db.write() as session:
        session.execute(update(UpstreamLogin).values(issuer="https://elsewhere.example"))
    assert isinstance(Trip(linked_hub, op).go(), Undecided)


def test_a_second_factor_is_asked_for_after_a_login_elsewhere_too(linked_hub: Hub, op: Op, clock: TestClock) -> None:
    person = linked(linked_hub, op)
    with linked_hub.db.write() as session:
        session.add(Totp(psu_id=person.psu_id, seed_sealed=b"", last_step=0, created_at=clock()))
        before = session.scalar(select(func.count()).select_from(PsuSession))
    entered = Trip(linked_hub, op).go()
    assert isinstance(entered, Entered)
    assert isinstance(entered.admitted, HalfOpen)
    with linked_hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(PsuSession)) == before


# --- unlinking ------------------------------------------------------------------------------------


def test_after_unlinking_the_identity_opens_nothing(linked_hub: Hub, op: Op) -> None:
    person = linked(linked_hub, op)
    elsewhere = Trip(linked_hub, op).go()
    assert isinstance(elsewhere, Entered)
    assert isinstance(elsewhere.admitted, LoggedIn)
    unlink(linked_hub, person)
    assert isinstance(Trip(linked_hub, op).go(), Undecided)
    assert loaded(linked_hub, elsewhere.admitted.session_secret) is None
    assert "login_unlinked" in activity_of(linked_hub, person.psu_id)


def test_an_identity_that_is_unlinked_while_it_opens_the_account_opens_nothing(
    linked_hub: Hub, op: Op, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, halfway = linked(linked_hub, op), Halfway()
    trip = Trip(linked_hub, op)
    monkeypatch.setattr(notices, "tell", halfway.before(notices.tell))
    _, answer = meanwhile(halfway, lambda: unlink(linked_hub, person), lambda: trip.go("sub-of-alice"))
    assert isinstance(answer, Undecided)


def test_the_only_way_in_cannot_be_unlinked(linked_hub: Hub, op: Op) -> None:
    person = dora(linked_hub, op)
    with pytest.raises(Conflict):
        unlink(linked_hub, person)
    secret = first_password.set_password(linked_hub, person, new=NEW_PASSWORD, origin=HERE, now=linked_hub.clock())
    renewed = loaded(linked_hub, secret)
    assert renewed is not None
    unlink(linked_hub, renewed)
    people.login(linked_hub, email=DORA, password=NEW_PASSWORD, origin=HERE, now=linked_hub.clock())


def test_of_two_last_ways_one_stays_however_fast_they_are_unlinked(linked_hub: Hub, op: Op) -> None:
    person = dora(linked_hub, op)
    trip = Trip(linked_hub, op, person)
    trip.go("second-sub-of-dora")
    link(linked_hub, trip, person)
    going = iter(mine(linked_hub, person))

    def press() -> bool:
        try:
            unlink(linked_hub, person, next(going))
        except Conflict:
            return False
        return True

    assert sum(at_once(2, press)) == 1
    assert len(mine(linked_hub, person)) == 1


def test_a_login_at_a_provider_that_is_gone_is_no_other_way_in(linked_hub: Hub, op: Op) -> None:
    person = dora(linked_hub, op)
    with linked_hub.db.write() as session:
        gone = {"issuer": "https://gone.example", "subject": "s", "provider_id": "gone"}
        at = linked_hub.clock()
        session.add(UpstreamLogin(id=new_id(), psu_id=person.psu_id, linked_at=at, last_used_at=at, **gone))
    live = next(one for one in mine(linked_hub, person) if one)
    with pytest.raises(Conflict):
        unlink(linked_hub, person, live)


def test_charlie_unlinks_nothing_of_alices(linked_hub: Hub, op: Op) -> None:
    alice = linked(linked_hub, op)
    charlie = signed_in(linked_hub, "charlie")
    with pytest.raises(NotFound):
        unlink(linked_hub, charlie, mine(linked_hub, alice)[0])
    assert len(mine(linked_hub, alice)) == 1


def test_a_provider_that_was_taken_off_the_list_opens_nothing(linked_hub: Hub, op: Op) -> None:
    linked(linked_hub, op)
    without = knowing(linked_hub)
    with pytest.raises(NotFound):
        Trip(without, op).go()


# --- a first password -----------------------------------------------------------------------------


def test_a_first_password_is_set_once_and_only_where_there_is_none(linked_hub: Hub, op: Op) -> None:
    person = dora(linked_hub, op)
    now = linked_hub.clock()
    with pytest.raises(BadInput):
        first_password.set_password(linked_hub, person, new="short", origin=HERE, now=now)
    first_password.set_password(linked_hub, person, new=NEW_PASSWORD, origin=HERE, now=now)
    with pytest.raises(Conflict):
        first_password.set_password(linked_hub, person, new=PASSWORD, origin=HERE, now=now)
    alice = signed_in(linked_hub)
    with pytest.raises(Conflict):
        first_password.set_password(linked_hub, alice, new=NEW_PASSWORD, origin=HERE, now=now)
    log_in(linked_hub)


def test_of_first_passwords_at_once_one_is_set(linked_hub: Hub, op: Op) -> None:
    person = dora(linked_hub, op)
    numbers = iter(range(6))

    def press() -> bool:
        new = f"the password of window {next(numbers)}"
        try:
            first_password.set_password(linked_hub, person, new=new, origin=HERE, now=linked_hub.clock())
        except Conflict:
            return False
        return True

    assert sum(at_once(6, press)) == 1


def test_the_person_goes_and_so_do_their_links(linked_hub: Hub, op: Op) -> None:
    person = linked(linked_hub, op)
    with linked_hub.db.write() as session:
        session.execute(delete(Psu).where(Psu.id == person.psu_id))
    with linked_hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(UpstreamLogin)) == 0
    assert sessions.load(linked_hub, "x" * 43, linked_hub.clock()) is None
