"""An app's endpoints: made, changed, given a new secret, switched off and on. Each is its client's own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput, NotFound
from hub.events.catalogue import Audience, EventType, types
from hub.events.outbox import emit
from hub.ids import new_id
from hub.jobs.queue import SOON, put, withdraw
from hub.models.webhook import WebhookEndpoint
from hub.outbound.fetch import Forbidden
from hub.webhooks import signing

QUEUE = "webhook"
MOST = 10
"""Endpoints of one app."""
OVERLAP = timedelta(hours=24)
"""So long a secret signs beside those that came after it."""
MOST_PREVIOUS = 3
"""So many secrets before the present one; a further rotation ends the oldest."""
TEST = "webhook.test"


@dataclass(frozen=True, slots=True)
class Made:
    """``secret`` is what the receiver verifies with: shown now, and never again where it is one."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


class _Previous(msgspec.Struct, frozen=True):
    """A secret that signs until ``until``."""

    secret: bytes
    until: datetime


def told_to_apps() -> Mapping[str, EventType]:
    """The types that an app can hear of."""
    apps = {Audience.CLIENT, Audience.APPS, Audience.PERSONS_APPS, Audience.EVERY_CLIENT}
    return {name: one for name, one in types().items() if apps & set(one.audience)}


def make(
    hub: Hub,
    session: Session,
    client_id: str,
    *,
    url: str,
    wanted: Collection[str] = (),
    is_ordered: bool = True,
    scheme: str = signing.HMAC,
    now: datetime,
) -> Made:
    """Raises BadInput, naming the parameter."""
    held = select(func.count()).select_from(WebhookEndpoint).where(WebhookEndpoint.client_id == client_id)
    if (session.scalar(held) or 0) >= MOST:
        raise BadInput(f"An app has {MOST} endpoints at most. Delete one first.", parameter="url")
    if scheme not in signing.SCHEMES:
        raise BadInput(f"One of {', '.join(signing.SCHEMES)}.", parameter="scheme")
    endpoint_id, secret = new_id(), signing.new_secret(scheme)
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        client_id=client_id,
        url=_callable(hub, url),
        types=_known(wanted),
        is_ordered=is_ordered,
        scheme=scheme,
        secret_sealed=hub.sealer.seal(secret, _place(endpoint_id)),
        created_at=now,
    )
    session.add(endpoint)
    emit(session, "webhook.added", endpoint_id, now=now, psu_id=None, body={"client_id": client_id})
    return Made(endpoint, signing.shown(scheme, secret))


def change(
    hub: Hub,
    session: Session,
    endpoint: WebhookEndpoint,
    *,
    url: str | None = None,
    wanted: Collection[str] | None = None,
    now: datetime,
) -> None:
    """Raises BadInput. What waits already goes to the new address."""
    if url is not None:
        endpoint.url = _callable(hub, url)
        endpoint.rests_until = None
    if wanted is not None:
        endpoint.types = _known(wanted)
    emit(session, "webhook.changed", endpoint.id, now=now, psu_id=None, body={"client_id": endpoint.client_id})
    wake(session, endpoint, now)


def rotate(hub: Hub, session: Session, endpoint: WebhookEndpoint, *, now: datetime) -> Made:
    """A new secret; those before sign beside it, each for OVERLAP: who rotates twice has not lost the receiver, which
    knows the first one still."""
    secret, older = signing.new_secret(endpoint.scheme), _previous(hub, endpoint, now)[: MOST_PREVIOUS - 1]
    present = hub.sealer.open(endpoint.secret_sealed, _place(endpoint.id))
    endpoint.older_secrets_sealed = hub.sealer.seal(msgspec.json.encode(older), _older_place(endpoint.id))
    endpoint.previous_secret_sealed = hub.sealer.seal(present, _previous_place(endpoint.id))
    endpoint.previous_until = now + OVERLAP
    endpoint.secret_sealed = hub.sealer.seal(secret, _place(endpoint.id))
    emit(session, "webhook.rotated", endpoint.id, now=now, psu_id=None, body={"client_id": endpoint.client_id})
    return Made(endpoint, signing.shown(endpoint.scheme, secret))


