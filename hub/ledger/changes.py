"""What has changed since the client last asked: transactions/sync over the change logs behind one consent.

A cursor is a position in each log. An update leads from what the client has (``base``) to one snapshot (``target``)
that its first page fixes; its other pages walk the logs between the two, so nothing that is written meanwhile can
shift them. Each transaction is named once in an update, on the page that holds its last change, as what it is relative
to the base: added, modified, removed, or not at all if it came and went between. Any cursor may be used again.

Membership is exactly the snapshot's; what a row says is what it says now, and if it changed after the snapshot the
next update names it again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import orjson
from sqlalchemy import ColumnElement, and_, or_, select

from consent.decide import Allowed
from consent.model import Permission
from hub.db import Reading
from hub.errors import BadInput
from hub.ledger import render, tables
from hub.ledger.changelog import ADDED, MODIFIED, REMOVED
from hub.ledger.cursors import Positions, SyncPlace
from hub.ledger.guard import must_cover
from hub.ledger.movement import MOVEMENTS
from hub.sealing import Sealer

__all__ = ["ChangesPage", "changes"]

MAX_COUNT = 500
_C = tables.change.c
_T = tables.transaction.c

Entry = tuple[datetime, str, int, str, str]
"""(at, connection, seq, transaction, kind): sorts by when it happened."""


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """``added``, ``modified``, ``removed`` are JSON arrays: of transactions, of transactions, of {id, account_id,
    superseded_by}. While ``has_more``, ask again with ``next_cursor`` at once; afterwards keep it for next time."""

    added: bytes
    modified: bytes
    removed: bytes
    next_cursor: str
    has_more: bool


def changes(
    reading: Reading, sealer: Sealer, allowed: Allowed, cursor: str | None = None, count: int = 100
) -> ChangesPage:
    """At most ``count`` transactions. Without a cursor: everything there is, as added.

    Raises BadInput for another consent's cursor, or one whose consent has come to cover something else.
    """
    must_cover(allowed, Permission.TRANSACTIONS_READ)
    if not 1 <= count <= MAX_COUNT:
        raise BadInput(f"Between 1 and {MAX_COUNT}.", parameter="count")
    place = SyncPlace({}) if cursor is None else SyncPlace.parse(cursor, sealer, _bound_to(allowed))
    if place.target is None:
        place = SyncPlace(place.base, _heads(reading, allowed))
    for _ in range(_MAX_WALKS):
        entries, place = _walk(reading, allowed, place, count)
        kinds = _kinds(reading, allowed, place, entries) if entries else {}
        found = _rows(reading, allowed, kinds) if kinds else []
        if found or place.connection == _END:
            break
    is_over = place.connection == _END
    reached = SyncPlace({**place.base, **(place.target or {})}) if is_over else place
    return _page(found, kinds, allowed, cursor=reached.text(sealer, _bound_to(allowed)), has_more=not is_over)


_END = "end"  # sorts after every id
_MAX_WALKS = 20  # where everything came and went between, no empty pages are handed out, within reason


def _bound_to(allowed: Allowed) -> str:
    """What a cursor belongs to: this consent with these accounts and this beginning."""
    covered = orjson.dumps([allowed.psu_id, allowed.account_ids, allowed.since])
    return f"changes.cursor:{allowed.consent_id}:{sha256(covered).hexdigest()}"


def _heads(reading: Reading, allowed: Allowed) -> Positions:
    """The last position of every log that may hold changes of these accounts: an account may have had several
    connections, all of one bank. A position is only visible once everything before it is."""
    connection, account = tables.connection.c, tables.account.c
    banks = select(account.institution_id).where(account.id.in_(allowed.account_ids))
    found = reading.execute(
        select(connection.id, connection.change_seq).where(
            connection.psu_id == allowed.psu_id, connection.institution_id.in_(banks)
        )
    )
    return {row.id: row.change_seq for row in found}


def _walk(reading: Reading, allowed: Allowed, place: SyncPlace, count: int) -> tuple[list[Entry], SyncPlace]:
    """The next ``count`` log entries between base and target, and the place behind them."""
    target = place.target or {}
    entries: list[Entry] = []
    for connection in sorted(target):
        if connection < place.connection:
            continue
        start = place.seq if connection == place.connection else place.base.get(connection, 0)
        if start >= target[connection]:
            continue
        found = reading.execute(
            select(_C.at, _C.connection_id, _C.seq, _C.transaction_id, _C.kind)
            .where(
                _C.connection_id == connection,
                _C.seq > start,
                _C.seq <= target[connection],
                _C.account_id.in_(allowed.account_ids),
            )
            .order_by(_C.seq)
            .limit(count - len(entries))
        ).all()
        entries += [(row[0], row[1], row[2], row[3], row[4]) for row in found]
        if len(entries) == count and entries[-1][2] < target[connection]:
            return entries, SyncPlace(place.base, target, connection, entries[-1][2])
        if len(entries) == count:
            later = any(other > connection and target[other] > place.base.get(other, 0) for other in target)
            return entries, SyncPlace(place.base, target, connection if later else _END, target[connection])
    return entries, SyncPlace(place.base, target, _END)


def _kinds(reading: Reading, allowed: Allowed, place: SyncPlace, entries: Collection[Entry]) -> dict[str, str]:
    """Transaction -> what the update does to it, for those whose last change of the update is among ``entries``."""
    target = place.target or {}
    everything: defaultdict[str, list[Entry]] = defaultdict(list)
    # By a range, not by a list of ids: PostgreSQL's generic plan compares each row with each of 500 parameters.
    here_only = tables.change.alias("here_only").c
    ranges = []
    for connection in {entry[1] for entry in entries}:
        positions = [entry[2] for entry in entries if entry[1] == connection]
        ranges.append(
            and_(here_only.connection_id == connection, here_only.seq.between(min(positions), max(positions)))
        )
    named = select(here_only.transaction_id).where(or_(*ranges), here_only.account_id.in_(allowed.account_ids))
    found = reading.execute(
        select(_C.at, _C.connection_id, _C.seq, _C.transaction_id, _C.kind).where(
            _C.transaction_id.in_(named), or_(*_windows(place.base, target))
        )
    )
    for row in found:
        everything[row[3]].append((row[0], row[1], row[2], row[3], row[4]))
    here = {(entry[1], entry[2]) for entry in entries}
    kinds = {}
    for transaction_id, log in everything.items():
        _in_order(log)
        if (log[-1][1], log[-1][2]) not in here:
            continue
        before, after = log[0][4] != ADDED, log[-1][4] != REMOVED
        if before or after:
            kinds[transaction_id] = REMOVED if not after else MODIFIED if before else ADDED
    return kinds


def _in_order(log: list[Entry]) -> None:
    """Positions order one log. Two logs (the account changed its connection) have only the time in common."""
    if len({entry[1] for entry in log}) == 1:
        log.sort(key=lambda entry: entry[2])
    else:
        log.sort()


def _windows(base: Positions, target: Positions) -> Iterable[ColumnElement[bool]]:
    for connection, last in target.items():
        yield and_(_C.connection_id == connection, _C.seq > base.get(connection, 0), _C.seq <= last)


def _rows(reading: Reading, allowed: Allowed, kinds: Collection[str]) -> list[render.Row]:
    """Those that the history would list. A row's day, account and status never change, so it never slips in or out."""
    found = render.fetch(reading.execute(select(*render.COLUMNS).where(_T.id.in_(kinds)).order_by(_T.id)))
    return [
        row
        for row in found
        if row[render.STATUS] in MOVEMENTS
        and row[render.ACCOUNT] in allowed.account_ids
        and (allowed.since is None or render.day(row) >= allowed.since)
    ]


def _page(
    rows: Iterable[render.Row], kinds: Mapping[str, str], allowed: Allowed, *, cursor: str, has_more: bool
) -> ChangesPage:
    by_kind: dict[str, list[render.Row]] = {ADDED: [], MODIFIED: [], REMOVED: []}
    for row in rows:
        by_kind[kinds[row[render.ID]]].append(row)
    gone = [
        {"id": row[render.ID], "account_id": row[render.ACCOUNT], "superseded_by": row[render.SUPERSEDED_BY]}
        for row in by_kind[REMOVED]
    ]
    return ChangesPage(
        added=render.transactions(by_kind[ADDED], allowed.fields),
        modified=render.transactions(by_kind[MODIFIED], allowed.fields),
        removed=orjson.dumps(gone),
        next_cursor=cursor,
        has_more=has_more,
    )
