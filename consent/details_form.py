"""The JSON of ``authorization_details``: strict in (RFC 9396 5), the same members out.

An unknown type or member, a wrong form, a value out of bounds: each is refused, and the Problem names the place.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from consent.account_number import Scheme
from consent.canonical import moment
from consent.details import AccountId, AccountInformation, AccountReference, Detail, DetailType, PaymentInitiation
from consent.details_members import (
    Bounds,
    Problem,
    Reader,
    Refused,
    account,
    account_number,
    accounts,
    day_ahead,
    day_past,
    elements,
    end,
    instructed_amount,
    locations,
    members,
    permissions,
    text_of,
)
from consent.permission import HISTORY_PERMISSIONS

PARAMETER = "authorization_details"
MAX_BYTES = 8192
MAX_DETAILS = 10
MAX_PURPOSE_LENGTH = 200
MAX_NAME_LENGTH = 70  # the European Payments Council's rulebooks: 70 signs of name,
MAX_REMITTANCE_LENGTH = 140  # 140 of remittance

ACCOUNT_INFORMATION: Mapping[str, Reader] = MappingProxyType(
    {
        "permissions": permissions,
        "accounts": accounts,
        "historyFrom": day_past,
        "validUntil": end,
        "purpose": text_of(MAX_PURPOSE_LENGTH),
        "locations": locations,
    }
)
PAYMENT_INITIATION: Mapping[str, Reader] = MappingProxyType(
    {
        "instructedAmount": instructed_amount,
        "creditorName": text_of(MAX_NAME_LENGTH),
        "creditorAccount": account_number,
        "debtorAccount": account,
        "remittanceInformationUnstructured": text_of(MAX_REMITTANCE_LENGTH),
        "requestedExecutionDate": day_ahead,
        "locations": locations,
    }
)
"""The members of each type besides ``type``: the table is the type's definition (RFC 9396 2)."""


def read(text: str, bounds: Bounds) -> tuple[Detail, ...] | Problem:
    """The parameter as it comes in a form: one JSON text of at most MAX_BYTES."""
    if len(text.encode(errors="replace")) > MAX_BYTES:
        return Problem(PARAMETER, f"is longer than {MAX_BYTES} bytes")
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except Refused as refused:
        return refused.problem
    except (ValueError, RecursionError):
        return Problem(PARAMETER, "is not JSON")
    return parse(value, bounds)


def parse(value: Any, bounds: Bounds) -> tuple[Detail, ...] | Problem:
    """The parameter as JSON already read (a claim of a request object). What is said twice is said once."""
    try:
        found = elements(value, PARAMETER, MAX_DETAILS)
        if not found:
            return Problem(PARAMETER, "is empty")
        return tuple(dict.fromkeys(_detail(one, where, bounds) for one, where in found))
    except Refused as refused:
        return refused.problem


def restore(value: Any) -> tuple[Detail, ...]:
    """What ``to_json`` wrote of each (none of none). Dates were held against the day of the request, not again.

    Raises ValueError for anything else.
    """
    try:
        return tuple(_detail(one, where, None) for one, where in elements(value, PARAMETER))
    except Refused as refused:
        raise ValueError(refused.problem.description) from refused


def to_json(detail: Detail) -> dict[str, Any]:
    """The members as a client sends them; what was not said is left out."""
    if isinstance(detail, AccountInformation):
        said: dict[str, Any] = {
            "permissions": sorted(detail.permissions),
            "accounts": [account_json(one) for one in detail.accounts],
            "historyFrom": detail.history_from and detail.history_from.isoformat(),
            "validUntil": detail.valid_until and moment(detail.valid_until),
            "purpose": detail.purpose,
        }
    else:
        said = {
            "instructedAmount": {"currency": detail.currency, "amount": format(detail.amount, "f")},
            "creditorName": detail.creditor_name,
            "creditorAccount": account_json(detail.creditor_account),
            "debtorAccount": detail.debtor_account and account_json(detail.debtor_account),
            "remittanceInformationUnstructured": detail.remittance,
            "requestedExecutionDate": detail.requested_date and detail.requested_date.isoformat(),
        }
    said |= {"locations": list(detail.locations)}
    return {"type": str(detail.type)} | {name: value for name, value in said.items() if value}


def account_json(reference: AccountReference) -> dict[str, str]:
    if isinstance(reference, AccountId):
        return {"id": reference.id}
    if reference.scheme is Scheme.IBAN:
        return {"iban": reference.identification}
    return {"scheme": str(reference.scheme), "identification": reference.identification}


def _detail(value: Any, where: str, bounds: Bounds | None) -> Detail:
    if not isinstance(value, dict):
        raise Refused(where, "must be an object")
    kind = value.get("type")
    if kind not in (*DetailType,):
        raise Refused(f"{where}.type", f"must be one of {', '.join(DetailType)}")
    rest = {name: member for name, member in value.items() if name != "type"}
    if kind == DetailType.ACCOUNT_INFORMATION:
        return _account_information(rest, where, bounds)
    return _payment_initiation(rest, where, bounds)


def _account_information(value: Any, where: str, bounds: Bounds | None) -> AccountInformation:
    said = members(value, where, bounds, ACCOUNT_INFORMATION, required={"permissions"})
    if said.get("historyFrom") and not said["permissions"] & HISTORY_PERMISSIONS:
        raise Refused(f"{where}.historyFrom", f"means nothing without {' or '.join(sorted(HISTORY_PERMISSIONS))}")
    return AccountInformation(
        permissions=said["permissions"],
        accounts=said.get("accounts", ()),
        history_from=said.get("historyFrom"),
        valid_until=said.get("validUntil"),
        purpose=said.get("purpose"),
        locations=said.get("locations", ()),
    )


def _payment_initiation(value: Any, where: str, bounds: Bounds | None) -> PaymentInitiation:
    required = {"instructedAmount", "creditorName", "creditorAccount"}
    said = members(value, where, bounds, PAYMENT_INITIATION, required=required)
    amount, currency = said["instructedAmount"]
    return PaymentInitiation(
        amount=amount,
        currency=currency,
        creditor_name=said["creditorName"],
        creditor_account=said["creditorAccount"],
        debtor_account=said.get("debtorAccount"),
        remittance=said.get("remittanceInformationUnstructured", ""),
        requested_date=said.get("requestedExecutionDate"),
        locations=said.get("locations", ()),
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A member said twice means one thing to one reader and another to the next."""
    whole = dict(pairs)
    if len(whole) != len(pairs):
        raise Refused(PARAMETER, "says a member twice")
    return whole
