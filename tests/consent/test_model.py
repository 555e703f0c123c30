"""What a Consent is, and that a wrong one cannot be made."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.details import AccountId
from consent.model import (
    ACCOUNT_PERMISSIONS,
    PAYMENT_LIFE,
    PERSONAL_PERMISSIONS,
    READ_PERMISSIONS,
    Actor,
    Consent,
    Permission,
    Status,
    permissions_of,
    utc,
)
from tests.consent.people import (
    BALANCES,
    DAY,
    END,
    EVERYTHING,
    JOINT,
    PAYMENT,
    SAVINGS,
    T0,
    TICK,
    consent,
    held_consents,
    payment_consent,
)


def test_permission_values_are_the_scopes() -> None:
    assert {permission.name: permission.value for permission in Permission} == {
        "ACCOUNTS_READ": "accounts:read",
        "BALANCES_READ": "balances:read",
        "TRANSACTIONS_READ": "transactions:read",
        "PARTIES_READ": "parties:read",
        "REGULAR_PAYMENTS_READ": "regular_payments:read",
        "BENEFICIARIES_READ": "beneficiaries:read",
        "STATEMENTS_READ": "statements:read",
        "HOLDERS_READ": "holders:read",
        "PRODUCTS_READ": "products:read",
        "PAYMENTS_WRITE": "payments:write",
        "SIGN_IN": "openid",
        "PROFILE": "profile",
        "EMAIL": "email",
    }


def test_every_permission_is_either_per_account_or_personal() -> None:
    assert {Permission.SIGN_IN, Permission.PROFILE, Permission.EMAIL} == PERSONAL_PERMISSIONS
    assert len(ACCOUNT_PERMISSIONS) == 10
    assert frozenset(Permission) == ACCOUNT_PERMISSIONS | PERSONAL_PERMISSIONS
    assert not ACCOUNT_PERMISSIONS & PERSONAL_PERMISSIONS


def test_statuses_and_actors_are_lower_case_words() -> None:
    for word in (*Status, *Actor):
        assert word.value == word.name.lower()


def test_protocol_scopes_and_unknown_words_are_no_permissions() -> None:
    found = permissions_of(["openid", "offline_access", "balances:read", "email", "BALANCES:READ", "admin", ""])
    assert found == {Permission.SIGN_IN, Permission.BALANCES_READ, Permission.EMAIL}
    assert all(type(one) is Permission for one in found)


PAYS = frozenset({Permission.PAYMENTS_WRITE})
SIGN_IN = PAYS | {Permission.SIGN_IN}
RULES: list[tuple[str, dict[str, Any]]] = [
    ("an id", {"id": ""}),
    ("a PSU", {"psu_id": ""}),
    ("a client", {"client_id": ""}),
    ("asks for at least one", {"requested": frozenset(), "personal": frozenset(), "accounts": {}}),
    ("personal permissions are", {"requested": ACCOUNT_PERMISSIONS}),
    ("personal permissions are", {"personal": {Permission.ACCOUNTS_READ}}),
    ("account permissions are", {"requested": {Permission.PROFILE, Permission.BALANCES_READ}}),
    ("account permissions are", {"accounts": {JOINT: {Permission.EMAIL}}}),
    ("carries at least one", {"accounts": {JOINT: frozenset()}}),
    ("refused consent holds nothing", {"status": Status.RECEIVED, "personal": {Permission.EMAIL}}),
    ("refused consent holds nothing", {"status": Status.REJECTED, "accounts": {JOINT: READ_PERMISSIONS}}),
    ("answered consent holds something", {"personal": frozenset(), "accounts": {}}),
    ("answered consent holds", {"personal": (), "accounts": {}, "status": Status.SUSPENDED}),
    ("answered consent holds", {"personal": (), "accounts": {}, "status": Status.REPLACED}),
    ("on a day, not at a moment", {"history_from": T0}),
    ("ends after it began", {"valid_until": T0}),
    ("no earlier than the consent began", {"status_changed_at": T0 - TICK}),
    ("a moment is aware", {"valid_until": END.replace(tzinfo=None)}),
    ("a moment is aware", {"created_at": T0.replace(tzinfo=None)}),
    ("a moment is aware", {"status_changed_at": T0.replace(tzinfo=None)}),
    ("is not a valid Permission", {"requested": {"admin"}}),
    (
        "what the details ask for",
        {"requested": EVERYTHING - {Permission.BALANCES_READ}, "accounts": {}, "details": (BALANCES,)},
    ),
    ("names its successor", {"status": Status.REPLACED, "replaced_by": None}),
    ("names its successor", {"replaced_by": "consent-2"}),
    ("answered consent took", {"status": Status.RECEIVED, "personal": (), "accounts": {}, "replaces": "consent-0"}),
    ("takes its own place", {"replaces": "consent-1"}),
    ("takes its own place", {"status": Status.REPLACED, "replaced_by": "consent-1"}),
    ("payments:write is for one payment", {"requested": EVERYTHING | {Permission.PAYMENTS_WRITE}}),
    ("is not a valid Status", {"status": "paused"}),
]


PAYMENT_RULES: list[tuple[str, dict[str, Any]]] = [
    (
        "what the details ask for is requested",
        {"requested": {Permission.SIGN_IN}, "status": "received", "accounts": {}},
    ),
    ("stands alone", {"details": (PAYMENT, replace(PAYMENT, currency="GBP"))}),
    ("stands alone", {"details": (PAYMENT, BALANCES), "requested": {Permission.PAYMENTS_WRITE, *READ_PERMISSIONS}}),
    ("stands alone", {"requested": {Permission.PAYMENTS_WRITE, Permission.BALANCES_READ}}),
    ("soon made", {"valid_until": T0 + PAYMENT_LIFE + TICK}),
    ("one account pays", {"accounts": {JOINT: PAYS, SAVINGS: PAYS}}),
    ("one account pays", {"status": Status.REVOKED, "accounts": {JOINT: PAYS, SAVINGS: PAYS}}),
    ("one account pays", {"accounts": {}, "requested": SIGN_IN, "personal": {Permission.SIGN_IN}}),
    ("that was named", {"details": (replace(PAYMENT, debtor_account=AccountId(SAVINGS)),)}),
]


@pytest.mark.parametrize(("rule", "change"), PAYMENT_RULES)
def test_a_payment_consent_that_breaks_a_rule_cannot_be_made(rule: str, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rule):
        payment_consent(**change)


def test_only_a_payment_is_consumed() -> None:
    with pytest.raises(ValueError, match="only a payment is consumed"):
        replace(consent(), status=Status.CONSUMED)


def test_a_payment_consent_may_come_with_a_sign_in() -> None:
    made = payment_consent(requested=SIGN_IN, personal={Permission.SIGN_IN})
    assert made.payment == PAYMENT
    assert consent().payment is None


@pytest.mark.parametrize(("rule", "change"), RULES)
def test_a_consent_that_breaks_a_rule_cannot_be_made(rule: str, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rule):
        consent(**change)


@pytest.mark.parametrize("status", [Status.REVOKED, Status.EXPIRED])
def test_what_ended_before_or_after_the_answer_may_hold_something_or_nothing(status: Status) -> None:
    assert consent(status).holds
    assert not consent(status, personal=(), accounts={}).holds


def test_rows_full_of_text_become_permissions_and_statuses() -> None:
    row: dict[str, Any] = {"status": "valid", "requested": ["balances:read"], "personal": []}
    made = consent(**row, accounts={JOINT: ["balances:read"]})
    assert made.status is Status.VALID
    assert made.accounts == {JOINT: frozenset({Permission.BALANCES_READ})}
    assert type(next(iter(made.accounts[JOINT]))) is Permission


def test_a_balance_may_be_given_without_the_account_list() -> None:
    assert consent().accounts[SAVINGS] == {Permission.BALANCES_READ}


def test_times_are_kept_in_utc() -> None:
    paris = timezone(timedelta(hours=2))
    made = consent(valid_until=END.astimezone(paris))
    assert made.valid_until == END
    assert made.valid_until.tzinfo is UTC
    assert utc(datetime(2026, 7, 1, 2, tzinfo=paris)) == datetime(2026, 7, 1, tzinfo=UTC)


@given(held_consents(), st.sampled_from([part.name for part in fields(Consent)]))
def test_no_part_of_a_consent_can_be_changed(made: Consent, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(made, name, getattr(made, name))
    with pytest.raises(FrozenInstanceError):
        delattr(made, name)
    assert not hasattr(made, "__dict__")


MUTATIONS: list[Callable[[Any], Any]] = [
    lambda made: made.accounts.__setitem__("acc-charlie", ACCOUNT_PERMISSIONS),
    lambda made: made.accounts.__delitem__(JOINT),
    lambda made: made.accounts.clear(),
    lambda made: made.accounts.update({}),
    lambda made: made.accounts[JOINT].add(Permission.PAYMENTS_WRITE),
    lambda made: made.personal.add(Permission.EMAIL),
    lambda made: made.requested.clear(),
]


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_no_collection_in_a_consent_can_be_changed(mutate: Callable[[Any], Any]) -> None:
    with pytest.raises((AttributeError, TypeError)):
        mutate(consent())


def test_a_consent_does_not_share_what_it_was_made_from() -> None:
    picked = {Permission.BALANCES_READ}
    accounts = {JOINT: picked}
    made = consent(accounts=accounts)
    accounts["acc-charlie"] = picked
    picked.add(Permission.PAYMENTS_WRITE)
    assert made.accounts == {JOINT: {Permission.BALANCES_READ}}


def test_equal_consents_are_one_in_a_set() -> None:
    assert len({consent(), consent(), consent(valid_until=END + DAY)}) == 2


@given(held_consents())
def test_holds_is_everything_given_anywhere(made: Consent) -> None:
    assert made.holds == {one for held in (made.personal, *made.accounts.values()) for one in held}
    assert made.holds <= made.requested
    assert replace(made) == made
