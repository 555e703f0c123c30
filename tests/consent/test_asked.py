"""Scopes and authorization_details of one request, taken together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.asked import Asked, asked
from consent.details import AccountInformation, Detail
from consent.details_members import Problem
from consent.model import PERSONAL_PERMISSIONS, READ_PERMISSIONS, Permission
from tests.consent.people import BALANCES, END, PAYMENT

READS, OPENID, PAY = Permission.TRANSACTIONS_READ, Permission.SIGN_IN, Permission.PAYMENTS_WRITE
SINCE = date(2026, 1, 1)

# scope, details -> what is asked for; None = the two cannot stand together
TOGETHER: list[tuple[str, Sequence[Detail], set[Permission] | None]] = [
    ("", (), set()),
    ("openid transactions:read offline_access", (), {OPENID, READS}),
    ("payments:write", (), set()),
    ("openid payments:write", (), {OPENID}),
    ("", (BALANCES,), {Permission.BALANCES_READ}),
    ("transactions:read", (BALANCES,), {READS, Permission.BALANCES_READ}),
    ("payments:write", (BALANCES,), {Permission.BALANCES_READ}),
    ("", (PAYMENT,), {PAY}),
    ("payments:write", (PAYMENT,), {PAY}),
    ("openid email payments:write", (PAYMENT,), {PAY, OPENID, Permission.EMAIL}),
    ("transactions:read", (PAYMENT,), None),
    ("", (PAYMENT, BALANCES), None),
    ("", (PAYMENT, replace(PAYMENT, currency="GBP")), None),
]


@pytest.mark.parametrize(("scope", "details", "permissions"), TOGETHER)
def test_scopes_and_details_together(
    scope: str, details: Sequence[Detail], permissions: set[Permission] | None
) -> None:
    result = asked(scope.split(), details)
    if permissions is None:
        assert isinstance(result, Problem)
        assert result.where == "authorization_details"
    else:
        assert isinstance(result, Asked)
        assert result.permissions == permissions
        assert result.details == tuple(details)


MEMBERS: dict[str, tuple[Any, Any]] = {
    "purpose": ("Budget", "Advertising"),
    "history_from": (SINCE, SINCE - timedelta(days=1)),
    "valid_until": (END, END + timedelta(days=1)),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_what_is_said_twice_is_the_same_or_refused(name: str) -> None:
    one, other = MEMBERS[name]
    saying = replace(BALANCES, **{name: one})
    contrary = replace(BALANCES, **{name: other})
    for result in (
        asked([], (saying,)),
        asked([], (saying, BALANCES)),
        asked([], (saying,), **{name: one}),
        asked(["transactions:read"], (), **{name: one}),
    ):
        assert isinstance(result, Asked)
        assert getattr(result, name) == one
    for wrong in (asked([], (saying, contrary)), asked([], (saying,), **{name: other})):
        assert isinstance(wrong, Problem)
        assert wrong.description.endswith("differently in two places: ask for each apart")


def test_what_nobody_said_is_none() -> None:
    result = asked(["openid"], (BALANCES,))
    assert isinstance(result, Asked)
    assert (result.purpose, result.history_from, result.valid_until) == (None, None, None)


@pytest.mark.parametrize("said", [{"history_from": SINCE}, {"valid_until": END}])
def test_a_payment_has_neither_history_nor_end_to_ask_for(said: dict[str, Any]) -> None:
    assert isinstance(asked([], (PAYMENT,), **said), Problem)
    with_purpose = asked([], (PAYMENT,), purpose="Your order 7")
    assert isinstance(with_purpose, Asked)
    assert with_purpose.purpose == "Your order 7"


words = st.frozensets(st.sampled_from([*Permission, "offline_access", "admin"]))
informations = st.builds(
    AccountInformation, permissions=st.frozensets(st.sampled_from(sorted(READ_PERMISSIONS)), min_size=1)
)


@given(words, st.lists(informations | st.just(PAYMENT), max_size=3))
def test_never_more_is_asked_for_than_both_say_and_never_a_payment_without_its_terms(
    scopes: frozenset[str], details: list[Detail]
) -> None:
    result = asked(scopes, details)
    if isinstance(result, Asked):
        by_details = {one for detail in details if isinstance(detail, AccountInformation) for one in detail.permissions}
        assert (PAY in result.permissions) == (PAYMENT in details)
        assert result.permissions - {PAY} == (scopes & (READ_PERMISSIONS | PERSONAL_PERMISSIONS)) | by_details
    else:
        assert PAYMENT in details
