"""Initial access tokens (RFC 7591 3): the operator gives one to whoever may register so many clients until some day."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from hub.errors import BadInput, NotFound, Unauthenticated
from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.ids import new_id, new_secret
from hub.models.registration import InitialAccessToken, TrustAnchor
from hub.oauth.policy import Profile

MAX_USES = 10_000


@dataclass(frozen=True, slots=True)
class Made:
    """``token`` is shown this once."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Initial:
    """A token that was good when it was looked at. ``claim`` decides whether it still is."""

    id: str
    profile: Profile | None
    trust_anchor: str | None


def new(
    session: Session,
    *,
    uses: int,
    expires_at: datetime,
    now: datetime,
    profile: Profile | None = None,
    trust_anchor: str | None = None,
) -> Made:
    """Raises BadInput for a number that cannot be meant, NotFound for an anchor that nobody added."""
    if not 1 <= uses <= MAX_USES or expires_at <= now:
        raise BadInput(f"A token is for 1 to {MAX_USES} uses, and ends in the future.", parameter="uses")
    if trust_anchor is not None and session.get(TrustAnchor, trust_anchor) is None:
        raise NotFound("There is no such trust anchor.")
    made = Made(new_id(), new_secret())
    session.add(
        InitialAccessToken(
            id=made.id,
            token_hash=secret_hash(made.token),
            profile=None if profile is None else profile.value,
            trust_anchor=trust_anchor,
            uses_left=uses,
            created_at=now,
            expires_at=expires_at,
        )
    )
    emit(session, "initial_access_token.made", made.id, now=now, psu_id=None, body={"uses": uses})
    return made


def look(session: Session, token: str, now: datetime) -> Initial:
    """Whether a registration is worth checking at all. Raises Unauthenticated."""
    query = select(InitialAccessToken).where(InitialAccessToken.token_hash == secret_hash(token), *_good(now))
    row = session.scalar(query)
    if row is None:
        raise _refused()
    return Initial(row.id, None if row.profile is None else Profile(row.profile), row.trust_anchor)


def claim(session: Session, initial: Initial, now: datetime) -> None:
    """Use it once, in the transaction of the registration: one statement, so that no race gives a use too many.

    Raises Unauthenticated if it was used up, revoked or ended meanwhile.
    """
    claimed = session.execute(
        update(InitialAccessToken)
        .where(InitialAccessToken.id == initial.id, *_good(now))
        .values(uses_left=InitialAccessToken.uses_left - 1)
        .returning(InitialAccessToken.id)
        .execution_options(synchronize_session=False)
    )
    if claimed.first() is None:
        raise _refused()


def revoke(session: Session, token_id: str, now: datetime) -> None:
    """What was registered with it stays. Raises NotFound."""
    ended = session.execute(
        update(InitialAccessToken)
        .where(InitialAccessToken.id == token_id, InitialAccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(InitialAccessToken.id)
        .execution_options(synchronize_session=False)
    )
    if ended.first() is None:
        raise NotFound("There is no such token, or it is revoked already.")
    emit(session, "initial_access_token.revoked", token_id, now=now, psu_id=None)


def all_of(session: Session) -> Sequence[InitialAccessToken]:
    """The newest first."""
    return session.scalars(select(InitialAccessToken).order_by(InitialAccessToken.id.desc())).all()


def _good(now: datetime) -> tuple[ColumnElement[bool], ...]:
    row = InitialAccessToken
    return row.uses_left > 0, row.expires_at > now, row.revoked_at.is_(None)


def _refused() -> Unauthenticated:
    return Unauthenticated("This initial access token is not good, or not any more.", reason="invalid_token")
