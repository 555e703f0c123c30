"""The gate: who may read what, and that nothing else opens it."""

from dataclasses import FrozenInstanceError, fields, replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.decide import MESSAGES, Allowed, Ask, Denied, Reason, decide, for_owner
from consent.disclose import ALL_ACCOUNT_FIELDS, ALL_CLAIMS
from consent.disclose import fields as disclosed
from consent.model import PERSONAL_PERMISSIONS, Consent, Permission, Status
from tests.consent.people import (
    ALICE,
    BOB,
    CARD,
    CHARLIE,
    CLIENT,
    END,
    JOINT,
    OTHER_CLIENT,
    SAVINGS,
    T0,
    TICK,
    account_ids,
    consent,
    held_consents,
    payment_consent,
)

ALL_SCOPES = frozenset({"openid", "offline_access", *(str(one) for one in Permission)})
BALANCES = Permission.BALANCES_READ


def ask(permission: Permission = BALANCES, **changed: Any) -> Ask:
    parts: dict[str, Any] = {
        "client_id": CLIENT,
        "psu_id": ALICE,
        "permission": permission,
        "scopes": ALL_SCOPES,
    }
    return Ask(**(parts | changed))


def allowed(result: Allowed | Denied) -> Allowed:
    assert isinstance(result, Allowed), result
    return result


def reason(result: Allowed | Denied) -> Reason:
    assert isinstance(result, Denied), result
    return result.reason


def test_a_valid_consent_allows_what_it_holds_and_says_how_much() -> None:
    result = allowed(decide(consent(), ask(), T0))
    assert (result.consent_id, result.psu_id, result.client_id) == ("consent-1", ALICE, CLIENT)
    assert result.permission is BALANCES
    assert result.account_ids == (JOINT, SAVINGS)
    assert result.fields == {JOINT: disclosed(BALANCES, {BALANCES}), SAVINGS: disclosed(BALANCES, {BALANCES})}
    assert result.since == date(2026, 1, 1)
    assert result.claims == frozenset()


def test_only_the_accounts_with_that_permission_are_allowed() -> None:
    assert allowed(decide(consent(), ask(Permission.TRANSACTIONS_READ), T0)).account_ids == (JOINT,)


def test_asking_for_one_account_allows_that_one() -> None:
    result = allowed(decide(consent(), ask(account_id=SAVINGS), T0))
    assert result.account_ids == (SAVINGS,)
    assert set(result.fields) == {SAVINGS}


def test_account_ids_are_sorted_however_they_were_picked() -> None:
    made = consent(accounts={SAVINGS: {BALANCES}, CARD: {BALANCES}, JOINT: {BALANCES}})
    assert allowed(decide(made, ask(), T0)).account_ids == (CARD, JOINT, SAVINGS)


STATUS_REASONS = {
    Status.RECEIVED: Reason.NOT_VALID_YET,
    Status.REJECTED: Reason.REJECTED,
    Status.REVOKED: Reason.REVOKED,
    Status.EXPIRED: Reason.EXPIRED,
    Status.SUSPENDED: Reason.SUSPENDED,
    Status.REPLACED: Reason.REPLACED,
    Status.CONSUMED: Reason.CONSUMED,
}


@pytest.mark.parametrize(("status", "permission"), list(product(Status, Permission)))
def test_only_a_valid_consent_opens_the_gate(status: Status, permission: Permission) -> None:
    payment = permission is Permission.PAYMENTS_WRITE or status is Status.CONSUMED
    made = payment_consent(status) if payment else consent(status, **_all(status))
    result = decide(made, ask(permission), T0)
    if status is Status.VALID:
        assert isinstance(result, Allowed)
    else:
        assert reason(result) is STATUS_REASONS[status]


def _all(status: Status) -> dict[str, Any]:
    return {} if status in (Status.RECEIVED, Status.REJECTED) else {"personal": PERSONAL_PERMISSIONS}


@pytest.mark.parametrize("status", [Status.VALID, Status.SUSPENDED, Status.RECEIVED])
def test_a_consent_past_its_end_is_expired_even_if_nobody_moved_it(status: Status) -> None:
    assert reason(decide(consent(status), ask(), END)) is Reason.EXPIRED
    assert isinstance(decide(consent(), ask(), END - TICK), Allowed)


