"""The ledger of unattended calls: how often each account was asked for what, today, while nobody waited.

A bank need not answer more than four of them a day, per account and endpoint (RTS on SCA art. 36(5)(b)); calls that the
PSU waits for do not count (EBA Q&A 2019_4631). The day is that of the bank's time zone. A call is written down before
it is made, so a crash can only make the count too high; one that the bank did not answer is taken back. Pages of one
reading are one call. A bank that says itself that the quota is spent closes it for as long as it says.

The day's calls are spread: the first is free from midnight on, the second from a quarter of the day on, and so forth.
What was not used by then may be used later, so a sync that failed in the morning can be repeated at noon.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, bindparam, func, literal, select, update
from sqlalchemy.orm import Session

from hub.models.quota import QuotaUse
from hub.upsert import inserts


class Endpoint(StrEnum):
    ACCOUNTS = "accounts"
    BALANCES = "balances"
    TRANSACTIONS = "transactions"
    STANDING_ORDERS = "standing_orders"
    DIRECT_DEBITS = "direct_debits"
    SCHEDULED_PAYMENTS = "scheduled_payments"
    BENEFICIARIES = "beneficiaries"
    STATEMENTS = "statements"
    PARTIES = "parties"
    PRODUCTS = "products"


class Held(Exception):
    """This call is not made now without the PSU. ``until`` is when it may be."""

    def __init__(self, until: datetime) -> None:
        super().__init__("the day's unattended calls are spent, or kept for later")
        self.until = until


@dataclass(frozen=True, slots=True)
class Budget:
    """``calls_per_day`` per account and endpoint; 0 is never without the PSU."""

    calls_per_day: int
    zone: ZoneInfo

    def day(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """The day's beginning and end, UTC; 23 to 25 hours apart."""
        first, last = (datetime.combine(one, time(), self.zone) for one in (day, day + timedelta(days=1)))
        return first.astimezone(UTC), last.astimezone(UTC)

    def allowed(self, now: datetime) -> int:
        """So many calls may have been made by now."""
        start, end = self.bounds(self.day(now))
        return min(self.calls_per_day, int((now - start) / (end - start) * self.calls_per_day) + 1)

    def next_at(self, used: int, now: datetime) -> datetime:
        """When one more than ``used`` is allowed."""
        start, end = self.bounds(self.day(now))
        return end if used >= self.calls_per_day else start + (end - start) * used / self.calls_per_day


_TABLE = cast(Table, QuotaUse.__table__)
_Q = _TABLE.c
# Made once: every call to a bank is counted by them.
_CLOSED = select(func.max(_Q.closed_until)).where(
    _Q.subject_id == bindparam("subject"), _Q.endpoint == bindparam("called"), _Q.closed_until > bindparam("now")
)
_ONE_MORE = {
    "subject_id": bindparam("subject", type_=_Q.subject_id.type),
    "endpoint": bindparam("called", type_=_Q.endpoint.type),
    "day": bindparam("today", type_=_Q.day.type),
    "connection_id": bindparam("connection", type_=_Q.connection_id.type),
    "used": literal(1, _Q.used.type),
    "last_at": bindparam("now", type_=_Q.last_at.type),
}
_COUNT = {
    name: insert.from_select(list(_ONE_MORE), select(*_ONE_MORE.values()).where(_CLOSED.scalar_subquery().is_(None)))
    .on_conflict_do_update(
        index_elements=[_Q.subject_id, _Q.endpoint, _Q.day],
        set_={"used": _Q.used + 1, "last_at": _ONE_MORE["last_at"], "connection_id": _ONE_MORE["connection_id"]},
        where=_Q.used < bindparam("allowed"),
    )
    .returning(_Q.used)
    for name, insert in inserts(_TABLE).items()
}


@dataclass(frozen=True, slots=True)
class Key:
    subject_id: str
    endpoint: Endpoint
    day: date


def take(
    session: Session, budget: Budget, subject_id: str, endpoint: Endpoint, *, connection_id: str, now: datetime
) -> Key:
    """Count one call that is about to be made. Raises Held; nothing is written then."""
    key = Key(subject_id, endpoint, budget.day(now))
    allowed = budget.allowed(now)
    counted = {"connection": connection_id, "now": now, "allowed": allowed}
    if allowed > 0 and session.scalar(_COUNT[session.get_bind().dialect.name], {**_named(key), **counted}) is not None:
        return key
    if (until := session.scalar(_CLOSED, {**_named(key), "now": now})) is not None:
        raise Held(until)
    used = session.scalar(select(QuotaUse.used).where(*_row(key))) or 0
    raise Held(budget.next_at(used, now))


def take_ahead(
    session: Session, budget: Budget, subject_id: str, endpoint: Endpoint, *, connection_id: str, now: datetime
) -> Key | Held:
    """The same for a call that comes next, in a transaction that is open anyway; Held is for whoever makes the call."""
    try:
        return take(session, budget, subject_id, endpoint, connection_id=connection_id, now=now)
    except Held as held:
        return held


def give_back(session: Session, key: Key) -> None:
    """The bank did not answer that call."""
    session.execute(
        update(QuotaUse)
        .where(*_row(key), QuotaUse.used > 0)
        .values(used=QuotaUse.used - 1)
        .execution_options(synchronize_session=False)
    )


def close(session: Session, key: Key, until: datetime) -> None:
    """The bank says that no more are answered until then."""
    session.execute(
        update(QuotaUse).where(*_row(key)).values(closed_until=until).execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class Use:
    """How it stands today, for one account (or the list of them) and endpoint. ``resets_at`` is when the count begins
    anew, or the bank opens again if that is later."""

    subject_id: str
    endpoint: Endpoint
    used: int
    limit: int
    resets_at: datetime
    is_closed: bool


def uses(session: Session, budget: Budget, connection_id: str, *, now: datetime) -> tuple[Use, ...]:
    """Those of today, and those that the bank closed longer. The caller has checked whose connection it is."""
    today = budget.day(now)
    _, end = budget.bounds(today)
    query = (
        select(QuotaUse)
        .where(QuotaUse.connection_id == connection_id, (QuotaUse.day == today) | (QuotaUse.closed_until > now))
        .order_by(QuotaUse.subject_id, QuotaUse.endpoint, QuotaUse.day)
    )
    found: dict[tuple[str, str], Use] = {}
    for row in session.scalars(query):
        before = found.get((row.subject_id, row.endpoint))
        is_closed = row.closed_until is not None and row.closed_until > now
        found[row.subject_id, row.endpoint] = Use(
            row.subject_id,
            Endpoint(row.endpoint),
            row.used if row.day == today else 0,
            budget.calls_per_day,
            max([end, *([row.closed_until] if row.closed_until else []), *([before.resets_at] if before else [])]),
            is_closed or (before is not None and before.is_closed),
        )
    return tuple(found.values())


def _named(key: Key) -> dict[str, object]:
    return {"subject": key.subject_id, "called": key.endpoint.value, "today": key.day}


def _row(key: Key) -> tuple[ColumnElement[bool], ...]:
    return (
        QuotaUse.subject_id == key.subject_id,
        QuotaUse.endpoint == key.endpoint.value,
        QuotaUse.day == key.day,
    )
