"""What a whole request asks for: its scopes and its authorization_details taken together (RFC 9396 3.1).

| scope                    | authorization_details  | asks for                                                       |
| reads, sign-in           | none                   | the scopes                                                     |
| any                      | account_information    | both together: the union                                       |
| sign-in, payments:write  | payment_initiation     | that payment; a payment stands alone, reading is asked apart   |
| payments:write           | no payment_initiation  | nothing: nobody can say yes to a payment without its amount    |

A consent has one purpose, one start of history and one end: where a request says one of them twice, it says the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from consent.details import AccountInformation, Detail, payment_in, permissions_asked
from consent.details_form import PARAMETER
from consent.details_members import Problem
from consent.permission import READ_PERMISSIONS, Permission, permissions_of

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Asked:
    """permissions: what the consent will be asked for, none if nothing was asked. None elsewhere = not said."""

    permissions: frozenset[Permission]
    details: tuple[Detail, ...]
    purpose: str | None
    history_from: date | None
    valid_until: datetime | None


def asked(
    scopes: Iterable[str],
    details: Sequence[Detail] = (),
    *,
    purpose: str | None = None,
    history_from: date | None = None,
    valid_until: datetime | None = None,
) -> Asked | Problem:
    """Both together, or why they cannot stand together. The last three are what plain parameters of the request say."""
    permissions = (permissions_of(scopes) - {Permission.PAYMENTS_WRITE}) | permissions_asked(details)
    if payment_in(details) is not None:
        if len(details) > 1:
            return Problem(PARAMETER, "asks for more beside a payment: ask for each apart")
        if permissions & READ_PERMISSIONS:
            return Problem(PARAMETER, "asks for a payment, and the scope for reading beside it: ask for each apart")
        if history_from is not None or valid_until is not None:
            return Problem(PARAMETER, "asks for a payment, which has neither a history nor an end to choose")
    reads = [one for one in details if isinstance(one, AccountInformation)]
    purposes = _said(purpose, (one.purpose for one in reads))
    starts = _said(history_from, (one.history_from for one in reads))
    ends = _said(valid_until, (one.valid_until for one in reads))
    for name, said in (("purpose", purposes), ("historyFrom", starts), ("validUntil", ends)):
        if len(said) > 1:
            return Problem(PARAMETER, f"says {name} differently in two places: ask for each apart")
    return Asked(
        permissions=permissions,
        details=tuple(details),
        purpose=next(iter(purposes), None),
        history_from=next(iter(starts), None),
        valid_until=next(iter(ends), None),
    )


def _said(parameter: _Value | None, members: Iterable[_Value | None]) -> set[_Value]:
    return {value for value in (parameter, *members) if value is not None}
