"""The details as granted: what became of each request, for the token answer, introspection and the grant's own answer.

RFC 9396 7: what the person chose is filled in (7.1: the accounts), what they did not give is left out; never more than
was asked. An account is named by the hub's id alone: to hold its number takes parties:read.
"""

from collections.abc import Iterable
from typing import Any

from consent.canonical import moment
from consent.details import AccountId, AccountInformation, PaymentInitiation
from consent.details_form import account_json, to_json
from consent.model import HISTORY_PERMISSIONS, Consent, Permission, permissions_of


def granted(consent: Consent, scopes: Iterable[str]) -> list[dict[str, Any]]:
    """One object for each detail of which anything was given and is still in ``scopes`` (those of the token).

    account_information says in ``accounts`` which account carries which permissions, and the start and end as they
    hold. payment_initiation says in ``debtorAccount`` which account pays.
    """
    held = permissions_of(scopes)
    found = [
        _payment(detail, consent, held) if isinstance(detail, PaymentInitiation) else _reading(detail, consent, held)
        for detail in consent.details
    ]
    return [one for one in found if one is not None]


def _reading(detail: AccountInformation, consent: Consent, held: frozenset[Permission]) -> dict[str, Any] | None:
    given = {account: permissions & detail.permissions & held for account, permissions in consent.accounts.items()}
    permissions = frozenset[Permission]().union(*given.values())
    if not permissions:
        return None
    said = to_json(detail) | {
        "permissions": sorted(permissions),
        "accounts": [{"id": account, "permissions": sorted(has)} for account, has in sorted(given.items()) if has],
        "validUntil": moment(consent.valid_until),
    }
    starts = [day for day in (detail.history_from, consent.history_from) if day is not None]
    if not permissions & HISTORY_PERMISSIONS:
        said.pop("historyFrom", None)
    elif starts:
        said["historyFrom"] = max(starts).isoformat()
    return said


def _payment(detail: PaymentInitiation, consent: Consent, held: frozenset[Permission]) -> dict[str, Any] | None:
    if Permission.PAYMENTS_WRITE not in held or not consent.accounts:
        return None
    (debtor,) = consent.accounts
    return to_json(detail) | {"debtorAccount": account_json(AccountId(debtor))}
