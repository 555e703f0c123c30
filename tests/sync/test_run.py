"""One sync: what is read when, and what every failure at every step leaves behind."""

import logging
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from hub import correlation
from hub.connections import sealed, service
from hub.connections.circuit import FAILURES_TO_OPEN
from hub.connections.state import FailureKind, Status
from hub.ledger import history
from hub.models.connection import Connection
from hub.models.signal import Signal
from hub.observability import trace
from hub.sync.progress import Progress, progress
from hub.sync.run import Result
from hub.sync.window import ALWAYS_READABLE_DAYS, OVERLAP
from hub.web.present.ledger import account_rows, own
from providers.errors import ContractBroken, Failing, ReconsentRequired, Refused, Transient
from providers.model import Identifier, Page, RejectedRow, Scheme
from tests.connections.scripted import account, movement
from tests.connections.world import PRESENT, World, one_store, person
from tests.statements import statements

ALWAYS_READABLE = timedelta(days=ALWAYS_READABLE_DAYS)
STEPS = ["accounts", "balances", "transactions", "page", "end"]


def test_a_first_sync_reads_everything_as_far_back_as_allowed(world: World) -> None:
    world.fill()
    connection_id = world.linked()
    outcome = world.sync(connection_id)
    assert (outcome.result, outcome.accounts_read, outcome.applied.added) == (Result.SYNCED, 2, 8)
    assert (world.transactions(), world.balances(), len(world.accounts())) == (8, 2, 2)
    today = world.clock().date()
    assert world.bank.windows == [(f"resource-{n}", today - timedelta(days=730), today) for n in (1, 2)]
    row = world.row(connection_id)
    assert (row.status, row.failure_kind, row.failures) == ("ready", None, 0)
    assert (row.sync_owner, row.sync_until) == (None, None)
    assert row.last_success_at == world.clock()
    assert row.next_sync_at is not None
    assert row.next_sync_at >= world.clock() + timedelta(hours=6)
    assert world.events(connection_id)[-1] == "connection.synced"


@one_store
def test_the_history_asked_for_is_bounded_by_the_bank(world: World) -> None:
    world.bank.capabilities = replace(world.bank.capabilities, max_history_days=90)
    world.synced()
    assert {day for _id, day, _to in world.bank.windows} == {world.clock().date() - timedelta(days=90)}


def test_a_later_sync_overlaps_the_last_one_and_doubles_nothing(world: World) -> None:
    world.fill()
    connection_id = world.synced()
    first_day = world.clock().date()
    world.until_due(connection_id)
    world.clock.advance(days=1)
    world.bank.windows.clear()
    outcome = world.sync(connection_id, psu=None)
    assert (outcome.result, outcome.applied.added) == (Result.SYNCED, 0)
    assert {day for _id, day, _to in world.bank.windows} == {first_day - OVERLAP}
    assert world.transactions() == 8


@one_store
def test_a_later_sync_that_finds_nothing_new_costs_so_many_statements(world: World) -> None:
    """The most of what a hub does all day is this: a statement more here is a machine more there."""
    world.fill()
    connection_id = world.synced()
    world.until_due(connection_id)
    with statements(world.hub) as seen:
        assert world.sync(connection_id, psu=None).accounts_read == 2
    begun = sum(one.startswith("BEGIN") for one in seen)
    assert begun == 1 + 1 + 2 * 2 + 1  # the lease, the accounts, for each its balances and transactions, the verdict
    assert len(seen) - begun <= 54


@one_store
def test_the_bank_is_told_whether_the_person_is_there(world: World) -> None:
    connection_id = world.synced()
    world.until_due(connection_id)
    world.sync(connection_id, psu=None)
    assert world.bank.presence == [PRESENT, None]


@one_store
def test_an_unattended_sync_that_is_not_due_is_not_run(world: World) -> None:
    connection_id = world.synced()
    assert world.sync(connection_id, psu=None).result is Result.NOT_CLAIMED


