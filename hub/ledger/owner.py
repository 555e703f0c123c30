"""What the person's own pages show beyond the history: totals, their course over time, where a row comes from."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from sqlalchemy import func, select

from consent.decide import Allowed
from consent.model import Permission
from hub.db import Reading, unscaled
from hub.errors import NotFound
from hub.ledger import balances, tables
from hub.ledger.accounts import GONE
from hub.ledger.balances import BalanceRules
from hub.ledger.guard import must_cover
from hub.ledger.provenance import wholes
from hub.ledger.rows import raw_place
from hub.sealing import Sealer
from providers.model import Money, Status

NO_BALANCE_RULES: BalanceRules = MappingProxyType({})
_T = tables.transaction.c
_B = tables.balance.c
_RAW = tables.transaction_raw.c


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of current balances. by_currency: currency -> sum. by_connection: connection id -> currency -> sum.

    Currencies are never added to each other. ``unknown`` are accounts whose bank gives no balance: absent is not zero.
    ``given_at``: when the bank last gave each account's balances, which may be before its transactions were last read.
    """

    by_currency: Mapping[str, Decimal]
    by_connection: Mapping[str, Mapping[str, Decimal]]
    by_account: Mapping[str, Money]
    given_at: Mapping[str, datetime]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provenance:
    """``raw`` is the bank's own row, ``trace`` names for each field the place in it that it was read from."""

    raw: bytes
    normaliser: str
    trace: Mapping[str, str]
    fetched_at: datetime


def _current(reading: Reading, allowed: Allowed, rules: BalanceRules) -> dict[str, Money]:
    """Account -> its current balance, for those that have one."""
    must_cover(allowed, Permission.BALANCES_READ)
    found = balances.chosen(reading, allowed.account_ids, rules)
    return {account_id: one.current.money for account_id, one in found.items() if one.current}


def totals(reading: Reading, allowed: Allowed, *, rules: BalanceRules = NO_BALANCE_RULES) -> Totals:
    """What the person has, by the banks' last word. Accounts that are gone do not count."""
    current = _current(reading, allowed, rules)
    table = tables.account.c
    given = select(func.max(_B.fetched_at)).where(_B.account_id == table.id).scalar_subquery()
    shown = reading.execute(
        select(table.id, table.connection_id, given.label("given_at"))
        .where(table.id.in_(allowed.account_ids), table.status != GONE)
        .order_by(table.id)
    ).all()
    by_currency: defaultdict[str, Decimal] = defaultdict(Decimal)
    by_connection: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    by_account, given_at = {}, {}
    for account_id, connection_id, at in shown:
        if (money := current.get(account_id)) is not None:
            by_account[account_id], given_at[account_id] = money, at
            by_currency[money.currency] += money.number
            by_connection[connection_id][money.currency] += money.number
    unknown = tuple(row.id for row in shown if row.id not in current)
    connections = {key: dict(sums) for key, sums in by_connection.items()}
    return Totals(dict(by_currency), connections, by_account, given_at, unknown)


def daily_balances(
    reading: Reading, allowed: Allowed, *, days: int = 90, today: date, rules: BalanceRules = NO_BALANCE_RULES
) -> dict[str, tuple[tuple[date, Decimal], ...]]:
    """Currency -> (day, total at the end of that day), the oldest first, ``today`` last.

    Today's current balance, less what was booked after each day. Rows in another currency than the balance cannot be
    taken off exactly and are left out; so is an account without a balance.
    """
    counted = totals(reading, allowed, rules=rules)
    booked: defaultdict[str, defaultdict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    day = func.coalesce(_T.booking_date, _T.sort_date).label("day")
    first = today - timedelta(days=days - 1)
    for row in reading.execute(
        select(_T.account_id, day, _T.currency, _T.scale, func.sum(_T.amount).label("amount"))
        .where(
            _T.account_id.in_(tuple(counted.by_account)),
            _T.status == Status.BOOKED.value,
            _T.removed_at.is_(None),
            day > first,
        )
        .group_by(_T.account_id, day, _T.currency, _T.scale)
    ):
        if counted.by_account[row.account_id].currency == row.currency:
            booked[row.currency][row.day] += unscaled(int(row.amount), row.scale)
    result = {}
    for currency, total in counted.by_currency.items():
        moved = booked[currency]
        running = total - sum((amount for when, amount in moved.items() if when > today), Decimal())
        course = []
        for back in range(days):
            when = today - timedelta(days=back)
            course.append((when, running))
            running -= moved.get(when, Decimal())
        result[currency] = tuple(reversed(course))
    return result


def provenance(reading: Reading, sealer: Sealer, allowed: Allowed, transaction_id: str) -> Provenance:
    """Only for the person: a client is shown fields, never a bank's own row. Raises NotFound for anybody else."""
    row = reading.execute(
        select(_T.account_id, _RAW.raw_sealed, _RAW.normaliser, _RAW.provenance, _RAW.fetched_at)
        .join(tables.transaction_raw, _RAW.transaction_id == _T.id)
        .where(_T.id == transaction_id)
    ).first()
    if row is None or allowed.consent_id is not None or row.account_id not in allowed.account_ids:
        raise NotFound("No such transaction.")
    return Provenance(
        raw=sealer.open(row.raw_sealed, raw_place(transaction_id)),
        normaliser=row.normaliser,
        trace=wholes(reading, [row.provenance])[0],
        fetched_at=row.fetched_at,
    )
