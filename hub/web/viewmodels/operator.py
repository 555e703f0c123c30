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
class PartRow:
    """One of the hub's own parts. ``state``: good, warn or bad; ``do``: what helps, "" where nothing is wrong."""

    name: str
    state: str
    says: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """operator_overview.html. ``alarms``: what is to be done at once."""

    parts: tuple[PartRow, ...] = ()
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HopRow:
    """One step of a way. ``known_as``: the other side's name for it, if it has one of its own."""

    at: datetime
    place: str
    what: str
    party: str
    outcome: str
    detail: str
    took_ms: int
    known_as: str = ""


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A job of a way that is due at ``at``, or was given up then."""

    queue: str
    key: str
    at: datetime
    failure: str
    is_dead: bool


@dataclass(frozen=True, slots=True)
class TracePage:
    """operator_trace.html. GET /operator/trace with ``id``. ``fault``: none, us, network, partner or caller."""

    trace_id: str = ""
    hops: tuple[HopRow, ...] = ()
    waiting: tuple[WaitingRow, ...] = ()
    fault: str = "none"
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class JobsPage:
    """operator_jobs.html. POST /operator/jobs/retry with ``dead_id``, or with none for all."""

    queues: tuple[QueueRow, ...] = ()
    dead: tuple[DeadRow, ...] = ()
    dead_total: int = 0


@dataclass(frozen=True, slots=True)
class RuleRow:
    """``share``: per cent of the most frequent type. ``next_at``: when the first of ``waiting`` timers runs out."""

    type: str
    title: str
    words: str
    audience: str
    told: int
    told_now: int
    share: int
    waiting: int = 0
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    kind: str
    count: int
    now: int
    share: int


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """``late_s``: for how long its oldest due work has been waiting; ``behind``: in events, None where it has none."""

    name: str
    says: str
    behind: int
    due: int = 0
    failing: int = 0
    late_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BehindRow:
    """One endpoint. ``share``: per cent of what waits for the one that is the farthest behind."""

    app: str
    host: str
    waiting: int
    given_up: int
    share: int
    failing_since: datetime | None = None
    disabled_why: str = ""


@dataclass(frozen=True, slots=True)
class DeadSignalRow:
    """``at``: when it was said; ``why``: the kind of error at which it was given up."""

    dead_id: str
    kind: str
    subject_id: str
    at: datetime
    why: str
    died_at: datetime
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class EventsPage:
    """operator_events.html, at /operator/events. ``late_s``: for how long the oldest signal has been waiting. POST
    /operator/events/retry with ``dead_id``, or with none for all of ``dead_total``."""

    signals: int = 0
    late_s: float = 0.0
    head: int = 0
    moved_at: datetime | None = None
    sources: tuple[SourceRow, ...] = ()
    rules: tuple[RuleRow, ...] = ()
    readers: tuple[ReaderRow, ...] = ()
    behind: tuple[BehindRow, ...] = ()
    dead: tuple[DeadSignalRow, ...] = ()
    dead_total: int = 0
