"""The job of one browser: what it was not told yet goes to it, a title each, sealed.

Each browser stands alone: how far it was told is written with the end of the job, so that only a death in between sends
something twice, under the same tag. What its push service did not take in half an hour stays in the inbox alone.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub import correlation
from hub.context import Hub
from hub.events.catalogue import Topic, types
from hub.jobs import holding
from hub.jobs.holding import Held
from hub.jobs.kind import Kind
from hub.models.notification import Notification
from hub.notifications.push import sealed, subscriptions, vapid
from hub.notifications.push.subscriptions import Reached
from hub.notifications.words import names, words
from hub.outbound.fetch import Busy, OutboundError

log = logging.getLogger(__name__)
QUEUE = "notification.push"
TTL = timedelta(days=1)
"""So long a push service keeps what a browser that is off has not fetched."""
TRIES_S = (10.0, 60.0, 300.0, 1500.0)
MOST_AT_ONCE = 5
"""Of what came while the browser could not be told; the rest is in the inbox."""
PER_PERSON = 2
"""Browsers of one person that are told at once, over all machines: whoever names addresses that hang, and anybody may
say that a browser is there, leaves most threads to others."""
_GONE = frozenset({404, 410})
_LATER = frozenset({408, 425, 429})


class _Message(NamedTuple):
    """``tag``: 32 hex digits, so that a later one of the same replaces it (RFC 8030 5.4)."""

    tag: str
    body: bytes
    is_urgent: bool
    trace_id: str | None


class NotTaken(Exception):
    """The push service did not answer, or wants to be asked later."""


def work(hub: Hub, held: Held) -> None:
    """``held.key`` is the subscription. Raises NotTaken while another try may help."""
    with hub.db.read() as session:
        browser = subscriptions.reached(hub, session, held.key)
        rows = _due(session, browser, hub.clock() - TTL) if browser is not None else ()
        known = names(hub, session, rows)
    if browser is None or not rows:
        return
    messages = [_message(row, words(row, known).title, words(row, known).path) for row in rows[-MOST_AT_ONCE:]]
    outcome = _outcome(hub, browser, messages)
    if outcome == "later" and held.attempts <= len(TRIES_S):
        raise NotTaken("the push service did not take it")
    with hub.db.write() as session:
        if outcome == "gone":
            subscriptions.drop(session, [browser.id])
        else:
            taken_at = hub.clock() if outcome == "taken" else None
            subscriptions.told(session, browser.id, rows[-1].id, taken_at=taken_at)
        holding.finish(session, held)


def _due(session: Session, browser: Reached, since: datetime) -> Sequence[Notification]:
    """What it was not sent yet and nobody has seen, in order."""
    query = select(Notification).where(
        Notification.psu_id == browser.psu_id,
        Notification.push_due,
        Notification.id > browser.told_until,
        Notification.at >= since,
    )
    return session.scalars(query.order_by(Notification.id)).all()


def _message(row: Notification, title: str, path: str) -> _Message:
    one = types().get(row.kind)
    topic = one.notice.topic if one is not None and one.notice is not None else Topic.SERVICE
    tag = row.id.replace("-", "")
    said = {"tag": tag, "title": title[:200], "path": path if len(path) < 300 else "/notifications"}
    return _Message(tag, orjson.dumps(said), topic in {Topic.ACCESS, Topic.MONEY}, row.trace_id)


def _outcome(hub: Hub, browser: Reached, messages: Sequence[_Message]) -> str:
    """``taken``, ``refused`` (which no other try changes), ``gone`` or ``later``."""
    for one in messages:
        with correlation.under(one.trace_id):
            outcome = _send(hub, browser, one)
        if outcome != "taken":
            return outcome
    return "taken"


def _send(hub: Hub, browser: Reached, message: _Message) -> str:
    began, where = time.monotonic(), browser.address
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(int(TTL.total_seconds())),
        "Urgency": "high" if message.is_urgent else "normal",
        "Topic": message.tag,
        "Authorization": vapid.authorization(hub, where.endpoint, hub.clock()),
    }
    body = sealed.seal(message.body, sealed.receiver(where.p256dh, where.auth))
    status, outcome, why = None, "later", ""
    try:
        status = hub.messenger.post(where.endpoint, body, headers=headers).status
    except Busy:
        return "later"
    except OutboundError as error:
        why = error.why
    else:
        outcome = _meaning(status)
    hub.recorder.note(
        "push",
        "notification",
        took_ms=int((time.monotonic() - began) * 1000),
        outcome="unreachable" if status is None else "failed" if status >= 300 else "ok",
        detail=f"HTTP {status}" if status else why,
        request_id=browser.id,
    )
    log.info("a notification was pushed", extra={"subscription_id": browser.id, "status": status, "outcome": outcome})
    return outcome


def _meaning(status: int) -> str:
    if status in _GONE:
        return "gone"
    if status in _LATER or status >= 500:
        return "later"
    return "taken" if status < 300 else "refused"


KIND = Kind(QUEUE, work, threads=8, per_lane=PER_PERSON, pauses_s=TRIES_S, is_endless=True)
