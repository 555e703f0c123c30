"""Balances as the banks give them are stored; which of them is the balance is chosen when it is asked for
(providers.balances), by the bank's own rules where it has any.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from hub.db import Reading, scaled, unscaled
from hub.ledger import tables
from providers.balances import Chosen, choose
from providers.model import AccountType, Balance, BalanceType, Money
from providers.rules.profile import NO_RULES, Balances

BalanceRules = Mapping[str, Balances]
"""Institution id -> what its file says of its balances."""

_B, _A = tables.balance.c, tables.account.c


def chosen(reading: Reading, account_ids: Collection[str], rules: BalanceRules) -> dict[str, Chosen]:
    """Account -> its current and available balance, in its own currency, for those that have any balance at all."""
    given: defaultdict[str, list[Balance]] = defaultdict(list)
    accounts: dict[str, tuple[str, str, str]] = {}
    for row in reading.execute(
        select(tables.balance, _A.type.label("account_type"), _A.currency.label("account_currency"), _A.institution_id)
        .join(tables.account, _A.id == _B.account_id)
        .where(_B.account_id.in_(tuple(account_ids)))
    ):
        accounts[row.account_id] = row.account_type, row.account_currency, row.institution_id
        limit = None if row.credit_limit is None else Money(Decimal(row.credit_limit), row.currency)
        given[row.account_id].append(
            Balance(
                BalanceType(row.type),
                Money(unscaled(row.amount, row.scale), row.currency),
                row.as_of,
                row.credit_line_included,
                row.source_label,
                limit,
            )
        )
    return {
        account_id: choose(
            given[account_id],
            account_type=AccountType(kind),
            currency=None if all(one.money.currency != currency for one in given[account_id]) else currency,
            rules=rules.get(institution_id, NO_RULES.balances),
        )
        for account_id, (kind, currency, institution_id) in accounts.items()
    }


def store_balances(session: Session, account_id: str, balances: Iterable[Balance], now: datetime) -> None:
    """Replace what is known by what the bank shows now. No balance at all changes nothing.

    One of each type is kept, and of those that have no ISO type one of each word of the bank's: in the account's
    currency if the bank gives several, and of those the latest.
    """
    currency = session.scalar(select(tables.account.c.currency).where(tables.account.c.id == account_id))
    best: dict[tuple[str, str], Balance] = {}
    for balance in balances:
        label = _label(balance) if balance.type is BalanceType.OTHER else ""
        held = best.get((balance.type.value, label))
        if held is None or _rank(balance, currency) > _rank(held, currency):
            best[balance.type.value, label] = balance
    if not best:
        return
    session.execute(delete(tables.balance).where(tables.balance.c.account_id == account_id))
    session.execute(insert(tables.balance), [_values(account_id, balance, now) for balance in best.values()])


def _rank(balance: Balance, currency: str | None) -> tuple[bool, bool, datetime]:
    """Of several of one type the one in the account's own currency, then the holder's money without a credit that is
    granted beside it (Banca Transilvania has both), then the latest, then the first named: never the larger."""
    own = balance.money.currency == currency
    return own, balance.credit_line_included is not True, balance.as_of or datetime.min.replace(tzinfo=UTC)


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
        "source_label": _label(balance),
        "as_of": balance.as_of,
        "fetched_at": now,
    }


def _label(balance: Balance) -> str:
    return balance.source_label[:60]


def _limit(balance: Balance) -> str | None:
    """A limit in another currency than its balance is no limit of it."""
    limit = balance.credit_limit
    return f"{limit.number:f}"[:40] if limit and limit.currency == balance.money.currency else None
