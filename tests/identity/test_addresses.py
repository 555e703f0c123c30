"""An address is verified by its mail AND a login, changed only when the new one is proven; a change can be undone."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from consent.model import Permission
from hub.consents import service as consents
from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound, TooMany, Unauthenticated
from hub.hashing import secret_hash
from hub.identity import addresses, lasting_access, people, recovery, sessions
from hub.identity.factors import recovery_codes
from hub.identity.sessions import Person
from hub.ids import new_id
from hub.models.consent import ConsentRow
from hub.models.factor import KnownDevice, Passkey, RecoveryCode, Totp
from hub.models.psu import Psu, PsuSession
from hub.models.signal import Signal
from hub.models.upstream import UpstreamLogin
from hub.sweeping import sweep_all
from tests.conftest import TestClock
from tests.consents.test_service import a_client
from tests.identity.steps import HERE, NEW_PASSWORD, activity_of, attempt, loaded, log_in
from tests.mail.letters import delivered, link_in
from tests.people import PASSWORD, alice, bob, charlie
from tests.race import Halfway, at_once, meanwhile

pytestmark = pytest.mark.usefixtures("_cheap_hashes")

OLD, NEW = "alice@people.example", "alice@lagoon.example"
VERIFY, CONFIRM, UNDO = "/account/email/verify/", "/account/email/confirm/", "/email/undo/"


def register(hub: Hub, name: str = "Alice") -> tuple[Person, str]:
    """Somebody new, signed in, and the token that was mailed to them."""
    email = f"{name.lower()}@people.example"
    people.register(hub, name=name, email=email, password=PASSWORD, origin=HERE, now=hub.clock())
    token = link_in(delivered(hub), email, VERIFY)
    return log_in(hub, name.lower())[0], token


def verified(hub: Hub) -> Person:
    person, token = register(hub)
    addresses.verify(hub, person, token, origin=HERE, now=hub.clock())
    return person


def is_verified(hub: Hub, person: Person) -> bool:
    with hub.db.read() as session:
        return addresses.is_verified(session, person.psu_id)


def address_of(hub: Hub, psu_id: str) -> str:
    with hub.db.read() as session:
        return session.get_one(Psu, psu_id).email


def ask(hub: Hub, person: Person, new: str = NEW) -> None:
    addresses.ask_change(hub, person, new=new, origin=HERE, now=hub.clock())


def confirm(hub: Hub, person: Person, token: str) -> None:
    addresses.confirm_change(hub, person, token, origin=HERE, now=hub.clock())


def undo(hub: Hub, token: str) -> str:
    return addresses.undo_change(hub, token, origin=HERE, now=hub.clock())


def changed(hub: Hub, person: Person) -> str:
    """The address is the new one; returns the undo token that the old one got."""
    ask(hub, person)
    confirm(hub, person, link_in(delivered(hub), NEW, CONFIRM))
    return link_in(delivered(hub), OLD, UNDO)


# --- verify ---------------------------------------------------------------------------------------


def test_a_new_address_is_not_verified_until_its_link_is_redeemed_by_its_person(hub: Hub) -> None:
    person, token = register(hub)
    assert not is_verified(hub, person)
    addresses.verify(hub, person, token, origin=HERE, now=hub.clock())
    assert is_verified(hub, person)
    assert "email_verified" in activity_of(hub, person.psu_id)
    with hub.db.read() as session:
        assert "psu.email_verified" in session.scalars(select(Signal.kind)).all()


def test_the_link_is_worth_nothing_to_anybody_else_who_is_signed_in(hub: Hub) -> None:
    """Also not to a stranger whose address somebody registered: their own click must not verify it for the squatter."""
    person, token = register(hub)
    charlie(hub)
    stranger, _secret = log_in(hub, "charlie")
    with pytest.raises(NotFound):
        addresses.verify(hub, stranger, token, origin=HERE, now=hub.clock())
    assert not is_verified(hub, stranger)
    assert not is_verified(hub, person)
    addresses.verify(hub, person, token, origin=HERE, now=hub.clock())


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "../../x"])
def test_an_invented_link_verifies_nothing(hub: Hub, token: str) -> None:
    person, _token = register(hub)
    with pytest.raises(NotFound):
        addresses.verify(hub, person, token, origin=HERE, now=hub.clock())
    assert not is_verified(hub, person)


def test_a_link_works_once_and_not_for_ever(hub: Hub, clock: TestClock) -> None:
    person, token = register(hub)
    clock.advance(seconds=hub.settings.email_link_ttl_s)
    person, _secret = log_in(hub)
    with pytest.raises(NotFound):
        addresses.verify(hub, person, token, origin=HERE, now=clock())
    addresses.resend(hub, person, now=clock())
    token = link_in(delivered(hub), OLD, VERIFY)
    addresses.verify(hub, person, token, origin=HERE, now=clock())
    with pytest.raises(NotFound):
        addresses.verify(hub, person, token, origin=HERE, now=clock())


def test_of_fifty_presses_at_once_one_counts(hub: Hub) -> None:
    person, token = register(hub)

    def press() -> bool:
        try:
            addresses.verify(hub, person, token, origin=HERE, now=hub.clock())
        except NotFound:
            return False
        return True

    assert sum(at_once(50, press)) == 1
    assert activity_of(hub, person.psu_id).count("email_verified") == 1


def test_a_second_link_replaces_the_first_and_they_are_not_sent_without_end(hub: Hub, clock: TestClock) -> None:
    person, first = register(hub)
    for _ in range(3):
        addresses.resend(hub, person, now=clock())
    with pytest.raises(TooMany):
        addresses.resend(hub, person, now=clock())
    with pytest.raises(TooMany):
        ask(hub, person)
    with pytest.raises(NotFound):
        addresses.verify(hub, person, first, origin=HERE, now=clock())
    assert len(delivered(hub)) == 3
    clock.advance(seconds=hub.settings.login_lock_s)
    addresses.resend(hub, person, now=clock())


def test_what_is_verified_needs_no_other_link(hub: Hub) -> None:
    person = verified(hub)
    with pytest.raises(Conflict):
        addresses.resend(hub, person, now=hub.clock())
    assert delivered(hub) == []


# --- change ---------------------------------------------------------------------------------------


def test_the_address_changes_only_when_the_new_one_is_proven(hub: Hub) -> None:
    person = verified(hub)
    ask(hub, person)
    assert address_of(hub, person.psu_id) == OLD
    token = link_in(delivered(hub), NEW, CONFIRM)
    confirm(hub, person, token)
    assert address_of(hub, person.psu_id) == NEW
    assert is_verified(hub, person)
    assert {"email_change_asked", "email_changed"} <= set(activity_of(hub, person.psu_id))
    (notice,) = delivered(hub)
    assert notice["To"] == OLD
    assert NEW in notice.get_content()


def test_the_link_for_the_new_address_is_worth_nothing_to_another_person(hub: Hub) -> None:
    person = verified(hub)
    ask(hub, person)
    token = link_in(delivered(hub), NEW, CONFIRM)
    charlie(hub)
    stranger, _secret = log_in(hub, "charlie")
    with pytest.raises(NotFound):
        confirm(hub, stranger, token)
    assert address_of(hub, stranger.psu_id) == "charlie@people.example"
    assert address_of(hub, person.psu_id) == OLD


def test_a_session_that_is_just_ending_changes_no_address(hub: Hub) -> None:
    """A thief's request was let in a moment before the owner logged everybody out, and waited for that."""
    person, halfway = verified(hub), Halfway()
    ask(hub, person)
    token = link_in(delivered(hub), NEW, CONFIRM)

    def log_out() -> None:
        with hub.db.write() as session:
            sessions.end(session, person.psu_id, now=hub.clock())
            halfway()

    def thief() -> bool:
        try:
            confirm(hub, person, token)
        except NotFound:
            return False
        return True

    _, done = meanwhile(halfway, log_out, thief)
    assert not done
    assert address_of(hub, person.psu_id) == OLD


