"""What a person sees of their connections, and leaving a bank."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from hub.connections.plan import THEIR_TURN, put_job
from hub.connections.revocation import end_at_bank
from hub.connections.state import FailureKind, Happening, Status, sources_of
from hub.context import Hub
from hub.errors import NotFound
from hub.events.outbox import emit
from hub.models.connection import Connection, LinkAttempt


@dataclass(frozen=True, slots=True)
class Overview:
    """A connection without its secrets. ``access_until`` is the bank's clock, not ours: when it will ask the PSU again.

    ``syncing_until`` is the end of the present sync's lease, whether or not that has passed.
    """

    id: str
    institution_id: str
    status: Status
    failure_kind: FailureKind | None
    access_until: datetime | None
    sca_at: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    next_sync_at: datetime | None
    syncing_until: datetime | None
    created_at: datetime
    revoked_at: datetime | None
    refreshed_at: datetime | None = None
    last_added: int | None = None
    bank_waits_until: datetime | None = None
    notice: str = ""  # the bank's own words to the person, from a stranger: shown as text

    def is_syncing(self, now: datetime) -> bool:
        return self.status is not Status.REVOKED and self.syncing_until is not None and self.syncing_until > now


_OVERVIEW = select(
    Connection.id,
    Connection.institution_id,
    Connection.status,
    Connection.failure_kind,
    Connection.failure_detail,
    Connection.bank_consent_until,
    Connection.sca_at,
    Connection.last_success_at,
    Connection.last_failure_at,
    Connection.next_sync_at,
    Connection.sync_until,
    Connection.created_at,
    Connection.revoked_at,
    Connection.refreshed_at,
    Connection.last_added,
    Connection.bank_waits_until,
)


def list_for(session: Session, psu_id: str) -> tuple[Overview, ...]:
    """All of one person's connections, the oldest first; disconnected ones and unfinished links are among them."""
    rows = session.execute(_OVERVIEW.where(Connection.psu_id == psu_id).order_by(Connection.created_at, Connection.id))
    return tuple(_overview(row) for row in rows)


def get(session: Session, psu_id: str, connection_id: str) -> Overview:
    """Raises NotFound if there is none, or it is not this person's."""
    query = _OVERVIEW.where(Connection.id == connection_id, Connection.psu_id == psu_id)
    if (row := session.execute(query).one_or_none()) is None:
        raise NotFound("No such connection.")
    return _overview(row)


def disconnect(hub: Hub, psu_id: str, connection_id: str, *, now: datetime) -> None:
    """Leave the bank: first here, so that nothing reads any more and a running sync cannot write; then at the bank.

    The ledger's rows stay. If the bank does not answer, the sealed access is kept for that one purpose, and the worker
    goes on trying; otherwise it is erased. Doing it twice is the same as once. Raises NotFound for a stranger.
    """
    with hub.db.write() as session:
        if not _revoke_here(session, psu_id, connection_id, now=now):
            get(session, psu_id, connection_id)  # raises NotFound; otherwise it was disconnected before
            return
    end_at_bank(hub, connection_id, now=now)


def _revoke_here(session: Session, psu_id: str, connection_id: str, *, now: datetime) -> bool:
    legal = [status.value for status in sources_of(Happening.DISCONNECTED)]
    moved = session.execute(
        update(Connection)
        .where(Connection.id == connection_id, Connection.psu_id == psu_id, Connection.status.in_(legal))
        .values(
            status=Status.REVOKED.value,
            revoked_at=now,
            next_sync_at=now,  # from here on: when to try again to end the bank consent
            sync_owner=None,
            sync_until=None,
            failure_kind=None,
            failure_detail=None,
            failure_raw_sealed=None,
            failures=0,
        )
        .returning(Connection.institution_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        return False
    session.execute(  # a person who is at the bank right now comes back to nothing
        update(LinkAttempt)
        .where(LinkAttempt.connection_id == connection_id, LinkAttempt.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    put_job(session, connection_id, moved.institution_id, now + THEIR_TURN, now=now)
    body = {"institution_id": moved.institution_id}
    emit(session, "connection.revoked", connection_id, now=now, psu_id=psu_id, body=body)
    return True


def _overview(row: Row[*tuple[Any, ...]]) -> Overview:
    return Overview(
        id=row.id,
        institution_id=row.institution_id,
        status=Status(row.status),
        failure_kind=None if row.failure_kind is None else FailureKind(row.failure_kind),
        access_until=row.bank_consent_until,
        sca_at=row.sca_at,
        last_success_at=row.last_success_at,
        last_failure_at=row.last_failure_at,
        next_sync_at=row.next_sync_at,
        syncing_until=row.sync_until,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        refreshed_at=row.refreshed_at,
        last_added=row.last_added,
        bank_waits_until=row.bank_waits_until,
        notice=row.failure_detail or "" if row.failure_kind == FailureKind.NOTICED else "",
    )
