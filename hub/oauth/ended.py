"""Grants that nobody can use any more. A person who signs in daily leaves one each day."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session, aliased

from consent.lifecycle import TERMINAL
from hub.models.consent import ConsentRow
from hub.models.decoupled import DecoupledRequest
from hub.models.oauth import AuthorizationCode, Grant, RefreshToken
from hub.models.psu import PsuSession


def forget_grants(session: Session, grant_ids: Collection[str], now: datetime) -> None:
    """Of these grants, delete those without a code, a decoupled request or a refresh token left, ended or not: their
    access tokens are over. One whose session lasts stays until that goes as well: its client has to hear of the logout.

    While the consent stands, its newest grant for each scope stays: it says which protocol scopes the person has said
    yes to (hub.oauth.standing), and without it they would be asked again.
    """
    # First locked, then looked at: a statement that waits for a lock would go on with what it saw before.
    held = session.scalars(select(Grant.id).where(Grant.id.in_(grant_ids)).order_by(Grant.id).with_for_update()).all()
    newer = aliased(Grant)
    session.execute(
        delete(Grant)
        .where(
            Grant.id.in_(held),
            ~exists().where(AuthorizationCode.grant_id == Grant.id),
            ~exists().where(RefreshToken.grant_id == Grant.id),
            ~exists().where(DecoupledRequest.grant_id == Grant.id),
            ~exists().where(PsuSession.sid == Grant.sid),
            or_(
                exists().where(newer.consent_id == Grant.consent_id, newer.scope == Grant.scope, newer.id > Grant.id),
                exists().where(
                    ConsentRow.id == Grant.consent_id,
                    or_(ConsentRow.status.in_(sorted(TERMINAL)), ConsentRow.valid_until <= now),
                ),
            ),
        )
        .execution_options(synchronize_session=False)
    )


def forget_grants_of_sessions(session: Session, sids: Collection[str], now: datetime) -> None:
    """The same for the grants that logins in these sessions brought."""
    found = session.scalars(select(Grant.id).where(Grant.sid.in_(sids))).all()
    if found:
        forget_grants(session, found, now)