def test_of_simultaneous_confirmations_one_changes_the_address(hub: Hub) -> None:
    person = verified(hub)
    ask(hub, person)
    token = link_in(delivered(hub), NEW, CONFIRM)

    def press() -> bool:
        try:
            confirm(hub, person, token)
        except NotFound:
            return False
        return True

    assert sum(at_once(20, press)) == 1
    assert len(delivered(hub)) == 1


def test_a_taken_address_looks_like_a_free_one_and_gets_no_mail(hub: Hub) -> None:
    charlie(hub)
    person = verified(hub)
    ask(hub, person, "charlie@people.example")
    assert delivered(hub) == []
    with pytest.raises(BadInput):
        ask(hub, person, OLD.upper())
    with pytest.raises(BadInput):
        ask(hub, person, "nothing like an address")


def test_an_address_that_was_taken_meanwhile_stays_whose_it_is(hub: Hub) -> None:
    person = verified(hub)
    ask(hub, person)
    token = link_in(delivered(hub), NEW, CONFIRM)
    people.register(hub, name="Dora", email=NEW, password=PASSWORD, origin=HERE, now=hub.clock())
    with pytest.raises(Conflict):
        confirm(hub, person, token)
    assert address_of(hub, person.psu_id) == OLD


def test_an_old_address_that_was_never_proven_is_told_nothing_and_can_undo_nothing(hub: Hub) -> None:
    """It may be a stranger's, typed wrongly."""
    person, _token = register(hub)
    ask(hub, person)
    confirm(hub, person, link_in(delivered(hub), NEW, CONFIRM))
    assert delivered(hub) == []


