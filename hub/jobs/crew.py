"""The workers of one process: a thread for each job under way, and one that claims, keeps the leases and clears away.

Any number of processes may run. A job that ends without effects of its own is finished together with all others that
ended in that moment: each commit waits for the disk once.
"""

import logging
import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta

from hub import correlation
from hub.context import Hub
from hub.jobs import bell, holding
from hub.jobs.claim import MARGIN, Claims
from hub.jobs.holding import Held, Lost
from hub.jobs.kind import Again, GiveUp, Kind
from hub.observability.heartbeat import process_name
from providers.interaction import Outcome

log = logging.getLogger(__name__)
POLL_S = 1.0
GRACE_S = 20.0
"""After SIGTERM, jobs under way may take so long; what lasts longer is taken over when its lease has run out."""
DIED = "the process that did it died"


@dataclass(slots=True)
class _UnderWay:
    kind: Kind
    held: Held


class Crew:
    """``run`` works until ``stop``; ``run_once`` does all that is due now, for commands and tests."""

    def __init__(self, hub: Hub, kinds: Sequence[Kind], *, name: str | None = None, grace_s: float = GRACE_S) -> None:
        self._hub = hub
        self._kinds = {kind.queue: kind for kind in kinds}
        self._name = name or process_name()
        self._grace_s = grace_s
        self._claims = Claims(hub, self._name)
        self._stopping, self._wake, self._is_over = threading.Event(), threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._under_way: dict[tuple[str, str, str], _UnderWay] = {}
        self._done: list[Held] = []

    def stop(self) -> None:
        """Claim nothing more and end ``run``; safe from a signal handler and from any thread."""
        self._stopping.set()
        self._wake.set()

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT stop this crew. Main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self.stop())

    def run(self) -> bool:
        """True if all that was under way at ``stop`` has ended; False if some lasts longer than the grace."""
        log.info("the crew begins", extra={"worker": self._name, "queues": sorted(self._kinds)})
        pool = self._pool()
        listener = threading.Thread(
            target=bell.listen, args=(self._hub.db, self._wake.set, self._stopping), name="job-bell", daemon=True
        )
        keeper = threading.Thread(target=self._go_on_keeping, name="job-leases", daemon=True)
        listener.start()
        keeper.start()
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._clear_away()
                more = self._fill(pool)
            except Exception as error:  # the database may be away for a while; the crew outlives that
                more = []
                log.error("the crew stumbled", extra={"worker": self._name, "error": type(error).__name__})
            if not more:
                self._wake.wait(POLL_S)
        return self._end(pool)

    def run_once(self) -> int:
        """Do everything that is due now and wait for it; returns how many jobs were done, each counted once."""
        seen: set[tuple[str, str]] = set()
        with self._pool() as pool:
            while begun := self._fill(pool, leave_out=seen):
                seen |= {(held.queue, held.key) for held, _ in begun}
                wait([future for _, future in begun])
                self._clear_away()
        return len(seen)

    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(sum(kind.threads for kind in self._kinds.values()), thread_name_prefix="job")

    def _fill(
        self, pool: ThreadPoolExecutor, *, leave_out: Collection[tuple[str, str]] = ()
    ) -> list[tuple[Held, Future[None]]]:
        """Claim what is due for the threads that are free, and begin it."""
        begun: list[tuple[Held, Future[None]]] = []
        for queue in self._claims.due(list(self._kinds.values())):
            kind = self._kinds[queue]
            with self._lock:
                busy = sum(one.kind is kind for one in self._under_way.values())
            if busy >= kind.threads:
                continue
            for held in self._claims.take(kind, kind.threads - busy):
                if (held.queue, held.key) in leave_out:
                    self._release(held)
                    continue
                with self._lock:
                    self._under_way[held.token] = _UnderWay(kind, held)
                begun.append((held, pool.submit(self._do, kind, held)))
        return begun

    def _do(self, kind: Kind, held: Held) -> None:
        began = time.monotonic()
        outcome: Outcome = "ok"
        detail = ""
        own_trace = "" if held.trace_id else str(uuid.uuid4())
        with correlation.under(held.trace_id or own_trace):
            try:
                if self._stopping.is_set():
                    self._release(held)
                    return
                detail = self._attempt(kind, held)
                outcome = "failed" if detail else "ok"
            except Lost:
                outcome, detail = "failed", "Lost"
                log.warning("a job was lost to another worker", extra={"queue": held.queue, "key": held.key})
            except Exception as error:  # the database is away: the lease runs out, and it is tried again
                outcome, detail = "failed", type(error).__name__
                extra = {"queue": held.queue, "key": held.key, "error": detail}
                log.error("a job could not be ended", extra=extra)
            finally:
                with self._lock:
                    del self._under_way[held.token]
                took_s = time.monotonic() - began
                log.debug("a job ended", extra={"queue": held.queue, "took_s": round(took_s, 3)})
                self._hub.figures.job(held.queue, outcome, took_s)
                self._hub.recorder.note(
                    "hub",
                    f"job {held.queue}",
                    took_ms=int(took_s * 1000),
                    outcome=outcome,
                    detail=detail,
                    request_id=own_trace,
                )
                self._wake.set()

    def _attempt(self, kind: Kind, held: Held) -> str:
        """The kind of failure, "" if it went well."""
        if held.taken_from is not None and kind.is_spent(held.attempts - 1):
            self._failed(kind, held, DIED)  # and may be what its processes died of
            return DIED
        try:
            again = kind.work(self._hub, held)
        except Lost:
            raise
        except GiveUp as error:
            self._failed(kind, held, str(error), for_good=True)
            return "GiveUp"
        except Exception as error:
            # The type alone: messages of unforeseen errors may hold people's data.
            self._failed(kind, held, type(error).__name__)
            return type(error).__name__
        else:
            if isinstance(again, Again):
                with self._hub.db.write() as session:
                    holding.postpone(session, held, again.at)
            elif not held.is_over:
                with self._lock:
                    self._done.append(held)
        return ""

    def _failed(self, kind: Kind, held: Held, failure: str, *, for_good: bool = False) -> None:
        with self._hub.db.write() as session:
            is_dead = holding.fail(session, kind, held, failure, self._hub.clock(), for_good=for_good)
        extra = {"queue": held.queue, "key": held.key, "attempt": held.attempts, "failure": failure}
        log.error("a job was given up" if is_dead else "a job did not go well", extra=extra)

    def _clear_away(self) -> None:
        """Finish what ended without effects of its own."""
        with self._lock:
            done = self._done[:]
        if not done:
            return
        with self._hub.db.write() as session:
            holding.finish_all(session, done)
        with self._lock:
            del self._done[: len(done)]

    def _go_on_keeping(self) -> None:
        """As long as anything may be under way: what is at SIGTERM is ours until it ends, or the process does."""
        while not self._is_over.wait(self._hub.settings.job_lease_s / 3):
            try:
                self.keep_leases()
            except Exception as error:
                log.error("leases could not be kept", extra={"worker": self._name, "error": type(error).__name__})

    def keep_leases(self) -> None:
        """Prolong what is under way here, and cut what a clock that was ahead, of whatever worker, made too long."""
        lease_ends_at = self._hub.clock() + timedelta(seconds=self._hub.settings.job_lease_s)
        with self._lock:
            jobs = [one.held for one in self._under_way.values()] + self._done
        if jobs:
            with self._hub.db.write() as session:
                holding.keep(session, [one for one in jobs if not one.is_over], lease_ends_at)
        with self._hub.db.read() as session:
            overlong = holding.overlong(session, lease_ends_at + MARGIN)
        if overlong:
            with self._hub.db.write() as session:
                holding.keep(session, overlong, lease_ends_at)
            log.warning("leases were too long: was the clock set back?", extra={"count": len(overlong)})

    def _release(self, held: Held) -> None:
        with self._hub.db.write() as session:
            holding.release(session, held, self._hub.clock())

    def _end(self, pool: ThreadPoolExecutor) -> bool:
        pool.shutdown(wait=False)
        self._try(self._excuse)
        ends_at = time.monotonic() + self._grace_s
        while self._under_way and time.monotonic() < ends_at:
            self._wake.wait(0.1)
            self._wake.clear()
        self._try(self._clear_away)
        left = Counter(one.kind.queue for one in self._under_way.values())
        if not left:
            self._is_over.set()
        log.info("the crew has ended", extra={"worker": self._name, "left": dict(left)})
        return not left

    def _excuse(self) -> None:
        """At once, and not when the grace is over: whoever told us to end may have less patience."""
        with self._lock:
            jobs = [one.held for one in self._under_way.values()]
        with self._hub.db.write() as session:
            for held in jobs:
                holding.excuse(session, held)

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            log.error("the crew stumbled", extra={"worker": self._name, "error": type(error).__name__})