@one_store
def test_what_a_bank_cannot_do_is_not_asked(world: World) -> None:
    world.bank.capabilities = replace(world.bank.capabilities, balances=False, transactions=False)
    connection_id = world.linked()
    assert world.sync(connection_id).result is Result.SYNCED
    assert world.bank.steps()[-1] == "accounts"
    assert all(one.synced_at == world.clock() for one in world.accounts())


@one_store
def test_a_bank_that_shows_no_account_is_read_without_complaint(world: World) -> None:
    world.bank.shown = []
    assert world.sync(world.linked()).result is Result.SYNCED


@one_store
def test_an_account_listed_twice_is_read_once(world: World) -> None:
    world.bank.shown = [account(1), replace(account(1), resource_id="resource-1")]
    world.sync(world.linked())
    assert world.bank.steps().count("balances") <= len(world.accounts())


# --- failures of the whole ---------------------------------------------------------------------------

WHOLE = [
    (Transient("down"), "ready", FailureKind.BANK_UNAVAILABLE, Result.FAILED),
    (Refused("no"), "needs_aspsp", FailureKind.REFUSED, Result.FAILED),
    (ContractBroken("html", raw=b"<html>"), "needs_aspsp", FailureKind.CONTRACT_BROKEN, Result.FAILED),
    (ReconsentRequired("ended"), "needs_psu", FailureKind.CONSENT_ENDED, Result.NEEDS_PSU),
    (KeyError("a bug"), "ready", FailureKind.HUB_ERROR, Result.FAILED),
]


def test_the_trace_of_a_sync_says_whose_failure_it_was_though_every_call_was_answered(world: World) -> None:
    world.fill()
    for error, _status, kind, _result in WHOLE:
        trace_id, connection_id = str(uuid.uuid4()), world.linked(person(world.hub, "Alice"))
        world.bank.errors = {"transactions": error}
        with correlation.under(trace_id):
            world.sync(connection_id)
        assert sits_at(world, trace_id) == ("us" if kind is FailureKind.HUB_ERROR else "partner"), kind
        world.bank.errors = {}
        with correlation.under(trace_id):
            if world.sync(connection_id).result is Result.SYNCED and kind is not FailureKind.HUB_ERROR:
                assert sits_at(world, trace_id) == "none", kind


def sits_at(world: World, trace_id: str) -> str:
    world.hub.recorder.flush()
    with world.hub.db.read() as session:
        return trace.find(session, trace_id).verdict.fault


def test_every_error_at_every_step_ends_in_a_named_state_and_is_repaired_by_a_good_sync(world: World) -> None:
    world.fill()
    for step in STEPS:
        for error, status, kind, result in WHOLE:
            if step == "balances" and isinstance(error, Refused | ContractBroken):
                continue  # the transactions are read without them, see below
            case = f"{step}: {error!r}"
            psu_id = person(world.hub, "Alice")
            connection_id = world.linked(psu_id)
            world.bank.errors = {step: error}
            assert world.sync(connection_id).result is result, case
            row = world.row(connection_id)
            assert (row.status, row.failure_kind, row.failures) == (status, kind, 1), case
            assert (row.sync_owner, row.sync_until, row.last_success_at) == (None, None, None), case
            assert row.last_failure_at == world.clock(), case
            assert (row.next_sync_at is None) == (status == "needs_psu"), case
            assert (row.failure_raw_sealed is None) == (kind is not FailureKind.CONTRACT_BROKEN), case
            assert world.events(connection_id)[-1] == (
                "connection.needs_psu" if status == "needs_psu" else "connection.sync_failed"
            ), case

            world.bank.errors = {}
            if status == "needs_psu":
                assert world.sync(connection_id).result is Result.NOT_CLAIMED
                world.linked(psu_id, renew=connection_id)
            assert world.sync(connection_id).result is Result.SYNCED, case
            row = world.row(connection_id)
            assert (row.status, row.failure_kind, row.failures, row.failure_raw_sealed) == ("ready", None, 0, None)
            assert world.transactions(psu_id) == 8, case


