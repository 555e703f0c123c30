"""The work on one connection, unattended: read it, or, once it is disconnected, end the bank consent.

No bank may have more than ``PER_INSTITUTION`` readers over all machines, so one that is slow never keeps the others
waiting, and one that is down has none until a single job probes it (hub.connections.circuit). Threads wait for banks
nearly all of their time.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from hub.connections.circuit import Family, State
from hub.connections.plan import QUEUE
from hub.connections.revocation import end_at_bank
from hub.connections.state import Status
from hub.context import Hub
from hub.jobs.holding import Held
from hub.jobs.kind import Again, Kind
from hub.models.connection import Connection
from hub.sync.run import Result, sync_connection

THREADS = 32
PER_INSTITUTION = 2
_A_MOMENT = timedelta(seconds=5)


def work(hub: Hub, held: Held) -> Again | None:
    """A run that ends plans the next one itself; here only what stopped before its end is seen to."""
    run = sync_connection(hub, held.key, owner=held.owner, takes_over=held.taken_from, psu=None)
    if run.result not in {Result.NOT_CLAIMED, Result.LOST}:
        return None
    if run.result is Result.NOT_CLAIMED and _is_revoked(hub, held.key):
        end_at_bank(hub, held.key, now=hub.clock(), owner=held.owner, takes_over=held.taken_from)
    return _what_is_left(hub, held.key)


def _is_revoked(hub: Hub, connection_id: str) -> bool:
    with hub.db.read() as session:
        return session.scalar(select(Connection.status).where(Connection.id == connection_id)) == Status.REVOKED.value


def _what_is_left(hub: Hub, connection_id: str) -> Again | None:
    """As the connection stands now: somebody else may be reading it, and may die of it."""
    with hub.db.read() as session:
        query = select(Connection.next_sync_at, Connection.sync_until).where(Connection.id == connection_id)
        row = session.execute(query).one_or_none()
    if row is None or row.next_sync_at is None:
        return None
    now = hub.clock()
    at = max(row.next_sync_at, row.sync_until or row.next_sync_at)
    return Again(at if at > now else now + _A_MOMENT)


def _lane_limits(hub: Hub) -> Mapping[str, int]:
    """Banks that do not answer are asked by one probe, or not at all."""
    unwell = hub.circuits.not_closed(Family.READ)
    return {one: 1 if state is State.DUE else 0 for one, state in unwell.items() if state is not State.CLOSED}


KIND = Kind(QUEUE, work, threads=THREADS, per_lane=PER_INSTITUTION, lane_limits=_lane_limits, is_endless=True)


def kind(*, threads: int = THREADS, per_institution: int = PER_INSTITUTION) -> Kind:
    return replace(KIND, threads=threads, per_lane=per_institution)
