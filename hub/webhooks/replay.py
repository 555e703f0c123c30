"""One endpoint is told once more what happened from a position on: after it was switched off, or lost what it had.

It hears what its app may hear now, under consents that were given before the event. A message that is still kept goes
again as it was, under its ``webhook-id``; else a new one is made of the event, whose own ``id`` stays the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import Conflict, NotFound
from hub.events import audience, positions
from hub.events.audience import Telling
from hub.events.outbox import emit
from hub.models.client import Client
from hub.models.event import Event
from hub.models.webhook import WebhookEndpoint, WebhookMessage
from hub.oauth.grants.base import PAIRWISE
from hub.webhooks import endpoints, tell

BATCH = 500


@dataclass(frozen=True, slots=True)
class Replayed:
    """Messages that go ``again``, are ``made`` anew, or ``wait`` anyway; ``last``: the position reached."""

    again: int = 0
    made: int = 0
    wait: int = 0
    last: int = 0


def replay(hub: Hub, endpoint_id: str, first: int, *, is_dry: bool = False) -> Replayed:
    """From position ``first`` to the last one given, a batch in each transaction: begun again after a crash, it does no
    harm. ``is_dry``: nothing is written. Raises NoSuchPosition, NotFound and Conflict (it is switched off)."""
    if not is_dry:
        hub.keys.secret(PAIRWISE)  # made now if it never was: messages name people, and inside the transaction cannot
    with hub.db.read() as session:
        last = positions.head_from(session, first)
    done, position = Replayed(last=first - 1), first - 1
    while position < last:
        with hub.db.read() if is_dry else hub.db.write() as session:
            done = _batch(hub, session, endpoint_id, done, last, is_dry=is_dry)
            if not is_dry and position == first - 1:
                body = {"first": first, "last": last}
                emit(session, "webhook.replayed", endpoint_id, now=hub.clock(), psu_id=None, body=body)
        position = done.last
    return done


def _batch(hub: Hub, session: Session, endpoint_id: str, done: Replayed, last: int, *, is_dry: bool) -> Replayed:
    endpoint, client = _called(session, endpoint_id, is_locked=not is_dry)
    now = hub.clock()
    query = select(Event).where(Event.position > done.last, Event.position <= last)
    events = session.scalars(query.order_by(Event.position).limit(BATCH)).all()
    if not events:
        return Replayed(done.again, done.made, done.wait, last)
    told = audience.apps(session, events, now, is_past=True)
    mine = {one.event.position or 0: one for one in told if one.client_id == client.client_id}
    wanted = {position: one for position, one in mine.items() if tell.wants(endpoint, one)}
    kept = _kept(session, endpoint_id, events[0].position or 0, events[-1].position or 0)
    again = [kept[position][0] for position in wanted if position in kept and kept[position][1] != tell.DUE]
    new = [one for position, one in wanted.items() if position not in kept]
    if not is_dry and (again or new):
        _write(hub, session, endpoint, client, again, new, now)
    wait = len(wanted) - len(again) - len(new)
    return Replayed(done.again + len(again), done.made + len(new), done.wait + wait, events[-1].position or last)


def _called(session: Session, endpoint_id: str, *, is_locked: bool) -> tuple[WebhookEndpoint, Client]:
    endpoint = session.get(WebhookEndpoint, endpoint_id, with_for_update=is_locked or None)
    client = session.get(Client, endpoint.client_id) if endpoint is not None else None
    if endpoint is None or client is None or client.deleted_at is not None:
        raise NotFound("There is no such endpoint.")
    if endpoint.disabled_why is not None:
        raise Conflict("The endpoint is switched off: its developer switches it on first.")
    return endpoint, client


def _kept(session: Session, endpoint_id: str, first: int, last: int) -> Mapping[int, tuple[str, str]]:
    """Id and state of each message, by its position."""
    query = select(WebhookMessage.position, WebhookMessage.id, WebhookMessage.state)
    mine = (WebhookMessage.endpoint_id == endpoint_id, WebhookMessage.position.between(first, last))
    return {position: (id_, state) for position, id_, state in session.execute(query.where(*mine))}


def _write(
    hub: Hub,
    session: Session,
    endpoint: WebhookEndpoint,
    client: Client,
    again: list[str],
    new: list[Telling],
    now: datetime,
) -> None:
    if again:
        due = update(WebhookMessage).where(WebhookMessage.id.in_(again), WebhookMessage.state != tell.DUE)
        values = {"state": tell.DUE, "attempts": 0, "next_at": now, "settled_at": None}
        session.execute(due.values(**values).execution_options(synchronize_session=False))
    if new:
        tell.put(hub, session, [(endpoint, client, one) for one in new], now)
    endpoints.wake(session, endpoint, now)
