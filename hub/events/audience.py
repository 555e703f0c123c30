"""Which apps hear of an event: decided by the person's consents as they stand when it is dispatched."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

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

    def covers(self, event: Event, is_past: bool) -> bool:
        return not is_past or self.since <= event.at


def apps(session: Session, events: Sequence[Event], now: datetime, *, is_past: bool = False) -> Iterator[Telling]:
    """In the order of the events. An app with several consents of one person is told once, of all their accounts.

    ``is_past``: the events are told once more, so only under consents that were given before they happened.
    """
    told = [(event, types()[event.kind]) for event in events if event.kind in types()]
    shown = {event.subject_id for event, one in told if Audience.APPS in one.audience}
    held = _held(session, Account.connection_id, shown, now)
    showing = {event.psu_id for event, one in told if Audience.PERSONS_APPS in one.audience and event.psu_id}
    of_people = _held(session, ConsentRow.psu_id, showing, now)
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
                if is_theirs and allowed.covers(event, is_past):
                    of_clients[allowed.client_id].append(allowed.account_id)
            for client_id, account_ids in sorted(of_clients.items()):
                named = {"account_ids": sorted(set(account_ids))} if one.names_accounts else {}
                yield Telling(event, one, client_id, {**said(one, event), **named})
        if Audience.PERSONS_APPS in one.audience:
            given = [allowed for allowed in of_people.get(event.psu_id or "", ()) if allowed.covers(event, is_past)]
            for client_id in sorted({allowed.client_id for allowed in given if one.permission in allowed.permissions}):
                yield Telling(event, one, client_id, said(one, event))


def _listening(session: Session) -> Sequence[str]:
    """All apps that have an endpoint."""
    return session.scalars(select(WebhookEndpoint.client_id).distinct().order_by(WebhookEndpoint.client_id)).all()


def said(one: EventType, event: Event) -> dict[str, Any]:
    """Of the event's body only what the type declares."""
    return {name: event.body.get(name) for name in one.data}


def _held(
    session: Session, by: InstrumentedAttribute[str], wanted: set[str], now: datetime
) -> Mapping[str, Sequence[_Allowed]]:
    """Of each consent that holds at this moment, by what it is asked for: a connection or a person."""
    if not wanted:
        return {}
    query = (
        select(
            by,
            ConsentRow.client_id,
            ConsentAccount.account_id,
            ConsentRow.psu_id,
            ConsentAccount.permissions,
            ConsentRow.status_changed_at,
        )
        .select_from(Account)
        .join(ConsentAccount, ConsentAccount.account_id == Account.id)
        .join(ConsentRow, ConsentRow.id == ConsentAccount.consent_id)
        .where(
            by.in_(wanted),
            ConsentRow.status == Status.VALID.value,
            ConsentRow.valid_until > now,
        )
    )
    found: dict[str, list[_Allowed]] = defaultdict(list)
    for key, client_id, account_id, psu_id, permissions, since in session.execute(query):
        found[key].append(_Allowed(client_id, account_id, psu_id, permissions, since))
    return found
