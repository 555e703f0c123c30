"""Reading again, with today's rules, what the banks once said of the transactions that are stored.

Every row was kept as its bank wrote it, with the name of the rules that read it. A row that other rules read is read
again; what it says now is written over what it said, as a change in the log, under the same id. Batch by batch, each
in its own transaction and marked as read, so that a run that was stopped goes on where it was.

A row stays as it was, and is reported, where today's rules cannot read it, or give it another state: only the bank can
say that something was booked after all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Text, bindparam, func, select, update
from sqlalchemy.orm import Session

from hub.db import Database, amount_text
from hub.ledger import changelog, provenance, rows, tables
from hub.ledger.movement import DETAIL_COLUMNS, Fetched, Movement, Stored, fetched
from hub.ledger.provenance import Places
from hub.ledger.reconcile import Update
from hub.models.ledger import Account as AccountRow
from hub.redaction import shape
from hub.sealing import SealBroken, Sealer
from providers.errors import ProviderError
from providers.model import Account, AccountType, Identifier, Scheme, Status
from providers.port import Rereads
from providers.rows import BrokenRow

BATCH = 500
SAMPLES = 3  # of each field
# These say nothing of anybody; every other value is shown by its shape.
_PLAIN = frozenset({"booking_date", "value_date", "transaction_datetime", "currency", "bank_transaction_code"})

_T = tables.transaction.c
_RAW = tables.transaction_raw
_TRACE = (
    update(_RAW)
    .where(_RAW.c.transaction_id == bindparam("row_id"))
    .values(normaliser=bindparam("rules"), provenance=bindparam("trace", type_=Text))
)


@dataclass(slots=True)
class Report:
    """What reading again means. ``fields`` counts changed rows by field, ``samples`` are (before, after), ``kept``
    counts by reason the rows that stay as they were."""

    read: int = 0
    changed: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    samples: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    kept: Counter[str] = field(default_factory=Counter)

    def note(self, before: Movement, after: Movement) -> None:
        old, new = _fields(before), _fields(after)
        self.changed += 1
        for name in old:
            if old[name] != new[name]:
                self.fields[name] += 1
                if len(self.samples[name]) < SAMPLES:
                    self.samples[name].append((told(name, old[name]), told(name, new[name])))


def _fields(movement: Movement) -> dict[str, Any]:
    return {
        "amount": amount_text(movement.amount, movement.scale),
        "currency": movement.currency,
        "counterparty_name": movement.counterparty,
        "remittance": movement.remittance,
        **dict(zip(DETAIL_COLUMNS, movement.details, strict=True)),
        "bank_ids": movement.ids,
    }


def told(name: str, value: object) -> str:
    """A value as an operator may see it: what people wrote and were paid by its shape."""
    if value is None:
        return "nothing"
    return str(value) if name in _PLAIN else shape(str(value))


@dataclass(frozen=True, slots=True)
class Rereading:
    """One account's rows read again by ``adapter``, whose rules are called ``normaliser``; of several ways in which
    rows of the account were read ``only`` this one."""

    db: Database
    sealer: Sealer
    adapter: Rereads
    normaliser: str
    account_id: str
    only: str | None = None

    def left(self) -> int:
        """How many rows other rules have read."""
        with self.db.read() as session:
            return session.scalar(select(func.count()).select_from(self._others().subquery())) or 0

    def batches(self, report: Report, *, dry_run: bool, now: datetime) -> Iterator[int]:
        """Adds to ``report`` batch by batch, and yields how many rows each had. ``dry_run`` writes nothing."""
        after = ""
        while True:
            with self.db.read() if dry_run else self.db.write() as session:
                account = session.get_one(AccountRow, self.account_id)
                if not dry_run:
                    changelog.hold(session, account.connection_id, self.account_id)
                found = session.execute(self._others().where(_T.id > after).order_by(_T.id).limit(BATCH)).all()
                stored = {row.id: row for row in rows.some(session, self.account_id, [row.id for row in found])}
                traces = provenance.wholes(session, [row.provenance for row in found])
                read = list(self._read_all(account, stored, zip(found, traces, strict=True), report))
                report.read += len(found)
                changed = [(was, one) for was, one in read if _differs(was.movement, one.movement)]
                for was, one in changed:
                    report.note(was.movement, one.movement)
                if not dry_run:
                    self._write(session, account.connection_id, read, changed, now)
            if found:
                yield len(found)
            if len(found) < BATCH:
                return
            after = found[-1].id

    def _others(self) -> Any:
        theirs = _RAW.c.normaliser != self.normaliser if self.only is None else _RAW.c.normaliser == self.only
        return (
            select(_T.id, _RAW.c.raw_sealed, _RAW.c.provenance)
            .join(_RAW, _RAW.c.transaction_id == _T.id)
            .where(_T.account_id == self.account_id, _T.removed_at.is_(None), theirs)
        )

    def _read_all(
        self, account: AccountRow, stored: Mapping[str, Stored], found: Iterable[tuple[Any, Places]], report: Report
    ) -> Iterator[tuple[Stored, Fetched]]:
        for row, trace in found:
            was = stored.get(row.id)
            if was is not None and (one := self._read(account, was, row.raw_sealed, trace, report)) is not None:
                yield was, one

    def _read(
        self, account: AccountRow, was: Stored, raw_sealed: bytes, trace: Places, report: Report
    ) -> Fetched | None:
        try:
            raw = self.sealer.open(raw_sealed, rows.raw_place(was.id))
            status = Status(was.movement.status)
            one = fetched(self.adapter.reread(raw, status, _account(account), trace=trace))
        except (BrokenRow, SealBroken) as error:
            report.kept[str(error)] += 1
        except (ProviderError, ValueError) as error:
            report.kept[type(error).__name__] += 1
        else:
            if one.movement.status == was.movement.status:
                return one
            report.kept[f"it would be {one.movement.status} instead of {was.movement.status}"] += 1
        return None

    def _write(
        self,
        session: Session,
        connection_id: str,
        read: list[tuple[Stored, Fetched]],
        changed: list[tuple[Stored, Fetched]],
        now: datetime,
    ) -> None:
        occurrences = rows.Occurrences(session, self.account_id, [one.movement.fingerprint for _, one in changed])
        updates = [
            Update(was, one, was.occurrence if _is_same_kind(was, one) else occurrences.next(one.movement.fingerprint))
            for was, one in changed
        ]
        known = rows.bank_ids(session, [was.id for was, _ in changed])
        rows.write_changes(session, updates, known, now)
        if read:
            traces = provenance.keep(session, [one.transaction.provenance for _, one in read], {})
            told = zip(read, traces, strict=True)
            rules = self.normaliser
            session.execute(_TRACE, [{"row_id": was.id, "rules": rules, "trace": trace} for (was, _), trace in told])
        log = [(was.id, changelog.MODIFIED) for was, _ in changed]
        changelog.append(session, connection_id, self.account_id, log, now)


def _is_same_kind(was: Stored, one: Fetched) -> bool:
    return was.movement.fingerprint == one.movement.fingerprint


def _differs(before: Movement, after: Movement) -> bool:
    """Ids that are merely others are kept as they were first given; a name that is new is worth having."""
    return before.content != after.content or not {name for name, _ in after.ids} <= {name for name, _ in before.ids}


def _account(row: AccountRow) -> Account:
    """The account as its bank showed it."""
    return Account(
        resource_id=row.resource_id,
        currency=row.currency,
        type=AccountType(row.type),
        name=row.name,
        product=row.product,
        owner_name=row.owner_name,
        identifiers=tuple(Identifier(Scheme(one["scheme"]), one["value"]) for one in row.identifiers),
        bic=row.bic,
    )
