"""The second step of a login: a passkey, a code of the app, or a recovery code, for a half-open login.

A code counts as failed before it is looked at, against the half-open login (a fixed number of attempts) and against
the person (the same throttle as for passwords, by a key of its own): with three right codes among a million at any
moment, five guesses per quarter of an hour are what somebody gets who knows the password already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, delete, exists, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.events import outbox
from hub.hashing import secret_hash
from hub.identity import activity, assurance, throttle
from hub.identity.activity import Kind
from hub.identity.admission import LoggedIn, Proof, SessionEnded, complete
from hub.identity.factors import enrolled, notice, passkey_login, recovery_codes, totp
from hub.identity.factors.challenges import Purpose
from hub.identity.factors.enrolled import Enrolled
from hub.identity.origin import Origin
from hub.identity.person_lock import lock_person, lock_whoever
from hub.identity.throttle import Locked
from hub.models.factor import HalfOpenLogin
from hub.models.psu import Psu

_COLUMNS = (
    HalfOpenLogin.psu_id,
    HalfOpenLogin.amr,
    HalfOpenLogin.auth_time,
    HalfOpenLogin.needs,
    HalfOpenLogin.renews,
    HalfOpenLogin.tell,
    HalfOpenLogin.entry_id,
    HalfOpenLogin.attempts_left,
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A half-open login, for its page. ``id_hash`` binds a passkey challenge to it."""

    id_hash: str
    psu_id: str
    needs: str
    has: Enrolled

    @property
    def takes_codes(self) -> bool:
        """Whether a code is enough for what the login must reach."""
        return assurance.satisfies(assurance.TWO_FACTOR, self.needs)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Not accepted. ``retry_after_s`` is None while there are attempts left."""

    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Over:
    """There is no such half-open login, or not any more: begin again with the first step."""


Answer = LoggedIn | Wrong | Over


def find(hub: Hub, secret: str, *, now: datetime) -> Pending | None:
    """The half-open login of this cookie, None if there is none."""
    key = secret_hash(secret)
    with hub.db.read() as session:
        row = session.execute(
            select(HalfOpenLogin.psu_id, HalfOpenLogin.needs).where(*_is_open(key, now))
        ).one_or_none()
        return None if row is None else Pending(key, row.psu_id, row.needs, enrolled.of(session, row.psu_id))


def by_code(hub: Hub, secret: str, code: str, *, origin: Origin, now: datetime) -> Answer:
    """A code of the authenticator app."""
    return _by_something_typed(hub, secret, code, is_recovery=False, origin=origin, now=now)


def by_recovery_code(hub: Hub, secret: str, code: str, *, origin: Origin, now: datetime) -> Answer:
    """A recovery code; it is spent."""
    return _by_something_typed(hub, secret, code, is_recovery=True, origin=origin, now=now)


def by_passkey(hub: Hub, secret: str, credential: str, *, origin: Origin, now: datetime) -> Answer:
    """A passkey of the same person. It cannot be guessed, so nothing is counted."""
    pending = find(hub, secret, now=now)
    if pending is None:
        return Over()
    shown = passkey_login.show(
        hub, credential, Purpose.SECOND_STEP, pending.id_hash, psu_id=pending.psu_id, origin=origin, now=now
    )
    if shown is None:
        return Wrong()
    with hub.db.write() as session:
        lock_person(session, pending.psu_id)
        row = session.execute(
            delete(HalfOpenLogin)
            .where(*_is_open(pending.id_hash, now))
            .returning(*_COLUMNS)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if row is None or not passkey_login.settle(hub, session, shown, origin=origin, now=now):
            return Over()
        return _enter(hub, session, row, shown.amr, held_since=shown.held_since, origin=origin, now=now)


def _by_something_typed(
    hub: Hub, secret: str, code: str, *, is_recovery: bool, origin: Origin, now: datetime
) -> Answer:
    key, throttle_secret, lock_s = secret_hash(secret), hub.keys.secret(throttle.SECRET_NAME), hub.settings.login_lock_s
    with hub.db.write() as session:
        lock_whoever(session, select(HalfOpenLogin.psu_id).where(HalfOpenLogin.id_hash == key))
        row = session.execute(
            update(HalfOpenLogin)
            .where(*_is_open(key, now))
            .values(attempts_left=HalfOpenLogin.attempts_left - 1)
            .returning(*_COLUMNS)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if row is None:
            return Over()
        if not assurance.satisfies(assurance.TWO_FACTOR, row.needs):
            return Wrong()  # only a passkey will do, so no code is looked at
        counter = throttle.second_step_key(throttle_secret, row.psu_id, hub.settings)
        claimed = throttle.claim(session, (counter,), now=now, lock_s=lock_s)
        if isinstance(claimed, Locked):
            return Wrong(claimed.retry_after_s)
        held_since = _spend(hub, session, row.psu_id, code, is_recovery=is_recovery, origin=origin, now=now)
        if held_since is None:
            activity.write(session, row.psu_id, Kind.SECOND_STEP_FAILED, origin=origin, now=now)
            return Wrong(lock_s if claimed.used_up else None)
        throttle.clear(session, counter)
        session.execute(
            delete(HalfOpenLogin).where(HalfOpenLogin.id_hash == key).execution_options(synchronize_session=False)
        )
        # A recovery code is a one-time password too, and RFC 8176 has no nearer word.
        return _enter(hub, session, row, (assurance.ONE_TIME,), held_since=held_since, origin=origin, now=now)


def _spend(
    hub: Hub, session: Session, psu_id: str, code: str, *, is_recovery: bool, origin: Origin, now: datetime
) -> datetime | None:
    """Since when the person has what the code is of; None for a wrong one."""
    if not is_recovery:
        return totp.spend(session, hub.sealer, psu_id, code, now=now)
    held_since = recovery_codes.spend(session, psu_id, code)
    if held_since is None:
        return None
    detail = {"left": enrolled.of(session, psu_id).recovery_codes}
    activity.write(session, psu_id, Kind.RECOVERY_CODE_USED, origin=origin, now=now, detail=detail)
    outbox.emit(session, "psu.recovery_code_used", psu_id, now=now, psu_id=psu_id, body=detail)
    notice.tell(hub, session, psu_id, Kind.RECOVERY_CODE_USED, now=now)
    return held_since


def _enter(
    hub: Hub,
    session: Session,
    row: Row[*tuple[object, ...]],
    amr: Sequence[str],
    *,
    held_since: datetime,
    origin: Origin,
    now: datetime,
) -> Answer:
    # The first step's time: the second one makes nothing fresh that was shown before.
    proof = Proof(row.psu_id, assurance.together(row.amr, amr), row.entry_id, row.renews, row.auth_time, held_since)
    entered = complete(hub, session, proof, tell=row.tell, origin=origin, now=now)
    return Over() if isinstance(entered, SessionEnded) else entered


def _is_open(id_hash: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """A change of the password since the first step voids the login: that step is worth nothing any more."""
    same_password = exists().where(
        Psu.id == HalfOpenLogin.psu_id, Psu.password_changed_at == HalfOpenLogin.password_changed_at
    )
    return (
        HalfOpenLogin.id_hash == id_hash,
        HalfOpenLogin.attempts_left > 0,
        HalfOpenLogin.expires_at > now,
        same_password,
    )
