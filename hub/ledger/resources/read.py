"""What a consent lets somebody read of an account's resources, and when the bank said it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from consent.decide import Allowed
from consent.disclose import only
from consent.model import Permission
from hub.connections.state import FailureKind
from hub.db import Reading
from hub.ledger import render, tables
from hub.ledger.guard import must_cover, must_hold
from hub.ledger.resources.content import Content, Members
from hub.ledger.resources.store import content_place
from hub.sealing import Sealer
from providers.port import Resource

PERMISSIONS: Mapping[Resource, Permission] = {
    Resource.STANDING_ORDERS: Permission.REGULAR_PAYMENTS_READ,
    Resource.DIRECT_DEBITS: Permission.REGULAR_PAYMENTS_READ,
    Resource.SCHEDULED_PAYMENTS: Permission.REGULAR_PAYMENTS_READ,
    Resource.BENEFICIARIES: Permission.BENEFICIARIES_READ,
    Resource.STATEMENTS: Permission.STATEMENTS_READ,
    Resource.PARTIES: Permission.HOLDERS_READ,
    Resource.PRODUCTS: Permission.PRODUCTS_READ,
}
"""What each of hub.ledger.resources.content.KEPT is shown for."""

NOT_READ, READ, REFUSED, FAILED = "not_read", "read", "refused", "failed"
STATES = (NOT_READ, READ, REFUSED, FAILED)
_NO = frozenset({FailureKind.REFUSED.value, FailureKind.CONSENT_ENDED.value})
_R = tables.account_resource.c
_READING = tables.resource_reading.c


def resources(
    reading: Reading,
    sealer: Sealer,
    allowed: Allowed,
    kind: Resource,
    account_id: str | None = None,
    *,
    with_ended: bool = False,
) -> list[dict[str, Any]]:
    """Those that the bank shows, of one account or of all, the longest known first; ``with_ended`` also those that it
    shows no more. A statement that reaches back behind the start of the consent's history is not among them.

    Raises NotFound for an account that is not in the consent.
    """
    wanted = _wanted(allowed, kind, account_id)
    query = select(_R.id, _R.account_id, _R.content_sealed, _R.first_seen_at, _R.seen_at, _R.updated_at, _R.ended_at)
    query = query.where(_R.account_id.in_(wanted), _R.kind == kind.value)
    if not with_ended:
        query = query.where(_R.ended_at.is_(None))
    found = []
    for row in reading.execute(query.order_by(_R.account_id, _R.first_seen_at, _R.id)):
        members = Content.of_text(sealer.open(row.content_sealed, content_place(row.id))).members
        if _is_too_old(kind, members, allowed):
            continue
        whole = {
            "id": row.id,
            "account_id": row.account_id,
            **members,
            "first_seen_at": render.moment(row.first_seen_at),
            "seen_at": render.moment(row.seen_at),
            "last_updated": render.moment(row.updated_at),
            "ended_at": render.moment(row.ended_at),
        }
        found.append(only(whole, allowed.fields[row.account_id]))
    return found


def readings(
    reading: Reading, allowed: Allowed, kind: Resource, account_id: str | None = None
) -> list[dict[str, str | None]]:
    """For each account whether and when the bank showed this kind: an empty list that was read is no unread one.

    Raises NotFound as ``resources`` does.
    """
    wanted = _wanted(allowed, kind, account_id)
    query = select(_READING.account_id, _READING.read_at, _READING.failure_kind)
    rows = reading.execute(query.where(_READING.account_id.in_(wanted), _READING.kind == kind.value)).all()
    known = {row.account_id: row for row in rows}
    return [
        {
            "account_id": one,
            "state": _state(known[one].failure_kind) if one in known else NOT_READ,
            "read_at": render.moment(known[one].read_at) if one in known else None,
        }
        for one in wanted
    ]


def _wanted(allowed: Allowed, kind: Resource, account_id: str | None) -> tuple[str, ...]:
    must_cover(allowed, PERMISSIONS[kind])
    return allowed.account_ids if account_id is None else (must_hold(allowed, account_id),)


def _is_too_old(kind: Resource, members: Members, allowed: Allowed) -> bool:
    """One without any day cannot show that it is new enough."""
    if kind is not Resource.STATEMENTS or allowed.since is None:
        return False
    begins = members["date_from"] or members["date_to"]
    return begins is None or begins < allowed.since.isoformat()


def _state(failure_kind: str | None) -> str:
    if failure_kind is None:
        return READ
    return REFUSED if failure_kind in _NO else FAILED
