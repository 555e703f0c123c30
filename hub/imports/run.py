"""A confirmed file into the ledger: in pieces, each its own transaction that proves the lease and moves the progress.

What is stored stays stored, so the process may die anywhere: once the lease has run out the person goes on (``start``
again), and what was stored is found again and changes nothing. The same holds for a file that is imported twice, and
for files whose days overlap. The file is erased with the last piece.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from hub import correlation
from hub.connections.state import SYNCABLE, Status
from hub.context import Hub
from hub.errors import BadInput, Conflict
from hub.events.outbox import emit
from hub.ids import new_id
from hub.imports import FILE, kept, staging
from hub.imports.staging import DONE, FAILED, RUNNING, WAITING, Declared, Target
from hub.ledger.accounts import identity_hashes, store_accounts
from hub.ledger.balances import store_balances
from hub.ledger.ingest import Applied, Fetch
from hub.models.connection import Connection
from hub.models.file_import import FileImport
from hub.models.ledger import Account as AccountRow
from hub.models.ledger import Balance as BalanceRow
from hub.models.psu import Psu
from providers import text
from providers.errors import ContractBroken
from providers.files.extract import Extract
from providers.files.kept import name_of
from providers.files.read import by_account, read
from providers.model import Account, Balance

log = logging.getLogger(__name__)
WAIT_S = 2.5
LEASE = timedelta(minutes=3)
ROWS_AT_ONCE = 500
WENT_WRONG = "Something went wrong on our side. What was imported before stays; go on with the rest below."
_places = threading.BoundedSemaphore(2)  # of this process; the next one waits


class _LeaseLost(Exception):
    """The person gave the file up, or another process goes on with it."""


@dataclass(frozen=True, slots=True)
class _Job:
    hub: Hub
    import_id: str
    psu_id: str
    owner: str

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that proves the lease and prolongs it."""
        now = self.hub.clock()
        with self.hub.db.write() as session:
            held = session.execute(
                update(FileImport)
                .where(FileImport.id == self.import_id, FileImport.owner == self.owner, FileImport.status == RUNNING)
                .values(until=now + LEASE, expires_at=now + staging.KEPT_DONE)
                .returning(FileImport.id)
                .execution_options(synchronize_session=False)
            ).one_or_none()
            if held is None:
                raise _LeaseLost
            yield session

    def note(self, session: Session, **values: object) -> None:
        session.execute(
            update(FileImport)
            .where(FileImport.id == self.import_id)
            .values(values)
            .execution_options(synchronize_session=False)
        )


def start(hub: Hub, psu_id: str, import_id: str, *, now: datetime) -> None:
    """Import in a thread of this process, and wait for it a moment. Raises Conflict where it is not the file's turn, or
    another one of the person's is being imported.
    """
    job = _Job(hub, import_id, psu_id, new_id())
    _claim(job, now)
    done = threading.Event()

    trace_id = correlation.current()

    def work() -> None:
        try:
            with _places, correlation.under(trace_id):
                run(job)
        finally:
            done.set()

    threading.Thread(target=work, name=f"import-{import_id}", daemon=True).start()
    done.wait(WAIT_S)


