"""What a test does to have somebody told."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from hub.context import Hub
from hub.duties import KINDS, ROUTES
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.ids import new_id
from hub.jobs.crew import Crew
from hub.models.notification import Notification
from hub.models.psu import Psu


def person(hub: Hub, name: str, *, is_verified: bool = True) -> str:
    """Who never logs in with a password; their address is proved."""
    now, psu_id = hub.clock(), new_id()
    with hub.db.write() as session:
        session.add(
            Psu(
                id=psu_id,
                email=f"{name}@people.example",
                email_verified_at=now if is_verified else None,
                name=name,
                password_hash="unused",
                password_changed_at=now,
                created_at=now,
            )
        )
    return psu_id


def say(
    hub: Hub, kind: str, psu_id: str | None, body: Mapping[str, Any] | None = None, *, subject_id: str = "subject"
) -> None:
    """A signal, dispatched to everybody who hears of events."""
    with hub.db.write() as session:
        emit(session, kind, subject_id, now=hub.clock(), psu_id=psu_id, body=body)
    dispatch(hub, ROUTES)


def work(hub: Hub, *queues: str) -> None:
    """What is due of these queues, and what that leads to."""
    Crew(hub, [one for one in KINDS if one.queue in queues]).run_once()
    dispatch(hub, ROUTES)


def told(hub: Hub, psu_id: str | None) -> list[tuple[str, str, bool]]:
    """(kind, subject, whether it is read), in order."""
    mine = Notification.psu_id == psu_id if psu_id else Notification.psu_id.is_(None)
    with hub.db.read() as session:
        rows = session.scalars(select(Notification).where(mine).order_by(Notification.id))
        return [(row.kind, row.subject_id, row.read_at is not None) for row in rows]


def verify(hub: Hub, psu_id: str) -> None:
    with hub.db.write() as session:
        session.execute(update(Psu).where(Psu.id == psu_id).values(email_verified_at=hub.clock()))
