"""A token of either kind that a client presents to revocation or introspection."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from consent.model import Consent
from hub.context import Hub
from hub.hashing import secret_hash
from hub.models.oauth import Grant, RefreshToken
from hub.oauth.grants.base import usable_consent
from hub.oauth.tokens import BadToken, Claims, read_access_token


@dataclass(frozen=True, slots=True)
class PresentedAccess:
    """An access token that we signed and whose time is not over. Whether it was withdrawn is not looked at here."""

    claims: Claims

    @property
    def client_id(self) -> str:
        return self.claims.client_id


@dataclass(frozen=True, slots=True)
class PresentedRefresh:
    """A refresh token that we know. ``consent`` is None where it cannot be used any more."""

    client_id: str
    grant_id: str
    psu_id: str
    scope: str
    expires_at: datetime
    consent: Consent | None


def recognise(hub: Hub, token: str, now: datetime) -> PresentedAccess | PresentedRefresh | None:
    """Whatever hint came along: the two kinds cannot be confused (RFC 7009 2.1 lets us look for both)."""
    try:
        return PresentedAccess(read_access_token(hub, token, now, for_us=False))
    except BadToken:
        return _refresh(hub, token, now)


def _refresh(hub: Hub, token: str, now: datetime) -> PresentedRefresh | None:
    with hub.db.read() as session:
        found = session.execute(
            select(RefreshToken, Grant)
            .join(Grant, Grant.id == RefreshToken.grant_id)
            .where(RefreshToken.token_hash == secret_hash(token))
        ).one_or_none()
        if found is None:
            return None
        row, grant = found
        over = row.rotated_at is not None or row.revoked_at is not None or row.expires_at <= now
        return PresentedRefresh(
            client_id=row.client_id,
            grant_id=grant.id,
            psu_id=grant.psu_id,
            scope=row.scope,
            expires_at=row.expires_at,
            consent=None if over else usable_consent(session, grant, now),
        )
