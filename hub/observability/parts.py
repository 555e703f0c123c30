"""How the hub's own parts are, for those who run it: one line each, with what to do where something is wrong."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from hub import migrate, partitions
from hub.context import Hub
from hub.events import dead
from hub.jobs import overview
from hub.mail.outbox import DEAD, DUE
from hub.models.event import Stream
from hub.models.job import Schedule
from hub.models.key import KeyState, SigningKey
from hub.models.mail import Mail
from hub.models.signal import Signal
from hub.observability import heartbeat
from hub.replica import Unusable

State = Literal["good", "warn", "bad"]
LATE = timedelta(minutes=5)
MAIL_LATE = timedelta(minutes=15)
SLOW_MS = 100
FAR_BEHIND = 1000
FAR_BEHIND_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Part:
    """``says``: how it is; ``do``: what an operator can do about it, "" where nothing is wrong."""

    name: str
    state: State
    says: str
    do: str = ""


def of(hub: Hub) -> Sequence[Part]:
    """All of them. Raises what the database raises if it is away."""
    now = hub.clock()
    with hub.db.read() as session:
        return [
            _database(hub, session),
            *_replica(hub),
            _workers(session, now),
            *_rounds(session, now),
            *_queues(session, now),
            _events(session, now),
            *_partitions(hub, now),
            _keys(hub, session, now),
            _mail(session, now),
        ]


def _database(hub: Hub, session: Session) -> Part:
    began = time.perf_counter()
    session.execute(text("SELECT 1"))
    took_ms = (time.perf_counter() - began) * 1000
    kind = "SQLite" if hub.db.is_sqlite else "PostgreSQL"
    says = f"{kind}, {hub.db.size_bytes() / 2**20:.0f} MiB, answers in {took_ms:.1f} ms"
    if not migrate.fits(migrate.current(hub.db)):
        return Part("Database", "bad", says, "Its schema is older than this code: rialto db upgrade")
    if took_ms > SLOW_MS:
        return Part("Database", "warn", says, "It is slow: look at its disk and its neighbours.")
    return Part("Database", "good", says)


def _replica(hub: Hub) -> Iterator[Part]:
    if (one := hub.db.replica) is None:
        return
    try:
        behind = one.behind_bytes()
    except Unusable as error:
        yield Part(
            "Replica", "warn", f"{error}; reads go to the primary", "Look at DATABASE_REPLICA_URL and its server."
        )
        return
    says = f"{behind / 1024:.0f} KiB behind"
    if behind > FAR_BEHIND_BYTES:
        yield Part("Replica", "warn", says, "It is late, so reads go to the primary: look at its disk and network.")
    else:
        yield Part("Replica", "good", says)


def _workers(session: Session, now: datetime) -> Part:
    alive = heartbeat.alive(session, now)
    says = f"{alive.get('worker', 0)} alive, beside {alive.get('web', 0)} web processes"
    if alive.get("worker"):
        return Part("Workers", "good", says)
    heard = heartbeat.last_beat(session, "worker")
    since = f"last heard of at {heard:%Y-%m-%d %H:%M:%S} UTC" if heard else "none was heard of"
    what = "Nothing is read from banks, no mail and no webhook is sent: start rialto worker"
    return Part("Workers", "bad", f"None is alive, {since}", what)


def _rounds(session: Session, now: datetime) -> Iterator[Part]:
    rows = session.scalars(select(Schedule).order_by(Schedule.name)).all()
    if not rows:
        yield Part("Scheduler", "warn", "No round was put yet", "Start rialto worker, or rialto scheduler beside it.")
    for one in rows:
        says = f"put last at {one.last_at:%Y-%m-%d %H:%M:%S} UTC" if one.last_at else "not put yet"
        if now - one.next_at > LATE:
            yield Part(f"Round {one.name}", "bad", says, "The scheduler stands still: is a worker alive?")
        else:
            yield Part(f"Round {one.name}", "good", says)


def _queues(session: Session, now: datetime) -> Iterator[Part]:
    found = overview.queues(session, now)
    if not found:
        yield Part("Queues", "good", "empty")
    for one in found:
        says = f"{one.due} due, {one.running} running, {one.later} later"
        if one.late_s > LATE.total_seconds():
            what = "More workers, or look at what its jobs wait for."
            yield Part(f"Queue {one.name}", "bad", f"{says}; late by {one.late_s / 60:.0f} min", what)
        elif one.dead:
            yield Part(f"Queue {one.name}", "warn", f"{says}; {one.dead} given up", "See Work behind the pages.")
        else:
            yield Part(f"Queue {one.name}", "good", says)


def _events(session: Session, now: datetime) -> Part:
    waiting, oldest = session.execute(select(func.count(), func.min(Signal.at))).one()
    at = {name: position for name, position in session.execute(select(Stream.name, Stream.position))}  # noqa: C416
    head = at.pop("head", 0)
    lag = max((head - position for position in at.values()), default=0)
    given_up = dead.count(session)
    says = f"{head} so far, {waiting} signals wait, {given_up} given up, the slowest reader is {lag} behind"
    if oldest is not None and now - oldest > LATE:
        return Part("Events", "bad", says, "The dispatcher stands still: is a worker alive?")
    if given_up:
        return Part("Events", "warn", says, "This hub failed at them: see Events, and the log.")
    if lag > FAR_BEHIND:
        return Part("Events", "warn", says, "A reader does not keep up.")
    return Part("Events", "good", says)


def _partitions(hub: Hub, now: datetime) -> Iterator[Part]:
    for name, until in partitions.made_until(hub.db).items():
        says = f"made until {until:%Y-%m-%d %H:%M} UTC"
        state: State = "good"
        if until < now + partitions.SOON:
            state = "bad" if until < now + partitions.NOW else "warn"
        yield Part(f"Partitions of {name}", state, says, partitions.REMEDY if state != "good" else "")


def _keys(hub: Hub, session: Session, now: datetime) -> Part:
    active = SigningKey.state == KeyState.ACTIVE
    count, oldest = session.execute(select(func.count(), func.min(SigningKey.activated_at)).where(active)).one()
    if not count or oldest is None:
        return Part("Signing keys", "good", "none was needed yet")
    says = f"{count} sign, the oldest since {oldest:%Y-%m-%d}"
    days = hub.settings.key_rotation_days
    if days and now - oldest > timedelta(days=days + 2):
        return Part("Signing keys", "warn", says, "They were not rotated: is a worker alive? Or: rialto keys rotate")
    return Part("Signing keys", "good", says)


def _mail(session: Session, now: datetime) -> Part:
    due, oldest = session.execute(select(func.count(), func.min(Mail.created_at)).where(Mail.state == DUE)).one()
    dead = session.scalar(select(func.count()).where(Mail.state == DEAD)) or 0
    says = f"{due} to be sent, {dead} given up in the last week"
    if oldest is not None and now - oldest > MAIL_LATE:
        return Part("Mail", "bad", says, "The mail server does not take them: see RIALTO_SMTP_URL, and the log.")
    return Part("Mail", "warn" if dead else "good", says, "Look for what the mail server said." if dead else "")
