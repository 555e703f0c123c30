"""What is left of links that nobody finished."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists
from sqlalchemy.orm import Session

from hub.connections.state import Status
from hub.events.outbox import emit
from hub.models.connection import Connection, LinkAttempt

ATTEMPTS_KEPT = timedelta(hours=1)
UNFINISHED_KEPT = timedelta(days=1)


def forget_unfinished_links(session: Session, *, now: datetime) -> None:
    """Delete attempts an hour after they ended (they hold sealed code verifiers; until then a repeated callback is
    told what happened), and connections still LINKING a day after they were begun, unless somebody is at the bank.
    """
    session.execute(
        delete(LinkAttempt)
        .where(LinkAttempt.expires_at <= now - ATTEMPTS_KEPT)
        .execution_options(synchronize_session=False)
    )
    forgotten = session.execute(
        delete(Connection)
        .where(
            Connection.status == Status.LINKING.value,
            Connection.created_at <= now - UNFINISHED_KEPT,
            ~exists().where(LinkAttempt.connection_id == Connection.id),
        )
        .returning(Connection.id, Connection.psu_id)
        .execution_options(synchronize_session=False)
    )
    for row in forgotten.all():
        emit(session, "connection.forgotten", row.id, now=now, psu_id=row.psu_id)
