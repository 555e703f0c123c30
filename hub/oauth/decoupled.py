"""Requests that an app makes in one place and a person answers in another: devices (RFC 8628) and the backchannel
(OpenID Connect CIBA Core 1.0). What both share.

The person answers on the usual consent page: ``open_page`` makes it an authorization request like any other, and its
answer claims the decoupled request in the same transaction. The client learns of it at the token endpoint only.

An older consent never answers for the person here. Whoever asked may be a stranger who tries to have their own device
let in (RFC 8628 5.4): the person has to see the question each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import Conflict
from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.ids import new_id, new_secret
from hub.models.client import Client
from hub.models.decoupled import DecoupledRequest, Ping
from hub.models.oauth import AuthorizationRequest
from hub.oauth import checks
from hub.oauth.asked import Asked
from hub.oauth.checks import Check
from hub.oauth.detailed import what_is_asked
from hub.oauth.grant_management import grant_management_holds

INTERVAL_S = 5  # RFC 8628 3.2 and CIBA 7.3: what clients take for granted


class Kind(StrEnum):
    DEVICE = "device"
    BACKCHANNEL = "backchannel"


CHECKS: tuple[Check, ...] = (
    checks.nothing_comes_twice,
    checks.nothing_is_too_long,
    checks.scope_is_registered,
    checks.resource_is_known,
    checks.acr_values_are_ours,
    checks.purpose_is_kept,
    checks.wished_consent_length,
    checks.wished_history,
    grant_management_holds,
    what_is_asked,
)
"""Of the authorization request's table, what concerns a request that goes through no browser."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where and when a request was made, for the person who answers it. All but ``asked_at`` is the asker's claim."""

    kind: Kind
    asked_at: datetime
    ip_address: str
    user_agent: str
    binding_message: str | None

    @property
    def where_answered(self) -> str:
        """The path under which the person reads what came of their answer."""
        return "/device" if self.kind is Kind.DEVICE else "/approvals"


def checked(asked: Asked) -> dict[str, Any]:
    """Raises OAuth2Error."""
    facts: dict[str, Any] = {"prompt": []}
    for step in CHECKS:
        facts |= step(asked)
    return facts


def store(
    session: Session,
    client: Client,
    *,
    kind: Kind,
    secret: str,
    facts: Mapping[str, Any],
    origin: Origin,
    now: datetime,
    ttl_s: int,
    **more: Any,
) -> DecoupledRequest:
    """``secret`` is the device_code or auth_req_id; ``more`` are further columns of the kind."""
    row = DecoupledRequest(
        id=more.pop("id", None) or new_id(),
        kind=kind.value,
        client_id=client.client_id,
        secret_hash=secret_hash(secret),
        parameters=dict(facts),
        ip_address=origin.ip_address,
        user_agent=origin.user_agent,
        interval_s=INTERVAL_S,
        created_at=now,
        expires_at=now + timedelta(seconds=ttl_s),
        **more,
    )
    session.add(row)
    emit(session, f"{kind}.requested", row.id, now=now, psu_id=row.psu_id, body={"client_id": client.client_id})
    return row


def open_page(hub: Hub, row: DecoupledRequest, person: Person, now: datetime) -> str:
    """The path of the consent page where this person answers the request."""
    handle = new_secret()
    told = {"kind": row.kind, "asked_at": row.created_at.isoformat()}
    told |= {"ip_address": row.ip_address, "user_agent": row.user_agent}
    with hub.db.write() as session:
        session.add(
            AuthorizationRequest(
                handle_hash=secret_hash(handle),
                client_id=row.client_id,
                parameters={**row.parameters, "elsewhere": told},
                psu_id=person.psu_id,
                decoupled_id=row.id,
                created_at=now,
                expires_at=min(row.expires_at, now + timedelta(seconds=hub.settings.authorization_request_ttl_s)),
            )
        )
    return f"/consent/{handle}"


def elsewhere(facts: Mapping[str, Any]) -> Elsewhere | None:
    """Where a request came from, None for one that came by the browser that answers it."""
    told = facts.get("elsewhere")
    if told is None:
        return None
    return Elsewhere(
        kind=Kind(told["kind"]),
        asked_at=datetime.fromisoformat(told["asked_at"]),
        ip_address=told["ip_address"],
        user_agent=told["user_agent"],
        binding_message=facts.get("binding_message"),
    )


def claim(session: Session, decoupled_id: str, person: Person, now: datetime) -> None:
    """The person answers: a no, unless ``allow`` follows in the same transaction. Of several answers one gets past
    here; the others raise Conflict. A client that wants to be called will be.
    """
    claimed = session.execute(
        update(DecoupledRequest)
        .where(
            DecoupledRequest.id == decoupled_id,
            DecoupledRequest.answered_at.is_(None),
            DecoupledRequest.expires_at > now,
            or_(DecoupledRequest.psu_id.is_(None), DecoupledRequest.psu_id == person.psu_id),
        )
        .values(answered_at=now, psu_id=person.psu_id)
        .returning(DecoupledRequest.kind, DecoupledRequest.client_id, DecoupledRequest.ping_sealed)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if claimed is None:
        raise Conflict("This request was answered meanwhile, or its time is over.")
    if claimed.ping_sealed is not None:
        session.add(Ping(id=new_id(), request_id=decoupled_id, attempts=0, created_at=now, due_at=now))
    body = {"client_id": claimed.client_id}
    emit(session, f"{claimed.kind}.answered", decoupled_id, now=now, psu_id=person.psu_id, body=body)


def allow(session: Session, decoupled_id: str, grant_id: str, *, sid: str) -> None:
    """The answer that was just claimed is a yes, given in the session of this name."""
    session.execute(
        update(DecoupledRequest)
        .where(DecoupledRequest.id == decoupled_id)
        .values(grant_id=grant_id, sid=sid)
        .execution_options(synchronize_session=False)
    )


def waiting(session: Session, *conditions: Any, now: datetime) -> list[DecoupledRequest]:
    """Requests that can still be answered, oldest first."""
    found = select(DecoupledRequest).where(
        *conditions, DecoupledRequest.answered_at.is_(None), DecoupledRequest.expires_at > now
    )
    return list(session.scalars(found.order_by(DecoupledRequest.created_at, DecoupledRequest.id)))
