"""Which names each permission shows."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.disclose import ALL_ACCOUNT_FIELDS, ALL_CLAIMS, SHOWN, fields, only
from consent.model import PERSONAL_PERMISSIONS, Permission

PARTIES = Permission.PARTIES_READ
permission_sets = st.frozensets(st.sampled_from(Permission))

OF_A_RESOURCE = "id account_id first_seen_at seen_at ended_at last_updated"
TABLE: Mapping[Permission, tuple[str, str]] = {
    Permission.ACCOUNTS_READ: (
        "id institution_id connection_id name type usage product currency status parent_id identifiers_masked"
        " last_updated",
        "identifiers owner_name bic",
    ),
    Permission.BALANCES_READ: (
        "account_id type bank_type amount currency as_of credit_line_included credit_limit current available"
        " credit_left last_updated",
        "",
    ),
    Permission.TRANSACTIONS_READ: (
        "id account_id status booking_date value_date transaction_datetime amount currency counterparty_name"
        " remittance bank_transaction_code proprietary_code merchant_category_code balance_after details"
        " entry_reference supersedes superseded_by link_reason link_confidence first_seen_at last_updated",
        "counterparty_account",
    ),
    Permission.REGULAR_PAYMENTS_READ: (
        f"{OF_A_RESOURCE} status schedule first last next final payments date arrives amount currency creditor_name"
        " remittance mandate_id",
        "creditor_account",
    ),
    Permission.BENEFICIARIES_READ: (f"{OF_A_RESOURCE} creditor_name reference is_trusted", "creditor_account"),
    Permission.STATEMENTS_READ: (
        f"{OF_A_RESOURCE} reference type date_from date_to created_at description lines moments",
        "",
    ),
    Permission.HOLDERS_READ: (
        f"{OF_A_RESOURCE} name legal_name type role legal_structure lei is_beneficial_owner email phone mobile"
        " addresses",
        "",
    ),
    Permission.PRODUCTS_READ: (f"{OF_A_RESOURCE} name type", ""),
    Permission.PAYMENTS_WRITE: ("", ""),
    Permission.SIGN_IN: ("sub", ""),
    Permission.PROFILE: (
        "name given_name family_name nickname preferred_username locale zoneinfo updated_at",
        "",
    ),
    Permission.EMAIL: ("email email_verified", ""),
}


@pytest.mark.parametrize("permission", TABLE)
def test_each_permission_shows_these_fields_and_parties_adds_those(permission: Permission) -> None:
    alone, added = (frozenset(names.split()) for names in TABLE[permission])
    assert fields(permission, {permission}) == alone
    assert fields(permission, {permission, PARTIES}) == alone | added


def test_parties_alone_shows_whose_account_it_is() -> None:
    assert fields(PARTIES, {PARTIES}) == {"id", "identifiers", "owner_name", "bic"}


def test_every_permission_has_its_fields() -> None:
    assert set(SHOWN) == set(Permission) == set(TABLE) | {PARTIES}


@given(st.sampled_from(Permission), permission_sets)
def test_a_permission_that_is_not_held_shows_nothing(permission: Permission, granted: frozenset[Permission]) -> None:
    assert fields(permission, granted - {permission}) == frozenset()


@given(st.sampled_from(Permission), permission_sets, permission_sets)
def test_holding_more_never_shows_less(
    permission: Permission, granted: frozenset[Permission], more: frozenset[Permission]
) -> None:
    assert fields(permission, granted) <= fields(permission, granted | more)


def test_all_is_everything_that_any_permission_shows() -> None:
    everything = frozenset(Permission)
    personal = frozenset().union(*(fields(one, everything) for one in PERSONAL_PERMISSIONS))
    per_account = frozenset().union(*(fields(one, everything) for one in everything - PERSONAL_PERMISSIONS))
    assert personal == ALL_CLAIMS
    assert per_account == ALL_ACCOUNT_FIELDS


def test_a_full_account_number_needs_parties() -> None:
    for permission in set(Permission) - {PARTIES}:
        assert not fields(permission, set(Permission) - {PARTIES}) & {
            "identifiers",
            "owner_name",
            "bic",
            "counterparty_account",
            "creditor_account",
        }


def test_where_somebody_lives_needs_holders() -> None:
    everything_else = set(Permission) - {Permission.HOLDERS_READ}
    for permission in everything_else - PERSONAL_PERMISSIONS:
        assert not fields(permission, everything_else) & {"addresses", "phone", "mobile", "legal_name", "email"}


def test_what_nobody_listed_stays_inside() -> None:
    row = {"amount": "1.00", "raw_sealed": b"", "currency": "EUR", "psu_id": "psu-alice"}
    assert only(row, ALL_ACCOUNT_FIELDS) == {"amount": "1.00", "currency": "EUR"}
    assert list(only(row, {"currency", "amount"})) == ["amount", "currency"]
    assert only(row, frozenset()) == {}