@one_store
def test_a_bank_that_is_silent_for_long_gets_its_turn_and_is_asked_less_often(world: World) -> None:
    connection_id = world.synced()
    world.bank.errors["accounts"] = Transient("down")
    waits = []
    for _ in range(4):
        world.until_due(connection_id)
        world.sync(connection_id, psu=None)
        row = world.row(connection_id)
        assert row.next_sync_at is not None
        waits.append((row.next_sync_at - world.clock()).total_seconds())
    assert waits == sorted(waits)
    assert world.row(connection_id).status == Status.NEEDS_ASPSP
    world.bank.errors.clear()
    world.until_due(connection_id)
    world.sync(connection_id, psu=None)
    assert world.row(connection_id).status == Status.READY


@one_store
def test_the_banks_own_word_on_when_to_come_back_is_kept(world: World) -> None:
    connection_id = world.synced()
    world.bank.errors["accounts"] = Transient("busy", retry_after_s=7200)
    world.sync(connection_id)
    due = world.row(connection_id).next_sync_at
    assert due is not None
    assert due >= world.clock() + timedelta(hours=2)


@one_store
def test_the_bytes_of_a_broken_answer_are_kept_sealed(world: World) -> None:
    connection_id = world.linked()
    world.bank.errors["accounts"] = ContractBroken("not JSON", raw=b"<html>Alice</html>", step="accounts")
    world.sync(connection_id)
    row = world.row(connection_id)
    assert row.failure_detail == "accounts: not JSON"
    assert row.failure_raw_sealed is not None
    assert b"Alice" not in row.failure_raw_sealed
    place = sealed.failure_raw_place(connection_id)
    assert world.hub.sealer.open(row.failure_raw_sealed, place) == b"<html>Alice</html>"


@one_store
def test_access_that_does_not_open_is_our_own_error_and_nobody_elses(world: World) -> None:
    connection_id, other = world.linked(), world.linked()
    with world.hub.db.write() as session:
        session.get_one(Connection, connection_id).access_sealed = session.get_one(Connection, other).access_sealed
    assert world.sync(connection_id).failure_kind is FailureKind.HUB_ERROR
    assert "accounts" not in world.bank.steps()


def test_whatever_text_a_bank_puts_into_an_error_can_be_stored(world: World) -> None:
    connection_id = world.linked()
    world.bank.errors["accounts"] = Refused("code \x00\ud800" + "x" * 10_000)
    world.sync(connection_id)
    assert world.row(connection_id).failure_detail == "code ?" + "x" * 494


# --- failures of one account -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Transient("slow"), FailureKind.BANK_UNAVAILABLE),
        (Refused("blocked"), FailureKind.REFUSED),
        (ContractBroken("no date", raw=b"{}"), FailureKind.CONTRACT_BROKEN),
        (KeyError("a bug"), FailureKind.HUB_ERROR),
    ],
)
def test_one_accounts_failure_does_not_stop_the_others(world: World, error: Exception, kind: FailureKind) -> None:
    world.fill()
    for step in STEPS[1:]:
        psu_id = person(world.hub, "Alice")
        connection_id = world.linked(psu_id)
        world.bank.errors = {(step, "resource-1"): error}
        outcome = world.sync(connection_id)
        only_balances = step == "balances" and isinstance(error, Refused | ContractBroken)
        read = 2 if only_balances else 1  # its transactions are read without them
        assert (outcome.result, outcome.failure_kind, outcome.accounts_read) == (Result.PARTLY, kind, read)
        row = world.row(connection_id)
        assert (row.status, row.failure_kind) == ("ready", kind)
        assert row.last_success_at == row.last_failure_at == world.clock()
        first, second = world.accounts(psu_id)
        assert (first.synced_at, second.synced_at) == (world.clock() if only_balances else None, world.clock())
        before = {"balances": 4, "transactions": 4, "page": 4, "end": 8}[step]
        assert world.transactions(psu_id) == (8 if only_balances else before)
        assert world.balances(psu_id) == (2 if step != "balances" else 1)
        world.bank.errors = {}
        world.sync(connection_id)
        assert world.transactions(psu_id) == 8


