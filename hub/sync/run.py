"""One sync of one connection: claim it, read the bank, store what was read, say how it went, let go.

    claim the lease -> accounts -> for each: balances, transactions -> for each: what hangs on it -> verdict and release

Every step is "ask the bank" (no transaction open) and then "write" (a short transaction that proves the lease first).
What is written stays written, so a process may die between any two steps: the lease runs out, and the next run does
again only what was not finished. One account's failure does not stop the others, except where the bank wants the PSU
or has stopped answering.
"""

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.connections import schedule, sealed
from hub.connections.capture import capturing
from hub.connections.plan import put_job
from hub.connections.state import FailureKind, Happening, Status, move
from hub.context import Hub
from hub.events.outbox import emit
from hub.ledger import tables
from hub.ledger.accounts import store_accounts
from hub.ledger.ingest import Applied
from hub.observability.recorder import Place
from hub.sync import lease as leases
from hub.sync.account import NOTHING, AccountReport, read_account
from hub.sync.bank import Bank, budget_of
from hub.sync.feeding import left_to_us
from hub.sync.lease import Claimed, Lease, LeaseLost
from hub.sync.quota import Endpoint, Held, Key, take_ahead
from hub.sync.resources import read_resources
from hub.sync.verdict import READ_ALL, Fault, Verdict, fault_of, judge
from providers.errors import ProviderError
from providers.interaction import Outcome as Ended
from providers.model import Account
from providers.port import Psu

log = logging.getLogger(__name__)
_C = tables.connection.c
SILENCES_BEFORE_STOP = 2
"""So many accounts in a row without an answer, and the bank is taken to be down: asking for the others would only
hold a worker for as many timeouts. One that answers HTTP 5xx to everything is left alone by its circuit."""


class Result(StrEnum):
    SYNCED = "synced"
    PARTLY = "partly"  # something was read, something was not
    FAILED = "failed"
    NEEDS_PSU = "needs_psu"
    HELD = "held"  # nobody waits, and the bank's quota is spent or kept for later in the day
    NOT_CLAIMED = "not_claimed"  # another process has it, or it is not its turn
    LOST = "lost"  # taken over, renewed or disconnected meanwhile; what came after that was not written


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    failure_kind: FailureKind | None = None
    accounts_read: int = 0
    applied: Applied = NOTHING


def sync_connection(
    hub: Hub, connection_id: str, *, owner: str, psu: Psu | None, takes_over: str | None = None
) -> Outcome:
    """``owner`` names this run and is used once. ``psu`` is the person who is waiting, None for an unattended sync:
    that one only runs when it is due, and leaves out accounts that the bank's daily quota protects. ``takes_over`` is
    the owner of a run that is known to have died.

    Never raises for what a bank does; raises for what our own database does.
    """
    claimed = leases.claim(
        hub,
        connection_id,
        owner=owner,
        due_only=psu is None,
        takes_over=takes_over,
        count=_first_call(hub, connection_id) if psu is None else None,
    )
    if claimed is None:
        return Outcome(Result.NOT_CLAIMED)
    try:
        with capturing(hub, connection_id):
            return _run(hub, *claimed, psu)
    except LeaseLost:
        log.info("a sync lost its connection", extra={"connection_id": connection_id})
        return Outcome(Result.LOST)


def _first_call(hub: Hub, connection_id: str) -> Callable[[Session], Key | Held] | None:
    """Counts the list of accounts. None for a bank that has left the catalogue: that ends the sync before any call.

    The bank is looked up here, since its adapter may need keys, and making one is a transaction of its own.
    """
    with hub.db.read() as session:
        institution_id = session.scalar(select(_C.institution_id).where(_C.id == connection_id))
    if institution_id is None or institution_id not in hub.institutions:
        return None
    try:
        budget = budget_of(hub, institution_id)
    except Exception:  # an adapter that cannot be made: the run meets it again, and makes a verdict of it
        return None

    def count(session: Session) -> Key | Held:
        now = hub.clock()
        return take_ahead(session, budget, connection_id, Endpoint.ACCOUNTS, connection_id=connection_id, now=now)

    return count


