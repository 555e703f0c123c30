"""Who an adapter is tried with: its PSU and its bank, as a test plays them, and the way of a whole link."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal, Protocol, cast

from providers.model import Money
from providers.port import Access, Adapter, Ask, AskingAdapter, LinkStart, LinkState, Psu, Redirect

PSU = Psu(ip_address="192.0.2.7", user_agent="conformance")  # RFC 5737: nobody's address
STEP_LIMIT = 20
SHORTEST_STATE = 32

FaultKind = Literal["down", "busy", "no_json", "loop", "astray"]
"""5xx or silence; 429; a page for people; the next link leads back; the next link leads to another host."""


class NotConformant(AssertionError):
    """The adapter breaks its contract; the message says how."""


class Driver(Protocol):
    """``start`` begins a link, with a ``state`` of its own each time. ``period`` is what is read of transactions.

    ``known_amounts`` are amounts that the bank is known to hold, by any of the bank's own ids for the row (or by
    remittance text), signed from the account holder's side; at least one of each sign.
    """

    @property
    def adapter(self) -> Adapter: ...

    @property
    def period(self) -> tuple[date, date]: ...

    @property
    def known_amounts(self) -> Mapping[str, Money]: ...

    def start(self) -> LinkStart: ...


class Redirects(Driver, Protocol):
    """``allow`` and ``deny`` play the PSU at the bank and return the callback's parameters."""

    def allow(self, start: LinkStart) -> Mapping[str, str]: ...

    def deny(self, start: LinkStart) -> Mapping[str, str]: ...


class Answers(Driver, Protocol):
    """For an adapter that asks from its first step on: what the PSU answers, rightly and (to the first) wrongly."""

    def answers(self, ask: Ask) -> Mapping[str, str]: ...

    def wrong_answers(self, ask: Ask) -> Mapping[str, str]: ...


class Faulty(Driver, Protocol):
    """``fault`` lets the bank misbehave, whatever it is asked, until the context ends."""

    def fault(self, kind: FaultKind) -> AbstractContextManager[None]: ...


def need(holds: object, sentence: str) -> None:
    if not holds:
        raise NotConformant(sentence)


def linked(driver: Driver) -> Access:
    """Walk the whole link as the hub does: what is kept between two steps goes through JSON."""
    step = kept(driver.start())
    for _ in range(STEP_LIMIT):
        now = datetime.now(UTC)
        if isinstance(step.step, Redirect):
            callback = cast(Redirects, driver).allow(step)
            gone_on = driver.adapter.finish(step.state, callback, now=now, psu=PSU)
        else:
            answers = cast(Answers, driver).answers(step.step)
            gone_on = asking(driver).advance(step.state, answers, now=now, psu=PSU)
        if isinstance(gone_on, Access):
            return kept_access(gone_on)
        need(not (isinstance(gone_on.step, Ask) and gone_on.step.error), "the right answers are not taken")
        _known_by(gone_on.state, step)
        step = kept(gone_on)
    raise NotConformant("the link has no end")


def _known_by(state: LinkState, before: LinkStart) -> None:
    """Answers on a page of the hub go on under the same state, returns from the bank under a new one."""
    if isinstance(before.step, Ask):
        need(state.state == before.state.state, "a step changes the state that the hub knows the attempt by")
        return
    need(state.state != before.state.state, "a return from the bank leads on under the state it came with")
    need(len(state.state) >= SHORTEST_STATE, "a new state can be guessed: use LinkState.onward")


def asking(driver: Driver) -> AskingAdapter:
    if not isinstance(driver.adapter, AskingAdapter):
        raise NotConformant("a step asks, and the adapter has no advance()")
    return driver.adapter


def kept(start: LinkStart) -> LinkStart:
    return replace(start, state=replace(start.state, data=_through_json(start.state.data)))


def kept_access(access: Access) -> Access:
    for moment in (access.expires_at, access.valid_until):
        need(moment is None or moment.utcoffset() is not None, "an end of the access is naive")
    return replace(access, data=_through_json(access.data))


def _through_json(data: Mapping[str, str]) -> Mapping[str, str]:
    need(all(isinstance(part, str) for pair in data.items() for part in pair), "what is kept is not text by text")
    again: dict[str, str] = json.loads(json.dumps(dict(data)))
    return again
