"""The way of one id, and where a failure on it sits: with us, in the network, with which partner, with the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.models.job import DeadJob, Job
from hub.models.observability import Hop

LONGEST = 500
Fault = Literal["none", "us", "network", "partner", "caller"]
_OUTSIDE = ("bank", "webhook", "mail", "push")
_PARTNER = {
    "bank": "the bank",
    "webhook": "the app's address",
    "mail": "the mail server",
    "push": "the browser's push service",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    fault: Fault
    words: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job of this id that is still to be done, or was given up (``at`` is then when)."""

    queue: str
    key: str
    at: datetime
    attempts: int
    failure: str
    is_dead: bool


@dataclass(frozen=True, slots=True)
class Trace:
    hops: Sequence[Hop]
    waiting: Sequence[Waiting]
    verdict: Verdict


def find(session: Session, trace_id: str) -> Trace:
    """In the order of time; at most LONGEST hops. ``trace_id`` as people type it: whatever case, with urn:uuid: or
    without."""
    wanted = trace_id.strip().lower().removeprefix("urn:uuid:")
    ordered = select(Hop).where(Hop.trace_id == wanted).order_by(Hop.at, Hop.id).limit(LONGEST)
    hops = session.scalars(ordered).all()
    jobs = [
        Waiting(one.queue, one.key, one.run_at, one.attempts, one.failure or "", False)
        for one in session.scalars(select(Job).where(Job.trace_id == wanted).limit(LONGEST))
    ]
    dead = [
        Waiting(one.queue, one.key, one.died_at, one.attempts, one.failure, True)
        for one in session.scalars(select(DeadJob).where(DeadJob.trace_id == wanted).limit(LONGEST))
    ]
    return Trace(hops, [*jobs, *dead], verdict(hops))


def verdict(hops: Sequence[Hop]) -> Verdict:
    """From the last outcome of each step: one that failed and went well when it was tried again is no failure. What is
    farthest from the caller is where it began."""
    last = {(one.place, one.party, one.what): one for one in hops}
    bad = [one for one in last.values() if one.outcome != "ok"]
    for one in bad:
        if one.place in _OUTSIDE and one.outcome == "unreachable":
            return Verdict("network", f"No answer on the way between us and {_named(one)} ({one.detail}).")
    for one in bad:
        if one.place in _OUTSIDE:
            did = "said no" if one.outcome == "refused" else "failed"
            return Verdict("partner", f"{_named(one).replace('the', 'The', 1)} {did} ({one.detail}).")
    for one in bad:
        if one.place == "hub" or one.outcome != "refused":
            return Verdict("us", f"It failed in this hub, at {one.what} ({one.detail}).")
    for one in bad:
        return Verdict("caller", f"This hub refused what it was asked for, at {one.what} ({one.detail}).")
    return Verdict("none", "Nothing failed on this way." if hops else "Nothing was written down under this id.")


def _named(hop: Hop) -> str:
    return f"{_PARTNER[hop.place]} {hop.party}".strip()
