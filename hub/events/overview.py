"""How the stream of events stands: what waits, what was told lately, by which rules. For whoever looks after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from hub.events import dead, rules
from hub.events.catalogue import EventType, types
from hub.events.dispatcher import HEAD
from hub.models.event import Event, Stream
from hub.models.job import Job
from hub.models.signal import DeadSignal, Signal

LATELY, JUST_NOW = timedelta(hours=24), timedelta(hours=1)
MOST_COUNTED = 10_000
"""More waiting signals are not told apart: counting them all would take as long as they are many."""
MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Rule:
    """One declared type: ``told``: how many lately, and ``told_now`` in the last hour of it; ``waiting``: timers of
    it that run, the first until ``next_at``."""

    type: EventType
    words: str
    told: int
    told_now: int = 0
    waiting: int = 0
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of signals: how many came lately, and in the last hour of it."""

    kind: str
    count: int
    now: int


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    position: int
    behind: int
    moved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Flow:
    """``signals``: not dispatched yet, MOST_COUNTED at most, the oldest since ``oldest_at``. ``sources``: the
    most frequent first. ``dead``: the first of ``dead_total`` that were given up."""

    signals: int
    oldest_at: datetime | None
    head: int
    moved_at: datetime | None
    sources: Sequence[Source]
    rules: Sequence[Rule]
    readers: Sequence[Reader]
    dead: Sequence[DeadSignal]
    dead_total: int


def flow(session: Session, now: datetime) -> Flow:
    """Five statements and one for each rule with a timer."""
    signals, oldest_at = waiting(session)
    is_now = case((Event.at >= now - JUST_NOW, 1), else_=0)
    lately = select(Event.kind, func.count(), func.sum(is_now)).where(Event.at >= now - LATELY).group_by(Event.kind)
    counted = {kind: Source(kind, count, int(just)) for kind, count, just in session.execute(lately)}
    streams = {one.name: one for one in session.scalars(select(Stream))}
    head = streams.pop(HEAD, None)
    position = head.position if head else 0
    declared = types()
    sources = [one for kind, one in counted.items() if kind not in declared]
    return Flow(
        signals=signals,
        oldest_at=oldest_at,
        head=position,
        moved_at=head.moved_at if head else None,
        sources=sorted(sources, key=lambda one: (-one.count, one.kind)),
        rules=[_rule(session, one, counted.get(one.type, Source(one.type, 0, 0))) for one in declared.values()],
        readers=[Reader(one.name, one.position, position - one.position, one.moved_at) for one in streams.values()],
        dead=dead.waiting(session, MOST_SHOWN),
        dead_total=dead.count(session),
    )


def waiting(session: Session) -> tuple[int, datetime | None]:
    """How many signals are not dispatched yet, MOST_COUNTED at most, and since when the oldest of them waits."""
    some = select(Signal.at).order_by(Signal.seq).limit(MOST_COUNTED).subquery()
    count, oldest_at = session.execute(select(func.count(), func.min(some.c.at)).select_from(some)).one()
    return count, oldest_at


def _rule(session: Session, one: EventType, told: Source) -> Rule:
    if one.after is None and one.before is None:
        return Rule(one, words(one), told.count, told.now)
    # Keys begin with the type: a range of the index, and no other type's, for none goes on with a colon.
    mine = and_(Job.queue == rules.QUEUE, Job.key >= f"{one.type}:", Job.key < f"{one.type};")
    running, next_at = session.execute(select(func.count(), func.min(Job.run_at)).where(mine)).one()
    return Rule(one, words(one), told.count, told.now, running, next_at)


def words(one: EventType) -> str:
    """The rule as a sentence: on these signals, at once or when nothing came between."""
    on = " or ".join(one.on)
    if one.any:
        on += " where " + " or ".join(_condition(each.field, each.above, each.is_) for each in one.any)
    if one.after is not None:
        return f"{one.after.minutes:g} minutes after {on}, unless {' or '.join(one.after.unless)} came"
    if one.before is not None:
        unless = " or ".join(one.before.unless)
        return f"{one.before.days:g} days before the {one.before.field} of {on}, unless {unless} came"
    return f"at once on {on}"


def _condition(field: str, above: float | None, value: object) -> str:
    return f"{field} is above {above:g}" if above is not None else f"{field} is {value}"
