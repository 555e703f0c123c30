"""What outlives a session: refresh tokens, and what would still become some."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.identity import unfetched
from hub.models.decoupled import DecoupledRequest
from hub.models.oauth import Grant, RefreshToken


def revoke(session: Session, psu_id: str, *, now: datetime) -> None:
    """Revoke all refresh tokens of the person and take back what nobody has exchanged for one yet.

    A thief of the session may have sent a client of their own through the consent screen: without this it would
    keep its access although the password was changed.

    The caller has ended or renewed the person's sessions before, in the same transaction: so no yes is under way any
    more that would not be seen here (hub.identity.sessions.is_still).
    """
    # Locked first, as every exchange does (hub.oauth.grants.first_tokens.held): one that is under way is over when this
    # goes on, and its refresh token seen below; one that comes later finds its code taken back.
    grants = session.scalars(
        select(Grant.id).where(Grant.psu_id == psu_id).order_by(Grant.id).with_for_update(key_share=True)
    ).all()
    if not grants:
        return
    session.execute(
        update(RefreshToken)
        .where(RefreshToken.grant_id.in_(grants), RefreshToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    unfetched.take_back_codes(session, grants, now=now)
    unfetched.take_back_answers(session, DecoupledRequest.grant_id.in_(grants), now=now)
