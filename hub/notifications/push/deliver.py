"""The job of one person: what is due goes to each of their browsers, a title each, sealed.

A browser shows what comes twice once, by its tag. What no push service took in half an hour stays in the inbox alone.
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import orjson
from sqlalchemy import select, update

from hub import correlation
from hub.context import Hub
from hub.events.catalogue import Topic, types
from hub.jobs import holding
from hub.jobs.holding import Held
from hub.jobs.kind import Again, Kind
from hub.models.notification import Notification, PushSubscription
from hub.notifications.push import sealed, subscriptions, vapid
from hub.notifications.push.subscriptions import Reached
from hub.notifications.words import names, words
from hub.outbound.fetch import Busy, Forbidden, OutboundError

log = logging.getLogger(__name__)
QUEUE = "notification.push"
TTL = timedelta(days=1)
"""So long a push service keeps what a browser that is off has not fetched."""
TRIES_S = (10.0, 60.0, 300.0, 1500.0)
MOST_AT_ONCE = 5
"""Of what came while the browser could not be told; the rest is in the inbox."""
MAX_ANSWER_BYTES = 16 * 1024
_GONE = frozenset({404, 410})
_LATER = frozenset({408, 425, 429})


class _Message(NamedTuple):
    """``tag``: 32 hex digits, so that a later one of the same replaces it (RFC 8030 5.4)."""

    tag: str
    body: bytes
    is_urgent: bool
    trace_id: str | None


class NotTaken(Exception):
    """A push service did not answer, or wants to be asked later."""


def work(hub: Hub, held: Held) -> Again | None:
    """Raises NotTaken while another try may help."""
    with hub.db.read() as session:
        due = select(Notification).where(Notification.psu_id == held.key, Notification.push_due)
        rows = session.scalars(due.order_by(Notification.at.desc())).all()
        known = names(hub, session, rows)
        browsers = subscriptions.reached(hub, session, held.key) if rows else []
    messages = [_message(row, words(row, known).title, words(row, known).path) for row in rows[:MOST_AT_ONCE]]
    outcomes = [(one, _outcome(hub, one, messages)) for one in browsers]
    is_over = held.attempts > len(TRIES_S) or not any(outcome == "later" for _, outcome in outcomes)
    with hub.db.write() as session:
        subscriptions.drop(session, [one.id for one, outcome in outcomes if outcome == "gone"])
        taken = [one.id for one, outcome in outcomes if outcome == "taken"]
        mine = update(PushSubscription).where(PushSubscription.id.in_(taken)).values(last_taken_at=hub.clock())
        session.execute(mine, execution_options={"synchronize_session": False})
        if is_over:
            done = update(Notification).where(Notification.id.in_([row.id for row in rows])).values(push_due=False)
            session.execute(done, execution_options={"synchronize_session": False})
            holding.finish(session, held)
    if not is_over:
        raise NotTaken("a push service did not take it")
    return None


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
        status = hub.messenger.post(where.endpoint, body, headers=headers, max_bytes=MAX_ANSWER_BYTES).status
    except Forbidden as error:
        outcome, why = "gone", error.why
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


KIND = Kind(QUEUE, work, threads=8, pauses_s=TRIES_S, is_endless=True)
