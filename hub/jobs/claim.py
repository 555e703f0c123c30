"""Which jobs a worker gets: due ones, the most urgent first, within each lane's limit over all processes.

On PostgreSQL rows that another worker is claiming are passed over (SKIP LOCKED); on SQLite the writer is alone. A
lane's limit is counted under a lock of its queue, so two claims cannot both see the last free place.

Deleted jobs leave dead entries at the head of the index for as long as any old snapshot lives (a backup, somebody's
open transaction), and every claim would step over all of them. So each worker remembers where it last found something
and looks from there; every few seconds it looks from the beginning again.
"""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, and_, func, literal, or_, select, text, tuple_, union_all, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.ids import new_id
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.jobs.queue import NOW, ROUTINE, SOON
from hub.models.job import Job

PRIORITIES = (NOW, SOON, ROUTINE)
FROM_THE_BEGINNING_S = 5.0
MARGIN = timedelta(seconds=60)
"""Jobs may be put by machines whose clock is behind by so much."""
_ROUNDS = 8
"""A claim gives up on filling its hands after so many looks at lanes that turn out full."""

Found = Row[tuple[str, str, str | None, int, dict[str, object], str | None, datetime, str | None, datetime]]


class Claims:
    """The claims of one process, ``worker`` by name."""

    def __init__(self, hub: Hub, worker: str) -> None:
        self._hub = hub
        self._worker = worker[:80]
        self._floors: dict[tuple[str, int], datetime] = {}
        self._looked_at = time.monotonic()

    def due(self, kinds: Sequence[Kind]) -> frozenset[str]:
        """The queues in which something is due: one reading statement, which takes no lock."""
        now = self._hub.clock()
        looks = [
            select(literal(kind.queue).label("queue")).where(
                select(Job.key)
                .where(Job.queue == kind.queue, Job.priority == priority, Job.run_at <= now)
                .limit(1)
                .exists()
            )
            for kind in kinds
            for priority in PRIORITIES
        ]
        with self._hub.db.read() as session:
            return frozenset(session.scalars(union_all(*looks)))

    def take(self, kind: Kind, most: int) -> list[Held]:
        """Up to ``most`` jobs of ``kind``, leased to this process."""
        now, owner = self._hub.clock(), new_id()
        limits = kind.lane_limits(self._hub)
        with self._hub.db.write() as session:
            rows = list(self._free(session, kind, most, now, limits))
            if not rows:
                return []
            session.execute(
                update(Job)
                .where(tuple_(Job.queue, Job.key).in_([(row.queue, row.key) for row in rows]))
                .values(
                    owner=owner,
                    worker=self._worker,
                    run_at=now + timedelta(seconds=self._hub.settings.job_lease_s),
                    attempts=Job.attempts + 1,
                )
                .execution_options(synchronize_session=False)
            )
        return [
            Held(
                queue=row.queue,
                key=row.key,
                owner=owner,
                taken_from=row.owner,
                lane=row.lane,
                attempts=row.attempts + 1,
                args=row.args,
                trace_id=row.trace_id,
                created_at=row.created_at,
            )
            for row in rows
        ]

    def _free(
        self, session: Session, kind: Kind, most: int, now: datetime, limits: Mapping[str, int]
    ) -> Iterator[Found]:
        """Due jobs whose lanes have a place. Lanes that are full are left out of the next look."""
        left, taken = most, set[str]()
        busy = self._busy(session, kind, now) if kind.per_lane is not None else Counter[str | None]()
        for _ in range(_ROUNDS):
            full = [lane for lane in {*busy, *limits} if lane and busy[lane] >= self._limit(kind, lane, limits)]
            rows = [row for row in self._look(session, kind, left, now, full) if row.key not in taken]
            for row in rows:
                if kind.per_lane is not None and row.lane is not None:
                    if busy[row.lane] >= self._limit(kind, row.lane, limits):
                        continue
                    busy[row.lane] += 1
                taken.add(row.key)
                left -= 1
                yield row
            if kind.per_lane is None or left <= 0 or not rows:
                return

    @staticmethod
    def _limit(kind: Kind, lane: str, limits: Mapping[str, int]) -> float:
        usual = float("inf") if kind.per_lane is None else kind.per_lane
        return limits.get(lane, usual)

    def _busy(self, session: Session, kind: Kind, now: datetime) -> "Counter[str | None]":
        """How many of each lane are at work, under the queue's lock."""
        if not self._hub.db.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:queue))"), {"queue": f"job:{kind.queue}"})
        query = (
            select(Job.lane, func.count())
            .where(Job.queue == kind.queue, Job.owner.is_not(None), Job.run_at > now)
            .group_by(Job.lane)
        )
        return Counter({lane: count for lane, count in session.execute(query)})  # noqa: C416  # typed rows

    def _look(self, session: Session, kind: Kind, most: int, now: datetime, full: Sequence[str]) -> Iterator[Found]:
        everything = time.monotonic() - self._looked_at >= FROM_THE_BEGINNING_S
        if everything:
            self._looked_at = time.monotonic()
            self._floors.clear()
        for priority in PRIORITIES:
            if most <= 0:
                return
            conditions = [Job.queue == kind.queue, Job.priority == priority, Job.run_at <= now]
            if (floor := self._floors.get((kind.queue, priority))) is not None:
                conditions.append(Job.run_at >= floor - MARGIN)
            if full:
                conditions.append(or_(Job.lane.is_(None), and_(Job.lane.not_in(full))))
            query = select(
                Job.queue,
                Job.key,
                Job.lane,
                Job.attempts,
                Job.args,
                Job.trace_id,
                Job.created_at,
                Job.owner,
                Job.run_at,
            ).where(*conditions)
            rows = session.execute(query.order_by(Job.run_at).limit(most).with_for_update(skip_locked=True)).all()
            if rows:
                self._floors[kind.queue, priority] = rows[0].run_at
            most -= len(rows)
            yield from rows
