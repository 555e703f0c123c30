"""Jobs whose work is a function of the test's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from hub.context import Hub
from hub.jobs.holding import Held
from hub.jobs.kind import Again, Kind
from hub.jobs.queue import SOON, put
from hub.models.job import DeadJob, Job

QUEUE = "carving"


def ask(hub: Hub, key: str | None = None, *, at: datetime | None = None, priority: int = SOON, **more: Any) -> str:
    now = hub.clock()
    with hub.db.write() as session:
        return put(session, QUEUE, key=key, at=at or now, now=now, priority=priority, **more)


def jobs(hub: Hub) -> list[Job]:
    with hub.db.read() as session:
        return list(session.scalars(select(Job).order_by(Job.run_at, Job.key)))


def dead(hub: Hub) -> list[DeadJob]:
    with hub.db.read() as session:
        return list(session.scalars(select(DeadJob)))


@dataclass
class Carver:
    """Remembers what it was given; ``then`` is what it does."""

    done: list[str]
    then: Callable[[Hub, Held], Again | None] = lambda _hub, _held: None

    def kind(self, **changes: Any) -> Kind:
        return Kind(QUEUE, self.work, **changes)

    def work(self, hub: Hub, held: Held) -> Again | None:
        self.done.append(held.key)
        return self.then(hub, held)