def test_links_of_the_old_address_end_with_it(hub: Hub) -> None:
    person = verified(hub)
    recovery.ask(hub, email=OLD, origin=HERE, now=hub.clock())
    reset = link_in(delivered(hub), OLD, "/recover/")
    changed(hub, person)
    with pytest.raises(NotFound):
        recovery.reset(hub, reset, new=NEW_PASSWORD, origin=HERE, now=hub.clock())


# --- undo -----------------------------------------------------------------------------------------


def test_the_old_address_takes_a_thiefs_change_back_and_shuts_everybody_out(hub: Hub) -> None:
    person = verified(hub)
    thief, secret = log_in(hub)
    token = changed(hub, thief)
    hub.clock.advance(seconds=60)  # type: ignore[attr-defined]  # a TestClock
    with hub.db.write() as session:
        session.add_all(linked(hub, person.psu_id, "thiefs", timedelta()))
        session.add_all(linked(hub, person.psu_id, "own", timedelta(days=-3)))
        session.add(Totp(psu_id=person.psu_id, seed_sealed=b"", last_step=0, created_at=hub.clock()))
    path = undo(hub, token)
    assert address_of(hub, person.psu_id) == OLD
    assert is_verified(hub, person)
    assert loaded(hub, secret) is None
    with pytest.raises(AssertionError):
        log_in(hub)
    with hub.db.read() as session:
        assert session.scalars(select(UpstreamLogin.subject)).all() == ["own"]
        assert session.scalars(select(Totp.psu_id)).all() == [], "the thief's app would keep the owner out"
    assert sorted(notice["To"] for notice in delivered(hub)) == sorted([NEW, OLD])
    recovery.reset(hub, path.removeprefix("/recover/"), new=NEW_PASSWORD, origin=HERE, now=hub.clock())
    log_in(hub, password=NEW_PASSWORD)
    assert "email_change_undone" in activity_of(hub, person.psu_id)


def linked(hub: Hub, psu_id: str, subject: str, when: timedelta) -> list[UpstreamLogin]:
    at = hub.clock() + when
    facts = {"issuer": "https://op.example", "subject": subject, "provider_id": "op", "linked_at": at}
    return [UpstreamLogin(id=new_id(), psu_id=psu_id, last_used_at=at, **facts)]


VISIT = timedelta(hours=72)
BEFORE = timedelta(seconds=1)
NAMES = ("first", "long", "visit", "since", "another person's")


def add_everything(hub: Hub, psu_id: str, client_id: str, name: str, at: datetime) -> None:
    """One of each kind that a thief can add, ``name`` telling which; an authenticator app only where there is none."""
    facts = {"issuer": "https://op.example", "subject": name, "provider_id": "op", "linked_at": at}
    keys = {"public_key": b"", "sign_count": 0, "is_synced": True, "is_backed_up": True, "aaguid": "", "transports": []}
    with hub.db.write() as session:
        if session.get(Totp, psu_id) is None:
            session.add(Totp(psu_id=psu_id, seed_sealed=b"", last_step=0, created_at=at))
        session.add(UpstreamLogin(id=new_id(), psu_id=psu_id, last_used_at=at, **facts))
        session.add(Passkey(id=new_id(), psu_id=psu_id, credential_id=name, name=name, created_at=at, **keys))
        session.add(RecoveryCode(code_hash=name, psu_id=psu_id, created_at=at))
        session.add(KnownDevice(id_hash=name, psu_id=psu_id, first_seen_at=at, last_seen_at=hub.clock()))
        proposed = consents.propose(
            session,
            psu_id=psu_id,
            client_id=client_id,
            requested={Permission.PROFILE},
            purpose=name,
            history_from=None,
            valid_until=hub.clock() + timedelta(days=90),
            now=at,
        )
        consents.authorise(
            session,
            proposed,
            accounts={},
            personal={Permission.PROFILE},
            valid_until=proposed.valid_until,
            history_from=None,
            now=at,
        )


