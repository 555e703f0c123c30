"""The process that reads the banks unattended: it takes due connections, one job each, on a small pool of threads.

No bank may take more than ``PER_INSTITUTION`` threads, so one that is slow never keeps the others waiting, and one that
is down takes none until a single job probes it (hub.connections.circuit). The threads wait for banks nearly all of
their time. Any number of workers may run: the lease decides who gets a connection. A worker that dies leaves leases
that run out.
"""

import logging
import signal
import threading
from collections import Counter
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlalchemy import and_, or_, select

from hub.connections.circuit import Family, State
from hub.connections.revocation import end_at_bank
from hub.connections.state import SYNCABLE, Status
from hub.context import Hub
from hub.ids import new_id
from hub.models.connection import Connection
from hub.sync.run import sync_connection

log = logging.getLogger(__name__)
THREADS = 32
PER_INSTITUTION = 2
POLL_S = 2.0


class Worker:
    """``owner`` names this process in the log. ``run`` works until ``stop``; ``run_once`` does what is due now."""

    def __init__(self, hub: Hub, owner: str, *, threads: int = THREADS, per_institution: int = PER_INSTITUTION) -> None:
        self._hub = hub
        self._owner = owner
        self._threads = threads
        self._per_institution = per_institution
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._busy: dict[str, str] = {}  # connection id -> institution id, of the jobs under way

    def stop(self) -> None:
        """End ``run`` after the jobs under way; safe from a signal handler and from any thread."""
        self._stopping.set()
        self._wake.set()

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT stop this worker. Main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.stop())

    def run(self) -> None:
        log.info("the worker begins", extra={"owner": self._owner})
        with ThreadPoolExecutor(self._threads, thread_name_prefix="sync") as pool:
            while not self._stopping.is_set():
                self._wake.clear()
                try:
                    self._fill(pool)
                except Exception as error:  # the database may be away for a while; the worker outlives that
                    log.error("the worker stumbled", extra={"owner": self._owner, "error": type(error).__name__})
                self._wake.wait(POLL_S)
        log.info("the worker has ended", extra={"owner": self._owner})

    def run_once(self) -> int:
        """Do everything that is due now and wait for it; returns how many jobs were done."""
        seen: set[str] = set()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="sync") as pool:
            while futures := self._fill(pool, leave_out=seen):
                seen |= futures.keys()
                wait(futures.values())
        return len(seen)

    def _fill(self, pool: ThreadPoolExecutor, *, leave_out: Collection[str] = ()) -> dict[str, Future[None]]:
        """Give every free thread a due connection, within each bank's share."""
        begun: dict[str, Future[None]] = {}
        with self._lock:
            busy = dict(self._busy)
        share = Counter(busy.values())
        unwell = self._hub.circuits.not_closed(Family.READ)
        while len(busy) < self._threads:
            full = [one for one in {*share, *unwell} if share[one] >= self._most(unwell.get(one, State.CLOSED))]
            found = self._next_due({*busy, *leave_out}, full)
            if found is None:
                break
            connection_id, institution_id, status = found
            busy[connection_id] = institution_id
            share[institution_id] += 1
            with self._lock:
                self._busy[connection_id] = institution_id
            begun[connection_id] = pool.submit(self._job, connection_id, status)
        return begun

    def _most(self, state: State) -> int:
        """How many jobs a bank may have at once."""
        return {State.CLOSED: self._per_institution, State.DUE: 1}.get(state, 0)

    def _next_due(self, leave_out: Collection[str], full: Collection[str]) -> tuple[str, str, Status] | None:
        now = self._hub.clock()
        is_work = or_(
            Connection.status.in_([status.value for status in SYNCABLE]),
            # A disconnected one that the bank has not been told of yet: see hub.connections.revocation.
            and_(Connection.status == Status.REVOKED.value, Connection.next_sync_at.is_not(None)),
        )
        query = (
            select(Connection.id, Connection.institution_id, Connection.status)
            .where(
                is_work,
                Connection.next_sync_at <= now,
                or_(Connection.sync_until.is_(None), Connection.sync_until <= now),
                Connection.id.not_in(leave_out),
                Connection.institution_id.not_in(full),
            )
            .order_by(Connection.next_sync_at)
            .limit(1)
        )
        with self._hub.db.read() as session:
            row = session.execute(query).one_or_none()
        return None if row is None else (row.id, row.institution_id, Status(row.status))

    def _job(self, connection_id: str, status: Status) -> None:
        went_well = False
        try:
            if self._stopping.is_set():
                return
            if status is Status.REVOKED:
                end_at_bank(self._hub, connection_id, now=self._hub.clock())
            else:
                sync_connection(self._hub, connection_id, owner=new_id(), psu=None)
            went_well = True
        except Exception as error:
            # Its lease runs out and it is tried again. The type alone: database errors print people's data.
            extra = {"connection_id": connection_id, "error": type(error).__name__, "owner": self._owner}
            log.error("a sync broke off", extra=extra)
        finally:
            with self._lock:
                del self._busy[connection_id]
            if went_well:  # after an error the next poll is soon enough: no tight loop around a broken database
                self._wake.set()
