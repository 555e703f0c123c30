"""The job of one endpoint: send what is due, a few at a time, each person's messages in their order.

A message whose call was made and whose outcome could not be written, since the process died, is sent once more under
the same webhook-id: at least once. Two workers cannot settle the same attempt: settling proves how many there were.
"""

import logging
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy import ColumnElement, CursorResult, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from hub import correlation
from hub.context import Hub
from hub.ids import new_id
from hub.jobs.holding import Held
from hub.jobs.kind import Again, GiveUp, Kind
from hub.models.client import Client
from hub.models.webhook import WebhookAttempt, WebhookEndpoint, WebhookMessage
from hub.outbound.fetch import Busy, Forbidden, OutboundError
from hub.sealing import SealBroken
from hub.webhooks import endpoints, signing
from hub.webhooks.tell import DEAD, DUE, TAKEN
from providers.interaction import Outcome

log = logging.getLogger(__name__)
PAUSES_S = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds after each failed attempt; with the last one, after three days, the message is dead (Standard Webhooks)."""
DISABLED_AFTER = timedelta(days=5)
"""An endpoint that took nothing for so long, while it was called, is switched off."""
AT_ONCE = 8
PER_APP = 2
"""Endpoints of one app that are worked on at once, over all machines: who has many, slow or far behind, leaves most
threads to others."""
TURN_S = 20.0
LONGEST_REST_S = 300.0
BUSY_PAUSE_S = (2.0, 5.0)
LONGEST_RETRY_AFTER = timedelta(days=1)
_GONE = 410
_PLEASE_WAIT = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class _Due:
    id: str
    body: str
    attempts: int
    trace_id: str | None
    type: str


@dataclass(frozen=True, slots=True)
class _Outcome:
    """``status`` None: no answer. ``is_busy``: it was not called at all. ``wait_until``: what the answer asked for."""

    message: _Due
    at: datetime
    took_ms: int
    status: int | None
    why: str
    is_busy: bool = False
    wait_until: datetime | None = None

    @property
    def was_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def work(hub: Hub, held: Held) -> Again | None:
    """Until nothing is due, the turn is over, or the endpoint does not answer. Raises GiveUp if its secret is lost."""
    ends_at, outcomes = time.monotonic() + TURN_S, list[_Outcome]()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        while time.monotonic() < ends_at:
            endpoint, due = _next(hub, held.key)
            if endpoint is None or not due:
                break
            try:
                keys = endpoints.keys_of(hub, endpoint, hub.clock())
            except SealBroken as error:
                raise GiveUp("the endpoint's secret does not open: is its key still in RIALTO_MASTER_KEYS?") from error
            outcomes = list(pool.map(lambda one, e=endpoint, k=keys: _send(hub, e, k, one), due))
            with hub.db.write() as session:
                goes_on = _settle(session, held.key, outcomes, hub.clock())
            if not goes_on:
                break
    return _what_is_left(hub, held.key, is_busy=any(one.is_busy for one in outcomes))


def _next(hub: Hub, endpoint_id: str) -> tuple[WebhookEndpoint | None, Sequence[_Due]]:
    """The first of each line, if it is due."""
    now = hub.clock()
    rows = select(
        WebhookMessage.id, WebhookMessage.body, WebhookMessage.attempts, WebhookMessage.trace_id, WebhookMessage.type
    ).where(*_first_of_lines(endpoint_id), WebhookMessage.next_at <= now)
    with hub.db.read() as session:
        endpoint = _of_a_client(session, endpoint_id)
        if endpoint is None or not _is_called(endpoint, now):
            return endpoint, ()
        found = session.execute(rows.order_by(WebhookMessage.position).limit(AT_ONCE))
        return endpoint, [_Due(*row) for row in found]


def _of_a_client(session: Session, endpoint_id: str) -> WebhookEndpoint | None:
    """None as well if its app was removed: what waits for it is told nobody."""
    query = select(WebhookEndpoint).join(Client, Client.client_id == WebhookEndpoint.client_id)
    return session.scalar(query.where(WebhookEndpoint.id == endpoint_id, Client.deleted_at.is_(None)))


def _first_of_lines(endpoint_id: str) -> tuple[ColumnElement[bool], ...]:
    """What waits for no earlier message of its line."""
    earlier = aliased(WebhookMessage)
    has_earlier = (
        select(earlier.id)
        .where(
            earlier.endpoint_id == endpoint_id,
            earlier.state == DUE,
            earlier.line == WebhookMessage.line,
            earlier.position < WebhookMessage.position,
        )
        .exists()
    )
    return (WebhookMessage.endpoint_id == endpoint_id, WebhookMessage.state == DUE, ~has_earlier)


def _is_called(endpoint: WebhookEndpoint, now: datetime) -> bool:
    return endpoint.disabled_why is None and (endpoint.rests_until is None or endpoint.rests_until <= now)


def _send(hub: Hub, endpoint: WebhookEndpoint, keys: Sequence[bytes], message: _Due) -> _Outcome:
    began, at, body = time.monotonic(), hub.clock(), message.body.encode()
    headers = {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        **signing.headers(endpoint.scheme, keys, message_id=message.id, body=body, now=at),
        **({"x-fapi-interaction-id": message.trace_id} if message.trace_id else {}),
    }
    status, why, wait_until, is_busy = None, "", None, False
    with correlation.under(message.trace_id):
        try:
            answer = hub.messenger.post(endpoint.url, body, headers=headers, of=endpoint.client_id)
        except OutboundError as error:
            why, is_busy = error.why, isinstance(error, Busy)
            if isinstance(error, Forbidden):
                log.warning("a webhook leads where this hub does not call", extra={"endpoint_id": endpoint.id})
        else:
            status = answer.status
            if status in _PLEASE_WAIT:
                wait_until = retry_after(answer.headers.get("retry-after"), at)
            if not 200 <= status < 300:
                why = f"HTTP {status}"
        took_ms = int((time.monotonic() - began) * 1000)
        told = {"endpoint_id": endpoint.id, "message_id": message.id, "status": status, "took_ms": took_ms}
        if not is_busy:
            outcome: Outcome = "unreachable" if status is None else "failed" if why else "ok"
            hub.figures.webhook(outcome)
            hub.recorder.note(
                "webhook",
                f"webhook {message.type}",
                took_ms=took_ms,
                outcome=outcome,
                detail=f"HTTP {status}" if status else why,
                party=endpoint.client_id,
                request_id=message.id,
            )
        log.info("a webhook was sent" if not why else "a webhook was not taken", extra=told)
    return _Outcome(message, at, took_ms, status, why[:200], is_busy, wait_until)


def retry_after(text: str | None, now: datetime) -> datetime | None:
    """RFC 9110 10.2.3: seconds, or a date; a day at most."""
    if text is None:
        return None
    wait = text.strip()
    if wait.isascii() and wait.isdigit():
        return now + min(timedelta(seconds=int(wait[:9])), LONGEST_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(text)
        return min(at.astimezone(UTC), now + LONGEST_RETRY_AFTER) if at.tzinfo is not None and at > now else None
    except (ValueError, OverflowError):  # no date, or one beyond the last that there is
        return None


def _settle(session: Session, endpoint_id: str, outcomes: Sequence[_Outcome], now: datetime) -> bool:
    """Write down how a batch went; whether the endpoint may be called for more at once."""
    endpoint = session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    if endpoint is None:
        return False
    called = [one for one in outcomes if not one.is_busy]
    settled = [one for one in called if _move(session, one, now)]
    if settled:
        session.execute(
            insert(WebhookAttempt),
            [
                {
                    "id": new_id(),
                    "message_id": one.message.id,
                    "at": one.at,
                    "status": one.status,
                    "took_ms": one.took_ms,
                    "why": one.why,
                }
                for one in settled
            ],
        )
    if any(one.was_taken for one in called):
        endpoint.failing_since = endpoint.rests_until = None
    elif called:
        endpoint.failing_since = endpoint.failing_since or min(one.at for one in called)
    if any(one.status == _GONE for one in called):
        endpoints.disable(session, endpoint, "gone", now)
    elif endpoint.failing_since is not None and now - endpoint.failing_since >= DISABLED_AFTER:
        endpoints.disable(session, endpoint, "failing", now)
    waits = [one.wait_until for one in called if one.wait_until is not None]
    if waits:
        endpoint.rests_until = max(waits)
    elif called and all(one.status is None for one in called):
        attempts = min(one.message.attempts for one in called)
        rest_s = min(PAUSES_S[min(attempts, len(PAUSES_S) - 1)], LONGEST_REST_S)
        endpoint.rests_until = now + timedelta(seconds=rest_s)
    return len(called) == len(outcomes) and _is_called(endpoint, now)


def _move(session: Session, one: _Outcome, now: datetime) -> bool:
    """False if somebody else settled this attempt."""
    attempts = one.message.attempts + 1
    if one.was_taken:
        values: dict[str, object] = {"state": TAKEN, "settled_at": now}
    elif attempts > len(PAUSES_S):
        values = {"state": DEAD, "settled_at": now}
    else:
        pause = timedelta(seconds=PAUSES_S[attempts - 1] * random.uniform(1.0, 1.2))  # noqa: S311  # jitter
        values = {"next_at": max(now + pause, one.wait_until or now)}
    moved = session.execute(
        update(WebhookMessage)
        .where(
            WebhookMessage.id == one.message.id,
            WebhookMessage.state == DUE,
            WebhookMessage.attempts == one.message.attempts,
        )
        .values(attempts=attempts, **values)
        .execution_options(synchronize_session=False)
    )
    return isinstance(moved, CursorResult) and moved.rowcount == 1


def _what_is_left(hub: Hub, endpoint_id: str, *, is_busy: bool) -> Again | None:
    """``is_busy``: the last ones were not called at all, for want of a place; soon there may be one."""
    now = hub.clock()
    with hub.db.read() as session:
        endpoint = _of_a_client(session, endpoint_id)
        if endpoint is None or endpoint.disabled_why is not None:
            return None
        next_at = session.scalar(select(func.min(WebhookMessage.next_at)).where(*_first_of_lines(endpoint_id)))
    if next_at is None:
        return None
    soonest = now + timedelta(seconds=random.uniform(*BUSY_PAUSE_S)) if is_busy else now  # noqa: S311  # jitter
    return Again(max(next_at, endpoint.rests_until or next_at, soonest))


KIND = Kind(endpoints.QUEUE, work, threads=16, per_lane=PER_APP, is_endless=True)
