"""Who syncs a connection now. A lease is taken by one conditional UPDATE, and every write of a sync proves first, in
its own transaction, that the lease is still held: whoever lost it (its process slept too long, the PSU disconnected or
renewed the link) cannot write any more.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from hub.connections.plan import is_free
from hub.connections.state import SYNCABLE
from hub.context import Hub
from hub.ledger import tables
from hub.sync.quota import Held, Key

_SYNCABLE = [status.value for status in SYNCABLE]
_C = tables.connection.c
# Made once: a sync says it before everything that it writes.
_PROVE = (
    update(tables.connection)
    .where(_C.id == bindparam("connection"), _C.sync_owner == bindparam("owner"), _C.status.in_(_SYNCABLE))
    .values(sync_until=bindparam("until"))
    .returning(_C.id)
)


class LeaseLost(Exception):
    """Another owner, or nobody, syncs this connection now."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The row as it was when the lease was taken."""

    psu_id: str
    institution_id: str
    access_sealed: bytes | None = field(repr=False)
    first_call: Key | Held | None = None
    """How its first call was counted, where it was."""


@dataclass(slots=True)
class Lease:
    hub: Hub
    connection_id: str
    owner: str
    renewed_at: datetime

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that proves and prolongs the lease first; raises LeaseLost."""
        now = self.hub.clock()
        with self.hub.db.write() as session:
            until = now + timedelta(seconds=self.hub.settings.sync_lease_s)
            ours = {"connection": self.connection_id, "owner": self.owner, "until": until}
            if session.execute(_PROVE, ours).one_or_none() is None:
                raise LeaseLost(self.connection_id)
            yield session
        self.renewed_at = now

    def keep(self) -> None:
        """Prolong the lease once a third of it has gone by: called after every answer, so a single request to a bank
        may take two thirds of a lease (60 s by default; providers.transport ends it after 30).
        """
        age = self.hub.clock() - self.renewed_at
        if age >= timedelta(seconds=self.hub.settings.sync_lease_s / 3):
            with self.write():
                pass


def claim(
    hub: Hub,
    connection_id: str,
    *,
    owner: str,
    due_only: bool,
    takes_over: str | None = None,
    count: Callable[[Session], Key | Held] | None = None,
) -> tuple[Lease, Claimed] | None:
    """Take the lease, or None: somebody has it, it is not this connection's turn, or (``due_only``) not yet time.

    ``takes_over`` is an owner that is known to be dead: its lease need not run out first. ``count`` counts the first
    call that the sync will make, in the same transaction.
    """
    now = hub.clock()
    conditions = [_C.id == connection_id, _C.status.in_(_SYNCABLE), is_free(now, takes_over)]
    if due_only:
        conditions.append(_C.next_sync_at <= now)
    with hub.db.write() as session:
        row = session.execute(
            update(tables.connection)
            .where(*conditions)
            .values(sync_owner=owner, sync_until=now + timedelta(seconds=hub.settings.sync_lease_s))
            .returning(_C.psu_id, _C.institution_id, _C.access_sealed)
        ).one_or_none()
        if row is None:
            return None
        first_call = count(session) if count is not None else None
    claimed = Claimed(row.psu_id, row.institution_id, row.access_sealed, first_call)
    return Lease(hub, connection_id, owner, now), claimed
