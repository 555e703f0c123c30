"""The details as granted: filled in with what the person chose, never more than was asked."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.account_number import AccountNumber, Scheme
from consent.details import AccountId, AccountInformation
from consent.details_form import restore, to_json
from consent.granted import granted
from consent.model import READ_PERMISSIONS, Consent, Permission, Status
from tests.consent.people import (
    BALANCES,
    CARD,
    JOINT,
    PAYMENT,
    SAVINGS,
    account_ids,
    consent,
    payment_consent,
)

ALL = frozenset(Permission)
ASKED = AccountInformation(
    permissions=frozenset({Permission.BALANCES_READ, Permission.TRANSACTIONS_READ}),
    accounts=(AccountNumber(Scheme.IBAN, "DE89370400440532013000"), AccountId(SAVINGS)),
    history_from=date(2025, 1, 1),
    purpose="See where the money goes",
)


def test_reading_is_granted_account_by_account_with_the_dates_that_hold() -> None:
    made = consent(details=(ASKED,))
    assert granted(made, ALL) == [
        {
            "type": "account_information",
            "permissions": ["balances:read", "transactions:read"],
            "accounts": [
                {"id": JOINT, "permissions": ["balances:read", "transactions:read"]},
                {"id": SAVINGS, "permissions": ["balances:read"]},
            ],
            "historyFrom": "2026-01-01",
            "validUntil": "2026-05-24T09:30:00.000000Z",
            "purpose": "See where the money goes",
        }
    ]


def test_a_payment_is_granted_with_the_account_that_pays() -> None:
    named_by_number = replace(PAYMENT, debtor_account=AccountNumber(Scheme.IBAN, "DE89370400440532013000"))
    for asked in (PAYMENT, named_by_number):
        assert granted(payment_consent(details=(asked,)), ALL) == [to_json(PAYMENT) | {"debtorAccount": {"id": JOINT}}]


NOTHING: list[tuple[Consent, frozenset[str]]] = [
    (consent(), ALL),  # asked for by scope alone
    (consent(details=(BALANCES,), accounts={JOINT: {Permission.PARTIES_READ}}), ALL),
    (consent(details=(BALANCES,), accounts={}), ALL),
    (consent(details=(BALANCES,)), ALL - {Permission.BALANCES_READ}),
    (consent(Status.RECEIVED, details=(BALANCES,)), ALL),
    (payment_consent(), ALL - {Permission.PAYMENTS_WRITE}),
    (payment_consent(Status.RECEIVED), ALL),
]


@pytest.mark.parametrize(("made", "scopes"), NOTHING)
def test_a_detail_of_which_nothing_was_given_is_left_out(made: Consent, scopes: frozenset[str]) -> None:
    assert granted(made, scopes) == []


def test_a_token_with_fewer_scopes_is_told_of_less() -> None:
    (said,) = granted(consent(details=(ASKED,)), {"openid", "balances:read"})
    assert said["permissions"] == ["balances:read"]
    assert said["accounts"] == [{"id": one, "permissions": ["balances:read"]} for one in (JOINT, SAVINGS)]
    assert "historyFrom" not in said


# the day that was asked for, the day of the consent, the day that holds
STARTS = [
    (None, None, None),
    (date(2026, 1, 1), None, "2026-01-01"),
    (None, date(2026, 2, 1), "2026-02-01"),
    (date(2026, 1, 1), date(2026, 2, 1), "2026-02-01"),
]


@pytest.mark.parametrize(("wanted", "chosen", "day"), STARTS)
def test_the_history_is_the_narrower_of_the_two(wanted: date | None, chosen: date | None, day: str | None) -> None:
    (said,) = granted(consent(details=(replace(ASKED, history_from=wanted),), history_from=chosen), ALL)
    assert said.get("historyFrom") == day


informations = st.builds(
    AccountInformation, permissions=st.frozensets(st.sampled_from(sorted(READ_PERMISSIONS)), min_size=1)
)
held = st.dictionaries(account_ids, st.frozensets(st.sampled_from(sorted(READ_PERMISSIONS)), min_size=1), min_size=1)


@given(st.lists(informations, max_size=3), held, st.frozensets(st.sampled_from(sorted(ALL))))
def test_never_more_is_granted_than_asked_given_and_held_by_the_token(
    details: list[AccountInformation], accounts: dict[str, Any], scopes: frozenset[str]
) -> None:
    made = consent(details=details, accounts=accounts)
    found = granted(made, scopes)
    assert len(found) <= len(details)
    for said in found:
        bare = {name: member for name, member in said.items() if name in {"type", "permissions"}}
        assert restore([bare])  # still of its type
        assert any(set(said["permissions"]) <= detail.permissions & scopes for detail in details)
        assert said["accounts"]
        for account in said["accounts"]:
            assert set(account["permissions"]) <= made.accounts[account["id"]] & set(said["permissions"])
    told = {(one["id"], word) for said in found for one in said["accounts"] for word in one["permissions"]}
    wanted = frozenset[Permission]().union(*(detail.permissions for detail in details))
    assert told == {(one, word) for one, given_ in accounts.items() for word in given_ & wanted & scopes}
    assert CARD in made.accounts or CARD not in {one for one, _ in told}
