"""How far the present sync has come, for the page that waits for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from hub.models.connection import Connection
from hub.models.ledger import Account


@dataclass(frozen=True, slots=True)
class Progress:
    """``accounts_total`` is what is known so far: 0 until the bank has listed them. An account is done when it was
    read since the PSU was last at the bank, and since they last asked for a reading.
    """

    accounts_done: int
    accounts_total: int
    syncing: bool


def progress(session: Session, connection_id: str, *, now: datetime) -> Progress:
    """The caller has checked whose connection it is. An unknown id has no accounts and does not sync."""
    is_done = and_(
        Account.synced_at.is_not(None),
        *(
            or_(moment.is_(None), Account.synced_at >= moment)
            for moment in (Connection.sca_at, Connection.refreshed_at)
        ),
    )
    query = (
        select(Connection.sync_until, func.count(Account.id), func.sum(case((is_done, 1), else_=0)))
        .select_from(Connection)
        .outerjoin(Account, and_(Account.connection_id == Connection.id, Account.status == "enabled"))
        .where(Connection.id == connection_id)
        .group_by(Connection.id, Connection.sync_until)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return Progress(0, 0, False)
    until, total, done = row
    return Progress(int(done or 0), int(total), until is not None and until > now)
