"""What somebody may have added to an account that was not theirs, and what was there before.

Nobody knows when a thief came; known is when they changed the address, and when the session began in which they did. A
session lasts as long as its proof is renewed, so its whole length counts; and whoever added a factor can log in anew by
it, so what came before counts as far back as lost factors are waited for: so long the owner, who was told of each, has
to say no. Everything that was added since the earlier of the two is taken away. Whoever is the owner can add it again,
which is little beside a way in that stays open.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from consent.lifecycle import TERMINAL
from consent.model import Actor
from hub.consents import service as consents
from hub.db import Base
from hub.identity import lasting_access, sessions
from hub.models.consent import ConsentRow
from hub.models.factor import HalfOpenLogin, KnownDevice, Passkey, RecoveryCode, Totp, TotpEnrolment
from hub.models.psu import Psu
from hub.models.recovery import FactorRecovery
from hub.models.upstream import UpstreamLogin
from hub.settings import Settings

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Ways:
    """How many ways into an account, and out of it to apps, of each kind."""

    passkeys: int
    authenticators: int
    recovery_codes: int
    linked_logins: int
    consents: int

    def in_words(self) -> str:
        """``2 passkeys, 1 app that you allowed``, or ``nothing``."""
        counted = (
            (self.passkeys, "passkey", "passkeys"),
            (self.authenticators, "authenticator app", "authenticator apps"),
            (self.recovery_codes, "recovery code", "recovery codes"),
            (self.linked_logins, "login with another provider", "logins with other providers"),
            (self.consents, "consent to an app", "consents to apps"),
        )
        return ", ".join(f"{count} {one if count == 1 else more}" for count, one, more in counted if count) or "nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    removed: Ways
    kept: Ways


@dataclass(frozen=True, slots=True)
class Change:
    """When the address was changed, and when the session began in which that was done."""

    at: datetime
    session_began: datetime


def shut_out(session: Session, settings: Settings, psu_id: str, *, change: Change, now: datetime) -> Outcome:
    """Void the password, end every login and what lasts of apps, and take away what may be of whoever made ``change``.
    What came with the account itself stays.

    The caller holds the person's row, and changes nothing of it that others could wait for before this.
    """
    person = session.execute(select(Psu.created_at, Psu.password_changed_at).where(Psu.id == psu_id)).one()
    wait = timedelta(seconds=settings.factor_recovery_wait_s)
    since = max(min(change.at - wait, change.session_began), person.created_at + _TICK)
    later = max(now, person.password_changed_at + _TICK)  # logins under way compare it to notice
    session.execute(
        update(Psu)
        .where(Psu.id == psu_id)
        .values(password_hash="", password_changed_at=later)
        .execution_options(synchronize_session=False)
    )
    sessions.end(session, psu_id, now=now)
    lasting_access.revoke(session, psu_id, now=now)
    for table in (HalfOpenLogin, TotpEnrolment, FactorRecovery):
        _delete(session, table, table.psu_id == psu_id)
    _delete(session, KnownDevice, KnownDevice.psu_id == psu_id, KnownDevice.first_seen_at >= since)
    removed = Ways(
        passkeys=_delete(session, Passkey, Passkey.psu_id == psu_id, Passkey.created_at >= since),
        authenticators=_delete(session, Totp, Totp.psu_id == psu_id, Totp.created_at >= since),
        recovery_codes=_delete(session, RecoveryCode, RecoveryCode.psu_id == psu_id, RecoveryCode.created_at >= since),
        linked_logins=_delete(session, UpstreamLogin, UpstreamLogin.psu_id == psu_id, UpstreamLogin.linked_at >= since),
        consents=_revoke_consents(session, psu_id, since=since, now=now),
    )
    return Outcome(removed, _there(session, psu_id))


def _delete(session: Session, table: type[Base], *which: ColumnElement[bool]) -> int:
    gone = session.execute(delete(table).where(*which).execution_options(synchronize_session=False))
    assert isinstance(gone, CursorResult)  # noqa: S101  # what a DELETE always gives
    return gone.rowcount


def _revoke_consents(session: Session, psu_id: str, *, since: datetime, now: datetime) -> int:
    found = session.scalars(
        select(ConsentRow.id).where(*_open(psu_id), ConsentRow.created_at >= since).order_by(ConsentRow.id)
    ).all()
    for consent_id in found:
        consents.revoke(session, consent_id, actor=Actor.PSU, now=now, psu_id=psu_id)
    return len(found)


def _there(session: Session, psu_id: str) -> Ways:
    def count(table: type[Base], *which: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count()).select_from(table).where(*which)) or 0

    return Ways(
        passkeys=count(Passkey, Passkey.psu_id == psu_id),
        authenticators=count(Totp, Totp.psu_id == psu_id),
        recovery_codes=count(RecoveryCode, RecoveryCode.psu_id == psu_id),
        linked_logins=count(UpstreamLogin, UpstreamLogin.psu_id == psu_id),
        consents=count(ConsentRow, *_open(psu_id)),
    )


def _open(psu_id: str) -> tuple[ColumnElement[bool], ...]:
    return (ConsentRow.psu_id == psu_id, ConsentRow.status.not_in(sorted(TERMINAL)))
