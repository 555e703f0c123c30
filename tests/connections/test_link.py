"""Out to the bank and back: what is stored, who may come back, and what each answer of the bank leaves behind."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from hub import housekeeping
from hub.connections import attempts, link, sealed, service
from hub.connections.state import FailureKind, Status
from hub.errors import BadInput, Conflict, NotFound
from hub.models.connection import Connection, LinkAttempt
from providers.errors import ContractBroken, ReconsentRequired, Refused, Transient
from tests.connections.world import BANK, OTHER_BANK, PRESENT, World, one_store, person

ERRORS: list[tuple[Exception, FailureKind]] = [
    (Transient("down"), FailureKind.BANK_UNAVAILABLE),
    (ReconsentRequired("ended"), FailureKind.CONSENT_ENDED),
    (Refused("no"), FailureKind.REFUSED),
    (Refused("the PSU said no", code="access_denied"), FailureKind.ACCESS_DENIED),
    (ContractBroken("nonce", raw=b"<html>"), FailureKind.CONTRACT_BROKEN),
]


def count(world: World, table: type[Connection] | type[LinkAttempt]) -> int:
    with world.hub.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def only_connection(world: World) -> Connection:
    with world.hub.db.read() as session:
        return session.scalars(select(Connection)).one()


def test_a_link_that_is_finished_is_ready_and_due(world: World) -> None:
    done = world.come_back(world.begin())
    assert isinstance(done, link.Linked)
    assert done.return_to == "/consents/request"
    row = world.row(done.connection_id)
    assert row.status == Status.READY
    assert row.sca_at == row.next_sync_at == world.clock()
    assert row.bank_consent_id == "bank-consent-1"
    assert row.bank_consent_until == world.clock() + timedelta(days=180)
    assert world.events(row.id) == ["connection.begun", "connection.linked"]


@one_store
def test_the_bank_is_asked_for_what_the_settings_allow(world: World) -> None:
    world.bank.capabilities = replace(world.bank.capabilities, max_history_days=400)
    world.begin()
    (request,) = world.bank.requests
    today = world.clock().date()
    assert request.redirect_uri == "http://127.0.0.1:8000/connections/callback"
    assert request.history_from == today - timedelta(days=400)
    assert request.valid_until == today + timedelta(days=180)
    assert request.psu == PRESENT
    assert len(request.state) >= 43
    assert request.state != request.nonce


def test_neither_state_nor_verifier_nor_token_lies_in_the_open(world: World) -> None:
    state = world.begin()
    with world.hub.db.read() as session:
        attempt = session.scalars(select(LinkAttempt)).one()
    assert state.encode() not in attempt.link_state_sealed
    assert b"secret" not in attempt.link_state_sealed
    assert attempt.state_hash != state
    connection = world.row(attempt.connection_id)
    world.come_back(state)
    connection = world.row(attempt.connection_id)
    assert connection.access_sealed is not None
    assert b"token-0" not in connection.access_sealed
    assert sealed.open_access(world.hub.sealer, connection.id, connection.access_sealed).data == {"token": "token-0"}


@one_store
def test_access_sealed_for_one_connection_does_not_open_for_another(world: World) -> None:
    one, two = world.linked(), world.linked()
    stolen = world.row(one).access_sealed
    assert stolen is not None
    with pytest.raises(Exception, match="does not open"):
        sealed.open_access(world.hub.sealer, two, stolen)


def start(world: World, **changes: Any) -> str | link.LinkFailed:
    given: dict[str, Any] = {"psu_id": world.alice, "session_hash": "s", "institution_id": BANK, "return_to": "/home"}
    return link.start(world.hub, **(given | {"psu": PRESENT, "now": world.clock()} | changes))


@one_store
def test_a_bank_that_cannot_begin_leaves_nothing_behind(world: World) -> None:
    for error, kind in ERRORS:
        world.bank.errors["start"] = error
        failed = start(world)
        assert isinstance(failed, link.LinkFailed)
        assert (failed.connection_id, failed.kind, failed.return_to) == (None, kind, "/home")
    assert count(world, Connection) == count(world, LinkAttempt) == 0


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//",
        "data:text/html,",
        "//bank.example/",
        "ftp://bank.example/",
        "https:",
        "",
        "https://[",
        "https://bank.example/\r\nSet-Cookie: a=b",
        "https://bank.example/\u20ac",
    ],
)
@one_store
def test_a_bank_cannot_send_the_browser_to_anything_but_a_web_page(world: World, url: str) -> None:
    world.bank.url = url
    failed = start(world)
    assert isinstance(failed, link.LinkFailed)
    assert failed.kind is FailureKind.CONTRACT_BROKEN


@one_store
def test_a_public_hub_sends_nobody_to_plain_http(world: World) -> None:
    public = replace(world.hub, settings=replace(world.hub.settings, base_url="https://hub.example"))
    assert isinstance(start(replace(world, hub=public)), link.LinkFailed)


def test_a_first_link_that_fails_at_the_bank_can_be_tried_again(world: World) -> None:
    for error, kind in ERRORS:
        world.bank.errors["finish"] = error
        failed = world.come_back(world.begin())
        assert isinstance(failed, link.LinkFailed)
        assert failed.connection_id is not None
        assert (failed.kind, failed.return_to) == (kind, "/consents/request")
        row = world.row(failed.connection_id)
        assert (row.status, row.failure_kind) == (Status.LINKING, kind)
        assert (row.failure_raw_sealed is not None) == (kind is FailureKind.CONTRACT_BROKEN)
        assert world.events(row.id) == ["connection.begun", "connection.link_failed"]

        world.bank.errors.clear()
        assert world.come_back(world.begin(renew=row.id)) == link.Linked(row.id, "/consents/request")
        row = world.row(row.id)
        assert (row.status, row.failure_kind, row.failure_raw_sealed) == (Status.READY, None, None)


def test_a_renewal_that_fails_leaves_the_link_as_it_was(world: World) -> None:
    connection_id = world.synced()
    before = world.row(connection_id)
    for error, _kind in ERRORS:
        world.bank.errors["finish"] = error
        assert isinstance(world.come_back(world.begin(renew=connection_id)), link.LinkFailed)
        after = world.row(connection_id)
        for column in ("status", "failure_kind", "access_sealed", "next_sync_at", "failures"):
            assert getattr(after, column) == getattr(before, column)


def test_renewal_keeps_the_ids_and_ends_the_old_bank_consent(world: World) -> None:
    world.fill()
    connection_id = world.synced()
    accounts = [account.id for account in world.accounts()]
    world.bank.shown = [replace(one, resource_id=f"new-{one.resource_id}") for one in world.bank.shown]
    assert world.linked(renew=connection_id) == connection_id
    assert world.bank.revoked == ["bank-consent-1"]
    world.sync(connection_id)
    assert [account.id for account in world.accounts()] == accounts
    assert [account.resource_id for account in world.accounts()] == ["new-resource-1", "new-resource-2"]


@one_store
def test_a_superseded_bank_consent_that_cannot_be_ended_does_not_spoil_the_renewal(world: World) -> None:
    connection_id = world.synced()
    world.bank.errors["revoke"] = Transient("down")
    assert world.linked(renew=connection_id) == connection_id


def test_linking_a_bank_anew_keeps_the_account_ids_and_feeds_them_from_the_new_link(world: World) -> None:
    world.synced()
    before = {account.id for account in world.accounts()}
    world.clock.advance(seconds=60)
    second = world.linked()
    world.sync(second)
    assert {account.id for account in world.accounts()} == before
    assert {account.connection_id for account in world.accounts()} == {second}


def test_a_made_up_return_changes_nothing_and_tells_nothing(world: World) -> None:
    state = world.begin()
    for params in ({"state": "made-up", "code": "abc"}, {"code": "abc"}, {}):
        assert world.come_back(state, params=params) == link.LinkFailed(None, attempts.STALE)
    assert world.bank.steps() == ["start"]
    assert isinstance(world.come_back(state), link.Linked)  # Alice's own return still works


@pytest.mark.parametrize("who", ["charlie", "another browser", "nobody"])
def test_a_return_in_another_browser_burns_the_attempt_and_ends_the_bank_consent(world: World, who: str) -> None:
    charlie = person(world.hub, "Charlie")
    elsewhere: dict[str, dict[str, Any]] = {
        "charlie": {"psu_id": charlie, "session_hash": "charlie-browser"},
        "another browser": {"session_hash": "another-browser"},
        "nobody": {"psu_id": None, "session_hash": None},
    }
    state = world.begin()
    given: dict[str, Any] = {"psu": PRESENT, "now": world.clock(), "params": {"state": state}}
    given |= {"psu_id": world.alice, "session_hash": "alice-browser"} | elsewhere[who]
    assert link.callback(world.hub, **given) == link.LinkFailed(None, attempts.FOREIGN)
    assert world.bank.steps() == ["start", "revoke"]
    late = world.come_back(state)
    assert isinstance(late, link.LinkFailed)
    assert late.why == attempts.ALREADY_USED
    assert only_connection(world).status == Status.LINKING


def test_what_alice_agreed_to_at_the_bank_never_ends_in_charlies_hands(world: World) -> None:
    """Charlie begins, sends Alice to the bank, she agrees and returns; her return leaves his attempt worthless."""
    charlie = person(world.hub, "Charlie")
    state = world.begin(charlie, session_hash="charlie-browser")
    assert world.come_back(state, world.alice) == link.LinkFailed(None, attempts.FOREIGN)
    late = world.come_back(state, charlie, session_hash="charlie-browser")
    assert isinstance(late, link.LinkFailed)
    assert "finish" not in world.bank.steps()
    assert only_connection(world).status == Status.LINKING


def test_a_return_works_once_and_says_so_to_its_owner(world: World) -> None:
    state = world.begin()
    done = world.come_back(state)
    assert isinstance(done, link.Linked)
    assert world.come_back(state) == link.LinkFailed(done.connection_id, attempts.ALREADY_USED)
    assert world.bank.steps().count("finish") == 1
    assert world.row(done.connection_id).status == Status.READY


@one_store
def test_a_return_that_comes_too_late_is_refused(world: World) -> None:
    state = world.begin()
    world.clock.advance(seconds=world.hub.settings.link_attempt_ttl_s)
    failed = world.come_back(state)
    assert isinstance(failed, link.LinkFailed)
    assert failed.why == attempts.STALE
    assert "finish" not in world.bank.steps()


def test_of_fifty_simultaneous_returns_one_gets_through(world: World) -> None:
    state = world.begin()
    results: list[object] = []
    gate = threading.Barrier(50)

    def come_back() -> None:
        gate.wait()
        results.append(world.come_back(state))

    threads = [threading.Thread(target=come_back) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 50
    assert sum(isinstance(result, link.Linked) for result in results) == 1
    assert world.bank.steps().count("finish") == 1


class Killed(BaseException):
    """The process dies."""


def test_a_crash_between_claim_and_answer_leaves_a_link_that_can_be_tried_again(world: World) -> None:
    def die(step: str, _key: str) -> None:
        if step == "finish":
            raise Killed

    state = world.begin()
    world.bank.hook = die
    with pytest.raises(Killed):
        world.come_back(state)
    row = only_connection(world)
    assert row.status == Status.LINKING
    assert isinstance(world.come_back(state), link.LinkFailed)  # the attempt is spent
    world.bank.hook = lambda _step, _key: None
    assert world.linked(renew=row.id) == row.id


def test_who_disconnects_while_at_the_bank_is_not_linked_by_coming_back(world: World) -> None:
    state = world.begin()
    connection_id = only_connection(world).id
    service.disconnect(world.hub, world.alice, connection_id, now=world.clock())
    assert isinstance(world.come_back(state), link.LinkFailed)
    assert world.row(connection_id).status == Status.REVOKED
    assert "finish" not in world.bank.steps()


def test_who_disconnects_while_the_bank_answers_is_not_linked_and_the_bank_is_told(world: World) -> None:
    state = world.begin()
    connection_id = only_connection(world).id

    def disconnect(step: str, _key: str) -> None:
        if step == "finish":
            service.disconnect(world.hub, world.alice, connection_id, now=world.clock())

    world.bank.hook = disconnect
    failed = world.come_back(state)
    assert isinstance(failed, link.LinkFailed)
    assert failed.why == link.GONE
    row = world.row(connection_id)
    assert (row.status, row.access_sealed) == (Status.REVOKED, None)
    assert world.bank.revoked == ["bank-consent-1"]


def test_only_ones_own_living_connection_to_that_bank_can_be_renewed(world: World) -> None:
    charlie = person(world.hub, "Charlie")
    connection_id = world.linked()
    with pytest.raises(NotFound):
        world.begin(charlie, renew=connection_id)
    with pytest.raises(NotFound):
        world.begin(renew="no-such-connection")
    with pytest.raises(BadInput):
        world.begin(renew=connection_id, institution_id=OTHER_BANK)
    service.disconnect(world.hub, world.alice, connection_id, now=world.clock())
    with pytest.raises(Conflict):
        world.begin(renew=connection_id)
    assert world.bank.consents == 1


@one_store
def test_an_unknown_bank_and_a_foreign_address_are_refused_before_any_bank_is_asked(world: World) -> None:
    with pytest.raises(NotFound):
        world.begin(institution_id="no-such-bank")
    with pytest.raises(BadInput):
        world.begin(return_to="//evil.example")
    assert world.bank.calls == []


def test_what_nobody_finished_is_forgotten_after_a_day_and_what_was_linked_is_not(world: World) -> None:
    kept = world.linked()
    state = world.begin()
    world.clock.advance(days=2)
    housekeeping.tidy(world.hub)
    assert only_connection(world).id == kept
    assert count(world, LinkAttempt) == 0
    assert world.come_back(state) == link.LinkFailed(None, attempts.STALE)


def test_somebody_who_is_at_the_bank_right_now_is_not_forgotten(world: World) -> None:
    world.begin()
    connection_id = only_connection(world).id
    world.clock.advance(days=2)
    world.begin(renew=connection_id)
    housekeeping.tidy(world.hub)
    assert only_connection(world).id == connection_id


@one_store
def test_the_address_of_the_bank_carries_nothing_of_ours_but_the_state(world: World) -> None:
    url = start(world)
    assert isinstance(url, str)
    assert set(parse_qs(urlsplit(url).query)) == {"state"}
