"""What is worth telling of new rows: a payment unlike the others, a regular one of another amount.

Hears of each sync that changed something (hub.events) and answers with signals of its own: source and subscriber at
once. Where it stands in the connection's change log moves in the transaction of the signals, so no row is passed over;
one that the bank changes again is looked at again, and an inbox takes it once. The history that a new connection brings
is no news, and neither is what lies further back than RECENT.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent.decide import for_owner
from hub.context import Hub
from hub.events.outbox import emit
from hub.insights.movement import Movement
from hub.insights.recurring import Series, recurring
from hub.insights.stored import LOOK_BACK, Meaning, booked
from hub.jobs import holding
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.jobs.queue import put
from hub.models.connection import Connection
from hub.models.event import Event
from hub.models.ledger import Account, Change
from hub.models.notification import Watched
from hub.upsert import insert_into

QUEUE = "insight.watch"
SYNCED = "connection.synced"
RECENT = timedelta(days=7)
HALF_A_YEAR = timedelta(days=182)
ENOUGH = 20
"""Payments in half a year, before anything can be unusual among them."""
FAR_MORE = 5
"""Times the middle one of them."""
MOST_ROWS = 2000
"""New rows at once: beyond that it is a history, and no news."""


def route(hub: Hub, session: Session, events: Sequence[Event], now: datetime) -> None:
    """hub.events.dispatcher.Route."""
    del hub
    for connection_id in sorted({one.subject_id for one in events if _changed_something(one)}):
        put(session, QUEUE, key=connection_id, at=now, now=now, is_earliest=True)


def _changed_something(event: Event) -> bool:
    return event.kind == SYNCED and any(event.body.get(name) for name in ("added", "modified"))


def work(hub: Hub, held: Held) -> None:
    with hub.db.read() as session:
        head = session.scalar(select(func.max(Change.seq)).where(Change.connection_id == held.key)) or 0
        seen = session.scalar(select(Watched.seq).where(Watched.connection_id == held.key))
        psu_id = session.scalar(select(Connection.psu_id).where(Connection.id == held.key))
        found = [] if seen is None or psu_id is None else list(_found(hub, session, held.key, psu_id, seen, head))
    with hub.db.write() as session:
        holding.finish(session, held)
        if psu_id is None or session.scalar(select(Connection.id).where(Connection.id == held.key)) is None:
            return
        for kind, one in found:
            body = {"account_id": one.account_id}
            emit(session, kind, one.id, now=hub.clock(), psu_id=psu_id, body=body)
        row = insert_into(session, Watched).values(connection_id=held.key, seq=head)
        session.execute(row.on_conflict_do_update(index_elements=["connection_id"], set_={"seq": head}))


def _found(
    hub: Hub, session: Session, connection_id: str, psu_id: str, seen: int, head: int
) -> Iterator[tuple[str, Movement]]:
    """(signal, the payment it is about)."""
    rows = select(Change.transaction_id, Change.account_id).where(
        Change.connection_id == connection_id, Change.seq > seen, Change.seq <= head, Change.kind != "removed"
    )
    fresh = dict(session.execute(rows.limit(MOST_ROWS + 1)).all())
    if not fresh or len(fresh) > MOST_ROWS:
        return
    today = hub.clock().date()
    everything = for_owner(psu_id, session.scalars(select(Account.id).where(Account.psu_id == psu_id)).all())
    meaning = Meaning(session, everything)
    changed = for_owner(psu_id, [one for one in set(fresh.values()) if one in everything.account_ids])
    history = [meaning.movement(row) for row in booked(session, changed, first=today - LOOK_BACK, last=today)]
    news = {one.id for one in history if one.id in fresh and one.day >= today - RECENT}
    if not news:
        return
    series = recurring(history, today=today)
    by_id = {one.id: one for one in history}
    yield from (("insight.price_changed", by_id[one]) for one in price_changes(series, news, by_id))
    regular = {one for each in series for one in each.transactions}
    yield from (("insight.unusual_debit", one) for one in unusual(history, news - regular))


def unusual(history: Iterable[Movement], news: Collection[str]) -> Iterator[Movement]:
    """Those of ``news`` (ids) that are larger than any of the half year before on the same account, and FAR_MORE times
    the middle one, where there were ENOUGH. Transfers between own accounts neither count nor are told."""
    groups: defaultdict[tuple[str, str], list[Movement]] = defaultdict(list)
    for one in history:
        if one.amount < 0 and not one.is_between_own:
            groups[one.account_id, one.currency].append(one)
    for group in groups.values():
        group.sort(key=lambda one: (one.day, one.id))
        for place, one in enumerate(group):
            if one.id not in news:
                continue
            before = [-each.amount for each in _since(group[:place], one.day - HALF_A_YEAR)]
            if len(before) >= ENOUGH and -one.amount > max(max(before), FAR_MORE * median(before)):
                yield one


def _since(group: Sequence[Movement], first: date) -> list[Movement]:
    return [one for one in group if one.day >= first]


def price_changes(series: Iterable[Series], news: set[str], by_id: Mapping[str, Movement]) -> Iterator[str]:
    """The ids of new payments with which what a person pays regularly became another amount."""
    for one in series:
        days = {change.day for change in one.price_changes}
        if one.last_amount < 0:
            yield from (each for each in one.transactions if each in news and by_id[each].day in days)


KIND = Kind(QUEUE, work, threads=2)
