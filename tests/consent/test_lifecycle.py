"""The whole life of a consent: every status x every event x every actor, and what a person may pick."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.details import AccountId
from consent.lifecycle import (
    ACTORS,
    MAX_CONSENT_DAYS,
    MOVES,
    TERMINAL,
    Event,
    Moved,
    NotMoved,
    Refusal,
    move,
    status_at,
)
from consent.model import ACCOUNT_PERMISSIONS, PAYMENT_LIFE, Actor, Consent, Permission, Status
from tests.consent.people import (
    BALANCES,
    CARD,
    DAY,
    END,
    EVERYTHING,
    JOINT,
    PAYMENT,
    SAVINGS,
    SHOP,
    T0,
    TICK,
    account_ids,
    account_permission_sets,
    consent,
    held_consents,
    payment_consent,
    personal_permission_sets,
)

NOW = T0 + timedelta(hours=1)
SOON = T0 + timedelta(minutes=30)
PICKED: dict[str, Any] = {"accounts": {JOINT: frozenset({Permission.ACCOUNTS_READ})}}

# Written out apart from MOVES and ACTORS, so that no slip there is confirmed by itself.
PSU, THE_CLIENT, HUB, TIME = Actor.PSU, Actor.CLIENT, Actor.HUB, Actor.TIME
LEGAL: dict[tuple[Status, Event], tuple[Status, set[Actor]]] = {
    (Status.RECEIVED, Event.AUTHORISE): (Status.VALID, {PSU}),
    (Status.RECEIVED, Event.REJECT): (Status.REJECTED, {PSU, HUB}),
    (Status.RECEIVED, Event.REVOKE): (Status.REVOKED, {PSU, THE_CLIENT, HUB}),
    (Status.RECEIVED, Event.EXPIRE): (Status.EXPIRED, {TIME}),
    (Status.VALID, Event.REVOKE): (Status.REVOKED, {PSU, THE_CLIENT, HUB}),
    (Status.VALID, Event.EXPIRE): (Status.EXPIRED, {TIME}),
    (Status.VALID, Event.SUSPEND): (Status.SUSPENDED, {HUB}),
    (Status.VALID, Event.REPLACE): (Status.REPLACED, {PSU, HUB}),
    (Status.SUSPENDED, Event.RESUME): (Status.VALID, {HUB}),
    (Status.SUSPENDED, Event.REVOKE): (Status.REVOKED, {PSU, THE_CLIENT, HUB}),
    (Status.SUSPENDED, Event.EXPIRE): (Status.EXPIRED, {TIME}),
    (Status.SUSPENDED, Event.REPLACE): (Status.REPLACED, {PSU, HUB}),
    (Status.VALID, Event.CONSUME): (Status.CONSUMED, {THE_CLIENT}),
}
SUCCESSOR = "consent-2"


def needed(event: Event) -> dict[str, Any]:
    """What the event cannot do without."""
    return {Event.AUTHORISE: PICKED, Event.REPLACE: {"successor": SUCCESSOR}}.get(event, {})


def moved(result: Moved | NotMoved) -> Consent:
    assert isinstance(result, Moved), result
    return result.consent


def refused(result: Moved | NotMoved) -> Refusal:
    assert isinstance(result, NotMoved), result
    return result.reason


@pytest.mark.parametrize(("status", "event", "actor", "lapsed"), list(product(Status, Event, Actor, (False, True))))
def test_every_status_with_every_event_by_every_actor_before_and_after_the_end(
    status: Status, event: Event, actor: Actor, lapsed: bool
) -> None:
    before = payment_consent(status) if event is Event.CONSUME else consent(status)
    now = END if lapsed else SOON
    result = move(before, event, actor=actor, now=now, **needed(event))
    if (status, event) not in LEGAL:
        assert refused(result) is Refusal.NO_SUCH_MOVE
        return
    target, actors = LEGAL[status, event]
    if actor not in actors:
        assert refused(result) is Refusal.WRONG_ACTOR
    elif event is Event.EXPIRE and not lapsed:
        assert refused(result) is Refusal.NOT_DUE
    elif event is not Event.EXPIRE and lapsed:
        assert refused(result) is Refusal.LAPSED
    else:
        after = moved(result)
        assert after.status is target
        assert after.status_changed_at == now
        if event is not Event.AUTHORISE:
            by = SUCCESSOR if event is Event.REPLACE else None
            assert after == replace(before, status=target, status_changed_at=now, replaced_by=by)


def test_the_tables_are_those_of_this_file() -> None:
    assert {step: target for step, (target, _) in LEGAL.items()} == MOVES
    assert set(ACTORS) == set(Event)
    for (_, event), (_, actors) in LEGAL.items():
        assert ACTORS[event] == actors


def test_the_ends_are_rejected_revoked_expired_replaced_and_consumed() -> None:
    assert {Status.REJECTED, Status.REVOKED, Status.EXPIRED, Status.REPLACED, Status.CONSUMED} == TERMINAL


@pytest.mark.parametrize(("status", "event"), list(product(sorted(TERMINAL), Event)))
def test_a_consent_that_ended_never_comes_back(status: Status, event: Event) -> None:
    for actor in Actor:
        for picked in (PICKED, needed(event)):
            assert refused(move(consent(status), event, actor=actor, now=SOON, **picked)) is Refusal.NO_SUCH_MOVE


steps = st.tuples(st.sampled_from(Event), st.sampled_from(Actor), st.integers(-100, 500), st.booleans())


def walk(start: Consent, path: list[tuple[Event, Actor, int, bool]]) -> list[Consent]:
    seen = [start]
    for event, actor, day, pick in path:
        result = move(seen[-1], event, actor=actor, now=T0 + day * DAY, **(needed(event) if pick else {}))
        if isinstance(result, Moved):
            seen.append(result.consent)
    return seen


@given(st.sampled_from(sorted(TERMINAL)), st.lists(steps, max_size=30))
def test_no_sequence_of_events_leads_out_of_an_end(status: Status, path: list[tuple[Event, Actor, int, bool]]) -> None:
    assert walk(consent(status), path) == [consent(status)]


@given(st.lists(steps, max_size=30))
def test_once_ended_always_ended_and_no_permission_is_ever_added_after_the_yes(
    path: list[tuple[Event, Actor, int, bool]],
) -> None:
    seen = walk(consent(Status.RECEIVED), path)
    for before, after in pairwise(seen):
        assert before.status not in TERMINAL
        assert after.status_changed_at >= before.status_changed_at
        if before.status is not Status.RECEIVED:
            assert (after.accounts, after.personal) == (before.accounts, before.personal)
            assert (after.valid_until, after.history_from) == (before.valid_until, before.history_from)
        elif after.status is Status.VALID:
            assert after.holds <= before.requested


# ---- what the person picks


def authorise(before: Consent | None = None, *, now: datetime = NOW, **picked: Any) -> Moved | NotMoved:
    return move(before or consent(Status.RECEIVED), Event.AUTHORISE, actor=Actor.PSU, now=now, **picked)


def test_what_the_person_picked_is_what_the_consent_holds() -> None:
    after = moved(
        authorise(
            accounts={JOINT: {Permission.ACCOUNTS_READ, Permission.BALANCES_READ}, SAVINGS: set()},
            personal={Permission.EMAIL},
            valid_until=NOW + 30 * DAY,
            history_from=date(2026, 2, 1),
        )
    )
    assert after.accounts == {JOINT: {Permission.ACCOUNTS_READ, Permission.BALANCES_READ}}
    assert after.personal == {Permission.EMAIL}
    assert after.valid_until == NOW + 30 * DAY
    assert after.history_from == date(2026, 2, 1)
    assert after.requested == EVERYTHING


def test_what_was_not_picked_stays_as_it_was_proposed() -> None:
    after = moved(authorise(**PICKED))
    assert (after.valid_until, after.history_from, after.personal) == (END, date(2026, 1, 1), frozenset())


@pytest.mark.parametrize("personal_only", [True, False])
def test_a_personal_permission_or_an_account_is_enough(personal_only: bool) -> None:
    picked = {"personal": {Permission.PROFILE}} if personal_only else PICKED
    assert moved(authorise(**picked)).status is Status.VALID


SMALL = consent(Status.RECEIVED, requested={Permission.BALANCES_READ, Permission.EMAIL})
OPEN = consent(Status.RECEIVED, history_from=None)
LONG = consent(Status.RECEIVED, valid_until=T0 + 400 * DAY)
REFUSED: list[tuple[Refusal, Consent | None, dict[str, Any]]] = [
    (Refusal.NOTHING_PICKED, None, {}),
    (Refusal.NOTHING_PICKED, None, {"accounts": {}, "personal": set()}),
    (Refusal.NOTHING_PICKED, None, {"accounts": {JOINT: set(), SAVINGS: set()}}),
    (Refusal.EXCEEDS_REQUEST, SMALL, {"accounts": {JOINT: {Permission.TRANSACTIONS_READ}}}),
    (Refusal.EXCEEDS_REQUEST, SMALL, {"accounts": {JOINT: {"balances:read"}, CARD: {"payments:write"}}}),
    (Refusal.EXCEEDS_REQUEST, SMALL, {"accounts": {JOINT: {Permission.EMAIL}}}),
    (Refusal.EXCEEDS_REQUEST, SMALL, {"personal": {Permission.PROFILE}}),
    (Refusal.EXCEEDS_REQUEST, SMALL, {"personal": {Permission.BALANCES_READ}}),
    (Refusal.EXCEEDS_REQUEST, None, {"accounts": {JOINT: {"admin"}}}),
    (Refusal.HISTORY_WIDENED, None, PICKED | {"history_from": date(2025, 12, 31)}),
    (Refusal.END_NOT_AHEAD, None, PICKED | {"valid_until": NOW}),
    (Refusal.END_NOT_AHEAD, None, PICKED | {"valid_until": NOW - DAY}),
    (Refusal.END_TOO_FAR, None, PICKED | {"valid_until": NOW + MAX_CONSENT_DAYS * DAY + TICK}),
    (Refusal.END_TOO_FAR, LONG, PICKED),
]


@pytest.mark.parametrize(("reason", "before", "picked"), REFUSED)
def test_a_pick_that_breaks_a_rule_is_not_taken(
    reason: Refusal, before: Consent | None, picked: dict[str, Any]
) -> None:
    assert refused(authorise(before, **picked)) is reason


ACCEPTED: list[tuple[Consent | None, dict[str, Any]]] = [
    (None, {"history_from": date(2026, 1, 1)}),
    (OPEN, {"history_from": date(1990, 1, 1)}),
    (OPEN, {}),
    (None, {"valid_until": NOW + TICK}),
    (None, {"valid_until": NOW + MAX_CONSENT_DAYS * DAY}),
    (LONG, {"valid_until": NOW + DAY}),
]


@pytest.mark.parametrize(("before", "picked"), ACCEPTED)
def test_a_pick_on_the_edge_of_a_rule_is_taken(before: Consent | None, picked: dict[str, Any]) -> None:
    after = moved(authorise(before, **PICKED, **picked))
    for name, value in picked.items():
        assert getattr(after, name) == value


def test_an_answer_after_the_proposed_end_is_too_late() -> None:
    assert moved(authorise(**PICKED, now=END - TICK, valid_until=END + DAY)).status is Status.VALID
    assert refused(authorise(**PICKED, now=END, valid_until=END + DAY)) is Refusal.LAPSED


@pytest.mark.parametrize(
    "picked",
    [
        {"accounts": {JOINT: ACCOUNT_PERMISSIONS}},
        {"accounts": {}},
        {"personal": {Permission.EMAIL}},
        {"valid_until": END + DAY},
        {"history_from": date(2000, 1, 1)},
    ],
)
@pytest.mark.parametrize("event", [Event.RESUME, Event.REVOKE, Event.REPLACE])
def test_no_other_event_takes_a_pick(event: Event, picked: dict[str, Any]) -> None:
    result = move(consent(Status.SUSPENDED), event, actor=Actor.HUB, now=NOW, **(needed(event) | picked))
    assert refused(result) is Refusal.UNEXPECTED_PICK


@pytest.mark.parametrize("event", [Event.AUTHORISE, Event.REVOKE, Event.REJECT])
def test_no_other_event_names_a_successor(event: Event) -> None:
    before = consent(Status.RECEIVED)
    result = move(before, event, actor=Actor.PSU, now=NOW, **(needed(event) | {"successor": SUCCESSOR}))
    assert refused(result) is Refusal.UNEXPECTED_PICK


@pytest.mark.parametrize("successor", [None, ""])
def test_nothing_is_replaced_by_nothing(successor: str | None) -> None:
    result = move(consent(), Event.REPLACE, actor=Actor.PSU, now=NOW, successor=successor)
    assert refused(result) is Refusal.NO_SUCCESSOR


# ---- a payment


def test_a_yes_to_a_payment_is_consumed_once() -> None:
    asked = payment_consent(Status.RECEIVED)
    given = moved(authorise(asked, now=SOON, accounts={JOINT: {Permission.PAYMENTS_WRITE}}))
    assert given.status is Status.VALID
    assert given.accounts == {JOINT: {Permission.PAYMENTS_WRITE}}
    spent = moved(move(given, Event.CONSUME, actor=Actor.CLIENT, now=SOON))
    assert spent.status is Status.CONSUMED
    assert refused(move(spent, Event.CONSUME, actor=Actor.CLIENT, now=SOON)) is Refusal.NO_SUCH_MOVE


def test_a_consent_to_read_is_never_consumed() -> None:
    assert refused(move(consent(), Event.CONSUME, actor=Actor.CLIENT, now=NOW)) is Refusal.NOT_A_PAYMENT


PAYS = {Permission.PAYMENTS_WRITE}
NAMED = replace(PAYMENT, debtor_account=AccountId(SAVINGS))
BY_NUMBER = replace(PAYMENT, debtor_account=SHOP)
SIGN_IN = {Permission.PAYMENTS_WRITE, Permission.SIGN_IN}
PAYMENT_PICKS: list[tuple[Refusal | None, dict[str, Any], dict[str, Any]]] = [
    (None, {}, {"accounts": {JOINT: PAYS}}),
    (None, {"details": (NAMED,)}, {"accounts": {SAVINGS: PAYS}}),
    (None, {"details": (BY_NUMBER,)}, {"accounts": {JOINT: PAYS}}),  # whose number it is, the caller has checked
    (None, {"requested": SIGN_IN}, {"accounts": {JOINT: PAYS}, "personal": {Permission.SIGN_IN}}),
    (None, {}, {"accounts": {JOINT: PAYS}, "valid_until": T0 + PAYMENT_LIFE}),
    (Refusal.NOTHING_PICKED, {}, {}),
    (Refusal.ONE_DEBTOR, {"requested": SIGN_IN}, {"personal": {Permission.SIGN_IN}}),
    (Refusal.ONE_DEBTOR, {}, {"accounts": {JOINT: PAYS, SAVINGS: PAYS}}),
    (Refusal.WRONG_DEBTOR, {"details": (NAMED,)}, {"accounts": {JOINT: PAYS}}),
    (Refusal.EXCEEDS_REQUEST, {}, {"accounts": {JOINT: {Permission.BALANCES_READ}}}),
    (Refusal.EXCEEDS_REQUEST, {}, {"accounts": {JOINT: PAYS | {Permission.BALANCES_READ}}}),
    (Refusal.END_TOO_FAR, {}, {"accounts": {JOINT: PAYS}, "valid_until": T0 + PAYMENT_LIFE + TICK}),
]


@pytest.mark.parametrize(("reason", "changed", "picked"), PAYMENT_PICKS)
def test_a_payment_is_made_from_one_account_and_soon(
    reason: Refusal | None, changed: dict[str, Any], picked: dict[str, Any]
) -> None:
    result = authorise(payment_consent(Status.RECEIVED, **changed), now=SOON, **picked)
    if reason is None:
        assert moved(result).accounts == picked["accounts"]
    else:
        assert refused(result) is reason


def test_an_end_that_the_request_named_binds_the_person_too() -> None:
    named = replace(BALANCES, valid_until=T0 + 10 * DAY)
    before = consent(Status.RECEIVED, details=(named, BALANCES))
    assert refused(authorise(before, **PICKED, valid_until=T0 + 10 * DAY + TICK)) is Refusal.END_TOO_FAR
    assert moved(authorise(before, **PICKED, valid_until=T0 + 10 * DAY)).valid_until == named.valid_until


@pytest.mark.parametrize(
    "bug",
    [
        {"now": NOW.replace(tzinfo=None)},
        {"valid_until": END.replace(tzinfo=None)},
        {"history_from": NOW},
    ],
)
def test_a_time_without_zone_or_in_place_of_a_day_is_a_bug_of_the_caller(bug: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        authorise(**(PICKED | bug))


def test_a_host_whose_clock_is_behind_does_not_turn_time_back() -> None:
    after = moved(move(consent(status_changed_at=NOW), Event.REVOKE, actor=Actor.PSU, now=T0 - DAY))
    assert after.status_changed_at == NOW


@given(
    st.dictionaries(account_ids, account_permission_sets),
    personal_permission_sets,
    account_permission_sets,
    personal_permission_sets,
    st.integers(-400, 800),
    st.none() | st.dates(),
)
def test_whatever_is_picked_never_exceeds_what_was_requested(
    accounts: dict[str, frozenset[Permission]],
    personal: frozenset[Permission],
    per_account: frozenset[Permission],
    for_person: frozenset[Permission],
    days: int,
    history_from: date | None,
) -> None:
    requested = per_account | for_person or {Permission.ACCOUNTS_READ}
    before = consent(Status.RECEIVED, requested=requested)
    result = authorise(
        before, accounts=accounts, personal=personal, valid_until=NOW + days * DAY, history_from=history_from
    )
    if isinstance(result, Moved):
        after = result.consent
        assert after.holds
        assert after.holds <= before.requested
        assert NOW < after.valid_until <= NOW + MAX_CONSENT_DAYS * DAY
        assert after.history_from is not None
        assert before.history_from is not None
        assert after.history_from >= before.history_from


# ---- the status that counts


@pytest.mark.parametrize("status", Status)
def test_past_its_end_a_consent_reads_as_expired_before_anybody_moved_it(status: Status) -> None:
    made = consent(status)
    assert status_at(made, END - TICK) is status
    assert status_at(made, END) is (status if status in TERMINAL else Status.EXPIRED)


@given(held_consents(), st.integers(0, 10**10))
def test_no_consent_reads_as_valid_past_its_end(made: Consent, seconds: int) -> None:
    assert status_at(made, made.valid_until + timedelta(seconds=seconds)) is Status.EXPIRED
