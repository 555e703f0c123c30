"""Which kinds of an account's resources are to be asked for now.

They change seldom, so once a day is often enough while nobody waits, and once an hour for a person who does. What the
person's own page shows is always of use; saved payees and statements are read while the person is there, and otherwise
only if an app may see them. What a bank refused it is not asked again for a week, or until there is a new bank consent.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.model import Permission, Status
from hub.connections.state import FailureKind
from hub.ledger import tables
from hub.ledger.resources.content import KEPT
from hub.models.consent import ConsentAccount, ConsentRow
from providers.port import Resource

UNATTENDED = timedelta(hours=20)
"""A day, less what syncs are spread by: the same sync of the next day finds it due."""
ATTENDED = timedelta(hours=1)
AFTER_REFUSAL = timedelta(days=7)
ONLY_FOR_APPS = {
    Resource.BENEFICIARIES: Permission.BENEFICIARIES_READ,
    Resource.STATEMENTS: Permission.STATEMENTS_READ,
}
_REFUSED = frozenset({FailureKind.REFUSED.value, FailureKind.CONSENT_ENDED.value, FailureKind.CONTRACT_BROKEN.value})
_READING = tables.resource_reading.c


def due(
    session: Session,
    account_id: str,
    offered: Iterable[Resource],
    *,
    is_attended: bool,
    consented_at: datetime | None,
    now: datetime,
) -> tuple[Resource, ...]:
    """Of ``offered`` those whose time has come, what was not asked for longest first: a slow bank is not asked for all
    of it in one sync. ``consented_at``: when the PSU was last at the bank for this connection."""
    offered = frozenset(offered)
    kinds = [kind for kind in KEPT if kind in offered]
    if not is_attended and any(kind in ONLY_FOR_APPS for kind in kinds):
        shared = _shared(session, account_id, now)
        kinds = [kind for kind in kinds if ONLY_FOR_APPS.get(kind) is None or ONLY_FOR_APPS[kind] in shared]
    query = select(_READING.kind, _READING.asked_at, _READING.failure_kind)
    readings = {row.kind: row for row in session.execute(query.where(_READING.account_id == account_id))}
    pause = ATTENDED if is_attended else UNATTENDED
    found = [kind for kind in kinds if _is_due(readings.get(kind.value), pause, consented_at, now)]
    never = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(found, key=lambda kind: readings[kind.value].asked_at if kind.value in readings else never))


def _is_due(reading: Any, pause: timedelta, since: datetime | None, now: datetime) -> bool:
    if reading is None:
        return True
    age = now - reading.asked_at
    if reading.failure_kind in _REFUSED:
        return age >= AFTER_REFUSAL or (since is not None and since > reading.asked_at)
    if reading.failure_kind is not None:  # it passes by itself: the next sync tries again
        return True
    return bool(age >= pause)


def _shared(session: Session, account_id: str, now: datetime) -> frozenset[str]:
    """The permissions that apps hold on this account."""
    found = session.scalars(
        select(ConsentAccount.permissions)
        .join(ConsentRow, ConsentRow.id == ConsentAccount.consent_id)
        .where(
            ConsentAccount.account_id == account_id,
            ConsentRow.status == Status.VALID.value,
            ConsentRow.valid_until > now,
        )
    )
    return frozenset[str]().union(*found)
