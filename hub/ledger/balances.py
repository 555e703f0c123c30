"""What "current" and "available" mean where banks give eleven kinds of balance. Pure, and the storing of balances."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from hub.db import scaled
from hub.ledger import tables
from providers.model import Balance, BalanceType, Money

CURRENT = (
    BalanceType.INTERIM_BOOKED,
    BalanceType.CLOSING_BOOKED,
    BalanceType.PREVIOUSLY_CLOSED_BOOKED,
    BalanceType.OPENING_BOOKED,
    BalanceType.EXPECTED,
    BalanceType.INTERIM_AVAILABLE,
)
AVAILABLE = (
    BalanceType.INTERIM_AVAILABLE,
    BalanceType.CLOSING_AVAILABLE,
    BalanceType.FORWARD_AVAILABLE,
    BalanceType.EXPECTED,
    BalanceType.INTERIM_BOOKED,
    BalanceType.CLOSING_BOOKED,
)
"""Booked before available for "current": an available balance may hold an overdraft that is not the person's money."""


@dataclass(frozen=True, slots=True)
class Derived:
    """``type`` says which of the bank's balances the number is."""

    money: Money
    type: BalanceType


def derive(given: Mapping[str, Money], preference: Sequence[BalanceType]) -> Derived | None:
    """The first balance of ``preference`` that the bank gives. None if it gives none of them: absent is not zero."""
    return next((Derived(given[kind], kind) for kind in preference if kind in given), None)


def current(given: Mapping[str, Money]) -> Derived | None:
    return derive(given, CURRENT)


def available(given: Mapping[str, Money]) -> Derived | None:
    return derive(given, AVAILABLE)


def store_balances(session: Session, account_id: str, balances: Iterable[Balance], now: datetime) -> None:
    """Replace what is known by what the bank shows now. No balance at all changes nothing.

    One of each type is kept: in the account's currency if the bank gives several, and of those the latest.
    """
    currency = session.scalar(select(tables.account.c.currency).where(tables.account.c.id == account_id))
    best: dict[str, Balance] = {}
    for balance in balances:
        held = best.get(balance.type.value)
        if held is None or _rank(balance, currency) > _rank(held, currency):
            best[balance.type.value] = balance
    if not best:
        return
    session.execute(delete(tables.balance).where(tables.balance.c.account_id == account_id))
    session.execute(insert(tables.balance), [_values(account_id, balance, now) for balance in best.values()])


def _rank(balance: Balance, currency: str | None) -> tuple[bool, datetime]:
    """Of several of one type the account's own currency, then the latest, then the first named: never the larger."""
    return balance.money.currency == currency, balance.as_of or datetime.min.replace(tzinfo=UTC)


def _values(account_id: str, balance: Balance, now: datetime) -> dict[str, object]:
    amount, scale = scaled(balance.money.number)
    return {
        "account_id": account_id,
        "type": balance.type.value,
        "amount": amount,
        "scale": scale,
        "currency": balance.money.currency,
        "credit_line_included": balance.credit_line_included,
        "credit_limit": _limit(balance),
        "source_label": balance.source_label[:60],
        "as_of": balance.as_of,
        "fetched_at": now,
    }


def _limit(balance: Balance) -> str | None:
    """A limit in another currency than its balance is no limit of it."""
    limit = balance.credit_limit
    return f"{limit.number:f}"[:40] if limit and limit.currency == balance.money.currency else None
