"""Between the ledger's tables and reconciliation: stored rows as evidence, fetched rows as columns, in bulk."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Text, and_, bindparam, delete, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from hub import bulk
from hub.ids import new_ids
from hub.ledger import provenance, tables
from hub.ledger.movement import (
    DETAIL_COLUMNS,
    PASSING,
    Fetched,
    Movement,
    Stored,
    exact,
    ids_text,
    row_ids,
    shared_reference,
    storable_ids,
)
from hub.ledger.reconcile import Insert, Update
from hub.sealing import Sealer

_T = tables.transaction.c
_RAW = tables.transaction_raw
_SHOWN = select(
    _T.id,
    _T.status,
    _T.amount,
    _T.scale,
    _T.currency,
    _T.counterparty_name,
    type_coerce(_T.remittance, Text),
    _T.fingerprint,
    _T.bank_ids,
    _T.occurrence,
    _T.sort_date,
    _T.first_seen_at,
    _T.supersedes,
    _T.removed_at,
    _T.missing_since,
    *(_T[name] for name in DETAIL_COLUMNS),
)
_LIVE = (
    _T.account_id == bindparam("account_id"),
    # A pending row that was withdrawn may still turn out to have been booked, or come back.
    or_(_T.removed_at.is_(None), and_(_T.status.in_(sorted(PASSING)), _T.superseded_by.is_(None))),
)
_EVIDENCE = _SHOWN.where(*_LIVE)
_IDS_SINCE = select(_T.id).where(*_LIVE, _T.sort_date >= bindparam("first"))
_BETWEEN = _EVIDENCE.where(_T.sort_date.between(bindparam("first"), bindparam("last")))
_UNDATED = _EVIDENCE.where(_T.booking_date.is_(None), _T.value_date.is_(None))
_AT_ONCE = 1000  # parameters of one statement: SQLite takes 32,766
_FIXED = 15  # columns of _EVIDENCE before the details


def raw_place(transaction_id: str) -> str:
    """What a sealed raw row is bound to."""
    return f"transaction_raw.raw:{transaction_id}"


def between(session: Session, account_id: str, first: date, last: date) -> list[Stored]:
    rows = session.execute(_BETWEEN, {"account_id": account_id, "first": first, "last": last})
    return [_stored(row) for row in rows]


def some(session: Session, account_id: str, ids: Sequence[str]) -> list[Stored]:
    """The rows with these ids."""
    found: list[Stored] = []
    for start in range(0, len(ids), _AT_ONCE):
        wanted = ids[start : start + _AT_ONCE]
        found += map(_stored, session.execute(_EVIDENCE.where(_T.id.in_(wanted)), {"account_id": account_id}))
    return found


def has_any(session: Session, account_id: str) -> bool:
    # By its order, or PostgreSQL may read a table of few accounts from the beginning.
    query = select(_T.id).where(_T.account_id == account_id).order_by(_T.sort_date.desc(), _T.id.desc()).limit(1)
    return session.execute(query).first() is not None


def ids_since(session: Session, account_id: str, first: date) -> Iterator[str]:
    """The ids of all rows from that day on that a bank may still show, a few at a time."""
    found = session.execute(_IDS_SINCE, {"account_id": account_id, "first": first})
    for row in found.yield_per(_AT_ONCE):
        yield row[0]


def undated(session: Session, account_id: str) -> list[Stored]:
    """Rows that the bank gave no day. They stand at the day first seen, which no window need hold."""
    return [_stored(row) for row in session.execute(_UNDATED, {"account_id": account_id})]


def _stored(row: Sequence[Any]) -> Stored:
    details = tuple(row[_FIXED:])
    bank_ids = row[8]
    movement = Movement(
        status=row[1],
        amount=row[2],
        scale=row[3],
        currency=row[4],
        money=exact(row[2], row[3], row[4]),
        booking_date=details[0],
        value_date=details[1],
        counterparty=row[5],
        remittance=row[6],
        fingerprint=row[7],
        content=(row[7], *details),
        ids=row_ids(bank_ids),
        reference=shared_reference(bank_ids),
    )
    return Stored(
        id=row[0],
        movement=movement,
        occurrence=row[9],
        sort_date=row[10],
        first_seen_at=row[11],
        supersedes=row[12],
        is_removed=row[13] is not None,
        is_missing=row[14] is not None,
    )


def ids_in_bank_order(rows: Sequence[Fetched]) -> list[str]:
    """New ids that keep the bank's order within a day: the newest row gets the highest id.

    Most banks list the newest first; a page whose days rise is taken the other way round.
    """
    days = [row.movement.day for row in rows if row.movement.day]
    rising = bool(days) and days[0] < days[-1]
    made = sorted(new_ids(len(rows)))
    return made if rising else made[::-1]


def _values(row: Fetched, occurrence: int) -> dict[str, Any]:
    movement = row.movement
    return dict(zip(DETAIL_COLUMNS, movement.details, strict=True)) | {
        "amount": movement.amount,
        "scale": movement.scale,
        "currency": movement.currency,
        "counterparty_name": movement.counterparty,
        "remittance": movement.remittance,
        "fingerprint": movement.fingerprint,
        "occurrence": occurrence,
    }


_CHANGING = (
    "amount",
    "scale",
    "currency",
    "counterparty_name",
    "remittance",
    "fingerprint",
    "occurrence",
    "bank_ids",
    *DETAIL_COLUMNS,
    "updated_at",
    "removed_at",
)
# The remittance is JSON already (it was needed for the fingerprint): bound as text, not encoded twice.
_UPDATE = (
    update(tables.transaction)
    .where(_T.id == bindparam("row_id"))
    .values({name: bindparam(name, type_=Text if name == "remittance" else None) for name in _CHANGING})
)
_DROP_RAW = delete(_RAW).where(_RAW.c.transaction_id == bindparam("row_id"))


def write_inserts(session: Session, account_id: str, inserts: Iterable[Insert], now: datetime) -> None:
    put = bulk.notation(session)
    today, at = put.day(now.astimezone(UTC).date()), put.moment(now)
    rows = []
    for one in inserts:
        movement = one.row.movement
        booking_date, value_date, moment, *details = movement.details
        booked, valued = put.day(booking_date), put.day(value_date)
        rows.append(
            (
                one.id,
                account_id,
                movement.status,
                booked or valued or today,
                movement.amount,
                movement.scale,
                movement.currency,
                movement.counterparty,
                movement.remittance,
                movement.fingerprint,
                one.occurrence,
                ids_text(one.row.transaction.bank_ids),
                at,
                at,
                booked,
                valued,
                put.moment(moment),
                *details,
            )
        )
    bulk.insert(session, tables.transaction, _COLUMNS, rows)


_COLUMNS = (
    "id",
    "account_id",
    "status",
    "sort_date",
    "amount",
    "scale",
    "currency",
    "counterparty_name",
    "remittance",
    "fingerprint",
    "occurrence",
    "bank_ids",
    "first_seen_at",
    "updated_at",
    *DETAIL_COLUMNS,
)


def write_updates(
    session: Session, updates: Sequence[Update], known_ids: Mapping[str, Mapping[str, str]], now: datetime
) -> None:
    """As ``write_changes``; the raw row goes, since the bank has said it anew."""
    write_changes(session, updates, known_ids, now)
    if updates:
        session.execute(_DROP_RAW, [{"row_id": one.was.id} for one in updates])


def write_changes(
    session: Session, updates: Sequence[Update], known_ids: Mapping[str, Mapping[str, str]], now: datetime
) -> None:
    """Ids are kept as first given, new names are added: a bank that renames its rows daily changes nothing here."""
    rows = [
        _values(one.row, one.occurrence)
        | {
            "row_id": one.was.id,
            "bank_ids": storable_ids(one.row.transaction.bank_ids) | dict(known_ids[one.was.id]),
            "updated_at": now,
            "removed_at": None,
        }
        for one in updates
    ]
    if rows:
        session.execute(_UPDATE, rows)


class Occurrences:
    """The numbers that the next rows of some kinds get in one account."""

    def __init__(self, session: Session, account_id: str, fingerprints: Sequence[str]) -> None:
        self._next: Counter[str] = Counter()
        for start in range(0, len(fingerprints), _AT_ONCE):
            wanted = fingerprints[start : start + _AT_ONCE]
            found = session.execute(
                select(_T.fingerprint, func.max(_T.occurrence))
                .where(_T.account_id == account_id, _T.fingerprint.in_(wanted))
                .group_by(_T.fingerprint)
            )
            self._next.update({fingerprint: highest + 1 for fingerprint, highest in found})

    def next(self, fingerprint: str) -> int:
        number = self._next[fingerprint]
        self._next[fingerprint] += 1
        return number


def bank_ids(session: Session, transaction_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Transaction -> the bank's ids as they are stored."""
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(transaction_ids), _AT_ONCE):
        wanted = transaction_ids[start : start + _AT_ONCE]
        found |= {row[0]: row[1] for row in session.execute(select(_T.id, _T.bank_ids).where(_T.id.in_(wanted)))}
    return found


def write_raw(
    session: Session,
    sealer: Sealer,
    rows: Iterable[tuple[str, Fetched]],
    normaliser: str,
    now: datetime,
    kept: dict[str, str],
) -> None:
    """The bank's own words, sealed each in its place. ``kept``: see hub.ledger.provenance.keep."""
    at = bulk.notation(session).moment(now)
    given = list(rows)
    sealed = sealer.seal_all((row.transaction.raw, raw_place(id_)) for id_, row in given)
    traces = provenance.keep(session, [row.transaction.provenance for _, row in given], kept)
    told = zip(given, sealed, traces, strict=True)
    rows_told = [(id_, raw_sealed, _NO_HASH, normaliser, trace, at) for (id_, _), raw_sealed, trace in told]
    bulk.insert(session, _RAW, _RAW_COLUMNS, rows_told)


_NO_HASH = ""  # see TransactionRaw.raw_hash
_RAW_COLUMNS = ("transaction_id", "raw_sealed", "raw_hash", "normaliser", "provenance", "fetched_at")
