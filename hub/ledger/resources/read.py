"""What a consent lets somebody read of an account's resources, and when the bank said it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class KindRead:
    """One kind of one account. ``rows`` as ``resources`` gives them; ``state`` and ``read_at`` as ``readings`` does."""

    rows: list[dict[str, Any]]
    state: str = NOT_READ
    read_at: str | None = None


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
    return _rows(reading, sealer, allowed, wanted, [kind], with_ended=with_ended).get(kind.value, [])


def readings(
    reading: Reading, allowed: Allowed, kind: Resource, account_id: str | None = None
) -> list[dict[str, str | None]]:
    """For each account whether and when the bank showed this kind: an empty list that was read is no unread one.

    Raises NotFound as ``resources`` does.
    """
    wanted = _wanted(allowed, kind, account_id)
    known = _readings(reading, wanted, [kind])
    return [
        {"account_id": one, "state": state, "read_at": read_at}
        for one in wanted
        for state, read_at in [known.get((one, kind.value), (NOT_READ, None))]
    ]


def every_kind(reading: Reading, sealer: Sealer, allowed: Allowed, account_id: str) -> dict[Resource, KindRead]:
    """Everything that hangs on one account, for its owner, with what has ended. Raises NotFound as ``resources`` does,
    NotPermitted for anybody else: a client asks for one kind."""
    wanted = {one for kind in PERMISSIONS for one in _wanted(allowed, kind, account_id)}
    rows = _rows(reading, sealer, allowed, wanted, PERMISSIONS, with_ended=True)
    known = _readings(reading, wanted, PERMISSIONS)
    return {
        kind: KindRead(rows.get(kind.value, []), *known.get((account_id, kind.value), (NOT_READ, None)))
        for kind in PERMISSIONS
    }


def _rows(
    reading: Reading,
    sealer: Sealer,
    allowed: Allowed,
    account_ids: Collection[str],
    kinds: Iterable[Resource],
    *,
    with_ended: bool,
) -> dict[str, list[dict[str, Any]]]:
    query = select(
        _R.id, _R.account_id, _R.kind, _R.content_sealed, _R.first_seen_at, _R.seen_at, _R.updated_at, _R.ended_at
    ).where(_R.account_id.in_(tuple(account_ids)), _R.kind.in_([kind.value for kind in kinds]))
    if not with_ended:
        query = query.where(_R.ended_at.is_(None))
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in reading.execute(query.order_by(_R.account_id, _R.first_seen_at, _R.id)):
        members = Content.of_text(sealer.open(row.content_sealed, content_place(row.id))).members
        if row.kind == Resource.STATEMENTS and _is_too_old(members, allowed):
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
        found[row.kind].append(only(whole, allowed.fields[row.account_id]))
    return found


def _readings(
    reading: Reading, account_ids: Collection[str], kinds: Iterable[Resource]
) -> dict[tuple[str, str], tuple[str, str | None]]:
    """(account, kind) -> (state, when it was last read whole)."""
    query = select(_READING.account_id, _READING.kind, _READING.read_at, _READING.failure_kind).where(
        _READING.account_id.in_(tuple(account_ids)), _READING.kind.in_([kind.value for kind in kinds])
    )
    return {
        (row.account_id, row.kind): (_state(row.failure_kind), render.moment(row.read_at))
        for row in reading.execute(query)
    }


def _wanted(allowed: Allowed, kind: Resource, account_id: str | None) -> tuple[str, ...]:
    must_cover(allowed, PERMISSIONS[kind])
    return allowed.account_ids if account_id is None else (must_hold(allowed, account_id),)


def _is_too_old(members: Members, allowed: Allowed) -> bool:
    """One without any day cannot show that it is new enough."""
    if allowed.since is None:
        return False
    begins = members["date_from"] or members["date_to"]
    return begins is None or begins < allowed.since.isoformat()


def _state(failure_kind: str | None) -> str:
    if failure_kind is None:
        return READ
    return REFUSED if failure_kind in _NO else FAILED
