"""Challenges for passkeys: 256 random bits, kept as a hash, good for one answer of the browser that asked."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.hashing import secret_hash
from hub.ids import new_secret
from hub.models.factor import PasskeyChallenge

LIFETIME = timedelta(minutes=5)


class Purpose(StrEnum):
    REGISTER = "register"
    LOGIN = "login"
    SECOND_STEP = "second_step"


def issue(session: Session, purpose: Purpose, bound_to: str, *, now: datetime) -> str:
    """A new challenge in base64url. ``bound_to`` is what only this browser can name (see PasskeyChallenge)."""
    challenge = new_secret()
    row = PasskeyChallenge(
        challenge_hash=secret_hash(challenge), purpose=str(purpose), bound_to=bound_to, expires_at=now + LIFETIME
    )
    session.add(row)
    return challenge


def claim(session: Session, challenge: str, purpose: Purpose, bound_to: str, *, now: datetime) -> bool:
    """Whether this challenge was open for this purpose and browser. It never is again."""
    claimed = session.scalar(
        delete(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge_hash == secret_hash(challenge),
            PasskeyChallenge.purpose == str(purpose),
            PasskeyChallenge.bound_to == bound_to,
            PasskeyChallenge.expires_at > now,
        )
        .returning(PasskeyChallenge.challenge_hash)
        .execution_options(synchronize_session=False)
    )
    return claimed is not None
