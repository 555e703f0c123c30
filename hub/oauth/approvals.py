"""Backchannel requests from the person's side: what waits for them, how they hear of it, the way to the question."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import NotFound
from hub.identity import activity, notices
from hub.identity.activity import Kind as ActivityKind
from hub.identity.mailed_links import in_words
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.mail import Template
from hub.models.client import Client
from hub.models.decoupled import DecoupledRequest
from hub.oauth import decoupled
from hub.oauth.decoupled import Kind

log = logging.getLogger(__name__)
PAGE = "/approvals"
BATCH = 50
POLL_S = 0.5


def waiting(session: Session, psu_id: str, now: datetime) -> Sequence[tuple[DecoupledRequest, Client]]:
    """What this person is asked, oldest first."""
    found = select(DecoupledRequest, Client).join(Client, Client.client_id == DecoupledRequest.client_id)
    rows = session.execute(
        found.where(*_for(psu_id, now), Client.deleted_at.is_(None)).order_by(
            DecoupledRequest.created_at, DecoupledRequest.id
        )
    )
    return [(row, client) for row, client in rows]


def open_page(hub: Hub, person: Person, request_id: str, now: datetime) -> str:
    """The path of the consent page for one of them. Raises NotFound, also for another person's."""
    with hub.db.read() as session:
        row = session.scalar(
            select(DecoupledRequest).where(DecoupledRequest.id == request_id, *_for(person.psu_id, now))
        )
    if row is None:
        raise NotFound("There is no such request, or its time is over.")
    return decoupled.open_page(hub, row, person, now)


def run(hub: Hub, stopping: threading.Event) -> None:
    """The worker's thread: people hear of requests until ``stopping`` is set; an error is logged and the next round
    tries again. It is apart from what calls clients: nobody waits for one that hangs.
    """
    while not stopping.is_set():
        try:
            if tell_due(hub) == BATCH:
                continue
        except Exception as error:  # the database may be away for a while
            log.error("telling people of requests stumbled", extra={"error": type(error).__name__})
        stopping.wait(POLL_S)


def tell_due(hub: Hub) -> int:
    """Tell people of requests that they were not told of yet; how many there were. Here and not at the endpoint, so
    that its answer takes the same time whether or not there is such a person.
    """
    now = hub.clock()
    with hub.db.read() as session:
        due = session.execute(
            select(DecoupledRequest.id, DecoupledRequest.psu_id)
            .where(*_unanswered(now), DecoupledRequest.psu_id.is_not(None), DecoupledRequest.told_at.is_(None))
            .order_by(DecoupledRequest.created_at)
            .limit(BATCH)
        ).all()
    for one in due:
        _tell(hub, one.id, one.psu_id, now)
    return len(due)


def _tell(hub: Hub, request_id: str, psu_id: str, now: datetime) -> None:
    """An entry for each request; a mail only for the first of a client that waits, or it would be a way to flood."""
    with hub.db.write() as session:
        told = session.execute(
            update(DecoupledRequest)
            .where(DecoupledRequest.id == request_id, DecoupledRequest.told_at.is_(None))
            .values(told_at=now)
            .execution_options(synchronize_session=False)
        )
        if not isinstance(told, CursorResult) or told.rowcount != 1:
            return
        row = session.get_one(DecoupledRequest, request_id)
        client = session.get_one(Client, row.client_id)
        origin = Origin(row.ip_address, row.user_agent)
        detail = {"app": client.name}
        activity.write(session, psu_id, ActivityKind.APPROVAL_ASKED, origin=origin, now=now, detail=detail)
        others = select(DecoupledRequest.id).where(
            *_for(psu_id, now), DecoupledRequest.client_id == row.client_id, DecoupledRequest.id != request_id
        )
        if session.scalar(others.where(DecoupledRequest.told_at.is_not(None)).limit(1)) is None:
            link, until = hub.settings.base_url + PAGE, in_words(row.expires_at)
            notices.tell(hub, session, psu_id, Template.APPROVAL_ASKED, now=now, link=link, until=until)


def _unanswered(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        DecoupledRequest.kind == Kind.BACKCHANNEL.value,
        DecoupledRequest.answered_at.is_(None),
        DecoupledRequest.expires_at > now,
    )


def _for(psu_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (DecoupledRequest.psu_id == psu_id, *_unanswered(now))
