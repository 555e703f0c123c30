"""Which apps hear of an event: decided by the person's consents as they stand when it is dispatched."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.model import Status
from hub.events.catalogue import Audience, EventType, types
from hub.models.consent import ConsentAccount, ConsentRow
from hub.models.event import Event
from hub.models.ledger import Account
from hub.models.webhook import WebhookEndpoint


@dataclass(frozen=True, slots=True)
class Telling:
    """``data`` is all that ``client_id`` is told of ``event``: what the type declares, and the accounts it may read."""

    event: Event
    type: EventType
    client_id: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Allowed:
    """One account of a consent. ``since``: when it was given, or began to hold again."""

    client_id: str
    account_id: str
    psu_id: str
    permissions: Sequence[str]
    since: datetime


def apps(session: Session, events: Sequence[Event], now: datetime, *, is_past: bool = False) -> Iterator[Telling]:
    """In the order of the events. An app with several consents of one person is told once, of all their accounts.

    ``is_past``: the events are told once more, so only under consents that were given before they happened.
    """
    told = [(event, types()[event.kind]) for event in events if event.kind in types()]
    held = _held(session, {event.subject_id for event, one in told if Audience.APPS in one.audience}, now)
    everywhere = _listening(session) if any(Audience.EVERY_CLIENT in one.audience for _, one in told) else ()
    for event, one in told:
        if Audience.EVERY_CLIENT in one.audience:
            yield from (Telling(event, one, client_id, said(one, event)) for client_id in everywhere)
        if Audience.CLIENT in one.audience and "client_id" in event.body:
            yield Telling(event, one, str(event.body["client_id"]), said(one, event))
        if Audience.APPS in one.audience:
            of_clients: dict[str, list[str]] = defaultdict(list)
            for allowed in held.get(event.subject_id, ()):
                is_theirs = allowed.psu_id == event.psu_id and one.permission in allowed.permissions
                if is_theirs and (not is_past or allowed.since <= event.at):
                    of_clients[allowed.client_id].append(allowed.account_id)
            for client_id, account_ids in sorted(of_clients.items()):
                named = {"account_ids": sorted(set(account_ids))} if one.names_accounts else {}
                yield Telling(event, one, client_id, {**said(one, event), **named})


def _listening(session: Session) -> Sequence[str]:
    """All apps that have an endpoint."""
    return session.scalars(select(WebhookEndpoint.client_id).distinct().order_by(WebhookEndpoint.client_id)).all()


def said(one: EventType, event: Event) -> dict[str, Any]:
    """Of the event's body only what the type declares."""
    return {name: event.body.get(name) for name in one.data}


def _held(session: Session, connection_ids: set[str], now: datetime) -> Mapping[str, Sequence[_Allowed]]:
    """By connection, of each consent that holds at this moment."""
    if not connection_ids:
        return {}
    query = (
        select(
            Account.connection_id,
            ConsentRow.client_id,
            ConsentAccount.account_id,
            ConsentRow.psu_id,
            ConsentAccount.permissions,
            ConsentRow.status_changed_at,
        )
        .join(ConsentAccount, ConsentAccount.account_id == Account.id)
        .join(ConsentRow, ConsentRow.id == ConsentAccount.consent_id)
        .where(
            Account.connection_id.in_(connection_ids),
            ConsentRow.status == Status.VALID.value,
            ConsentRow.valid_until > now,
        )
    )
    found: dict[str, list[_Allowed]] = defaultdict(list)
    for connection_id, client_id, account_id, psu_id, permissions, since in session.execute(query):
        found[connection_id].append(_Allowed(client_id, account_id, psu_id, permissions, since))
    return found