def test_pages_that_came_before_a_first_sync_broke_off_are_kept(world: World) -> None:
    world.fill()
    connection_id = world.linked()
    world.bank.errors = {("end", "resource-1"): Transient("cut off"), ("end", "resource-2"): Transient("cut off")}
    world.sync(connection_id)
    assert world.transactions() == 8
    assert [one.synced_at for one in world.accounts()] == [None, None]


def test_a_later_sync_that_broke_off_applies_nothing_of_its_half_window(world: World) -> None:
    world.fill()
    connection_id = world.synced()
    today = world.clock().date()
    world.bank.pages["resource-1"].insert(0, Page((movement(99, today),), "1"))
    world.bank.errors = {("end", "resource-1"): Transient("cut off")}
    world.sync(connection_id)
    assert world.transactions() == 8
    world.bank.errors = {}
    world.sync(connection_id)
    assert world.transactions() == 9


@one_store
def test_a_bank_that_has_stopped_answering_is_not_asked_for_every_account(world: World) -> None:
    world.bank.shown = [account(n) for n in range(1, 8)]
    connection_id = world.linked()
    world.bank.errors["balances"] = Transient("timeout")
    world.sync(connection_id)
    assert world.bank.steps().count("balances") == 2


@pytest.mark.parametrize("error", [Failing("HTTP 500"), Transient("HTTP 429", answered=True)], ids=["500", "429"])
def test_balances_that_a_bank_fails_to_give_keep_nobody_from_transactions_and_are_shown_with_their_day(
    world: World, error: Exception
) -> None:
    world.bank.shown = [account(n) for n in range(1, 5)]
    connection_id = world.synced()
    before = world.clock()
    world.fill()
    world.clock.advance(days=1)
    world.bank.errors["balances"] = error
    outcome = world.sync(connection_id)
    assert (outcome.result, outcome.failure_kind) == (Result.PARTLY, FailureKind.BANK_UNAVAILABLE)
    assert (outcome.accounts_read, world.transactions(), world.balances()) == (4, 8, 4)
    row = world.row(connection_id)
    assert (row.status, row.failures, row.last_failure_at) == ("ready", 1, world.clock())
    with world.hub.db.read() as session:
        allowed = own(session, world.alice)
        rows = account_rows(world.hub, session, allowed)
        told = history.balances(session, allowed)
    assert {one.synced_at for one in world.accounts()} == {world.clock()}
    assert {one.as_of for one in rows.values()} == {before}
    assert {one["last_updated"] for one in told} == {before.strftime("%Y-%m-%dT%H:%M:%SZ")}


@one_store
def test_a_bank_that_fails_at_one_account_after_the_other_is_still_asked_for_the_rest(world: World) -> None:
    world.bank.shown = [account(n) for n in range(1, 5)]
    connection_id = world.linked()
    world.bank.errors = {("transactions", f"resource-{n}"): Failing("HTTP 500") for n in (1, 2, 3)}
    assert world.sync(connection_id).accounts_read == 1


@one_store
def test_a_bank_that_fails_at_everything_is_not_asked_for_every_account(world: World) -> None:
    world.bank.shown = [account(n) for n in range(1, 9)]
    connection_id = world.linked()
    world.bank.errors = dict.fromkeys(("balances", "transactions"), Failing("HTTP 503"))
    world.bank.calls.clear()
    world.sync(connection_id)
    assert len(world.bank.calls) == 1 + FAILURES_TO_OPEN


@one_store
def test_when_the_bank_wants_the_person_the_other_accounts_are_not_tried(world: World) -> None:
    connection_id = world.linked()
    world.bank.errors["balances", "resource-1"] = ReconsentRequired("ended")
    assert world.sync(connection_id).result is Result.NEEDS_PSU
    assert world.bank.steps().count("balances") == 1


def test_rows_that_break_the_standard_are_kept_and_told_and_the_rest_is_stored(world: World) -> None:
    world.fill()
    world.bank.pages["resource-1"][0] = replace(
        world.bank.pages["resource-1"][0], rejected=(RejectedRow("bookingDate is not a date", b'{"bookingDate": "?"}'),)
    )
    connection_id = world.linked()
    outcome = world.sync(connection_id)
    assert (outcome.result, outcome.failure_kind) == (Result.SYNCED, FailureKind.ROWS_REJECTED)
    row = world.row(connection_id)
    assert (row.status, row.failures, row.last_failure_at) == ("ready", 0, None)
    assert row.failure_detail == "1 rows: bookingDate is not a date"
    assert row.failure_raw_sealed is not None
    assert world.transactions() == 8


