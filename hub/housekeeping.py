"""What has ended is written down and taken away, in bounded batches: these tables must not grow with every visit."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub import partitions, rates
from hub.connections import tidy as connections
from hub.consents import service as consents
from hub.context import Hub
from hub.identity import factor_recovery
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.oauth.jose import replay
from hub.retention import times_to_live
from hub.signing import rotation
from hub.sweeping import sweep_all

_ROWS = 200  # where each row leaves an event
_BATCHES = 50  # at most so many of one kind a round: a backlog is worked off without holding others up


@dataclass(frozen=True, slots=True)
class Step:
    """``work`` takes at most ``batch`` of its kind and returns how many it was."""

    what: str
    batch: int
    work: Callable[[Hub, datetime, int], int]


STEPS = (
    Step("consents expired", _ROWS, lambda hub, now, batch: consents.expire_due(hub, now=now, limit=batch)),
    Step("unfinished links forgotten", _ROWS, connections.forget_unfinished_links),
    Step("connections given their job", _ROWS, connections.put_missing_jobs),
    Step("waits for lost factors told", _ROWS, factor_recovery.remind),
    Step("request rates forgotten", rates.BATCH, lambda hub, now, batch: hub.rates.sweep(now.timestamp(), batch)),
    Step("burnt jti forgotten", replay.BATCH, lambda hub, now, batch: hub.replay.sweep(now, batch)),
)
"""What is more than deleting rows whose time is over; for that a line in hub.retention is enough."""


def tidy(hub: Hub) -> Mapping[str, int]:
    """One round; what was done and how often. Each step is its own small transaction: it can stop anywhere."""
    done: Counter[str] = Counter()
    for what, count in _steps(hub, hub.clock()):
        done[what] += count
    return done


def work(hub: Hub, _held: Held) -> None:
    """The round as a job: one at a time over all machines."""
    tidy(hub)


KIND = Kind("housekeeping", work, threads=1, is_endless=True)
EVERY = timedelta(minutes=1)


def _steps(hub: Hub, now: datetime) -> Iterator[tuple[str, int]]:
    rotation.upkeep(hub, now)
    hub.encryption_keys.upkeep(now)
    kept = times_to_live(hub.settings)
    yield from partitions.upkeep(hub.db, kept, now).items()
    for table, gone in sweep_all(hub, now, put_off=partitions.put_off(hub.db, kept)):
        yield f"{table} rows deleted", gone
    for step in STEPS:
        for _ in range(_BATCHES):
            count = step.work(hub, now, step.batch)
            if count:
                yield step.what, count
            if count < step.batch:
                break
