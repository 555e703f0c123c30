"""Which fields of a record each permission shows: one table, and nothing is shown that is not in it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any

from consent.model import ACCOUNT_PERMISSIONS, Permission

_ACCOUNT = frozenset(
    {
        "id",
        "institution_id",
        "connection_id",
        "name",
        "type",
        "usage",
        "product",
        "currency",
        "status",
        "parent_id",
        "identifiers_masked",
        "last_updated",
    }
)
_ACCOUNT_PARTIES = frozenset({"identifiers", "owner_name", "bic"})
_BALANCE = frozenset(
    {
        "account_id",
        "type",
        "amount",
        "currency",
        "as_of",
        "bank_type",
        "credit_line_included",
        "credit_limit",
        "current",
        "available",
        "credit_left",
        "last_updated",
    }
)
_TRANSACTION = frozenset(
    {
        "id",
        "account_id",
        "status",
        "booking_date",
        "value_date",
        "transaction_datetime",
        "amount",
        "currency",
        "counterparty_name",
        "remittance",
        "bank_transaction_code",
        "proprietary_code",
        "merchant_category_code",
        "balance_after",
        "details",
        "entry_reference",
        "supersedes",
        "superseded_by",
        "link_reason",
        "link_confidence",
        "first_seen_at",
        "last_updated",
    }
)
_OF_A_RESOURCE = frozenset({"id", "account_id", "first_seen_at", "seen_at", "ended_at", "last_updated"})
_REGULAR_PAYMENT = _OF_A_RESOURCE | {
    "status",
    "schedule",
    "first",
    "last",
    "next",
    "final",
    "payments",
    "date",
    "arrives",
    "amount",
    "currency",
    "creditor_name",
    "remittance",
    "mandate_id",
}
_BENEFICIARY = _OF_A_RESOURCE | {"creditor_name", "reference", "is_trusted"}
_STATEMENT = _OF_A_RESOURCE | {
    "reference",
    "type",
    "date_from",
    "date_to",
    "created_at",
    "description",
    "lines",
    "moments",
}
_HOLDER = _OF_A_RESOURCE | {
    "name",
    "legal_name",
    "type",
    "role",
    "legal_structure",
    "lei",
    "is_beneficial_owner",
    "email",
    "phone",
    "mobile",
    "addresses",
}
_PRODUCT = _OF_A_RESOURCE | {"name", "type"}
# OpenID Connect Core 5.4, less what nobody should need to share to show a balance (birth date, gender, address).
_PROFILE = frozenset(
    {
        "name",
        "given_name",
        "family_name",
        "nickname",
        "preferred_username",
        "locale",
        "zoneinfo",
        "updated_at",
    }
)
_SIGN_IN = frozenset({"sub"})
_EMAIL = frozenset({"email", "email_verified"})

SHOWN: Mapping[Permission, frozenset[str]] = MappingProxyType(
    {
        Permission.ACCOUNTS_READ: _ACCOUNT,
        Permission.BALANCES_READ: _BALANCE,
        Permission.TRANSACTIONS_READ: _TRANSACTION,
        Permission.PARTIES_READ: _ACCOUNT_PARTIES | {"id"},  # by itself: whose account it is, and its number
        Permission.REGULAR_PAYMENTS_READ: _REGULAR_PAYMENT,
        Permission.BENEFICIARIES_READ: _BENEFICIARY,
        Permission.STATEMENTS_READ: _STATEMENT,
        Permission.HOLDERS_READ: _HOLDER,
        Permission.PRODUCTS_READ: _PRODUCT,
        Permission.PAYMENTS_WRITE: frozenset(),  # writing shows nothing that is stored
        Permission.SIGN_IN: _SIGN_IN,
        Permission.PROFILE: _PROFILE,
        Permission.EMAIL: _EMAIL,
    }
)

WIDENED_BY_PARTIES: Mapping[Permission, frozenset[str]] = MappingProxyType(
    {
        Permission.ACCOUNTS_READ: _ACCOUNT_PARTIES,
        Permission.TRANSACTIONS_READ: frozenset({"counterparty_account"}),
        Permission.REGULAR_PAYMENTS_READ: frozenset({"creditor_account"}),
        Permission.BENEFICIARIES_READ: frozenset({"creditor_account"}),
    }
)
"""What parties:read, held on the same account, adds to another permission."""

ALL_ACCOUNT_FIELDS = frozenset[str]().union(
    *(SHOWN[permission] for permission in ACCOUNT_PERMISSIONS), *WIDENED_BY_PARTIES.values()
)
ALL_CLAIMS = _SIGN_IN | _PROFILE | _EMAIL


def fields(permission: Permission, granted: AbstractSet[Permission]) -> frozenset[str]:
    """The names that ``permission`` shows where ``granted`` is held (on one account); none if it is not among them."""
    if permission not in granted:
        return frozenset()
    shown = SHOWN[permission]
    if Permission.PARTIES_READ in granted:
        shown |= WIDENED_BY_PARTIES.get(permission, frozenset())
    return shown


def only(record: Mapping[str, Any], shown: AbstractSet[str]) -> dict[str, Any]:
    """The record without what is not shown, in its own order. A field that nobody listed stays inside."""
    return {name: value for name, value in record.items() if name in shown}
