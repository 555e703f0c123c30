"""What is left of links that nobody finished, and of plans that nobody would carry out."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select

from hub.connections.plan import put_missing
from hub.connections.state import Status
from hub.context import Hub
from hub.events.outbox import emit
from hub.models.connection import Connection, LinkAttempt

UNFINISHED_KEPT = timedelta(days=1)


def forget_unfinished_links(hub: Hub, now: datetime, limit: int) -> int:
    """Delete up to ``limit`` connections still LINKING a day after they were begun, unless somebody is at the bank or
    was there within the last hour (hub.retention takes attempts away then); returns how many.
    """
    due = (
        Connection.status == Status.LINKING.value,
        Connection.created_at <= now - UNFINISHED_KEPT,
        ~exists().where(LinkAttempt.connection_id == Connection.id),
    )
    with hub.db.read() as session:
        if session.scalar(select(Connection.id).where(*due).limit(1)) is None:
            return 0
    with hub.db.write() as session:
        held = select(Connection.id).where(*due).limit(limit).with_for_update(skip_locked=True)
        ids = session.scalars(held).all()
        forgotten = session.execute(
            delete(Connection)
            .where(Connection.id.in_(ids), *due)  # once more: an attempt may have begun before the row was held
            .returning(Connection.id, Connection.psu_id)
            .execution_options(synchronize_session=False)
        ).all()
        for row in forgotten:
            emit(session, "connection.forgotten", row.id, now=now, psu_id=row.psu_id)
    return len(forgotten)


def put_missing_jobs(hub: Hub, now: datetime, limit: int) -> int:
    """See hub.connections.plan.put_missing."""
    with hub.db.write() as session:
        return put_missing(session, now, limit)
