"""What a client may be allowed to do: the one vocabulary of screen, token and gate."""

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    """One thing a client may do. The value IS the OAuth scope: one vocabulary from screen to token to gate."""

    ACCOUNTS_READ = "accounts:read"
    BALANCES_READ = "balances:read"
    TRANSACTIONS_READ = "transactions:read"
    PARTIES_READ = "parties:read"
    REGULAR_PAYMENTS_READ = "regular_payments:read"
    BENEFICIARIES_READ = "beneficiaries:read"
    STATEMENTS_READ = "statements:read"
    HOLDERS_READ = "holders:read"
    PRODUCTS_READ = "products:read"
    PAYMENTS_WRITE = "payments:write"
    SIGN_IN = "openid"
    PROFILE = "profile"
    EMAIL = "email"


PERSONAL_PERMISSIONS = frozenset({Permission.SIGN_IN, Permission.PROFILE, Permission.EMAIL})
"""Given once, for the person."""

ACCOUNT_PERMISSIONS = frozenset(Permission) - PERSONAL_PERMISSIONS
"""Given for each account apart.

None of them implies another, accounts:read included: a client that needs only the balance of one account gets only
that (data minimisation, GDPR 5.1.c). What would not make sense alone is a matter of the screen, not of the model.
"""

READ_PERMISSIONS = ACCOUNT_PERMISSIONS - {Permission.PAYMENTS_WRITE}
"""Those that last. payments:write is given for one payment that the person sees, never as such."""

HISTORY_PERMISSIONS = frozenset({Permission.TRANSACTIONS_READ, Permission.STATEMENTS_READ})
"""Those that reach into the past, and so are cut off where the consent's history starts."""


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """The permissions among OAuth scopes. Left out: offline_access, which gives nothing by itself; unknown words."""
    return frozenset(map(Permission, frozenset(scopes) & frozenset(Permission)))