@one_store
def test_a_bank_that_refuses_the_whole_history_is_asked_for_what_all_banks_show(world: World) -> None:
    world.fill()
    refused: list[str] = []

    def only_lately(step: str, key: str) -> None:
        if step == "transactions" and world.bank.windows[-1][1] < world.clock().date() - ALWAYS_READABLE:
            refused.append(key)
            raise Refused("PERIOD_INVALID")

    world.bank.hook = only_lately
    assert world.sync(world.linked()).result is Result.SYNCED
    assert refused == ["resource-1", "resource-2"]
    assert world.transactions() == 8
    assert {one.history_from for one in world.accounts()} == {world.clock().date() - ALWAYS_READABLE}


# --- access ------------------------------------------------------------------------------------------


def test_an_access_token_that_has_ended_is_refreshed_and_stored_before_it_is_used(world: World) -> None:
    world.bank.access_ttl = timedelta(minutes=5)
    connection_id = world.synced()
    world.until_due(connection_id)
    stored: list[str] = []

    def look(step: str, _key: str) -> None:
        if step == "accounts":
            row = world.row(connection_id)
            assert row.access_sealed is not None
            stored.append(sealed.open_access(world.hub.sealer, connection_id, row.access_sealed).data["token"])

    world.bank.hook = look
    world.bank.used.clear()
    assert world.sync(connection_id, psu=None).result is Result.SYNCED
    assert stored == ["token-1"]
    assert {access.data["token"] for access in world.bank.used} == {"token-1"}


@one_store
def test_an_access_token_that_ends_during_a_long_sync_is_refreshed_on_the_way(world: World) -> None:
    world.bank.access_ttl = timedelta(minutes=5)
    connection_id = world.linked()
    world.bank.hook = lambda step, _key: step == "balances" and world.clock.advance(seconds=400)
    assert world.sync(connection_id).result is Result.SYNCED
    assert world.bank.steps().count("refresh") >= 2


@one_store
@pytest.mark.parametrize("step", ["accounts", "balances", "transactions"])
def test_a_token_that_ends_before_its_time_costs_a_refresh_and_not_the_person(world: World, step: str) -> None:
    """Some banks say ten minutes and mean five; others have a clock that is fast."""
    world.bank.access_ttl = timedelta(minutes=10)
    connection_id = world.linked()

    def refuse(asked: str, _key: str) -> None:
        if asked == step and world.bank.used[-1].data["token"] == "token-0":
            raise ReconsentRequired("invalid_token")

    world.bank.hook = refuse
    assert world.sync(connection_id).result is Result.SYNCED
    assert world.bank.steps().count("refresh") == 1
    assert world.row(connection_id).status == "ready"


@one_store
def test_a_consent_that_is_over_is_asked_about_once_more_and_no_oftener(world: World) -> None:
    world.bank.access_ttl = timedelta(minutes=10)
    connection_id = world.linked()
    world.bank.errors["accounts"] = ReconsentRequired("the consent was revoked")
    world.sync(connection_id)
    assert world.row(connection_id).status == "needs_psu"
    assert world.bank.steps().count("refresh") == 1


@one_store
@pytest.mark.parametrize(
    ("error", "status"),
    [(Transient("down"), "ready"), (ReconsentRequired("ended"), "needs_psu"), (Refused("no"), "needs_aspsp")],
)
def test_a_refresh_that_fails_says_whose_turn_it_is(world: World, error: Exception, status: str) -> None:
    world.bank.access_ttl = timedelta(minutes=5)
    connection_id = world.synced()
    world.until_due(connection_id)
    world.bank.errors["refresh"] = error
    world.sync(connection_id, psu=None)
    assert world.row(connection_id).status == status


# --- several connections, progress, logs -------------------------------------------------------------


