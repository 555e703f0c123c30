"""Write down what was issued: grants, codes, refresh tokens. The plain values leave here once and are kept nowhere."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from consent.model import Consent
from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.identity.sessions import Person
from hub.ids import new_id, new_secret
from hub.models.oauth import AuthorizationCode, Grant, RefreshToken
from hub.settings import Settings


def code(
    session: Session,
    settings: Settings,
    *,
    consent: Consent,
    scope: str,
    login: Person,
    claims: Mapping[str, Any] | None,
    redirect_uri: str,
    code_challenge: str,
    nonce: str | None,
    now: datetime,
) -> str:
    """A grant within the consent, and the code that can be exchanged for its tokens once.

    ``login``: how the person who gave it was signed in. ``claims``: the claims parameter in its normal form.
    """
    grant = Grant(
        id=new_id(),
        client_id=consent.client_id,
        psu_id=consent.psu_id,
        consent_id=consent.id,
        scope=scope,
        auth_time=login.auth_time,
        acr=login.acr,
        amr=list(login.amr),
        sid=login.sid,
        claims=None if claims is None else dict(claims),
        created_at=now,
    )
    session.add(grant)
    session.flush()
    secret = new_secret()
    session.add(
        AuthorizationCode(
            code_hash=secret_hash(secret),
            grant_id=grant.id,
            client_id=consent.client_id,
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
            nonce=nonce,
            scope=scope,
            created_at=now,
            expires_at=now + timedelta(seconds=settings.code_ttl_s),
        )
    )
    body = {"client_id": consent.client_id, "consent_id": consent.id}
    emit(session, "grant.issued", grant.id, now=now, psu_id=consent.psu_id, body=body)
    return secret


def refresh_token(
    session: Session, settings: Settings, grant: Grant, *, scope: str, valid_until: datetime, now: datetime
) -> str:
    """A refresh token of the grant; never lasts beyond the consent (``valid_until``)."""
    secret = new_secret()
    session.add(
        RefreshToken(
            token_hash=secret_hash(secret),
            grant_id=grant.id,
            client_id=grant.client_id,
            scope=scope,
            created_at=now,
            expires_at=refresh_end(settings, valid_until=valid_until, now=now),
        )
    )
    return secret


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