def _claim(job: _Job, now: datetime) -> None:
    with job.hub.db.write() as session:
        # One at a time: two files of one account would each find the ledger changed by the other.
        session.execute(select(Psu.id).where(Psu.id == job.psu_id).with_for_update())
        other = session.scalar(
            select(FileImport.id).where(
                FileImport.psu_id == job.psu_id,
                FileImport.id != job.import_id,
                FileImport.status == RUNNING,
                FileImport.until > now,
            )
        )
        if other is not None:
            raise Conflict("Another file of yours is being imported right now. Try again in a moment.")
        claimed = session.execute(
            update(FileImport)
            .where(
                FileImport.id == job.import_id,
                FileImport.psu_id == job.psu_id,
                FileImport.expires_at > now,
                FileImport.raw_sealed.is_not(None),
                or_(
                    FileImport.status.in_([WAITING, FAILED]),
                    (FileImport.status == RUNNING) & (FileImport.until <= now),
                ),
            )
            .values(status=RUNNING, owner=job.owner, until=now + LEASE, failure=None, rows_done=0, added=0)
            .returning(FileImport.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    if claimed is None:
        raise Conflict("This file is being imported, or was imported already.")


def run(job: _Job) -> None:
    """Never raises: what stopped it is kept for the person, in words."""
    try:
        _run(job)
    except _LeaseLost:
        log.info("an import lost its file", extra={"import_id": job.import_id})
    except (ContractBroken, BadInput) as error:
        _fail(job, error.reason if isinstance(error, ContractBroken) else error.detail)
    except Exception as error:
        # The type alone: a database's error prints its parameters, and they are people's data.
        log.error("an import broke off", extra={"import_id": job.import_id, "error": type(error).__name__})
        _fail(job, WENT_WRONG)


def _fail(job: _Job, why: str) -> None:
    try:
        with job.write() as session:
            job.note(session, status=FAILED, failure=why, owner=None, until=None)
    except _LeaseLost:
        log.info("an import failed after it was taken over", extra={"import_id": job.import_id})


def _run(job: _Job) -> None:
    hub = job.hub
    with hub.db.read() as session:
        staged = staging.load(session, job.psu_id, job.import_id, now=hub.clock())
    whole = read(staging.raw_of(hub, staged), staged.declared.said)
    groups = _wanted(by_account(whole), staged.declared)
    total = sum(len(one.transactions) for group, _target in groups for one in group)
    with job.write() as session:
        connection_id = _connection(session, job.psu_id, hub.clock())
        ids = [_account(session, job.psu_id, connection_id, group, target, hub.clock()) for group, target in groups]
        for account_id, (group, _target) in zip(ids, groups, strict=True):
            kept.keep(session, account_id, (one.reading for one in group))
        job.note(session, rows_total=total, account_ids=list(dict.fromkeys(ids)))
    applied = Applied()
    done = 0
    for account_id, (group, _target) in zip(ids, groups, strict=True):
        for one in group:
            for piece in _store(job, connection_id, account_id, one, name_of(whole.format, one.reading)):
                done, applied = done + piece.rows, applied + piece.applied
                with job.write() as session:
                    job.note(session, rows_done=done, added=applied.added)
        with job.write() as session:
            _store_balances(session, account_id, group[-1].balances, hub.clock())
    _finish(job, connection_id, applied, [one for group, _ in groups for one in group])


def _wanted(groups: Sequence[tuple[Extract, ...]], declared: Declared) -> list[tuple[tuple[Extract, ...], Target]]:
    """Raises BadInput where a currency or a choice is missing."""
    found = []
    for place, group in enumerate(groups):
        target = declared.targets[place] if place < len(declared.targets) else Target()
        if not target.is_wanted:
            continue
        if not group[0].account.currency:
            raise BadInput("Say in which currency the amounts are.", parameter="currency")
        found.append((group, target))
    if not found:
        raise BadInput("Choose at least one account of the file.", parameter="account")
    return found


def _connection(session: Session, psu_id: str, now: datetime) -> str:
    """The one that all of the person's files hang on; a new one after they removed the last."""
    found = session.scalar(
        select(Connection.id)
        .where(
            Connection.psu_id == psu_id,
            Connection.institution_id == FILE,
            Connection.status.in_([status.value for status in SYNCABLE]),
        )
        .limit(1)
    )
    if found is not None:
        return found
    connection_id = new_id()
    session.add(
        Connection(
            id=connection_id,
            psu_id=psu_id,
            institution_id=FILE,
            status=Status.READY.value,
            failures=0,
            change_seq=0,
            sca_at=now,
            last_success_at=now,
            created_at=now,
        )
    )
    emit(session, "connection.linked", connection_id, now=now, psu_id=psu_id, body={"institution_id": FILE})
    session.flush()
    return connection_id


def _account(
    session: Session, psu_id: str, connection_id: str, group: tuple[Extract, ...], target: Target, now: datetime
) -> str:
    """Where the rows go: the account that the person chose, or the one that the file is about."""
    account = group[0].account
    if target.account_id is not None:
        return _chosen(session, psu_id, connection_id, account, target.account_id)
    name = text.clean(target.name[:100]) or account.name or _known_name(session, psu_id, account)
    named = replace(account, name=name)
    if not named.identifiers and not named.name:
        raise BadInput("Give the account a name, so that the next file finds it again.", parameter="name")
    stored = store_accounts(
        session,
        psu_id=psu_id,
        connection_id=connection_id,
        institution_id=FILE,
        accounts=[named],
        now=now,
        is_whole=False,
    )
    return stored[named.resource_id]


def _known_name(session: Session, psu_id: str, account: Account) -> str | None:
    """What an account that its number tells was called the last time."""
    if not account.identifiers:
        return None
    return session.scalar(
        select(AccountRow.name).where(
            AccountRow.psu_id == psu_id,
            AccountRow.institution_id == FILE,
            AccountRow.identity_hash == identity_hashes([account])[0],
        )
    )


def _chosen(session: Session, psu_id: str, connection_id: str, account: Account, account_id: str) -> str:
    row = session.scalars(
        select(AccountRow).where(
            AccountRow.id == account_id, AccountRow.psu_id == psu_id, AccountRow.institution_id == FILE
        )
    ).one_or_none()
    if row is None:
        raise BadInput("The account you chose is not there any more.", parameter="account")
    if row.currency != account.currency:
        raise BadInput(
            f"The account you chose is in {row.currency}, the file in {account.currency}.", parameter="account"
        )
    row.connection_id = connection_id
    row.status = "enabled"
    return row.id


@dataclass(frozen=True, slots=True)
class _Piece:
    rows: int
    applied: Applied


def _store(job: _Job, connection_id: str, account_id: str, one: Extract, normaliser: str) -> Iterator[_Piece]:
    if not one.transactions and one.days is None:
        return
    today = job.hub.clock().date()
    days = one.days or (today, today)  # pending rows may come without any day
    fetch = Fetch(account_id, connection_id, *days, normaliser, is_whole=False)
    rows = one.transactions
    for first in range(0, len(rows), ROWS_AT_ONCE):
        piece = rows[first : first + ROWS_AT_ONCE]
        with job.write() as session:
            applied = fetch.apply(session, job.hub.sealer, piece, job.hub.clock())
        yield _Piece(len(piece), applied)
    with job.write() as session:
        applied = fetch.finish(session, job.hub.clock())
    yield _Piece(0, applied)


def _store_balances(session: Session, account_id: str, balances: Sequence[Balance], now: datetime) -> None:
    """Only those of a file that is not older than what is known."""
    known = session.scalar(select(func.max(BalanceRow.as_of)).where(BalanceRow.account_id == account_id))
    latest = max((one.as_of for one in balances if one.as_of is not None), default=None)
    if balances and (known is None or (latest is not None and latest >= known)):
        store_balances(session, account_id, balances, now)


def _finish(job: _Job, connection_id: str, applied: Applied, extracts: Sequence[Extract]) -> None:
    now = job.hub.clock()
    rejected = sum(len(one.rejected) for one in extracts)
    with job.write() as session:
        job.note(session, status=DONE, raw_sealed=None, owner=None, until=None)
        session.execute(
            update(Connection)
            .where(Connection.id == connection_id)
            .values(last_success_at=now)
            .execution_options(synchronize_session=False)
        )
        body = {
            "institution_id": FILE,
            "added": applied.added,
            "modified": applied.modified,
            "removed": applied.removed,
            "rejected": rejected,
        }
        emit(session, "connection.imported", connection_id, now=now, psu_id=job.psu_id, body=body)
