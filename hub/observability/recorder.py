"""Hops of one id, and how banks answered, written down in batches beside the work.

Nothing waits for it: what is noted lies in memory and is written every ROUND_S; a process that is killed loses that
much of its diary and nothing else. What is kept: every hop that failed or was slow, the hops of the same id that this
process saw before and after it, and all hops of a share of the ids, chosen by the id itself, so that every process
chooses the same. What callers cause has a bound of its own: whoever floods us drowns only the notes on callers.
"""

import atexit
import logging
import threading
import zlib
from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import and_, bindparam, insert, or_, select, text
from sqlalchemy.orm import Session

from hub import correlation
from hub.clock import Clock
from hub.db import Database, Instant
from hub.ids import new_ids
from hub.models.observability import Hop
from hub.observability import levels
from hub.observability.figures import Figures
from hub.observability.otlp import Exporter
from providers.interaction import Call, Outcome

log = logging.getLogger(__name__)
Place = Literal["person", "app", "hub", "bank", "webhook", "mail", "push"]
ROUND_S = 1.0
FROM_CALLERS = 100
FROM_US = 1000
"""So many hops a round at most, per process."""
SLOW_MS: dict[str, int] = {
    "person": 3000,
    "app": 2000,
    "hub": 60_000,
    "bank": 5000,
    "webhook": 5000,
    "mail": 10_000,
    "push": 5000,
}
_REMEMBERED, _EACH = 500, 40
_CALLERS = frozenset({"person", "app"})
_BEGINS = or_(Hop.place.in_(_CALLERS), and_(Hop.place == "hub", Hop.request_id == Hop.trace_id))
_BEGAN = select(Hop.id).where(Hop.trace_id == bindparam("trace_id"), _BEGINS).order_by(Hop.at).limit(1)

# Both stores read this alike.
_COUNT = text(
    """
    INSERT INTO service_count (institution_id, span, begins_at, bucket, times, expires_at)
    VALUES (:institution_id, :span, :begins_at, :bucket, :times, :expires_at)
    ON CONFLICT (institution_id, span, begins_at, bucket) DO UPDATE SET times = service_count.times + excluded.times
    """
).bindparams(bindparam("begins_at", type_=Instant), bindparam("expires_at", type_=Instant))


@dataclass(slots=True)
class _Way:
    """What this process saw of one id lately: not yet kept, or kept from the first failure on."""

    is_kept: bool
    hops: list[dict[str, Any]]


