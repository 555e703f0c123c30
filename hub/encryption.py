"""The keys that banks encrypt ID tokens to (OpenID Connect Core 10.2; Open Finance Brasil wants RSA-OAEP): one at a
time is published, and those before it still open what was encrypted to them.

A signing key retires as soon as it signs no more; a key to encrypt to is in use for as long as anybody's copy of our
JWKS is. So a rotation publishes the new key only once every process can open with it, and keeps the private half of the
old one until copies of the JWKS are over.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import RSAKey
from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.clock import Clock
from hub.db import Database
from hub.models.key import EncryptionKey
from hub.sealing import Sealer
from hub.signing import store
from hub.signing.lines import Line
from providers.tpp import OpeningKey

ENC = "enc"  # the purpose, as an operator writes it
ALG = "RSA-OAEP"  # RFC 7518 4.3
LINE = Line(ENC, ALG)

REREAD_S = 10
"""How old a process's picture of the keys may be."""

PUBLISH_AFTER_S = 30
"""How long after a rotation the new key is published: every process opens with it by then."""

OPENS_FOR = timedelta(days=1)
"""How long a retired key still opens. Our header says five minutes; banks keep a JWKS for hours."""

_RSA_BITS = 2048
_PLACE = "encryption_key.private"


@dataclass(frozen=True, slots=True)
class Replaced:
    """``opens_until`` is when nothing opens with the replaced key any more."""

    kid: str
    present: str
    opens_until: datetime


@dataclass(frozen=True, slots=True)
class _Picture:
    at: datetime
    stale_at: datetime
    opening: tuple[tuple[OpeningKey, datetime | None], ...]


class EncryptionKeys:
    """Safe from any thread."""

    def __init__(self, db: Database, sealer: Sealer, clock: Clock) -> None:
        self._db, self._sealer, self._clock = db, sealer, clock
        self._making, self._reading = threading.Lock(), threading.Lock()
        self._picture: _Picture | None = None

    def published(self) -> dict[str, Any]:
        """The public key that banks shall encrypt to, as the database has it; made at the first need.

        The newest, unless it is so new that other processes may not know it and there is an older one that opens.
        """
        now = self._clock()
        if not (rows := self._rows()):
            with self._making:
                if not (rows := self._rows()):
                    self._begin(now)
                    rows = self._rows()
        ahead = now - timedelta(seconds=PUBLISH_AFTER_S)
        opening = [row for row in rows if _opens(row, now)]
        known = next((row for row in opening if row.created_at <= ahead), opening[0])
        return dict(known.public_jwk)

    def opening(self) -> tuple[OpeningKey, ...]:
        """The private keys that something may be encrypted to now, the newest first; none before any was published."""
        now, picture = self._clock(), self._picture
        if picture is None or not picture.opening or not picture.at <= now < picture.stale_at:
            picture = self._reread()
        return tuple(key for key, until in picture.opening if until is None or now < until)

    def rotate(self, replaces: str, *, now: datetime, at_once: bool = False) -> Replaced | None:
        """A new key takes the place of ``replaces``; None if that is not the present one any more.

        ``at_once``: the replaced key and any before it are compromised and open nothing from now on.
        """
        until = now if at_once else now + timedelta(seconds=PUBLISH_AFTER_S) + OPENS_FOR
        fresh = self._new_row(now)
        with self._db.write() as session:
            if not _retire(session, replaces, until=until, now=now, wiped=at_once):
                return None
            if at_once:
                _wipe(session, now=now)
            session.add(fresh)
            body = {"replaced": replaces, "active": fresh.kid}
            store.announce(session, LINE, "key.rotated", now, body)
        self._reread()
        return Replaced(replaces, fresh.kid, until)

    def present(self) -> str | None:
        """The kid of the newest key, None before there is any."""
        with self._db.read() as session:
            return session.scalar(select(EncryptionKey.kid).where(EncryptionKey.retired_at.is_(None)))

    def upkeep(self, now: datetime) -> None:
        """Wipe what opens nothing any more."""
        due = (EncryptionKey.opens_until <= now, EncryptionKey.private_sealed.is_not(None))
        with self._db.read() as session:
            if session.scalar(select(EncryptionKey.kid).where(*due).limit(1)) is None:
                return
        with self._db.write() as session:
            _wipe(session, EncryptionKey.opens_until <= now, now=now)

    def _rows(self) -> list[EncryptionKey]:
        """Those with a private half, the newest first."""
        query = select(EncryptionKey).where(EncryptionKey.private_sealed.is_not(None))
        with self._db.read() as session:
            return list(
                session.scalars(query.order_by(EncryptionKey.retired_at.is_not(None), EncryptionKey.created_at.desc()))
            )

    def _reread(self) -> _Picture:
        with self._reading:  # one after the other, so that an older picture never replaces a younger one
            now = self._clock()
            known = {key.kid: key for key, _ in self._picture.opening} if self._picture else {}
            opening = tuple(
                (known.get(row.kid) or OpeningKey(row.kid, self._open(row)), row.opens_until)
                for row in self._rows()
                if _opens(row, now)
            )
            self._picture = picture = _Picture(now, now + timedelta(seconds=REREAD_S), opening)
            return picture

    def _open(self, row: EncryptionKey) -> bytes:
        return self._sealer.open(row.private_sealed or b"", f"{_PLACE}:{row.kid}")

    def _begin(self, now: datetime) -> None:
        row = self._new_row(now)
        try:
            with self._db.write() as session:
                session.add(row)
                store.announce(session, LINE, "key.made", now, {"kid": row.kid})
        except IntegrityError:
            pass  # another process was first: the partial unique index lets one insert win

    def _new_row(self, now: datetime) -> EncryptionKey:
        """Takes a tenth of a second or more, so never inside a transaction."""
        key = RSAKey.generate_key(_RSA_BITS)
        kid = key.thumbprint()  # RFC 7638
        return EncryptionKey(
            kid=kid,
            alg=ALG,
            public_jwk=dict(key.as_dict(private=False)) | {"kid": kid, "use": "enc", "alg": ALG},
            private_sealed=self._sealer.seal(key.as_pem(private=True), f"{_PLACE}:{kid}"),
            created_at=now,
        )


def _opens(row: EncryptionKey, now: datetime) -> bool:
    """Whether its time is not up, though housekeeping may not have been by yet."""
    return row.opens_until is None or now < row.opens_until


def _retire(session: Session, kid: str, *, until: datetime, now: datetime, wiped: bool) -> bool:
    """By one conditional UPDATE: of any number that replace the same key at once, one wins."""
    values: dict[str, object] = {"retired_at": now, "opens_until": until}
    claimed = session.execute(
        update(EncryptionKey)
        .where(EncryptionKey.kid == kid, EncryptionKey.retired_at.is_(None))
        .values(values | ({"private_sealed": None} if wiped else {}))
        .execution_options(synchronize_session=False)
    )
    return isinstance(claimed, CursorResult) and claimed.rowcount == 1


def _wipe(session: Session, *those: ColumnElement[bool], now: datetime) -> None:
    """The private halves of retired keys, of all or of those that ``those`` name."""
    gone = session.scalars(
        update(EncryptionKey)
        .where(EncryptionKey.retired_at.is_not(None), EncryptionKey.private_sealed.is_not(None), *those)
        .values(private_sealed=None, opens_until=now)
        .returning(EncryptionKey.kid)
        .execution_options(synchronize_session=False)
    ).all()
    for kid in gone:
        store.announce(session, LINE, "key.gone", now, {"kid": kid})
