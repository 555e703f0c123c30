"""One consent in the place of another: nothing lost, nothing widened, one valid, and the record names both."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.asked import Asked, asked
from consent.decide import Ask, Denied, Reason, decide
from consent.details import AccountInformation, PaymentInitiation
from consent.lifecycle import Event, NotMoved, Refusal, status_at
from consent.model import PERSONAL_PERMISSIONS, READ_PERMISSIONS, Actor, Consent, Permission, Status
from consent.receipt import PROPOSE, Broken, Intact, Link, Receipt, record, verify, verify_succession
from consent.succession import How, Succeeded, can_follow, merge_objection, succeed
from consent.wording import Older, Shown, screen
from tests.consent.people import (
    ALICE,
    BALANCES,
    BOB,
    CARD,
    CLIENT,
    DAY,
    END,
    EVERYTHING,
    JOINT,
    OTHER_CLIENT,
    PAYMENT,
    SAVINGS,
    T0,
    TICK,
    account_ids,
    consent,
    held_consents,
    payment_consent,
    personal_permission_sets,
)

NOW = T0 + timedelta(hours=1)
SOON = T0 + timedelta(minutes=30)
BALANCE = frozenset({Permission.BALANCES_READ})
TRANSACTIONS = frozenset({Permission.TRANSACTIONS_READ})


def proposed(**changed: Any) -> Consent:
    return consent(Status.RECEIVED, **({"id": "consent-2"} | changed))


def run(how: How, older: Consent, newer: Consent, **picked: Any) -> Succeeded | NotMoved:
    usual: dict[str, Any] = {"now": NOW, "accounts": {CARD: BALANCE}, "personal": frozenset()}
    return succeed(how, older, newer, **(usual | picked))


def done(result: Succeeded | NotMoved) -> Succeeded:
    assert isinstance(result, Succeeded), result
    return result


def refused(result: Succeeded | NotMoved) -> Refusal:
    assert isinstance(result, NotMoved), result
    return result.reason


@pytest.mark.parametrize("how", How)
def test_the_older_one_is_replaced_and_both_name_each_other(how: How) -> None:
    result = done(run(how, consent(), proposed()))
    assert (result.older.status, result.older.replaced_by) == (Status.REPLACED, "consent-2")
    assert (result.newer.status, result.newer.replaces) == (Status.VALID, "consent-1")
    assert result.older == replace(consent(), status=Status.REPLACED, replaced_by="consent-2", status_changed_at=NOW)


def test_a_replacement_holds_what_is_given_now_and_nothing_else() -> None:
    result = done(run(How.REPLACE, consent(), proposed(purpose="Lend money"), valid_until=NOW + 30 * DAY))
    assert result.newer.accounts == {CARD: BALANCE}
    assert result.newer.personal == frozenset()
    assert (result.newer.purpose, result.newer.valid_until) == ("Lend money", NOW + 30 * DAY)


def test_a_merger_holds_both_account_by_account() -> None:
    older = consent(accounts={JOINT: TRANSACTIONS, SAVINGS: BALANCE}, details=(BALANCES,))
    wish = AccountInformation(permissions=READ_PERMISSIONS)
    newer = proposed(requested=READ_PERMISSIONS, details=(wish, BALANCES), purpose=None)
    picked = {"accounts": {CARD: BALANCE, JOINT: BALANCE}, "valid_until": NOW + 30 * DAY}
    result = done(run(How.MERGE, older, newer, **picked)).newer
    assert result.accounts == {CARD: BALANCE, JOINT: TRANSACTIONS | BALANCE, SAVINGS: BALANCE}
    assert result.personal == older.personal
    assert result.requested == EVERYTHING
    assert result.details == (BALANCES, wish)
    assert result.purpose == "See where the money goes"
    assert result.valid_until == NOW + 30 * DAY


def test_the_end_asked_for_then_gives_way_to_the_end_chosen_now() -> None:
    older = consent(details=(replace(BALANCES, valid_until=END),))
    result = done(run(How.MERGE, older, proposed(), valid_until=END + 30 * DAY)).newer
    assert result.valid_until == END + 30 * DAY
    assert result.details == (BALANCES,)


# ---- what cannot be

LEGAL = {
    (How.MERGE, Status.VALID),
    (How.REPLACE, Status.VALID),
    (How.REPLACE, Status.SUSPENDED),
}


@pytest.mark.parametrize(("how", "status", "lapsed"), list(product(How, Status, (False, True))))
def test_only_a_consent_that_stands_is_added_to_or_replaced(how: How, status: Status, lapsed: bool) -> None:
    now = END if lapsed else SOON
    newer = proposed(valid_until=END + DAY)
    result = run(how, consent(status, id="consent-1"), newer, now=now)
    if (how, status) in LEGAL and not lapsed:
        assert done(result).newer.status is Status.VALID
    else:
        assert refused(result) is Refusal.OLDER_NOT_STANDING


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("stranger", [{"psu_id": BOB}, {"client_id": OTHER_CLIENT}])
def test_nobody_elses_consent_is_added_to_or_replaced(how: How, stranger: dict[str, Any]) -> None:
    assert refused(run(how, consent(**stranger), proposed())) is Refusal.NOT_THEIRS
    assert refused(run(how, consent(), proposed(**stranger))) is Refusal.NOT_THEIRS


# purposes of the older and the newer one: may they be merged?
PURPOSES = [
    (None, None, True),
    ("Budget", "Budget", True),
    ("Budget", None, True),
    ("Budget", "Advertising", False),
    (None, "Advertising", False),
]


@pytest.mark.parametrize(("then", "now", "merges"), PURPOSES)
def test_what_was_given_for_one_purpose_is_not_given_for_another(
    then: str | None, now: str | None, merges: bool
) -> None:
    result = run(How.MERGE, consent(purpose=then), proposed(purpose=now))
    if merges:
        assert done(result).newer.purpose == then
    else:
        assert refused(result) is Refusal.PURPOSE_DIFFERS
    assert done(run(How.REPLACE, consent(purpose=then), proposed(purpose=now))).newer.purpose == now


DAY_ONE, DAY_TWO = date(2026, 1, 1), date(2026, 2, 1)
# what each reads, and from when; the start of the merger, or None where there is no such merger
HISTORIES: list[tuple[Any, Any, Any, Any, Any]] = [
    (TRANSACTIONS, DAY_ONE, TRANSACTIONS, DAY_ONE, DAY_ONE),
    (TRANSACTIONS, DAY_ONE, BALANCE, DAY_TWO, DAY_ONE),
    (TRANSACTIONS, None, BALANCE, DAY_TWO, "all"),
    (BALANCE, DAY_ONE, TRANSACTIONS, DAY_TWO, DAY_TWO),
    (TRANSACTIONS, DAY_ONE, TRANSACTIONS, DAY_TWO, None),
    (TRANSACTIONS, DAY_TWO, TRANSACTIONS, DAY_ONE, None),
    (TRANSACTIONS, None, TRANSACTIONS, DAY_ONE, None),
    (TRANSACTIONS, DAY_ONE, TRANSACTIONS, None, None),
]


@pytest.mark.parametrize(("reads_then", "since_then", "reads_now", "since_now", "start"), HISTORIES)
def test_a_merger_neither_loses_days_of_history_nor_adds_any(
    reads_then: Any, since_then: Any, reads_now: Any, since_now: Any, start: Any
) -> None:
    older = consent(accounts={JOINT: reads_then}, history_from=since_then)
    result = run(How.MERGE, older, proposed(history_from=since_now), accounts={CARD: reads_now})
    if start is None:
        assert refused(result) is Refusal.HISTORY_DIFFERS
    else:
        assert done(result).newer.history_from == (None if start == "all" else start)


def test_a_request_for_more_history_merges_once_the_person_keeps_to_the_older_start() -> None:
    older = consent(history_from=DAY_TWO)
    picked = {"accounts": {CARD: TRANSACTIONS}, "history_from": DAY_TWO}
    assert done(run(How.MERGE, older, proposed(history_from=None), **picked)).newer.history_from == DAY_TWO


def test_a_payment_is_not_merged_but_may_be_replaced_while_it_was_not_made() -> None:
    pays = {"accounts": {JOINT: {Permission.PAYMENTS_WRITE}}, "now": SOON}
    asked = payment_consent(Status.RECEIVED, id="consent-2", details=(replace(PAYMENT, currency="GBP"),))
    assert refused(run(How.MERGE, consent(), asked, **pays)) is Refusal.PAYMENT_STANDS_ALONE
    assert refused(run(How.MERGE, payment_consent(), proposed(), now=SOON)) is Refusal.PAYMENT_STANDS_ALONE
    result = done(run(How.REPLACE, payment_consent(), asked, **pays))
    assert (result.newer.payment, result.older.status) == (asked.payment, Status.REPLACED)


@pytest.mark.parametrize("how", How)
def test_a_pick_that_cannot_stand_leaves_the_older_one_as_it_was(how: How) -> None:
    assert refused(run(how, consent(), proposed(), accounts={})) is Refusal.NOTHING_PICKED
    assert refused(run(how, consent(), proposed(requested=BALANCE), accounts={CARD: TRANSACTIONS})) is (
        Refusal.EXCEEDS_REQUEST
    )
    assert refused(run(how, consent(), proposed(), valid_until=NOW)) is Refusal.END_NOT_AHEAD


@pytest.mark.parametrize("how", How)
def test_only_an_unanswered_request_takes_the_place_of_another(how: How) -> None:
    assert refused(run(how, consent(), consent(id="consent-2"))) is Refusal.NO_SUCH_MOVE


# ---- whatever is picked

picks = st.dictionaries(account_ids, st.frozensets(st.sampled_from(sorted(READ_PERMISSIONS)), min_size=1))
pairs = st.sampled_from(sorted(READ_PERMISSIONS | PERSONAL_PERMISSIONS))


def readable(made: Consent, permission: Permission, now: Any) -> set[str]:
    result = decide(made, Ask(CLIENT, ALICE, permission, frozenset(Permission)), now)
    return set() if isinstance(result, Denied) else set(result.account_ids) | set(result.claims)


@given(st.sampled_from(How), held_consents(), picks, personal_permission_sets, st.integers(1, 300), pairs)
def test_a_merger_is_the_union_and_a_replacement_is_what_was_given(
    how: How, older: Consent, accounts: Any, personal: Any, days: int, permission: Permission
) -> None:
    end = NOW + days * DAY
    result = run(how, older, proposed(), accounts=accounts, personal=personal, valid_until=end)
    if isinstance(result, NotMoved):
        assert result.reason is Refusal.NOTHING_PICKED
        return
    alone = replace(proposed(), status=Status.VALID, accounts=accounts, personal=personal, valid_until=end)
    before, given_now = readable(older, permission, NOW), readable(alone, permission, NOW)
    after = readable(result.newer, permission, NOW)
    assert after == (before | given_now if how is How.MERGE else given_now)
    assert readable(result.older, permission, NOW) == set()
    assert [status_at(one, NOW) for one in (result.older, result.newer)] == [Status.REPLACED, Status.VALID]
    assert result.newer.valid_until == end


@given(st.sampled_from(How), held_consents(), held_consents())
def test_the_older_one_cannot_be_taken_the_place_of_again(how: How, older: Consent, other: Consent) -> None:
    result = done(run(how, older, proposed()))
    again = run(how, result.older, proposed(id="consent-3"), accounts=other.accounts, personal=other.personal)
    assert refused(again) is Refusal.OLDER_NOT_STANDING
    denied = decide(result.older, Ask(CLIENT, ALICE, Permission.BALANCES_READ, frozenset(Permission)), NOW)
    assert denied == Denied(Reason.REPLACED)


# ---- the record


def shown(how: How, older: Consent, made: Consent) -> Shown:
    return screen(
        "Budget Buddy",
        EVERYTHING,
        purpose=None,
        account_count=None,
        history_from=None,
        valid_until=END,
        details=made.details,
        older=Older(how, older),
    )


def chains(how: How) -> tuple[list[Receipt], list[Receipt], Succeeded]:
    older, asked = consent(), proposed(details=(BALANCES,))
    result = done(run(how, older, asked))
    was = consent(Status.RECEIVED)
    first = record(None, None, was, event=PROPOSE, actor=Actor.CLIENT, at=T0)
    words = replace(shown(how, older, asked), details=())
    yes = record(first, was, older, event=Event.AUTHORISE, actor=Actor.PSU, at=T0, shown=words)
    opening = record(None, None, asked, event=PROPOSE, actor=Actor.CLIENT, at=NOW)
    newer_yes = record(
        opening,
        asked,
        result.newer,
        event=Event.AUTHORISE,
        actor=Actor.PSU,
        at=NOW,
        shown=shown(how, older, asked),
        link=Link(older.id, yes.hash),
    )
    link = Link(result.newer.id, newer_yes.hash)
    end = record(yes, older, result.older, event=Event.REPLACE, actor=Actor.PSU, at=NOW, link=link)
    return [first, yes, end], [opening, newer_yes], result


@pytest.mark.parametrize("how", How)
def test_both_chains_verify_and_hold_each_other(how: How) -> None:
    older, newer, _ = chains(how)
    assert verify(older) == Intact(3, older[-1].hash)
    assert verify(newer) == Intact(2, newer[-1].hash)
    assert verify_succession(older, newer) == Intact(2, newer[-1].hash)
    assert newer[1].body["link"] == {"consent_id": "consent-1", "hash": older[1].hash}
    assert older[2].body["link"] == {"consent_id": "consent-2", "hash": newer[1].hash}
    said = newer[1].body["shown"]["standing"]
    assert said.startswith("This adds to" if how is How.MERGE else "This takes the place of")


def test_chains_that_do_not_hold_each_other_are_found_out() -> None:
    older, newer, _ = chains(How.MERGE)
    other = chains(How.REPLACE)[1]
    strangers = Broken(2, "the two consents do not name each other")
    assert verify_succession(older, other) == strangers
    assert verify_succession(older[:2], newer) == strangers
    assert verify_succession(newer, older) == Broken(3, "the two consents do not name each other")
    forged = [older[0], replace(older[1], actor="hub"), older[2]]
    assert verify_succession(forged, newer) == Broken(2, "it is not as it was written")
    assert verify_succession(older, forged) == Broken(2, "it is not as it was written")


def test_a_yes_that_holds_an_earlier_end_of_the_older_chain_is_found_out() -> None:
    """As after a chain was cut short and continued: what came between was never under the yes."""
    older, newer, result = chains(How.MERGE)
    asked, before = proposed(details=(BALANCES,)), consent()
    early = record(
        newer[0],
        asked,
        result.newer,
        event=Event.AUTHORISE,
        actor=Actor.PSU,
        at=NOW,
        shown=shown(How.MERGE, before, asked),
        link=Link(before.id, older[0].hash),
    )
    link = Link(result.newer.id, early.hash)
    end = record(older[1], before, result.older, event=Event.REPLACE, actor=Actor.PSU, at=NOW, link=link)
    assert isinstance(verify([*older[:2], end]), Intact)
    assert verify_succession([*older[:2], end], [newer[0], early]) == Broken(
        2, "the two consents do not name each other"
    )


def test_a_succession_is_not_recorded_without_its_links_nor_links_without_a_succession() -> None:
    older, newer, result = chains(How.MERGE)
    asked, before = proposed(details=(BALANCES,)), consent()
    words = shown(How.MERGE, before, asked)
    yes: dict[str, Any] = {"event": Event.AUTHORISE, "actor": Actor.PSU, "at": NOW, "shown": words}
    end: dict[str, Any] = {"event": Event.REPLACE, "actor": Actor.PSU, "at": NOW}
    for link in (None, Link("consent-9", older[1].hash)):
        with pytest.raises(ValueError, match="holds the other's hash"):
            record(newer[0], asked, result.newer, link=link, **yes)
        with pytest.raises(ValueError, match="holds the other's hash"):
            record(older[1], before, result.older, link=link, **end)
    created = replace(result.newer, replaces=None)
    with pytest.raises(ValueError, match="holds the other's hash"):
        record(newer[0], asked, created, link=Link("consent-1", older[1].hash), **yes)
    with pytest.raises(ValueError, match="holds the other's hash"):
        record(None, None, asked, event=PROPOSE, actor=Actor.CLIENT, at=NOW, link=Link("consent-1", older[1].hash))


def test_each_detail_is_recorded_with_its_words() -> None:
    asked = proposed(details=(BALANCES,))
    given_ = replace(asked, status=Status.VALID, accounts={CARD: BALANCE}, status_changed_at=NOW + TICK)
    opening = record(None, None, asked, event=PROPOSE, actor=Actor.CLIENT, at=NOW)
    without = replace(shown(How.MERGE, consent(), asked), details=())
    with pytest.raises(ValueError, match="each detail"):
        record(opening, asked, given_, event=Event.AUTHORISE, actor=Actor.PSU, at=NOW, shown=without)


def wish(*details: AccountInformation | PaymentInitiation, **said: Any) -> Asked:
    found = asked([] if details else ["transactions:read"], details, **said)
    assert isinstance(found, Asked)
    return found


def test_what_a_request_alone_forbids_is_known_before_anybody_is_asked() -> None:
    older = consent(purpose="Budget", history_from=DAY, accounts={CARD: TRANSACTIONS})
    assert merge_objection(older, wish()) is None
    assert merge_objection(older, wish(purpose="Budget", history_from=DAY)) is None
    assert merge_objection(older, wish(purpose="Adverts")) is Refusal.PURPOSE_DIFFERS
    assert merge_objection(older, wish(history_from=date(2025, 12, 31))) is Refusal.HISTORY_DIFFERS
    assert merge_objection(older, wish(PAYMENT)) is Refusal.PAYMENT_STANDS_ALONE
    assert merge_objection(payment_consent(), wish()) is Refusal.PAYMENT_STANDS_ALONE
    # Where the older one reads no transactions, there is no start of history to keep to.
    reads_none = consent(purpose="Budget", history_from=DAY, accounts={CARD: BALANCE})
    assert merge_objection(reads_none, wish(history_from=date(2025, 12, 31))) is None


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("status", Status)
def test_only_what_stands_can_be_followed(how: How, status: Status) -> None:
    possible = {How.MERGE: {Status.VALID}, How.REPLACE: {Status.VALID, Status.SUSPENDED}}
    assert can_follow(how, consent(status), NOW) is (status in possible[how])
    assert not can_follow(how, consent(status), END)