def test_two_logins_that_show_one_account_do_not_take_it_from_each_other(world: World) -> None:
    older = world.synced()
    world.clock.advance(seconds=60)
    newer = world.synced()
    assert {one.connection_id for one in world.accounts()} == {newer}
    world.sync(older)
    assert {one.connection_id for one in world.accounts()} == {newer}
    service.disconnect(world.hub, world.alice, newer, now=world.clock())
    world.sync(older)
    assert {one.connection_id for one in world.accounts()} == {older}
    assert {one.status for one in world.accounts()} == {"enabled"}


def test_of_two_cards_that_end_alike_the_one_that_another_login_feeds_is_not_taken_for_ours(world: World) -> None:
    pan = (Identifier(Scheme.MASKED_PAN, "************4242"),)
    blue, gold = (
        replace(one, name=name, identifiers=pan) for name, one in zip(("Blue", "Gold"), world.bank.shown, strict=True)
    )
    world.bank.shown = [blue, gold]
    older = world.synced()
    ids = {one.name: one.id for one in world.accounts()}
    world.clock.advance(seconds=60)
    world.bank.shown = [blue]
    newer = world.synced()
    world.bank.shown = [gold]
    world.sync(older)
    assert {one.id: (one.connection_id, one.status) for one in world.accounts()} == {
        ids["Blue"]: (newer, "enabled"),
        ids["Gold"]: (older, "enabled"),
    }


def test_progress_counts_the_accounts_that_are_done(world: World) -> None:
    connection_id = world.linked()
    seen: list[Progress] = []

    def look(step: str, _key: str) -> None:
        with world.hub.db.read() as session:
            seen.append(progress(session, connection_id, now=world.clock()))

    world.bank.hook = look
    world.sync(connection_id)
    assert seen[0] == Progress(0, 0, True)
    assert Progress(0, 2, True) in seen
    assert Progress(1, 2, True) in seen
    look("after", "")
    assert seen[-1] == Progress(2, 2, False)
    world.clock.advance(seconds=60)
    world.linked(renew=connection_id)
    look("renewed", "")
    assert seen[-1] == Progress(0, 2, False)


@one_store
def test_nothing_a_bug_says_reaches_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    connection_id = world.linked()
    world.bank.errors["balances"] = ValueError("DE00000000000000000001 belongs to Alice")
    with caplog.at_level(logging.DEBUG):
        world.sync(connection_id)
    assert "ValueError" in str([vars(record) for record in caplog.records])
    assert "belongs to Alice" not in str([vars(record) for record in caplog.records])


@one_store
def test_events_hold_ids_and_states_only(world: World) -> None:
    world.fill()
    connection_id = world.synced()
    with world.hub.db.read() as session:
        bodies = session.scalars(select(Signal.body).where(Signal.subject_id == connection_id)).all()
    for secret in ("token-0", "Invoice", "DE000", "bank-consent", "100.00"):
        assert secret not in str(bodies)


@one_store
def test_a_bank_that_is_linked_anew_goes_on_where_the_old_link_ended(world: World) -> None:
    """The account comes over with its history; the new connection's log counts by itself."""
    world.fill()
    first = world.synced()
    before = world.transactions()
    service.disconnect(world.hub, world.alice, first, now=world.clock())
    world.clock.advance(days=2)
    second = world.linked()
    told = [row for page in world.bank.pages["resource-1"] for row in page.transactions]
    world.bank.pages["resource-1"] = [Page((*told, movement(77, world.clock().date())), None)]
    assert world.sync(second).result is Result.SYNCED
    assert world.sync(second).result is Result.SYNCED
    assert world.transactions() == before + 1


@one_store
def test_after_a_long_gap_a_bank_that_refuses_so_much_is_asked_for_less(world: World) -> None:
    world.fill()
    connection_id = world.synced()
    world.clock.advance(days=120)

    def only_lately(step: str, _key: str | None) -> None:
        if step == "transactions" and world.bank.windows[-1][1] < world.clock().date() - ALWAYS_READABLE:
            raise Refused("PERIOD_INVALID")

    world.bank.hook = only_lately
    assert world.sync(connection_id).result is Result.SYNCED
