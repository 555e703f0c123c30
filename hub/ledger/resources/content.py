"""One of a bank's resources as its members in the API's notation, and as the text that is sealed in its row.

Every member is there, null where the bank says nothing. Amounts are signed from the holder's side: what leaves the
account is negative. Other people's account numbers stand in members of their own, for they need parties:read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

import orjson

from hub.db import storable
from providers.model import Money, Party
from providers.port import Resource
from providers.resources import (
    Address,
    Beneficiary,
    DirectDebit,
    Instalment,
    PartyOfAccount,
    Product,
    Schedule,
    ScheduledPayment,
    StandingOrder,
    Statement,
    StatementLine,
)

Members = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """``bank_id`` is the bank's own name for it, which may change from one bank consent to the next."""

    bank_id: str | None
    members: Members

    @property
    def text(self) -> bytes:
        """The same for the same content: two texts can be compared."""
        return orjson.dumps({"bank_id": self.bank_id, "members": dict(self.members)})

    @classmethod
    def of_text(cls, text: bytes) -> "Content":
        return cls(**orjson.loads(text))


def content(kind: Resource, value: Any) -> Content:
    """``value`` is of the class of providers.resources that the adapter's method ``kind`` gives."""
    return Content(_storable(value.id), _storable(_MEMBERS[kind](value)))


def _standing_order(order: StandingOrder) -> Members:
    return {
        "status": order.status,
        "schedule": _schedule(order.schedule),
        "first": _instalment(order.first),
        "last": _instalment(order.last),
        "next": _instalment(order.next),
        "final": _instalment(order.final),
        "payments": order.payments,
        **_creditor(order.creditor),
        "remittance": order.remittance,
        "mandate_id": order.mandate_id,
    }


def _direct_debit(mandate: DirectDebit) -> Members:
    return {
        "status": mandate.status,
        "schedule": _schedule(mandate.schedule),
        "first": _instalment(mandate.first),
        "last": _instalment(mandate.previous),
        "next": _instalment(mandate.next),
        "final": _instalment(mandate.final),
        **_creditor(mandate.creditor),
        "mandate_id": mandate.mandate_id,
    }


def _scheduled_payment(payment: ScheduledPayment) -> Members:
    return {
        "date": payment.on,
        "arrives": payment.arrives,
        **_money(payment.money),
        **_creditor(payment.creditor),
        "remittance": payment.remittance,
    }


def _beneficiary(payee: Beneficiary) -> Members:
    return {**_creditor(payee.creditor), "reference": payee.reference, "is_trusted": payee.trusted}


def _statement(statement: Statement) -> Members:
    return {
        "reference": statement.reference,
        "type": statement.type,
        "date_from": statement.period[0],
        "date_to": statement.period[1],
        "created_at": statement.created_at,
        "description": statement.description,
        "lines": [_line(line) for line in statement.lines],
        "moments": dict(sorted(statement.moments.items())),
    }


def _line(line: StatementLine) -> Members:
    return {
        "kind": line.kind,
        "type": line.type,
        **_money(line.money),
        "rate": None if line.rate is None else f"{line.rate:f}",
        "description": line.description,
    }


def _holder(holder: PartyOfAccount) -> Members:
    return {
        "name": holder.name,
        "legal_name": holder.legal_name,
        "type": holder.type,
        "role": holder.role,
        "legal_structure": holder.legal_structure,
        "lei": holder.lei,
        "is_beneficial_owner": holder.is_beneficial_owner,
        "email": holder.email,
        "phone": holder.phone,
        "mobile": holder.mobile,
        "addresses": [_address(one) for one in holder.addresses],
    }


def _address(address: Address) -> Members:
    return {
        "lines": address.lines,
        "town": address.town,
        "post_code": address.post_code,
        "region": address.region,
        "country": address.country,
    }


def _product(product: Product) -> Members:
    return {"name": product.name, "type": product.type}


_MEMBERS: Mapping[Resource, Callable[[Any], Members]] = MappingProxyType(
    {
        Resource.STANDING_ORDERS: _standing_order,
        Resource.DIRECT_DEBITS: _direct_debit,
        Resource.SCHEDULED_PAYMENTS: _scheduled_payment,
        Resource.BENEFICIARIES: _beneficiary,
        Resource.STATEMENTS: _statement,
        Resource.PARTIES: _holder,
        Resource.PRODUCTS: _product,
    }
)

KEPT = tuple(_MEMBERS)
"""The kinds that the ledger keeps. A bank's offers to its customers are advertising, and are not read."""


def _creditor(party: Party) -> Members:
    return {"creditor_name": party.name, "creditor_account": party.account and party.account.value}


def _instalment(one: Instalment | None) -> Members | None:
    return None if one is None else {"date": one.on, **_money(one.money)}


def _money(money: Money | None) -> Members:
    if money is None:
        return {"amount": None, "currency": None}
    return {"amount": f"{money.number:f}", "currency": money.currency}


def _schedule(one: Schedule | None) -> Members | None:
    if one is None:
        return None
    return {
        "frequency": one.frequency,
        "interval": one.interval,
        "day": one.day,
        "week": one.week,
        "source_label": one.source_label or None,
    }


def _storable(value: Any) -> Any:
    """As JSON gives it back, and as a column keeps it."""
    match value:
        case str():
            return storable(str(value))
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(_storable(name)): _storable(one) for name, one in value.items()}
        case tuple() | list():
            return [_storable(one) for one in value]
        case _:
            return value
