"""Forgotten passwords: the same answer for everybody, a link for whom it is meant, and no weaker door."""

import pytest
from sqlalchemy import Connection, event, func, select, update

from hub import housekeeping
from hub.context import Hub
from hub.errors import BadInput, NotFound, TooMany
from hub.identity import passwords, recovery
from hub.models.oauth import Grant, RefreshToken
from hub.models.psu import Psu
from hub.models.recovery import MailedLink, RecoveryRequest
from tests.conftest import TestClock
from tests.identity.steps import HERE, NEW_PASSWORD, activity_of, attempt, elsewhere, loaded, log_in
from tests.identity.test_proof import hold_tokens
from tests.mail.letters import delivered, link_in
from tests.people import PASSWORD, alice, bob
from tests.race import at_once

pytestmark = pytest.mark.usefixtures("_cheap_hashes")

ALICE, BOB, NOBODY = "alice@people.example", "bob@people.example", "nobody@people.example"


def verified_alice(hub: Hub) -> str:
    psu_id = alice(hub)
    with hub.db.write() as session:
        session.execute(update(Psu).where(Psu.id == psu_id).values(email_verified_at=hub.clock()))
    return psu_id


def ask(hub: Hub, email: str = ALICE, number: int = 0) -> None:
    recovery.ask(hub, email=email, origin=elsewhere(number), now=hub.clock())


def mailed(hub: Hub) -> str:
    ask(hub)
    return link_in(delivered(hub), ALICE, "/recover/")


def reset(hub: Hub, token: str, new: str = NEW_PASSWORD) -> None:
    recovery.reset(hub, token, new=new, origin=HERE, now=hub.clock())


def test_the_link_sets_a_new_password_and_opens_no_session(hub: Hub) -> None:
    psu_id = verified_alice(hub)
    _person, before = log_in(hub)
    token = mailed(hub)
    assert recovery.address_of(hub, token, now=hub.clock()) == ALICE
    reset(hub, token)
    assert loaded(hub, before) is None
    with pytest.raises(AssertionError):
        log_in(hub)
    log_in(hub, password=NEW_PASSWORD)
    assert {"recovery_asked", "password_reset"} <= set(activity_of(hub, psu_id))
    (notice,) = delivered(hub)
    assert notice["Subject"] == "Your Rialto password was changed"


def test_what_clients_hold_for_long_ends_with_the_old_password(hub: Hub, clock: TestClock) -> None:
    hers, his = verified_alice(hub), bob(hub)
    for psu_id in (hers, his):
        hold_tokens(hub, psu_id, now=clock())
    token = mailed(hub)
    clock.advance(seconds=10)
    reset(hub, token)
    with hub.db.read() as session:
        revoked = select(Grant.psu_id, RefreshToken.revoked_at).join_from(RefreshToken, Grant)
        assert dict(session.execute(revoked).all()) == {hers: clock(), his: None}


@pytest.mark.parametrize("email", [ALICE, BOB, NOBODY])
def test_asking_takes_the_same_steps_for_a_verified_an_unverified_and_an_unknown_address(hub: Hub, email: str) -> None:
    """Steps, not seconds: the statements are counted, and nothing else happens in the request."""
    verified_alice(hub)
    bob(hub)
    steps: list[str] = []

    def note(_c: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        steps.append(statement)

    hub.keys.secret("login-throttle")
    for engine in (hub.db.writer, hub.db.reader):
        event.listen(engine, "before_cursor_execute", note)
    ask(hub, email)
    for engine in (hub.db.writer, hub.db.reader):
        event.remove(engine, "before_cursor_execute", note)
    told = [" ".join(statement.split()[:3]) for statement in steps if statement != "BEGIN IMMEDIATE"]
    assert told == ["INSERT INTO login_throttle", "INSERT INTO login_throttle", "INSERT INTO recovery_request"]


def test_only_a_verified_address_gets_a_link(hub: Hub) -> None:
    bob(hub)
    ask(hub, BOB)
    ask(hub, NOBODY)
    assert delivered(hub) == []
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(MailedLink)) == 0
        assert session.scalar(select(func.count()).select_from(RecoveryRequest)) == 0


