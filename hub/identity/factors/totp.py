"""Codes of an authenticator app (RFC 6238): SHA-1, six digits, 30 seconds, as every such app understands them."""

import base64
import os
from datetime import datetime
from hmac import compare_digest

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.models.factor import Totp
from hub.sealing import Sealer

DIGITS = 6
STEP_S = 30
_SEED_BYTES = 20  # RFC 4226 4, R6
_DRIFT = (-1, 0, 1)  # RFC 6238 5.2: one step either way for slow clocks and slow fingers
_ISSUER = "Rialto"


def new_seed() -> bytes:
    return os.urandom(_SEED_BYTES)


def seed_text(seed: bytes) -> str:
    """For typing it in: base32 in groups of four."""
    text = base64.b32encode(seed).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def uri(seed: bytes, email: str) -> str:
    """``otpauth://``, for the QR code."""
    return TOTP(seed, DIGITS, SHA1(), STEP_S).get_provisioning_uri(email, _ISSUER)  # noqa: S303  # RFC 6238


def code_at(seed: bytes, step: int) -> str:
    return HOTP(seed, DIGITS, SHA1()).generate(step).decode()  # noqa: S303  # RFC 4226; HMAC-SHA-1 is not broken


def step_of(now: datetime) -> int:
    return int(now.timestamp()) // STEP_S


def matching_step(seed: bytes, code: str, now: datetime) -> int | None:
    """The newest time step around ``now`` whose code this is. Spaces inside the code do not matter."""
    given = "".join(code.split()).encode("utf-8", "replace")
    here = step_of(now)
    found = None
    for drift in _DRIFT:  # all of them, so that the time it takes tells nothing
        if compare_digest(code_at(seed, here + drift).encode(), given):
            found = here + drift
    return found


def spend(session: Session, sealer: Sealer, psu_id: str, code: str, *, now: datetime) -> datetime | None:
    """Since when the person has this app, if this is a right code of it that was not used before. It is used then.

    A step counts once, and with it every earlier one (RFC 6238 5.2): of fifty at once one is let in.
    """
    sealed = session.scalar(select(Totp.seed_sealed).where(Totp.psu_id == psu_id))
    if sealed is None:
        return None
    step = matching_step(sealer.open(sealed, place(psu_id)), code, now)
    if step is None:
        return None
    return session.scalar(
        update(Totp)
        .where(Totp.psu_id == psu_id, Totp.last_step < step)
        .values(last_step=step, last_used_at=now)
        .returning(Totp.created_at)
        .execution_options(synchronize_session=False)
    )


def place(psu_id: str) -> str:
    return f"totp.seed:{psu_id}"