def test_no_consent_opens_nothing() -> None:
    assert reason(decide(None, ask(), T0)) is Reason.NO_SUCH_CONSENT


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize(
    ("stranger", "why"),
    [
        ({"client_id": OTHER_CLIENT}, Reason.WRONG_CLIENT),
        ({"psu_id": BOB}, Reason.WRONG_PSU),
        ({"psu_id": CHARLIE}, Reason.WRONG_PSU),
        ({"client_id": OTHER_CLIENT, "psu_id": CHARLIE}, Reason.WRONG_CLIENT),
    ],
)
def test_a_stranger_is_turned_away_without_learning_how_the_consent_stands(
    stranger: dict[str, Any], why: Reason, status: Status
) -> None:
    result = decide(consent(status), ask(**stranger), T0)
    assert reason(result) is why
    assert isinstance(result, Denied)
    assert result.message == Denied(Reason.NO_SUCH_CONSENT).message
    assert result.public_reason is Reason.NO_SUCH_CONSENT


def test_a_scope_that_the_token_lacks_is_denied_though_the_person_gave_it() -> None:
    assert reason(decide(consent(), ask(scopes=ALL_SCOPES - {BALANCES}), T0)) is Reason.SCOPE_MISSING


def test_a_permission_that_the_person_did_not_give_is_denied_though_the_token_has_it() -> None:
    assert reason(decide(consent(), ask(Permission.EMAIL), T0)) is Reason.PERMISSION_NOT_GRANTED


@pytest.mark.parametrize("permission", [Permission.BALANCES_READ, Permission.TRANSACTIONS_READ, Permission.EMAIL])
def test_an_account_that_was_not_given_looks_like_one_that_does_not_exist(permission: Permission) -> None:
    nowhere = decide(consent(), ask(permission, account_id="acc-that-never-was"), T0)
    assert decide(consent(), ask(permission, account_id=CARD), T0) == nowhere
    assert isinstance(nowhere, Denied)
    if permission is Permission.TRANSACTIONS_READ:
        # Given for its balance, not for this: the same answer again.
        assert decide(consent(), ask(permission, account_id=SAVINGS), T0) == nowhere


@pytest.mark.parametrize("account_id", ["", "acc-join", JOINT.upper(), JOINT + " "])
def test_an_account_id_is_matched_exactly(account_id: str) -> None:
    assert reason(decide(consent(), ask(account_id=account_id), T0)) is Reason.ACCOUNT_NOT_GRANTED


def test_a_personal_permission_opens_claims_and_no_account() -> None:
    result = allowed(decide(consent(), ask(Permission.PROFILE), T0))
    assert result.account_ids == ()
    assert result.claims == disclosed(Permission.PROFILE, {Permission.PROFILE})


def test_a_personal_permission_is_not_asked_of_an_account() -> None:
    assert reason(decide(consent(), ask(Permission.PROFILE, account_id=JOINT), T0)) is Reason.ACCOUNT_NOT_GRANTED


@pytest.mark.parametrize("permission", [Permission.ACCOUNTS_READ, Permission.TRANSACTIONS_READ])
def test_parties_read_widens_only_where_person_and_token_both_hold_it(permission: Permission) -> None:
    made = consent(accounts={JOINT: {permission, Permission.PARTIES_READ}, SAVINGS: {permission}})
    narrow, wide = (
        disclosed(permission, {permission}),
        disclosed(permission, {permission, Permission.PARTIES_READ}),
    )
    assert narrow < wide
    assert allowed(decide(made, ask(permission), T0)).fields == {JOINT: wide, SAVINGS: narrow}
    without = ask(permission, scopes=ALL_SCOPES - {Permission.PARTIES_READ})
    assert allowed(decide(made, without, T0)).fields == {JOINT: narrow, SAVINGS: narrow}


scope_sets = st.frozensets(st.sampled_from(sorted(ALL_SCOPES)))
asked_accounts = st.none() | account_ids


@given(held_consents(), st.sampled_from(Permission), scope_sets, asked_accounts)
def test_nothing_is_allowed_beyond_scopes_and_consent(
    made: Consent, permission: Permission, scopes: frozenset[str], account_id: str | None
) -> None:
    result = decide(made, ask(permission, scopes=scopes, account_id=account_id), T0)
    if isinstance(result, Denied):
        return
    assert permission in scopes
    assert set(result.account_ids) <= set(made.accounts)
    assert tuple(result.fields) == result.account_ids == tuple(sorted(result.account_ids))
    for account in result.account_ids:
        assert permission in made.accounts[account]
        assert result.fields[account] == disclosed(permission, made.accounts[account] & scopes)
    if account_id is not None:
        assert result.account_ids == (account_id,)
    if result.claims:
        assert permission in made.personal