def test_what_is_no_address_is_said_so(hub: Hub) -> None:
    with pytest.raises(BadInput):
        ask(hub, "not an address")


def test_a_mailbox_is_not_flooded_and_nobody_learns_that_it_would_be(hub: Hub, clock: TestClock) -> None:
    verified_alice(hub)
    for number in range(10):
        ask(hub, number=number)
    assert len(delivered(hub)) == 3
    clock.advance(seconds=hub.settings.login_lock_s)
    ask(hub)
    assert len(delivered(hub)) == 1


def test_one_network_does_not_ask_for_everybody(hub: Hub) -> None:
    for number in range(50):
        ask(hub, f"somebody{number}@people.example")
    with pytest.raises(TooMany):
        ask(hub, ALICE)
    ask(hub, ALICE, number=1)


def test_the_newest_link_is_the_one_that_works(hub: Hub) -> None:
    verified_alice(hub)
    first, second = mailed(hub), mailed(hub)
    with pytest.raises(NotFound):
        reset(hub, first)
    reset(hub, second)


def test_a_link_works_once_and_for_minutes(hub: Hub, clock: TestClock) -> None:
    verified_alice(hub)
    token = mailed(hub)
    reset(hub, token)
    with pytest.raises(NotFound):
        reset(hub, token, "a third password of mine")
    late = mailed(hub)
    clock.advance(seconds=hub.settings.recovery_link_ttl_s)
    with pytest.raises(NotFound):
        reset(hub, late)
    assert hub.settings.recovery_link_ttl_s <= 3600


def test_of_many_resets_at_once_one_sets_the_password(hub: Hub) -> None:
    verified_alice(hub)
    token = mailed(hub)
    numbers = iter(range(12))

    def press() -> bool:
        try:
            reset(hub, token, f"the password of window {next(numbers)}")
        except NotFound:
            return False
        return True

    assert sum(at_once(12, press)) == 1
    assert len(delivered(hub)) == 1


def test_a_refused_password_leaves_the_link_as_it_was(hub: Hub) -> None:
    verified_alice(hub)
    token = mailed(hub)
    for bad in ("short", ALICE, "aaaaaaaaaaaaaaaa"):
        with pytest.raises(BadInput) as caught:
            reset(hub, token, bad)
        assert caught.value.parameter == "new_password"
    reset(hub, token)


def test_an_invented_link_costs_no_password_hash(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "hash_password", pytest.fail)
    with pytest.raises(NotFound):
        reset(hub, "a" * 43)


def test_whoever_kept_the_login_locked_cannot_keep_the_owner_out(hub: Hub) -> None:
    verified_alice(hub)
    for number in range(hub.settings.login_failures_before_lock):
        attempt(hub, ALICE, "a guess that is wrong", elsewhere(number))
    with pytest.raises(AssertionError):
        log_in(hub)
    reset(hub, mailed(hub))
    log_in(hub, password=NEW_PASSWORD)


def test_an_address_that_is_not_verified_any_more_resets_nothing(hub: Hub) -> None:
    verified_alice(hub)
    token = mailed(hub)
    with hub.db.write() as session:
        session.execute(update(Psu).values(email_verified_at=None))
    with pytest.raises(NotFound):
        reset(hub, token)
    log_in(hub, password=PASSWORD)


def test_requests_and_links_that_are_over_are_swept(hub: Hub, clock: TestClock) -> None:
    verified_alice(hub)
    mailed(hub)
    ask(hub, number=1)
    clock.advance(days=1, seconds=hub.settings.recovery_link_ttl_s)
    housekeeping.tidy(hub)
    with hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(MailedLink)) == 0
        assert session.scalar(select(func.count()).select_from(RecoveryRequest)) == 0
