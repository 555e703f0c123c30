"""A yes that no client has fetched the tokens of: codes, and answered requests of devices and by the backchannel.

It lasts no longer than the session that gave it. Whoever takes it back moves its end so far into the past that no host
of this hub, however far its clock lags, finds it in time; an exchange that claims the row afterwards sees that in the
very UPDATE by which it claims.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from hub.models.decoupled import DecoupledRequest
from hub.models.oauth import AuthorizationCode

_LONG_AGO = timedelta(hours=1)


def take_back_codes(session: Session, grants: Collection[str], *, now: datetime) -> None:
    """The codes of these grants."""
    session.execute(
        update(AuthorizationCode)
        .where(
            AuthorizationCode.grant_id.in_(grants),
            AuthorizationCode.used_at.is_(None),
            AuthorizationCode.expires_at > now - _LONG_AGO,
        )
        .values(expires_at=now - _LONG_AGO)
        .execution_options(synchronize_session=False)
    )


def take_back_answers(session: Session, which: ColumnElement[bool], *, now: datetime) -> None:
    """Of the decoupled requests those that were answered with yes. To the client they have expired."""
    session.execute(
        update(DecoupledRequest)
        .where(
            which,
            DecoupledRequest.grant_id.is_not(None),
            DecoupledRequest.redeemed_at.is_(None),
            DecoupledRequest.expires_at > now - _LONG_AGO,
        )
        .values(expires_at=now - _LONG_AGO)
        .execution_options(synchronize_session=False)
    )
