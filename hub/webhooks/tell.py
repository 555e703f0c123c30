"""From events to messages, in the dispatcher's transaction; and the messages that a developer asks for."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from hub import bulk
from hub.context import Hub
from hub.errors import NotFound
from hub.events import audience
from hub.events.audience import Telling
from hub.ids import new_id
from hub.models.client import Client
from hub.models.event import Event
from hub.models.webhook import WebhookEndpoint, WebhookMessage
from hub.oauth.grants.base import subject
from hub.webhooks import endpoints

DUE, TAKEN, DEAD = "due", "taken", "dead"


def route(hub: Hub, session: Session, events: Sequence[Event], now: datetime) -> None:
    """hub.events.dispatcher.Route: one message for each endpoint whose app is to hear of an event."""
    tellings = list(audience.apps(session, events, now))
    if not tellings:
        return
    listening: dict[str, list[tuple[WebhookEndpoint, Client]]] = defaultdict(list)
    for endpoint, client in session.execute(_listening({one.client_id for one in tellings})):
        listening[client.client_id].append((endpoint, client))
    told = [
        (endpoint, client, one)
        for one in tellings
        for endpoint, client in listening.get(one.client_id, ())
        if wants(endpoint, one)
    ]
    if not told:
        return
    put(hub, session, told, now)
    called = {endpoint.id: endpoint for endpoint, _, _ in told}
    for endpoint_id in sorted(called):
        endpoints.wake(session, called[endpoint_id], now)


def _listening(client_ids: Collection[str]) -> Select[WebhookEndpoint, Client]:
    """They stay until their messages are written: whoever takes one away stops nobody's events."""
    query = select(WebhookEndpoint, Client).join(Client, Client.client_id == WebhookEndpoint.client_id)
    is_called = (WebhookEndpoint.disabled_why.is_(None), Client.deleted_at.is_(None))
    theirs = query.where(WebhookEndpoint.client_id.in_(client_ids), *is_called).order_by(WebhookEndpoint.id)
    return theirs.with_for_update(read=True, key_share=True, of=WebhookEndpoint)


def wants(endpoint: WebhookEndpoint, one: Telling) -> bool:
    return not endpoint.types or one.type.type in endpoint.types


def put(hub: Hub, session: Session, told: Sequence[tuple[WebhookEndpoint, Client, Telling]], now: datetime) -> None:
    """New messages, due now. The same few people and apps come again and again in a batch: each is named once."""
    known: dict[tuple[str, str], str] = {}
    at, rows = bulk.notation(session).moment(now), list[bulk.Row]()
    for endpoint, client, one in told:
        event, who = one.event, None
        if (psu_id := event.psu_id) is not None:
            pair = (client.client_id, psu_id)
            who = known.get(pair) or known.setdefault(pair, subject(hub, client, psu_id))
        body = document(hub, type_=one.type.type, event_id=event.id, at=event.at, subject=who, data=one.data)
        rows.append(_row(endpoint, psu_id, one.type.type, event.position or 0, body, at, event.trace_id))
    bulk.insert(session, _TABLE, _COLUMNS, rows)


def document(hub: Hub, *, type_: str, event_id: str, at: datetime, subject: str | None, data: object) -> str:
    """A CloudEvents 1.0 document. ``subject``: under which name the app knows the person."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": hub.settings.base_url,
        "type": type_,
        "time": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        **({"subject": subject} if subject else {}),
        "datacontenttype": "application/json",
        "data": data,
    }
    return orjson.dumps(event).decode()


def test(hub: Hub, session: Session, endpoint: WebhookEndpoint, now: datetime) -> str:
    """Put a message that tells of nothing; returns its id."""
    event_id = new_id()
    body = document(hub, type_=endpoints.TEST, event_id=event_id, at=now, subject=None, data={})
    row = _row(endpoint, None, endpoints.TEST, 0, body, bulk.notation(session).moment(now), None)
    bulk.insert(session, _TABLE, _COLUMNS, [row])
    endpoints.wake(session, endpoint, now)
    return str(row[0])


def again(session: Session, endpoint: WebhookEndpoint, message_id: str, now: datetime) -> None:
    """Send one message once more, whatever became of it. Raises NotFound for another endpoint's."""
    moved = (
        update(WebhookMessage)
        .where(WebhookMessage.id == message_id, WebhookMessage.endpoint_id == endpoint.id)
        .values(state=DUE, attempts=0, next_at=now, settled_at=None)
        .returning(WebhookMessage.id)
        .execution_options(synchronize_session=False)
    )
    if session.execute(moved).one_or_none() is None:
        raise NotFound("There is no such message.")
    endpoints.wake(session, endpoint, now)


def again_since(session: Session, endpoint: WebhookEndpoint, since: datetime, now: datetime) -> int:
    """Send once more what was given up since then; how many messages that is."""
    moved = (
        update(WebhookMessage)
        .where(
            WebhookMessage.endpoint_id == endpoint.id,
            WebhookMessage.state == DEAD,
            WebhookMessage.created_at >= since,
        )
        .values(state=DUE, attempts=0, next_at=now, settled_at=None)
        .returning(WebhookMessage.id)
        .execution_options(synchronize_session=False)
    )
    count = len(session.execute(moved).all())
    if count:
        endpoints.wake(session, endpoint, now)
    return count


def _row(
    endpoint: WebhookEndpoint, psu_id: str | None, type_: str, position: int, body: str, at: Any, trace_id: str | None
) -> bulk.Row:
    """In the order of _COLUMNS. ``at``: now, in the store's notation (hub.bulk)."""
    id_ = new_id()
    line = psu_id if endpoint.is_ordered and psu_id else id_
    return id_, endpoint.id, type_, line, position, body, DUE, 0, at, trace_id, at


_TABLE = WebhookMessage.metadata.tables[WebhookMessage.__tablename__]
_COLUMNS = (
    "id",
    "endpoint_id",
    "type",
    "line",
    "position",
    "body",
    "state",
    "attempts",
    "next_at",
    "trace_id",
    "created_at",
)
