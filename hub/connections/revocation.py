"""Ending the bank consent of a disconnected connection, now or later, and then forgetting the access.

Only REVOKED connections come here: ``access_sealed`` is what is still owed to the bank, ``next_sync_at`` when to try
again, and the sync lease keeps two workers apart.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import update

from hub.connections import sealed
from hub.connections.circuit import Family
from hub.connections.plan import is_free, put_job
from hub.connections.schedule import backoff_s
from hub.connections.state import Status
from hub.context import Hub
from hub.events.outbox import emit
from hub.ids import new_id
from hub.models.connection import Connection
from hub.sealing import SealBroken
from providers.errors import ReconsentRequired, Refused
from providers.port import Access

log = logging.getLogger(__name__)
GIVE_UP_AFTER = timedelta(days=30)
"""By then we hold the access for nothing: the risk of keeping it outweighs the tidiness at the bank."""


def end_at_bank(
    hub: Hub, connection_id: str, *, now: datetime, owner: str | None = None, takes_over: str | None = None
) -> bool:
    """Try once. True if the bank consent is ended (or given up on) and the access is erased; never raises for what
    the bank does. Does nothing while another process is at it, unless that is known to be dead: ``takes_over`` is its
    ``owner``.
    """
    owner = owner or new_id()
    with hub.db.write() as session:
        row = session.execute(
            update(Connection)
            .where(
                Connection.id == connection_id,
                Connection.status == Status.REVOKED.value,
                is_free(now, takes_over),
            )
            .values(sync_owner=owner, sync_until=now + timedelta(seconds=hub.settings.sync_lease_s))
            .returning(
                Connection.psu_id,
                Connection.institution_id,
                Connection.access_sealed,
                Connection.failures,
                Connection.revoked_at,
            )
            .execution_options(synchronize_session=False)
        ).one_or_none()
    if row is None:
        return False
    outcome: str | None = None
    try:
        outcome = _ask(hub, connection_id, row.institution_id, row.access_sealed, owner=owner, now=now)
    except Exception as error:  # even an adapter's bug must not keep a person from leaving a bank
        # The type alone: messages of unforeseen errors may hold anything.
        extra = {"connection_id": connection_id, "error": type(error).__name__}
        log.warning("a bank consent could not be ended", extra=extra)
        if row.revoked_at is not None and row.revoked_at + GIVE_UP_AFTER <= now:
            outcome = "given_up"
    with hub.db.write() as session:
        values: dict[str, object] = {"sync_owner": None, "sync_until": None}
        if outcome is None:
            wait_s = backoff_s(row.failures + 1, limit_s=hub.settings.sync_interval_s)
            next_at = now + timedelta(seconds=wait_s)
            values |= {"failures": row.failures + 1, "next_sync_at": next_at}
        else:
            next_at = None
            values |= {"access_sealed": None, "bank_consent_id": None, "next_sync_at": None}
        kept = session.execute(
            update(Connection)
            .where(Connection.id == connection_id, Connection.sync_owner == owner)
            .values(values)
            .returning(Connection.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if kept is not None:
            put_job(session, connection_id, row.institution_id, next_at, now=now)
        if kept is not None and outcome is not None:
            body = {"institution_id": row.institution_id, "outcome": outcome}
            emit(session, "connection.bank_consent_ended", connection_id, now=now, psu_id=row.psu_id, body=body)
    return outcome is not None


def _ask(
    hub: Hub, connection_id: str, institution_id: str, access_sealed: bytes | None, *, owner: str, now: datetime
) -> str:
    """How it ended: ``never_given``, ``ended``, ``refused``, ``unreadable``. Raises what is worth another try."""
    if access_sealed is None:
        return "never_given"
    try:
        access = sealed.open_access(hub.sealer, connection_id, access_sealed)
    except SealBroken:
        log.error("a bank access does not open and is given up", extra={"connection_id": connection_id})
        return "unreadable"
    try:
        if access.expires_at is not None and access.expires_at <= now:
            access = _refreshed(hub, institution_id, connection_id, access, owner=owner, now=now)
        with hub.circuits.asking(institution_id, Family.READ):
            hub.adapter(institution_id).revoke(access)
    except ReconsentRequired:
        return "ended"  # the bank lets us in no more, which is all that was wanted
    except Refused:
        return "refused"
    return "ended"


def _refreshed(
    hub: Hub, institution_id: str, connection_id: str, access: Access, *, owner: str, now: datetime
) -> Access:
    """Some banks want a living token even to end its consent. Stored before it is used: refresh tokens rotate."""
    try:
        with hub.circuits.asking(institution_id, Family.READ):
            access = hub.adapter(institution_id).refresh(access, now=now)
    except (ReconsentRequired, Refused):
        return access  # many banks take the consent's id alone
    with hub.db.write() as session:
        session.execute(
            update(Connection)
            .where(Connection.id == connection_id, Connection.sync_owner == owner)
            .values(access_sealed=sealed.seal_access(hub.sealer, connection_id, access))
            .execution_options(synchronize_session=False)
        )
    return access
