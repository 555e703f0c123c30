"""What those see who run the hub."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class QueueRow:
    """``late_s``: for how long the oldest due job has been waiting, in seconds."""

    name: str
    running: int
    due: int
    later: int
    failing: int
    dead: int
    late_s: float


@dataclass(frozen=True, slots=True)
class DeadRow:
    dead_id: str
    queue: str
    key: str
    attempts: int
    why: str
    died_at: datetime
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class JobsPage:
    """operator_jobs.html. POST /operator/jobs/retry with ``dead_id``, or with none for all."""

    queues: tuple[QueueRow, ...] = ()
    dead: tuple[DeadRow, ...] = ()
    dead_total: int = 0
