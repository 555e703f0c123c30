"""Write down what was issued: grants, codes, refresh tokens. The plain values leave here once and are kept nowhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from consent.model import Consent
from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.identity.sessions import Person
from hub.ids import new_id, new_secret
from hub.models.client import Client
from hub.models.oauth import AuthorizationCode, Grant, RefreshToken
from hub.oauth.binding import Binding
from hub.oauth.policy import NONE
from hub.settings import Settings


def grant(
    session: Session,
    *,
    consent: Consent,
    scope: str,
    person: Person,
    claims: Mapping[str, Any] | None,
    resources: Sequence[str],
    sid: str | None,
    now: datetime,
) -> Grant:
    """A grant within the consent. ``person`` is who said yes, and how they had logged in; ``claims`` is what the claims
    parameter asked for, ``resources`` what the tokens may be for; ``sid`` the session whose end the client should hear
    of.
    """
    row = Grant(
        id=new_id(),
        client_id=consent.client_id,
        psu_id=consent.psu_id,
        consent_id=consent.id,
        scope=scope,
        auth_time=person.auth_time,
        acr=person.acr,
        amr=list(person.amr),
        sid=sid,
        claims=None if claims is None else dict(claims),
        resources=list(resources),
        created_at=now,
    )
    session.add(row)
    session.flush()
    body = {"client_id": consent.client_id, "consent_id": consent.id}
    emit(session, "grant.issued", row.id, now=now, psu_id=consent.psu_id, body=body)
    return row


def code(session: Session, settings: Settings, grant: Grant, *, facts: Mapping[str, Any], now: datetime) -> str:
    """The code that can be exchanged for the grant's tokens once; ``facts`` is the checked request."""
    secret = new_secret()
    session.add(
        AuthorizationCode(
            code_hash=secret_hash(secret),
            grant_id=grant.id,
            client_id=grant.client_id,
            redirect_uri=facts["redirect_uri"],
            code_challenge=facts.get("code_challenge"),
            dpop_jkt=facts.get("dpop_jkt"),
            nonce=facts.get("nonce"),
            scope=grant.scope,
            created_at=now,
            expires_at=now + timedelta(seconds=settings.code_ttl_s),
        )
    )
    return secret


def refresh_token(
    session: Session,
    settings: Settings,
    grant: Grant,
    *,
    scope: str,
    jkt: str | None,
    valid_until: datetime,
    now: datetime,
) -> str:
    """A refresh token of the grant; never lasts beyond the consent (``valid_until``). ``jkt``: see refresh_binding."""
    secret = new_secret()
    session.add(
        RefreshToken(
            token_hash=secret_hash(secret),
            grant_id=grant.id,
            client_id=grant.client_id,
            scope=scope,
            jkt=jkt,
            created_at=now,
            expires_at=refresh_end(settings, valid_until=valid_until, now=now),
        )
    )
    return secret


def refresh_binding(client: Client, bound: Binding) -> str | None:
    """What a refresh token is bound to: a public client's key or certificate (RFC 9449 5, RFC 8705 4). A confidential
    client proves itself anew at every refresh and may change its DPoP key meanwhile.
    """
    return bound.jkt or bound.x5t if client.token_endpoint_auth_method == NONE else None


def refresh_end(settings: Settings, *, valid_until: datetime, now: datetime) -> datetime:
    """When an unused refresh token dies (RFC 9700 4.14.2: expiry by inactivity)."""
    return min(now + timedelta(seconds=settings.refresh_token_ttl_s), valid_until)


def revoke_grant(session: Session, grant_id: str, *, reason: str, now: datetime) -> bool:
    """End the grant and with it every token that names it; False if it had ended already. ``reason``: for the event."""
    ended = session.execute(
        update(Grant)
        .where(Grant.id == grant_id, Grant.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(ended, CursorResult) or ended.rowcount != 1:
        return False
    grant = session.get_one(Grant, grant_id)
    body = {"client_id": grant.client_id, "consent_id": grant.consent_id, "reason": reason}
    emit(session, "grant.revoked", grant_id, now=now, psu_id=grant.psu_id, body=body)
    return True


def revoke_grants_of(session: Session, consent_id: str, *, reason: str, now: datetime) -> None:
    """End every authorisation under this consent, which itself goes on."""
    for grant_id in session.scalars(select(Grant.id).where(Grant.consent_id == consent_id, Grant.revoked_at.is_(None))):
        revoke_grant(session, grant_id, reason=reason, now=now)
