"""Consents as stored: every move leaves its receipt and its event in the same transaction, strangers see nothing."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from consent import receipt
from consent.decide import Allowed, Ask, decide
from consent.model import Actor, Consent, Permission, Status
from consent.receipt import Broken, Intact
from hub.consents import rows, service
from hub.consents.access import AccessLog
from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound
from hub.ids import new_id
from hub.models.client import Client
from hub.models.connection import Connection
from hub.models.consent import ConsentAccess, ConsentRow
from hub.models.ledger import Account
from hub.models.signal import Signal
from tests.conftest import TestClock
from tests.people import alice, charlie

READS = frozenset({Permission.ACCOUNTS_READ, Permission.BALANCES_READ})


def a_client(hub: Hub) -> str:
    client_id = new_id()
    with hub.db.write() as session:
        session.add(
            Client(
                client_id=client_id,
                name="Budget Buddy",
                redirect_uris=[],
                token_endpoint_auth_method="none",
                grant_types=[],
                scopes=[],
                sector="x.example",
                created_at=hub.clock(),
            )
        )
    return client_id


def an_account(hub: Hub, psu_id: str) -> str:
    connection_id, account_id = new_id(), new_id()
    with hub.db.write() as session:
        session.add(
            Connection(id=connection_id, psu_id=psu_id, institution_id="albion", status="ready", created_at=hub.clock())
        )
        session.flush()
        session.add(
            Account(
                id=account_id,
                psu_id=psu_id,
                connection_id=connection_id,
                institution_id="albion",
                identity_hash=account_id,
                resource_id="1",
                type="CACC",
                currency="GBP",
                identifiers=[],
                status="enabled",
                created_at=hub.clock(),
            )
        )
    return account_id


def proposed(hub: Hub, psu_id: str, client_id: str) -> str:
    with hub.db.write() as session:
        return service.propose(
            session,
            psu_id=psu_id,
            client_id=client_id,
            requested=READS | {Permission.PROFILE},
            purpose="To plan your month",
            history_from=None,
            valid_until=hub.clock() + timedelta(days=90),
            now=hub.clock(),
        ).id


def say_yes(hub: Hub, consent_id: str, accounts: Mapping[str, frozenset[Permission]], *, days: int = 30) -> Consent:
    with hub.db.write() as session:
        return service.authorise(
            session,
            session.get_one(ConsentRow, consent_id),
            accounts=accounts,
            personal=frozenset({Permission.PROFILE}),
            valid_until=hub.clock() + timedelta(days=days),
            history_from=None,
            now=hub.clock(),
        )


@pytest.fixture
def given(hub: Hub) -> Consent:
    """Alice has allowed one account to one client."""
    psu_id = alice(hub)
    consent_id = proposed(hub, psu_id, a_client(hub))
    return say_yes(hub, consent_id, {an_account(hub, psu_id): READS})


def stored(hub: Hub, consent_id: str) -> Consent:
    with hub.db.read() as session:
        return service.load(session, consent_id)


def test_what_is_stored_is_what_was_decided(hub: Hub, given: Consent) -> None:
    assert given.status is Status.VALID
    assert stored(hub, given.id) == given


def test_every_move_has_its_receipt_and_its_event(hub: Hub, given: Consent, clock: TestClock) -> None:
    clock.advance(days=1)
    with hub.db.write() as session:
        service.revoke(session, given.id, actor=Actor.PSU, psu_id=given.psu_id, now=clock())
    with hub.db.read() as session:
        chain = rows.receipts(session, given.id)
        head = session.get_one(ConsentRow, given.id).receipt_head
        events = session.scalars(select(Signal.kind).where(Signal.subject_id == given.id).order_by(Signal.seq)).all()
    assert [entry.event for entry in chain] == ["propose", "authorise", "revoke"]
    assert receipt.verify(chain, head=head) == Intact(3, head)
    assert events == ["consent.valid", "consent.revoked"]
    assert chain[1].body["shown"]["headline"].startswith("Budget Buddy asks")


def test_a_receipt_that_was_changed_or_cut_off_is_found(hub: Hub, given: Consent) -> None:
    with hub.db.read() as session:
        head = session.get_one(ConsentRow, given.id).receipt_head
        whole = rows.receipts(session, given.id)
    assert isinstance(receipt.verify(whole[:-1], head=head), Broken)
    with hub.db.write() as session:
        session.execute(text("UPDATE consent_receipt SET actor = 'hub' WHERE sequence = 2"))
    with hub.db.read() as session:
        assert receipt.verify(rows.receipts(session, given.id), head=head) == Broken(2, "it is not as it was written")


def test_a_stranger_cannot_revoke_and_learns_nothing(hub: Hub, given: Consent) -> None:
    for on_behalf in ({"psu_id": charlie(hub)}, {"client_id": a_client(hub)}):
        with pytest.raises(NotFound), hub.db.write() as session:
            service.revoke(session, given.id, actor=Actor.PSU, now=hub.clock(), **on_behalf)
    assert stored(hub, given.id).status is Status.VALID


def test_revoking_twice_is_revoking_once(hub: Hub, given: Consent) -> None:
    for _ in range(2):
        with hub.db.write() as session:
            ended = service.revoke(session, given.id, actor=Actor.CLIENT, client_id=given.client_id, now=hub.clock())
        assert ended.status is Status.REVOKED
    with hub.db.read() as session:
        assert len(rows.receipts(session, given.id)) == 3


def test_simultaneous_revocations_leave_one_receipt(hub: Hub, given: Consent) -> None:
    def end(_: int) -> None:
        with hub.db.write() as session:
            service.revoke(session, given.id, actor=Actor.PSU, psu_id=given.psu_id, now=hub.clock())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(end, range(8)))
    with hub.db.read() as session:
        assert [entry.event for entry in rows.receipts(session, given.id)] == ["propose", "authorise", "revoke"]


def test_a_consent_is_answered_once(hub: Hub, given: Consent) -> None:
    with pytest.raises(Conflict):
        say_yes(hub, given.id, dict(given.accounts))


@pytest.mark.parametrize("days", [0, -1, 366])
def test_an_end_that_cannot_stand_is_named(hub: Hub, days: int) -> None:
    psu_id = alice(hub)
    consent_id = proposed(hub, psu_id, a_client(hub))
    with pytest.raises(BadInput) as caught:
        say_yes(hub, consent_id, {an_account(hub, psu_id): READS}, days=days)
    assert caught.value.parameter == "duration"
    assert stored(hub, consent_id).status is Status.RECEIVED


def test_more_than_was_asked_for_is_refused(hub: Hub) -> None:
    psu_id = alice(hub)
    consent_id = proposed(hub, psu_id, a_client(hub))
    with pytest.raises(BadInput):
        say_yes(hub, consent_id, {an_account(hub, psu_id): frozenset({Permission.PAYMENTS_WRITE})})


def test_consents_whose_time_is_over_are_written_down_as_expired(hub: Hub, given: Consent, clock: TestClock) -> None:
    assert service.expire_due(hub, now=clock()) == 0
    clock.advance(days=31)
    assert service.expire_due(hub, now=clock()) == 1
    assert service.expire_due(hub, now=clock()) == 0
    assert stored(hub, given.id).status is Status.EXPIRED
    with hub.db.read() as session:
        assert rows.receipts(session, given.id)[-1].actor == "time"


def test_revoking_after_the_end_is_an_expiry(hub: Hub, given: Consent, clock: TestClock) -> None:
    clock.advance(days=31)
    with hub.db.write() as session:
        ended = service.revoke(session, given.id, actor=Actor.PSU, psu_id=given.psu_id, now=clock())
    assert ended.status is Status.EXPIRED


def test_readings_are_counted_by_day_and_permission(hub: Hub, given: Consent, clock: TestClock) -> None:
    def read(permission: Permission) -> None:
        ask = Ask(given.client_id, given.psu_id, permission, frozenset({permission.value}))
        allowed = decide(given, ask, clock())
        assert isinstance(allowed, Allowed)
        service.record_access(hub, allowed, now=clock())

    read(Permission.ACCOUNTS_READ)
    read(Permission.BALANCES_READ)
    last = clock.advance(seconds=5)
    read(Permission.BALANCES_READ)
    clock.advance(days=1)
    read(Permission.BALANCES_READ)
    hub.access_log.flush()
    with hub.db.read() as session:
        found = session.scalars(select(ConsentAccess).order_by(ConsentAccess.day, ConsentAccess.permission)).all()
    assert [(one.permission, one.times) for one in found] == [
        ("accounts:read", 1),
        ("balances:read", 2),
        ("balances:read", 1),
    ]
    assert found[1].last_at == last


def test_the_first_reading_of_a_day_is_written_before_the_answer_goes_out(hub: Hub, given: Consent) -> None:
    hub.access_log.note(given.id, "balances:read", now=hub.clock())
    with hub.db.read() as session:
        assert session.scalar(select(ConsentAccess.times)) == 1


def test_readings_from_many_threads_and_processes_add_up(hub: Hub, given: Consent) -> None:
    logs = [AccessLog(hub.db) for _ in range(2)]  # two processes

    def read(number: int) -> None:
        logs[number % 2].note(given.id, "balances:read", now=hub.clock())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(100)))
        list(pool.map(lambda one: one.flush(), logs * 2))
    with hub.db.read() as session:
        assert session.scalar(select(ConsentAccess.times)) == 100


def test_a_count_that_could_not_be_written_is_kept_for_the_next_round(
    hub: Hub, given: Consent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        hub.access_log.note(given.id, "balances:read", now=hub.clock())

    def away() -> None:
        raise OSError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(hub.db, "write", away)
        with pytest.raises(OSError):
            hub.access_log.flush()
    hub.access_log.flush()
    with hub.db.read() as session:
        assert session.scalar(select(ConsentAccess.times)) == 3


def test_an_erased_consent_does_not_hold_up_the_counts_of_others(hub: Hub, given: Consent) -> None:
    other = say_yes(hub, proposed(hub, given.psu_id, a_client(hub)), {next(iter(given.accounts)): READS})
    for consent_id in (given.id, other.id) * 2:
        hub.access_log.note(consent_id, "balances:read", now=hub.clock())
    with hub.db.write() as session:
        session.delete(session.get_one(Client, given.client_id))
    hub.access_log.flush()
    with hub.db.read() as session:
        assert session.scalar(select(ConsentAccess.times).where(ConsentAccess.consent_id == other.id)) == 2


def test_a_round_that_failed_is_followed_by_another_without_a_new_reading(
    hub: Hub, given: Consent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.consents.access.FLUSH_S", 0.02)
    write, rounds = hub.db.write, []

    def away_at_first() -> Any:
        rounds.append(1)
        if len(rounds) == 1:
            raise OSError("the database is away")
        return write()

    monkeypatch.setattr(hub.db, "write", away_at_first)
    for _ in range(2):
        hub.access_log.note(given.id, "balances:read", now=hub.clock())
    deadline = time.monotonic() + 5
    while len(rounds) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    hub.access_log.close()
    with hub.db.read() as session:
        assert session.scalar(select(ConsentAccess.times)) == 2
    assert len(rounds) >= 2