class Recorder:
    """One per process, safe from any thread. ``percent`` of all ids are kept whole. Without ``start`` only ``flush``
    writes. ``collector`` gets what was written."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        percent: int,
        figures: Figures | None = None,
        collector: Exporter | None = None,
    ) -> None:
        self._db, self._clock, self._percent, self._figures = db, clock, percent, figures or Figures()
        self._collector = collector
        self._lock, self._flushing = threading.Lock(), threading.Lock()
        self._ways: OrderedDict[str, _Way] = OrderedDict()
        self._hops: list[dict[str, Any]] = []
        self._from_callers = 0
        self._counts: Counter[levels.Key] = Counter()
        self._stopping = threading.Event()

    def note(
        self,
        place: Place,
        what: str,
        *,
        took_ms: int,
        outcome: Outcome = "ok",
        detail: str = "",
        party: str = "",
        request_id: str = "",
        trace_id: str | None = None,
    ) -> None:
        """One hop of ``trace_id``, or else of what this thread works under; of nothing at all it is not noted."""
        if (trace_id := trace_id or correlation.current()) is None:
            return
        hop = {
            "trace_id": trace_id,
            "at": self._clock(),
            "place": place,
            "what": what[:120],
            "party": party[:120],
            "outcome": outcome,
            "detail": detail[:120],
            "request_id": request_id[:100],
            "took_ms": took_ms,
        }
        matters = outcome != "ok" or took_ms >= SLOW_MS[place]
        with self._lock:
            way = self._way(trace_id)
            if way.is_kept or matters:
                way.is_kept = True
                for one in (*way.hops, hop):
                    self._keep(one)
                way.hops.clear()
            elif len(way.hops) < _EACH:
                way.hops.append(hop)

    def heard(self, call: Call) -> None:
        """How a call to a bank went (providers.transport)."""
        self._figures.call(call)
        failed = call.outcome in {"failed", "unreachable"}
        with self._lock:
            for key in levels.keys(call.institution_id, self._clock(), call.took_ms, failed=failed):
                self._counts[key] += 1
        self.note(
            "bank",
            f"{call.method} {call.shape}",
            took_ms=call.took_ms,
            outcome=call.outcome,
            detail=call.detail,
            party=call.institution_id,
            request_id=call.request_id,
        )
        log.info(
            "a bank was called",
            extra={
                "institution": call.institution_id,
                "call": f"{call.method} {call.shape}",
                "outcome": call.outcome,
                "detail": call.detail,
                "request_id": call.request_id,
                "ms": call.took_ms,
            },
        )

    def start(self) -> None:
        """Write what is noted from now on to the end of this process."""
        atexit.register(self.close)
        threading.Thread(target=self._run, name="recorder", daemon=True).start()

    def close(self) -> None:
        self._stopping.set()
        self._try_to_flush()
        atexit.unregister(self.close)

    def flush(self) -> None:
        """Write down what was noted so far. Raises what the database raises; the counts are kept then."""
        with self._flushing:
            with self._lock:
                hops, self._hops = self._hops, []
                counts, self._counts = self._counts, Counter()
                self._from_callers = 0
            if not hops and not counts:
                return
            rows = [levels.row(key, times) for key, times in sorted(counts.items())]  # in one order: no deadlock
            ids = sorted(new_ids(len(hops)))  # in the order in which it happened
            kept = [{"id": id_, **hop} for id_, hop in zip(ids, hops, strict=True)]
            begun: Collection[str] = ()
            try:
                with self._db.write() as session:
                    if self._collector is not None:
                        begun = self._begun(session, hops)
                    if kept:
                        session.execute(insert(Hop), kept)
                    if rows:
                        session.execute(_COUNT, rows)
            except Exception:
                with self._lock:
                    self._counts += counts
                    self._hops = (hops + self._hops)[:FROM_US]
                raise
            if kept and self._collector is not None:
                self._collector.send(kept, begun)

    def _begun(self, session: Session, hops: Sequence[Mapping[str, Any]]) -> Collection[str]:
        """Of the ids that these hops may begin with, those that began before. Callers choose their ids, and may send
        one to several processes at once: these look and write one after the other."""
        ids = {hop["trace_id"] for hop in hops if hop["place"] in _CALLERS}
        if ids and not self._db.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(hashtext('hop'))"))
        # One by one, to end at the first row: an id may have as many as its caller likes.
        return {one for one in ids if session.scalar(_BEGAN, {"trace_id": one}) is not None}

    def _way(self, trace_id: str) -> _Way:
        """Under the lock."""
        if (way := self._ways.get(trace_id)) is not None:
            self._ways.move_to_end(trace_id)
            return way
        while len(self._ways) >= _REMEMBERED:
            self._ways.popitem(last=False)
        way = self._ways[trace_id] = _Way(_is_chosen(trace_id, self._percent), [])
        return way

    def _keep(self, hop: dict[str, Any]) -> None:
        """Under the lock."""
        if hop["place"] in _CALLERS:
            if self._from_callers >= FROM_CALLERS:
                return
            self._from_callers += 1
        if len(self._hops) < FROM_US:
            self._hops.append(hop)

    def _run(self) -> None:
        while not self._stopping.wait(ROUND_S):
            self._try_to_flush()

    def _try_to_flush(self) -> None:
        try:
            self.flush()
        except Exception as error:  # the database may be away for a while
            log.error("the recorder stumbled", extra={"error": type(error).__name__})


def _is_chosen(trace_id: str, percent: int) -> bool:
    """By the id, so that every process that meets it decides alike."""
    return zlib.crc32(trace_id.encode()) % 100 < percent
