"""From events to people's inboxes, in the dispatcher's transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.events.audience import said
from hub.events.catalogue import Audience, EventType, types
from hub.ids import new_id
from hub.jobs.queue import ROUTINE, put
from hub.models.event import Event
from hub.models.notification import Notification
from hub.models.psu import Psu
from hub.notifications import choices, everyone, mail
from hub.notifications.push import deliver, subscriptions

GATHERED = timedelta(seconds=60)
"""So long mail waits for more of the same kind, to be one mail; a browser hears at once."""
SESSION_ENDED = "session.ended"
_OPTIONS = {"synchronize_session": False}


def route(hub: Hub, session: Session, events: Sequence[Event], now: datetime) -> None:
    """hub.events.dispatcher.Route."""
    del hub
    _settle(session, events, now)
    if ended := [event.subject_id for event in events if event.kind == SESSION_ENDED]:
        subscriptions.end(session, ended)
    told = [(event, one) for event in events if (one := types().get(event.kind)) is not None and one.notice is not None]
    if not told:
        return
    for event, one in told:
        if Audience.EVERYONE in one.audience:
            _tell_everybody(session, event, one, now)
    rows = list(_rows(session, [pair for pair in told if Audience.PERSON in pair[1].audience]))
    if not rows:
        return
    session.execute(insert(Notification), rows)
    for queue, due, wait in ((mail.QUEUE, "mail_due", GATHERED), (deliver.QUEUE, "push_due", timedelta())):
        for psu_id in sorted({str(row["psu_id"]) for row in rows if row[due]}):
            put(session, queue, key=psu_id, at=now + wait, now=now, is_earliest=True)


def _settle(session: Session, events: Sequence[Event], now: datetime) -> None:
    """What nobody needs to see any more counts as read, and goes nowhere."""
    over = {(event.subject_id, kind) for event in events for kind in _settled().get(event.kind, ())}
    if over:
        session.execute(
            update(Notification)
            .where(
                tuple_(Notification.subject_id, Notification.kind).in_(over),
                Notification.psu_id.in_({event.psu_id for event in events if event.psu_id}),
                Notification.read_at.is_(None),
            )
            .values(read_at=now, mail_due=False, push_due=False),
            execution_options=_OPTIONS,
        )


@cache
def _settled() -> dict[str, list[str]]:
    """Signal -> the kinds of notifications that it settles."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in types().values():
        for signal in one.notice.settled_by if one.notice else ():
            found[signal].append(one.type)
    return found


def _rows(session: Session, told: Sequence[tuple[Event, EventType]]) -> Iterator[dict[str, Any]]:
    people = _present(session, {event.psu_id for event, _ in told if event.psu_id})
    if not people:
        return
    chosen = choices.of(session, people)
    before = _told_before(session, people, told)
    for event, one in told:
        if event.psu_id not in people or one.notice is None or (event.kind, event.subject_id) in before:
            continue
        if one.notice.once:
            before.add((event.kind, event.subject_id))
        choice = chosen.get((event.psu_id, one.notice.topic), choices.USUAL[one.notice.topic])
        yield _row(event, one, psu_id=event.psu_id, mail_due=choice.mail, push_due=choice.push)


def _present(session: Session, psu_ids: Collection[str]) -> frozenset[str]:
    """Those who are still there, and stay until this is written: nobody who left stops the others' events."""
    held = select(Psu.id).where(Psu.id.in_(psu_ids)).order_by(Psu.id).with_for_update(read=True, key_share=True)
    return frozenset(session.scalars(held)) if psu_ids else frozenset()


def _told_before(
    session: Session, people: Collection[str], told: Sequence[tuple[Event, EventType]]
) -> set[tuple[str, str]]:
    once = {(event.kind, event.subject_id) for event, one in told if one.notice is not None and one.notice.once}
    if not once:
        return set()
    at = (Notification.kind, Notification.subject_id)
    found = session.execute(select(*at).where(Notification.psu_id.in_(people), tuple_(*at).in_(once)))
    return {(kind, subject_id) for kind, subject_id in found}


def _tell_everybody(session: Session, event: Event, one: EventType, now: datetime) -> None:
    session.execute(insert(Notification), [_row(event, one, psu_id=None, mail_due=True, push_due=False)])
    put(session, everyone.QUEUE, key=event.id, at=now, now=now, priority=ROUTINE, args={"after": ""})


def _row(event: Event, one: EventType, *, psu_id: str | None, mail_due: bool, push_due: bool) -> dict[str, Any]:
    return {
        "id": new_id(),
        "psu_id": psu_id,
        "event_id": event.id,
        "kind": event.kind,
        "subject_id": event.subject_id,
        "data": said(one, event) | ({"client_id": event.body["client_id"]} if "client_id" in event.body else {}),
        "at": event.at,
        "read_at": None,
        "mail_due": mail_due,
        "push_due": push_due,
        "trace_id": event.trace_id,
    }