def _run(hub: Hub, lease: Lease, claimed: Claimed, psu: Psu | None) -> Outcome:
    faults: list[Fault] = []
    reports: list[AccountReport] = []
    try:
        bank = Bank.open(hub, lease, claimed, psu)
        listed = _list_accounts(hub, lease, claimed, bank)
    except LeaseLost:
        raise
    except Held as held:
        return _let_go(hub, lease, claimed, held.until)
    except Exception as error:  # each leaf of ProviderError, and our own bugs: all end in a verdict
        _note(error, lease)
        faults.append(fault_of(error))
    else:
        for report in _read_all(hub, lease, bank, listed):
            reports.append(report)
            faults.extend(report.faults)
        if all(fault.leaves_the_rest for fault in faults):
            done = {report.account_id for report in reports if report.is_read}
            read_resources(hub, lease, bank, claimed.psu_id, [one for one in listed if one[0] in done])
    read = [report for report in reports if report.is_read]
    read_anything = bool(read) or not faults
    return _conclude(hub, lease, claimed, faults, reports, read_anything=read_anything)


def _let_go(hub: Hub, lease: Lease, claimed: Claimed, until: datetime) -> Outcome:
    """Nothing was asked: the connection is as it was, and due when the bank may be asked again."""
    now = hub.clock()
    at = now + timedelta(seconds=schedule.spread_s((until - now).total_seconds()))
    with lease.write() as session:
        let_go = {"next_sync_at": at, "sync_owner": None, "sync_until": None}
        session.execute(update(tables.connection).where(_C.id == lease.connection_id).values(let_go))
        put_job(session, lease.connection_id, claimed.institution_id, at, now=now)
    return Outcome(Result.HELD)


def _list_accounts(hub: Hub, lease: Lease, claimed: Claimed, bank: Bank) -> list[tuple[str, Account]]:
    shown = bank.accounts()
    with lease.write() as session:
        accounts = left_to_us(session, lease.connection_id, shown)
        ids = store_accounts(
            session,
            psu_id=claimed.psu_id,
            connection_id=lease.connection_id,
            institution_id=claimed.institution_id,
            accounts=accounts,
            now=hub.clock(),
        )
        # Two resources may be one account (the same identifier listed twice): it is read once.
        firsts: dict[str, Account] = {}
        for account in accounts:
            if (account_id := ids.get(account.resource_id)) is not None:
                firsts.setdefault(account_id, account)
        listed = list(firsts.items())
        bank.count_first_call(session, listed[:1])
    return listed


def _read_all(hub: Hub, lease: Lease, bank: Bank, listed: list[tuple[str, Account]]) -> Iterator[AccountReport]:
    silences = 0
    for place, (account_id, account) in enumerate(listed, start=1):
        try:
            report = read_account(hub, lease, bank, account_id, account, following=listed[place : place + 1])
        except LeaseLost:
            raise
        except Exception as error:  # one account's failure does not stop the others
            _note(error, lease)
            report = AccountReport(account_id, is_read=False, faults=(fault_of(error),))
        yield report
        if any(fault.kind is FailureKind.CONSENT_ENDED for fault in report.faults):
            return
        is_silence = not report.is_read and any(fault.is_silence for fault in report.faults)
        silences = silences + 1 if is_silence else 0
        if silences >= SILENCES_BEFORE_STOP:
            return