def what_is_there(hub: Hub, psu_id: str) -> dict[str, list[str]]:
    kinds = {
        "passkeys": select(Passkey.name).where(Passkey.psu_id == psu_id),
        "codes": select(RecoveryCode.code_hash).where(RecoveryCode.psu_id == psu_id),
        "logins": select(UpstreamLogin.subject).where(UpstreamLogin.psu_id == psu_id),
        "devices": select(KnownDevice.id_hash).where(KnownDevice.psu_id == psu_id, KnownDevice.id_hash.in_(NAMES)),
        "consents": select(ConsentRow.purpose).where(ConsentRow.psu_id == psu_id, ConsentRow.status == "valid"),
    }
    with hub.db.read() as session:
        return {kind: sorted(session.scalars(query)) for kind, query in kinds.items()}


def test_what_a_thief_added_goes_and_what_was_there_before_stays(hub: Hub, clock: TestClock) -> None:
    """Whatever came first: the new address or the rest. What came with the account is the owner's, however young."""
    client_id = a_client(hub)
    person = verified(hub)
    bob(hub)
    bystander, _secret = log_in(hub, "bob")
    registered = clock()
    token = changed_later(hub, person, clock, after=VISIT + BEFORE)
    add_everything(hub, person.psu_id, client_id, "first", registered)
    add_everything(hub, person.psu_id, client_id, "long", clock() - VISIT - BEFORE)
    add_everything(hub, person.psu_id, client_id, "visit", clock() - VISIT)
    clock.advance(days=13)
    add_everything(hub, person.psu_id, client_id, "since", clock())
    add_everything(hub, bystander.psu_id, client_id, "another person's", clock())
    undo(hub, token)
    assert what_is_there(hub, person.psu_id) == every_kind("first", "long")
    assert what_is_there(hub, bystander.psu_id) == every_kind("another person's")
    (told,) = (mail for mail in delivered(hub) if mail["To"] == OLD)
    text = " ".join(told.get_content().split())
    assert "since: 2 passkeys, 2 recovery codes, 2 logins with other providers, 2 consents to apps." in text
    assert "1 authenticator app, 2 recovery codes" in text.partition("Still there")[2]


def test_a_session_counts_from_its_beginning_however_often_its_proof_was_renewed(hub: Hub, clock: TestClock) -> None:
    """And though its row is long gone when the owner reads the mail."""
    client_id, person = a_client(hub), verified(hub)
    clock.advance(days=1)
    thief, secret = log_in(hub)
    add_everything(hub, person.psu_id, client_id, "long", clock() - BEFORE)
    add_everything(hub, person.psu_id, client_id, "visit", clock())
    while clock() < thief.auth_time + VISIT + BEFORE:
        clock.advance(seconds=hub.settings.session_idle_ttl_s - 1)
        secret = proved_anew(hub, secret)
    renewed = loaded(hub, secret)
    assert renewed is not None
    token = changed(hub, renewed)
    clock.advance(days=13)
    list(sweep_all(hub, clock()))
    with hub.db.read() as session:
        assert session.scalars(select(PsuSession.sid)).all() == []
    undo(hub, token)
    assert what_is_there(hub, person.psu_id) == every_kind("long")


def proved_anew(hub: Hub, secret: str) -> str:
    with hub.db.write() as session:
        again = sessions.rotate(session, secret_hash(secret), amr=("pwd",), now=hub.clock(), settings=hub.settings)
    assert again is not None
    return again


def every_kind(*names: str) -> dict[str, list[str]]:
    return {kind: list(names) for kind in ("passkeys", "codes", "logins", "devices", "consents")}


def changed_later(hub: Hub, person: Person, clock: TestClock, *, after: timedelta) -> str:
    clock.advance(seconds=after.total_seconds())
    log_in(hub)
    return changed(hub, person)


def test_what_came_with_a_young_account_is_not_taken_for_a_thiefs(hub: Hub, clock: TestClock) -> None:
    client_id, person = a_client(hub), verified(hub)
    add_everything(hub, person.psu_id, client_id, "first", clock())
    clock.advance(seconds=60)
    undo(hub, changed(hub, person))
    assert what_is_there(hub, person.psu_id) == every_kind("first")


def test_a_thief_cannot_use_up_the_owners_undo_by_one_of_their_own(hub: Hub, clock: TestClock) -> None:
    person = verified(hub)
    owners = changed(hub, person)
    clock.advance(seconds=hub.settings.login_lock_s)
    thief = loaded(hub, log_in_at(hub, NEW))
    assert thief is not None
    ask(hub, thief, "third@lagoon.example")
    confirm(hub, thief, link_in(delivered(hub), "third@lagoon.example", CONFIRM))
    undo(hub, link_in(delivered(hub), NEW, UNDO))
    assert address_of(hub, person.psu_id) == NEW
    undo(hub, owners)
    assert address_of(hub, person.psu_id) == OLD


