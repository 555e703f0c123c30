"""The rows of signing keys: what is published at present, and how a line begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.db import Database
from hub.events.outbox import emit
from hub.models.key import KeyState, SigningKey
from hub.sealing import Sealer
from hub.signing import lines
from hub.signing.lines import Key, Line

_PLACE = "signing_key.private"


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key that is not gone. ``private_sealed`` only of the active one; ``until`` only of a retiring one."""

    kid: str
    line: Line
    state: KeyState
    public_jwk: Mapping[str, Any]
    private_sealed: bytes | None = field(repr=False)
    until: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether its time is up, though housekeeping may not have been by yet."""
        return self.until is not None and self.until <= now


def published(db: Database) -> Sequence[PublishedKey]:
    """Every key that is not gone, in one statement."""
    with db.read() as session:
        rows = session.scalars(select(SigningKey).where(SigningKey.state != KeyState.GONE)).all()
    return [
        PublishedKey(
            kid=row.kid,
            line=Line(row.purpose, row.alg),
            state=KeyState(row.state),
            public_jwk=row.public_jwk,
            private_sealed=row.private_sealed if row.state == KeyState.ACTIVE else None,
            until=row.published_until,
        )
        for row in rows
    ]


def begin(db: Database, sealer: Sealer, line: Line, state: KeyState, now: datetime) -> bool:
    """Give the line its first active or its missing next key; False if another process was first."""
    row = new_row(sealer, line, lines.generate(line.alg), state, now)
    try:
        with db.write() as session:
            session.add(row)
            announce(session, line, "key.made", now, {"kid": row.kid, "state": str(state)})
    except IntegrityError:  # the partial unique indexes let one insert win
        return False
    return True


def new_row(sealer: Sealer, line: Line, key: Key, state: KeyState, now: datetime) -> SigningKey:
    public = lines.public_jwk(key, line.alg)
    kid = public["kid"]
    return SigningKey(
        kid=kid,
        purpose=line.purpose,
        alg=line.alg,
        state=state,
        public_jwk=public,
        private_sealed=sealer.seal(key.as_pem(private=True), f"{_PLACE}:{kid}"),
        created_at=now,
        activated_at=now if state is KeyState.ACTIVE else None,
    )


def open_private(sealer: Sealer, found: PublishedKey) -> Key:
    """Raises SealBroken if the master key is not the one it was sealed with."""
    if found.private_sealed is None:
        raise ValueError(f"{found.kid} does not sign")
    pem = sealer.open(found.private_sealed, f"{_PLACE}:{found.kid}")
    return lines.read_private(pem, kid=found.kid, alg=found.line.alg)


def announce(session: Session, line: Line, kind: str, now: datetime, body: Mapping[str, Any]) -> None:
    """The event of a change to a line; no person is concerned. Its subject is the line, such as ``as:ES256``."""
    emit(session, kind, f"{line.purpose}:{line.alg}", now=now, psu_id=None, body=body)