def _conclude(
    hub: Hub,
    lease: Lease,
    claimed: Claimed,
    faults: list[Fault],
    reports: list[AccountReport],
    *,
    read_anything: bool,
) -> Outcome:
    now = hub.clock()
    applied = sum((report.applied for report in reports), NOTHING)
    with lease.write() as session:
        row = session.execute(select(_C.status, _C.failures).where(_C.id == lease.connection_id)).one()
        verdict = judge(
            faults,
            read_anything=read_anything,
            failures=row.failures,
            interval_s=hub.settings.sync_interval_s,
        )
        status = move(Status(row.status), verdict.happening)
        next_at = None if verdict.wait_s is None else now + timedelta(seconds=verdict.wait_s)
        values = {**_values(hub, lease, verdict, status, now), "next_sync_at": next_at, **_added(verdict, applied)}
        session.execute(update(tables.connection).where(_C.id == lease.connection_id).values(values))
        put_job(session, lease.connection_id, claimed.institution_id, next_at, now=now)
        outcome = Outcome(
            _RESULTS[verdict.happening, _is_complete(verdict)],
            verdict.fault.kind if verdict.fault else None,
            sum(report.is_read for report in reports),
            applied,
        )
        emit(
            session,
            _EVENTS.get(verdict.happening, "connection.sync_failed"),
            lease.connection_id,
            now=now,
            psu_id=claimed.psu_id,
            body={
                "institution_id": claimed.institution_id,
                "status": status.value,
                "result": outcome.result.value,
                "failure_kind": outcome.failure_kind and outcome.failure_kind.value,
                "accounts_read": outcome.accounts_read,
                "added": outcome.applied.added,
                "modified": outcome.applied.modified,
                "removed": outcome.applied.removed,
                "accounts_failed": [report.account_id for report in reports if not report.is_read],
            },
        )
    _tell(hub, claimed.institution_id, verdict.fault)
    return outcome


def _tell(hub: Hub, institution_id: str, fault: Fault | None) -> None:
    """A step of the trace: an answer that came and cannot be read is a failure as well, and no call shows it."""
    kind, detail = (None, "") if fault is None or fault.kind in READ_ALL else (fault.kind, fault.detail)
    place: Place = "hub" if kind is FailureKind.HUB_ERROR else "bank"
    hub.recorder.note(
        place, "sync", took_ms=0, outcome=_SEEN_AS.get(kind, "failed"), detail=detail, party=institution_id
    )


_SEEN_AS: Mapping[FailureKind | None, Ended] = {
    None: "ok",
    FailureKind.CONSENT_ENDED: "refused",
    FailureKind.REFUSED: "refused",
}


_EVENTS = {Happening.READ: "connection.synced", Happening.ACCESS_ENDED: "connection.needs_psu"}
_RESULTS = {
    (Happening.READ, True): Result.SYNCED,
    (Happening.READ, False): Result.PARTLY,
    (Happening.FALTERED, False): Result.FAILED,
    (Happening.BANK_FAILED, False): Result.FAILED,
    (Happening.ACCESS_ENDED, False): Result.NEEDS_PSU,
}


def _is_complete(verdict: Verdict) -> bool:
    return verdict.fault is None or verdict.fault.kind in READ_ALL


def _values(hub: Hub, lease: Lease, verdict: Verdict, status: Status, now: datetime) -> dict[str, object]:
    """The columns of the verdict; the lease goes with them."""
    fault = verdict.fault
    values: dict[str, object] = {
        "status": status.value,
        "failures": verdict.failures,
        "failure_kind": fault and fault.kind.value,
        "failure_detail": fault and fault.detail,
        "failure_raw_sealed": None,
        "bank_waits_until": None if verdict.bank_wait_s is None else now + timedelta(seconds=verdict.bank_wait_s),
        "sync_owner": None,
        "sync_until": None,
    }
    if verdict.happening is Happening.READ:
        values["last_success_at"] = now
    if not _is_complete(verdict):
        values["last_failure_at"] = now
    if fault is not None and fault.raw:
        values["failure_raw_sealed"] = sealed.seal_failure_raw(hub.sealer, lease.connection_id, fault.raw)
    return values


def _added(verdict: Verdict, applied: Applied) -> dict[str, object]:
    return {"last_added": applied.added} if verdict.happening is Happening.READ else {}


def _note(error: Exception, lease: Lease) -> None:
    """Operators see a bank's failure as a warning and a bug of ours as an error with the places it passed, but never
    its message: database errors print their parameters, and parameters are people's data.
    """
    extra = {"connection_id": lease.connection_id, "failure_kind": fault_of(error).kind.value}
    if isinstance(error, ProviderError):
        log.warning("a bank could not be read", extra=extra | {"step": error.step, "reason": error.reason})
    else:
        places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        log.error("a sync met a bug", extra=extra | {"error": type(error).__name__, "places": places})