def test_nothing_is_added_by_whom_an_undo_has_just_shut_out(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thief's request was let in before, and waited for the owner's to be over."""
    person = verified(hub)
    token, halfway = changed(hub, person), Halfway()
    with hub.db.write() as session:
        session.add(Totp(psu_id=person.psu_id, seed_sealed=b"", last_step=0, created_at=hub.clock() - VISIT - BEFORE))
    monkeypatch.setattr(lasting_access, "revoke", halfway.before(lasting_access.revoke))

    def thief() -> bool:
        try:
            recovery_codes.make(hub, person, origin=HERE, now=hub.clock())
        except Unauthenticated:
            return False
        return True

    _path, made = meanwhile(halfway, lambda: undo(hub, token), thief)
    assert not made


def test_a_thief_who_changes_twice_is_undone_for_good(hub: Hub, clock: TestClock) -> None:
    person = verified(hub)
    token = changed(hub, person)
    clock.advance(seconds=hub.settings.login_lock_s)
    (now_there,) = [one for one in [sessions.load(hub, log_in_at(hub, NEW), clock())] if one is not None]
    ask(hub, now_there, "third@lagoon.example")
    confirm(hub, now_there, link_in(delivered(hub), "third@lagoon.example", CONFIRM))
    thiefs = link_in(delivered(hub), NEW, UNDO)
    undo(hub, token)
    with pytest.raises(NotFound):
        undo(hub, thiefs)
    assert address_of(hub, person.psu_id) == OLD


def log_in_at(hub: Hub, email: str) -> str:
    done = attempt(hub, email, PASSWORD)
    assert hasattr(done, "session_secret")
    return done.session_secret


def test_nobody_can_take_the_old_address_while_it_may_be_wanted_back(hub: Hub, clock: TestClock) -> None:
    """Else the thief would register it, and the undo would fail."""
    person = verified(hub)
    token = changed(hub, person)
    with pytest.raises(BadInput):
        people.register(hub, name="Thief", email=OLD, password=PASSWORD, origin=HERE, now=clock())
    charlie(hub)
    second, _secret = log_in(hub, "charlie")
    ask(hub, second, OLD)
    assert delivered(hub) == []
    undo(hub, token)
    assert address_of(hub, person.psu_id) == OLD


def test_a_link_for_an_address_that_is_kept_for_another_does_not_get_it(hub: Hub) -> None:
    """The link was mailed while the address was free of everybody."""
    charlie(hub)
    second, _secret = log_in(hub, "charlie")
    ask(hub, second, OLD)
    early = link_in(delivered(hub), OLD, CONFIRM)
    person = verified(hub)
    changed(hub, person)
    with pytest.raises(Conflict):
        confirm(hub, second, early)
    assert address_of(hub, second.psu_id) == "charlie@people.example"


def test_after_its_days_the_undo_link_is_over_and_the_address_free(hub: Hub, clock: TestClock) -> None:
    person = verified(hub)
    token = changed(hub, person)
    clock.advance(seconds=hub.settings.email_undo_ttl_s)
    with pytest.raises(NotFound):
        undo(hub, token)
    people.register(hub, name="Dora", email=OLD, password=PASSWORD, origin=HERE, now=clock())


def test_an_undo_ends_a_login_under_way(hub: Hub) -> None:
    person = verified(hub)
    token = changed(hub, person)
    before = password_changed_at(hub, person.psu_id)
    undo(hub, token)
    assert password_changed_at(hub, person.psu_id) > before


def password_changed_at(hub: Hub, psu_id: str) -> datetime:
    with hub.db.read() as session:
        return session.get_one(Psu, psu_id).password_changed_at


def test_a_verified_address_is_told_of_a_new_password_and_another_is_not(hub: Hub) -> None:
    alice(hub)
    person, _secret = log_in(hub)
    now = hub.clock()
    people.change_password(hub, person, current=PASSWORD, new=NEW_PASSWORD, origin=HERE, now=now)
    assert delivered(hub) == []
    with hub.db.write() as session:
        session.execute(update(Psu).values(email_verified_at=now))
    person, _secret = log_in(hub, password=NEW_PASSWORD)
    people.change_password(hub, person, current=NEW_PASSWORD, new=PASSWORD, origin=HERE, now=now)
    (notice,) = delivered(hub)
    assert (notice["To"], notice["Subject"]) == (OLD, "Your Rialto password was changed")
