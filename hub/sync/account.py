"""Reading one account: its balances, then its transactions.

How far back each read goes is a matter of ``hub.sync.window``. The first one stores page by page: much may come, and it
comes only once, minutes after the PSU was at the bank. Later reads overlap the last one and are applied at once, so
that a half-read window is never compared with what we hold.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.connections.sealed import beginning
from hub.connections.state import FailureKind
from hub.context import Hub
from hub.ledger.balances import store_balances
from hub.ledger.ingest import Applied, Fetch
from hub.models.connection import Connection
from hub.models.ledger import Account as AccountRow
from hub.sync.bank import Bank
from hub.sync.feeding import FedByAnother, writing
from hub.sync.lease import Lease
from hub.sync.quota import Endpoint, Held
from hub.sync.verdict import Fault, fault_of
from hub.sync.window import Past, reach
from providers.errors import ContractBroken, Failing, Refused, Transient
from providers.model import Account, Page, RejectedRow

log = logging.getLogger(__name__)
NOTHING = Applied()


@dataclass(frozen=True, slots=True)
class AccountReport:
    """``is_read`` says that the account is as fresh as it can be, including one that the quota left out."""

    account_id: str
    is_read: bool
    faults: tuple[Fault, ...] = ()
    applied: Applied = NOTHING


@dataclass(frozen=True, slots=True)
class _Known:
    connection_id: str
    past: Past


@dataclass(frozen=True, slots=True)
class _Reading:
    hub: Hub
    lease: Lease
    bank: Bank
    account_id: str
    account: Account
    following: Sequence[tuple[str, Account]]

    def write(self) -> AbstractContextManager[Session]:
        return writing(self.lease, self.account_id)


@dataclass(frozen=True, slots=True)
class _Found:
    applied: Applied
    rejected: tuple[RejectedRow, ...]
    notices: tuple[str, ...] = ()


def read_account(
    hub: Hub, lease: Lease, bank: Bank, account_id: str, account: Account, *, following: Sequence[tuple[str, Account]]
) -> AccountReport:
    """``following``: the account that is read next, or none. Raises the errors of providers.errors for what stopped it;
    what was stored before stays."""
    try:
        return _read(hub, _Reading(hub, lease, bank, account_id, account, following))
    except FedByAnother:  # a newer link took the account while we were reading it
        return AccountReport(account_id, is_read=True)


def _read(hub: Hub, run: _Reading) -> AccountReport:
    lease, bank, account_id = run.lease, run.bank, run.account_id
    known = _known(hub, account_id)
    if known.connection_id != lease.connection_id:
        return AccountReport(account_id, is_read=True)  # a newer link feeds it now
    faults = _read_balances(run) if bank.capabilities.balances else ()
    if not bank.capabilities.transactions:
        with run.write() as session:
            _mark_synced(session, account_id, hub.clock())
        return AccountReport(account_id, is_read=True, faults=faults)
    try:
        read = _read_transactions(run, known)
    except Held:
        return AccountReport(account_id, is_read=True, faults=faults)
    told = (*faults, *_rejections(read.rejected), *_told(read.notices))
    return AccountReport(account_id, is_read=True, faults=told, applied=read.applied)


def _read_balances(run: _Reading) -> tuple[Fault, ...]:
    """Balances that the bank refuses or fails to give for this account, or that cannot be understood, keep nobody from
    the transactions; those that were stored before stay, with their day. A bank that is not heard of does."""
    bank, balances = run.bank, run.account.balances
    try:
        if balances is None:
            balances = bank.balances(run.account_id, run.account)
    except Held:  # transactions have a quota of their own
        return ()
    except (ContractBroken, Refused, Transient) as error:
        if isinstance(error, Transient) and not (error.answered or isinstance(error, Failing)):
            raise
        log.warning("balances were left out", extra={"account_id": run.account_id, "error": type(error).__name__})
        return (fault_of(error),)
    with run.write() as session:
        store_balances(session, run.account_id, balances, run.hub.clock())
        if bank.capabilities.transactions:
            bank.count_ahead(session, run.account_id, Endpoint.TRANSACTIONS)
    return ()


def _read_transactions(run: _Reading, known: _Known) -> _Found:
    hub, today = run.hub, run.hub.clock().date()
    most_days = min(hub.settings.history_days, run.bank.capabilities.max_history_days)
    wanted = reach(run.bank.history, known.past, most_days=most_days, now=hub.clock())
    read = _read_page_by_page if wanted.is_whole else _read_at_once
    try:
        return read(run, wanted.first, today)
    except Refused:
        if wanted.fallback is None:
            raise
        log.info("a bank refused so long a history; asking for less", extra={"account_id": run.account_id})
        return read(run, wanted.fallback, today)


def _read_page_by_page(run: _Reading, date_from: date, date_to: date) -> _Found:
    fetch, pages = _begin(run, date_from, date_to)
    applied, notices = Applied(), list[str]()
    for page in pages:
        notices.extend(page.notices)
        with run.write() as session:
            applied += fetch.apply_pages(session, run.hub.sealer, [page], run.hub.clock())
    with run.write() as session:
        applied += fetch.finish(session, run.hub.clock())
        run.bank.count_first_call(session, run.following)
    return _Found(applied, tuple(fetch.rejected), tuple(notices))


def _read_at_once(run: _Reading, date_from: date, date_to: date) -> _Found:
    fetch, coming = _begin(run, date_from, date_to)
    pages = list(coming)
    with run.write() as session:
        applied = fetch.apply_pages(session, run.hub.sealer, pages, run.hub.clock())
        applied += fetch.finish(session, run.hub.clock())
        run.bank.count_first_call(session, run.following)
    return _Found(applied, tuple(fetch.rejected), tuple(notice for page in pages for notice in page.notices))


def _begin(run: _Reading, date_from: date, date_to: date) -> tuple[Fetch, Iterator[Page]]:
    bank = run.bank
    fetch = Fetch(run.account_id, run.lease.connection_id, date_from, date_to, bank.normaliser, bank.trust)
    with run.hub.db.read() as session:
        known = fetch.known_pages(session, run.hub.sealer)
    return fetch, run.bank.pages(run.account_id, run.account, date_from=date_from, date_to=date_to, known=known)


def _known(hub: Hub, account_id: str) -> _Known:
    query = (
        select(AccountRow.connection_id, AccountRow.synced_at, AccountRow.history_from, Connection.sca_at)
        .join(Connection, Connection.id == AccountRow.connection_id)
        .where(AccountRow.id == account_id)
    )
    with hub.db.read() as session:
        row = session.execute(query).one()
    return _Known(row.connection_id, Past(row.synced_at, asked_from=row.history_from, sca_at=row.sca_at))


def _mark_synced(session: Session, account_id: str, now: datetime) -> None:
    """What Fetch.finish does where there are transactions."""
    session.execute(
        update(AccountRow)
        .where(AccountRow.id == account_id)
        .values(synced_at=now)
        .execution_options(synchronize_session=False)
    )


def _told(notices: tuple[str, ...]) -> tuple[Fault, ...]:
    if not notices:
        return ()
    return (Fault(FailureKind.NOTICED, beginning(" ".join(dict.fromkeys(notices)))),)


def _rejections(rows: tuple[RejectedRow, ...]) -> tuple[Fault, ...]:
    if not rows:
        return ()
    reasons = ", ".join(sorted({row.reason for row in rows}))[:500]
    raw = b"\n".join(row.raw for row in rows)[: ContractBroken.RAW_LIMIT_BYTES]
    return (Fault(FailureKind.ROWS_REJECTED, f"{len(rows)} rows: {reasons}", raw=raw),)