@given(held_consents(), st.sampled_from(Permission), scope_sets, scope_sets, asked_accounts)
def test_fewer_scopes_never_open_more(
    made: Consent,
    permission: Permission,
    scopes: frozenset[str],
    taken: frozenset[str],
    account_id: str | None,
) -> None:
    more = decide(made, ask(permission, scopes=scopes, account_id=account_id), T0)
    less = decide(made, ask(permission, scopes=scopes - taken, account_id=account_id), T0)
    if isinstance(more, Denied):
        assert isinstance(less, Denied)
    elif isinstance(less, Allowed):
        assert set(less.account_ids) <= set(more.account_ids)
        assert less.claims <= more.claims
        assert all(less.fields[account] <= more.fields[account] for account in less.account_ids)


@given(held_consents(), st.sampled_from(Permission), account_ids)
def test_a_smaller_consent_never_opens_more(made: Consent, permission: Permission, gone: str) -> None:
    left = {account: held for account, held in made.accounts.items() if account != gone}
    if not left and not made.personal:
        return
    more = decide(made, ask(permission), T0)
    less = decide(replace(made, accounts=left), ask(permission), T0)
    if isinstance(less, Allowed):
        assert set(less.account_ids) == set(allowed(more).account_ids) - {gone}


# ---- an Allowed is made here or nowhere


def parts_of(made: Allowed) -> dict[str, Any]:
    return {part.name: getattr(made, part.name) for part in fields(made)}


@pytest.mark.parametrize("seal", [None, True, object(), "seal"])
def test_an_allowed_cannot_be_made_by_hand(seal: object) -> None:
    parts = parts_of(allowed(decide(consent(), ask(), T0)))
    with pytest.raises(TypeError):
        Allowed(**parts)
    with pytest.raises(TypeError, match="never from a call of its own"):
        Allowed(**parts, seal=seal)


def test_an_allowed_cannot_be_widened() -> None:
    made: Any = allowed(decide(consent(), ask(), T0))
    with pytest.raises((TypeError, ValueError)):
        replace(made, account_ids=(JOINT, CARD))
    with pytest.raises(FrozenInstanceError):
        made.account_ids = (CARD,)
    with pytest.raises(TypeError):
        made.fields[CARD] = frozenset({"amount"})
    assert not hasattr(made, "seal")


def test_an_allowed_covers_its_own_permission_only() -> None:
    made = allowed(decide(consent(), ask(), T0))
    assert [permission for permission in Permission if made.covers(permission)] == [BALANCES]
    assert hash(made) == hash(allowed(decide(consent(), ask(), T0)))


def test_the_owner_reads_all_fields_of_the_accounts_named_and_never_pays_by_reading() -> None:
    mine = for_owner(ALICE, [SAVINGS, JOINT, SAVINGS])
    assert mine.psu_id == ALICE
    assert (mine.consent_id, mine.client_id, mine.permission, mine.since) == (None, None, None, None)
    assert mine.account_ids == (JOINT, SAVINGS)
    assert mine.fields == {JOINT: ALL_ACCOUNT_FIELDS, SAVINGS: ALL_ACCOUNT_FIELDS}
    assert mine.claims == ALL_CLAIMS
    assert {one for one in Permission if mine.covers(one)} == set(Permission) - {Permission.PAYMENTS_WRITE}


def test_an_owner_is_somebody() -> None:
    with pytest.raises(ValueError):
        for_owner("", [JOINT])


def test_every_reason_says_something_to_a_developer() -> None:
    assert set(MESSAGES) == set(Reason)
    for one in Reason:
        assert Denied(one).message.endswith(".")


def test_a_time_without_its_zone_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError):
        decide(consent(), ask(), T0.replace(tzinfo=None))


def test_only_whose_a_consent_is_stays_unsaid() -> None:
    folded = {Reason.NO_SUCH_CONSENT, Reason.WRONG_CLIENT, Reason.WRONG_PSU}
    for one in set(Reason) - folded:
        assert Denied(one).public_reason is one
