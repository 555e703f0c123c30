"""What outlives a session: refresh tokens, and what would still become some."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.models.decoupled import DecoupledRequest
from hub.models.oauth import AuthorizationCode, Grant, RefreshToken


def revoke(session: Session, psu_id: str, *, now: datetime) -> None:
    """Revoke all refresh tokens of the person and expire what nobody has exchanged for one yet: codes, and answered
    requests of devices and by the backchannel.

    A thief of the session may have sent a client of their own through the consent screen: without this it would
    keep its access although the password was changed.
    """
    # Locked first, so that an exchange which is under way is either over and seen here, or finds its grant changed.
    grants = session.scalars(select(Grant.id).where(Grant.psu_id == psu_id).with_for_update(key_share=True)).all()
    if not grants:
        return
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.grant_id.in_(grants), RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(AuthorizationCode)
        .where(
            AuthorizationCode.grant_id.in_(grants),
            AuthorizationCode.used_at.is_(None),
            AuthorizationCode.expires_at > now,
        )
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(DecoupledRequest)
        .where(
            DecoupledRequest.grant_id.in_(grants),
            DecoupledRequest.redeemed_at.is_(None),
            DecoupledRequest.expires_at > now,
        )
        .values(expires_at=now)
        .execution_options(synchronize_session=False)
    )
