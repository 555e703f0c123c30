"""A person's inbox: their own notifications and what is for everybody, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, or_, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import NotFound
from hub.models.notification import Notification, NotificationReading
from hub.models.psu import Psu
from hub.notifications.words import Words, names, words
from hub.upsert import insert_into

ANNOUNCEMENT = "announcement.published"
PAGE = 30
MOST_COUNTED = 100
"""More unread ones are not told apart."""


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    kind: str
    at: datetime
    words: Words
    is_read: bool


@dataclass(frozen=True, slots=True)
class Page:
    """``before``: the id after which the next page begins, None at the end."""

    items: Sequence[Item]
    before: str | None


def page(hub: Hub, session: Session, psu_id: str, *, before: str = "") -> Page:
    """Three statements, one more each where apps and payees are named. Ids are in the order of time."""
    until, since = _seen_until(session, psu_id), _here_since(session, psu_id)
    query = select(Notification).where(_theirs(psu_id, since))
    if before:
        query = query.where(Notification.id < before)
    rows = session.scalars(query.order_by(Notification.id.desc()).limit(PAGE + 1)).all()
    known = names(hub, session, rows[:PAGE])
    items = [
        Item(
            row.id,
            row.kind,
            row.at,
            words(row, known),
            row.read_at is not None if row.psu_id else until is not None and row.at <= until,
        )
        for row in rows[:PAGE]
    ]
    return Page(items, items[-1].id if len(rows) > PAGE else None)


def unread(session: Session, psu_id: str) -> int:
    """MOST_COUNTED at most; one statement."""
    mine = select(Notification.id).where(Notification.psu_id == psu_id, Notification.read_at.is_(None))
    seen = select(NotificationReading.general_until).where(NotificationReading.psu_id == psu_id).scalar_subquery()
    since = select(Psu.created_at).where(Psu.id == psu_id).scalar_subquery()
    for_all = select(Notification.id).where(
        Notification.psu_id.is_(None), Notification.at > since, or_(seen.is_(None), Notification.at > seen)
    )
    found = mine.union_all(for_all).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def opened(hub: Hub, session: Session, psu_id: str, notification_id: str, now: datetime) -> str:
    """The page that it leads to; it counts as read. Raises NotFound for another person's."""
    row = session.get(Notification, notification_id)
    if row is None or row.psu_id not in {psu_id, None}:
        raise NotFound("There is no such notification.")
    if row.psu_id is None:
        _see_general(session, psu_id, row.at)
    elif row.read_at is None:
        row.read_at, row.mail_due, row.push_due = now, False, False
    return words(row, names(hub, session, [row])).path


def announcement(session: Session, announcement_id: str) -> Notification:
    """What everybody was told. Raises NotFound."""
    found = session.scalars(
        select(Notification).where(
            Notification.psu_id.is_(None), Notification.kind == ANNOUNCEMENT, Notification.subject_id == announcement_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such announcement.")
    return found


def read_all(session: Session, psu_id: str, now: datetime) -> None:
    """Also what was to go elsewhere: they have seen it."""
    session.execute(
        update(Notification)
        .where(Notification.psu_id == psu_id, Notification.read_at.is_(None))
        .values(read_at=now, mail_due=False, push_due=False),
        execution_options={"synchronize_session": False},
    )
    _see_general(session, psu_id, now)


def _see_general(session: Session, psu_id: str, until: datetime) -> None:
    row = insert_into(session, NotificationReading).values(psu_id=psu_id, general_until=until)
    later = NotificationReading.general_until < row.excluded.general_until
    set_ = {"general_until": row.excluded.general_until}
    session.execute(row.on_conflict_do_update(index_elements=["psu_id"], set_=set_, where=later))


def _theirs(psu_id: str, since: datetime | None) -> ColumnElement[bool]:
    general = false() if since is None else and_(Notification.psu_id.is_(None), Notification.at > since)
    return or_(Notification.psu_id == psu_id, general)


def _seen_until(session: Session, psu_id: str) -> datetime | None:
    return session.scalar(select(NotificationReading.general_until).where(NotificationReading.psu_id == psu_id))


def _here_since(session: Session, psu_id: str) -> datetime | None:
    return session.scalar(select(Psu.created_at).where(Psu.id == psu_id))
