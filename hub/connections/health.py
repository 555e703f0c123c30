"""How the banks are doing, as the hub sees it: counts per institution, nothing about anybody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.connections.state import BANK_AT_FAULT, FailureKind, Status
from hub.models.connection import Connection

WINDOW = timedelta(days=1)
_FINE = [FailureKind.ROWS_REJECTED.value, FailureKind.NOTICED.value]
State = Literal["healthy", "degraded", "down", "unknown"]


@dataclass(frozen=True, slots=True)
class InstitutionHealth:
    """Connections read or tried within the last day: ``ready`` went well, ``failing`` met a failure of the bank's.

    Connections that wait for the PSU, and failures of ours, say nothing about the bank and are not counted.
    """

    institution_id: str
    ready: int
    failing: int
    last_success_at: datetime | None

    @property
    def state(self) -> State:
        return state_of(self.ready, self.failing)


def state_of(ready: int, failing: int) -> State:
    """Down when nothing succeeds, degraded when one in ten or more fails."""
    total = ready + failing
    if total == 0:
        return "unknown"
    if ready == 0:
        return "down"
    return "degraded" if failing * 10 >= total else "healthy"


def health(session: Session, *, now: datetime) -> dict[str, InstitutionHealth]:
    """By institution id; a bank that nobody has linked is absent."""
    since = now - WINDOW
    kinds = [kind.value for kind in BANK_AT_FAULT]
    failing = (Connection.last_failure_at > since) & Connection.failure_kind.in_(kinds)
    fine = Connection.failure_kind.is_(None) | Connection.failure_kind.in_(_FINE)
    ready = (Connection.last_success_at > since) & fine
    query = (
        select(
            Connection.institution_id,
            func.count().filter(ready),
            func.count().filter(failing),
            func.max(Connection.last_success_at),
        )
        .where(Connection.status.in_([Status.READY.value, Status.NEEDS_ASPSP.value]))
        .group_by(Connection.institution_id)
    )
    return {row[0]: InstitutionHealth(*row) for row in session.execute(query)}
