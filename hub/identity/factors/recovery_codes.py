"""Ten codes on paper: each replaces the second factor once, when the phone is gone.

A code has 120 random bits, more than the 112 from which a plain hash is enough (NIST SP 800-63B 5.1.2.2). The letters
are Crockford's, so that nobody has to tell O from 0.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import NotPermitted
from hub.events import outbox
from hub.hashing import secret_hash
from hub.identity import activity, sessions
from hub.identity.activity import Kind
from hub.identity.factors import enrolled, notice
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.models.factor import RecoveryCode

COUNT = 10
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 24
_READ_CHARACTERS = 100
_LOOKALIKES = str.maketrans("OIL", "011")


def new_code() -> str:
    """``7Q2M-...``: six groups of four."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[at : at + 4] for at in range(0, _LENGTH, 4))


def make(hub: Hub, person: Person, *, origin: Origin, now: datetime) -> Sequence[str]:
    """Ten new codes, shown now and never again; all older ones are void.

    Raises NotPermitted if there is no second factor that they could stand in for, Unauthenticated.
    """
    codes = tuple(new_code() for _ in range(COUNT))
    with hub.db.write() as session:
        sessions.hold(session, person)  # of two at once the later one replaces what the earlier one made
        if not enrolled.of(session, person.psu_id).has_second:
            raise NotPermitted("Recovery codes stand in for a passkey or an authenticator app. Add one of them first.")
        discard(session, person.psu_id)
        session.add_all(RecoveryCode(code_hash=_hash(code), psu_id=person.psu_id, created_at=now) for code in codes)
        activity.write(session, person.psu_id, Kind.RECOVERY_CODES_MADE, origin=origin, now=now)
        outbox.emit(session, "psu.recovery_codes_made", person.psu_id, now=now, psu_id=person.psu_id)
        notice.tell(hub, session, person.psu_id, Kind.RECOVERY_CODES_MADE, now=now)
    return codes


def spend(session: Session, psu_id: str, code: str) -> datetime | None:
    """Since when the person has it, if this is one of their codes. It is gone then: of fifty at once one finds it."""
    return session.scalar(
        delete(RecoveryCode)
        .where(RecoveryCode.code_hash == _hash(code), RecoveryCode.psu_id == psu_id)
        .returning(RecoveryCode.created_at)
        .execution_options(synchronize_session=False)
    )


def are_current(session: Session, psu_id: str, codes: Sequence[str]) -> bool:
    """Whether these are open codes of the person, all of them, each once."""
    hashes = {_hash(code) for code in codes}
    held = session.scalar(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.psu_id == psu_id, RecoveryCode.code_hash.in_(hashes))
    )
    return 0 < len(codes) == len(hashes) == held


def discard(session: Session, psu_id: str) -> None:
    """Void them all."""
    session.execute(
        delete(RecoveryCode).where(RecoveryCode.psu_id == psu_id).execution_options(synchronize_session=False)
    )


def _hash(code: str) -> str:
    """However it was typed: small letters, spaces and hyphens or none, O for 0."""
    letters = "".join(sign for sign in code[:_READ_CHARACTERS].upper() if sign.isalnum())
    return secret_hash(letters.translate(_LOOKALIKES).encode("utf-8", "replace").decode())