def keys_of(hub: Hub, endpoint: WebhookEndpoint, now: datetime) -> Sequence[bytes]:
    """What signs at this moment, the present one first. Raises SealBroken."""
    present = hub.sealer.open(endpoint.secret_sealed, _place(endpoint.id))
    return [present, *(one.secret for one in _previous(hub, endpoint, now))]


def _previous(hub: Hub, endpoint: WebhookEndpoint, now: datetime) -> list[_Previous]:
    """What signed before and does so still, the latest first. The latest ends last."""
    if endpoint.previous_secret_sealed is None or not endpoint.previous_until or endpoint.previous_until <= now:
        return []
    latest = hub.sealer.open(endpoint.previous_secret_sealed, _previous_place(endpoint.id))
    older = b"[]"
    if endpoint.older_secrets_sealed is not None:
        older = hub.sealer.open(endpoint.older_secrets_sealed, _older_place(endpoint.id))
    before = msgspec.json.decode(older, type=list[_Previous])
    return [_Previous(latest, endpoint.previous_until), *(one for one in before if now < one.until)]


def disable(session: Session, endpoint: WebhookEndpoint, why: str, now: datetime) -> None:
    """``why``: developer, gone (it answered 410) or failing."""
    if endpoint.disabled_why is None:
        endpoint.disabled_at, endpoint.disabled_why = now, why
        body = {"client_id": endpoint.client_id, "why": why}
        emit(session, "webhook.disabled", endpoint.id, now=now, psu_id=None, body=body)


def enable(session: Session, endpoint: WebhookEndpoint, now: datetime) -> None:
    """What was due when it was switched off is sent; what happened since can be asked for again (replay)."""
    endpoint.disabled_at = endpoint.disabled_why = endpoint.failing_since = endpoint.rests_until = None
    emit(session, "webhook.enabled", endpoint.id, now=now, psu_id=None, body={"client_id": endpoint.client_id})
    wake(session, endpoint, now)


def of_client(session: Session, client_id: str) -> Sequence[WebhookEndpoint]:
    query = select(WebhookEndpoint).where(WebhookEndpoint.client_id == client_id)
    return session.scalars(query.order_by(WebhookEndpoint.created_at, WebhookEndpoint.id)).all()


def owned(session: Session, client_id: str, endpoint_id: str) -> WebhookEndpoint:
    """Raises NotFound for another app's."""
    endpoint = session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    if endpoint is None or endpoint.client_id != client_id:
        raise NotFound("There is no such endpoint.")
    return endpoint


def seen(session: Session, client_id: str, endpoint_id: str) -> WebhookEndpoint:
    """The same, to be looked at only."""
    endpoint = session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None or endpoint.client_id != client_id:
        raise NotFound("There is no such endpoint.")
    return endpoint


def remove(session: Session, endpoint: WebhookEndpoint, now: datetime) -> None:
    """With all that waits for it, and the record of what was sent."""
    emit(session, "webhook.removed", endpoint.id, now=now, psu_id=None, body={"client_id": endpoint.client_id})
    withdraw(session, QUEUE, endpoint.id)
    session.delete(endpoint)


def wake(session: Session, endpoint: WebhookEndpoint, now: datetime) -> None:
    """There is something to be sent. Endpoints of one app share a lane."""
    lane = endpoint.client_id
    put(session, QUEUE, key=endpoint.id, lane=lane, at=now, now=now, priority=SOON, is_earliest=True)


def _callable(hub: Hub, url: str) -> str:
    try:
        hub.outbound.target(url)
    except Forbidden as error:
        raise BadInput(error.why, parameter="url") from error
    return url


def _known(wanted: Collection[str]) -> list[str]:
    if unknown := sorted(set(wanted) - told_to_apps().keys()):
        raise BadInput(f"There is no event of the type {unknown[0]}.", parameter="types")
    return sorted(set(wanted))


def _place(endpoint_id: str) -> str:
    return f"webhook_endpoint.secret:{endpoint_id}"


def _previous_place(endpoint_id: str) -> str:
    return f"webhook_endpoint.previous_secret:{endpoint_id}"


def _older_place(endpoint_id: str) -> str:
    return f"webhook_endpoint.older_secrets:{endpoint_id}"
