"""From events to people's inboxes, in the dispatcher's transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
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
_About = tuple[str | None, str, str]  # whom, which kind, what
SESSION_ENDED = "session.ended"
_OPTIONS = {"synchronize_session": False}


def route(hub: Hub, session: Session, events: Sequence[Event], now: datetime) -> None:
    """hub.events.dispatcher.Route."""
    del hub
    settled = _settle(session, events, now)
    if ended := [event.subject_id for event in events if event.kind == SESSION_ENDED]:
        subscriptions.end(session, ended)
    told = [(event, one) for event in events if (one := types().get(event.kind)) is not None and one.notice is not None]
    if not told:
        return
    for event, one in told:
        if Audience.EVERYONE in one.audience:
            _tell_everybody(session, event, one, now)
    rows = list(_rows(session, [pair for pair in told if Audience.PERSON in pair[1].audience], settled))
    if not rows:
        return
    session.execute(insert(Notification), rows)
    for psu_id in sorted({str(row["psu_id"]) for row in rows if row["mail_due"]}):
        put(session, mail.QUEUE, key=psu_id, at=now + GATHERED, now=now, is_earliest=True)
    browsers = subscriptions.owners(session, {str(row["psu_id"]) for row in rows if row["push_due"]})
    for browser_id, psu_id in browsers.items():  # at once, whatever failed before
        put(session, deliver.QUEUE, key=browser_id, lane=psu_id, at=now, now=now)


def _settle(session: Session, events: Sequence[Event], now: datetime) -> Mapping[_About, int]:
    """What nobody needs to see any more counts as read, and goes nowhere. Returns what is settled, and by the event at
    which position: what came before that in the same batch is not even written."""
    by_signal = _settled()
    settled = {
        (event.psu_id, kind, event.subject_id): _at(event) for event in events for kind in by_signal.get(event.kind, ())
    }
    over = {(subject_id, kind) for _, kind, subject_id in settled}
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
    return settled


def _at(event: Event) -> int:
    return event.position or 0


def _settled() -> dict[str, list[str]]:
    """Signal -> the kinds of notifications that it settles."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in types().values():
        for signal in one.notice.settled_by if one.notice else ():
            found[signal].append(one.type)
    return found


def _rows(
    session: Session, told: Sequence[tuple[Event, EventType]], settled: Mapping[_About, int]
) -> Iterator[dict[str, Any]]:
    people = _present(session, {event.psu_id for event, _ in told if event.psu_id})
    if not people:
        return
    chosen = choices.of(session, people)
    before = _told_before(session, people, told)
    for event, one in told:
        about = (event.psu_id, event.kind, event.subject_id)
        if event.psu_id not in people or one.notice is None or about in before or settled.get(about, 0) > _at(event):
            continue
        if one.notice.once:
            before.add(about)
        choice = chosen.get((event.psu_id, one.notice.topic), choices.USUAL[one.notice.topic])
        yield _row(event, one, psu_id=event.psu_id, mail_due=choice.mail, push_due=choice.push)


def _present(session: Session, psu_ids: Collection[str]) -> frozenset[str]:
    """Those who are still there, and stay until this is written: nobody who left stops the others' events."""
    held = select(Psu.id).where(Psu.id.in_(psu_ids)).order_by(Psu.id).with_for_update(read=True, key_share=True)
    return frozenset(session.scalars(held)) if psu_ids else frozenset()


def _told_before(session: Session, people: Collection[str], told: Sequence[tuple[Event, EventType]]) -> set[_About]:
    once = {(event.kind, event.subject_id) for event, one in told if one.notice is not None and one.notice.once}
    if not once:
        return set()
    at = (Notification.kind, Notification.subject_id)
    found = session.execute(
        select(Notification.psu_id, *at).where(Notification.psu_id.in_(people), tuple_(*at).in_(once))
    )
    return {(psu_id, kind, subject_id) for psu_id, kind, subject_id in found}


def _tell_everybody(session: Session, event: Event, one: EventType, now: datetime) -> None:
    """Of now, not of when it was said: who read everything in between has not seen it."""
    row = _row(event, one, psu_id=None, mail_due=True, push_due=False) | {"at": now}
    session.execute(insert(Notification), [row])
    put(session, everyone.QUEUE, key=row["id"], at=now, now=now, priority=ROUTINE, args={"after": ""})


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
