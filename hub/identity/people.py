"""Register and log in; prove again who one is, and change the password."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput, Conflict, TooMany, Unauthenticated
from hub.events import outbox
from hub.identity import (
    activity,
    admission,
    assurance,
    attempt,
    lasting_access,
    mailed_links,
    newcomers,
    particulars,
    passwords,
    recovery,
    sessions,
)
from hub.identity.activity import Kind
from hub.identity.admission import HalfOpen, LoggedIn, Proof, SessionEnded
from hub.identity.attempt import Proved as PasswordProved
from hub.identity.attempt import Refused
from hub.identity.mailed_links import Purpose
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.models.psu import Psu, PsuSession

__all__ = [
    "HalfOpen",
    "LoggedIn",
    "LoginFailed",
    "Origin",
    "change_password",
    "login",
    "reauthenticate",
    "register",
]

_AMR = (assurance.PASSWORD,)
_TOO_MANY = "Too many attempts. Come back a little later."


@dataclass(frozen=True, slots=True)
class LoginFailed:
    """Unknown address, wrong password or locked: which of them is not said.

    ``retry_after_s`` is set where nothing will be looked at until then, not even the right password.
    """

    retry_after_s: int | None


def register(hub: Hub, *, name: str, email: str, password: str, origin: Origin, now: datetime) -> str:
    """A new person with a password; returns the psu_id. Raises BadInput naming the field, or TooMany."""
    shown, address = particulars.person_name(name), particulars.email_address(email)
    passwords.check_rules(password, email=address, name=shown, breach_list=hub.breach_list)
    newcomers.raise_if_locked(hub, origin=origin, now=now)
    password_hash = passwords.hash_password(password)
    return newcomers.take_in(
        hub,
        name=shown,
        address=address,
        password_hash=password_hash,
        origin=origin,
        now=now,
        then=lambda _session, psu_id: psu_id,
    )


def login(hub: Hub, *, email: str, password: str, origin: Origin, now: datetime) -> LoggedIn | HalfOpen | LoginFailed:
    """Open a session for whoever knows the password, or half of one if the person has a second factor.

    Raises TooMany only if the machine is too busy to look.

    An older session of the same browser is not taken over; its secret stays what it was (no session fixation).
    """
    proof = attempt.for_login(hub, email=email, password=password, origin=origin, now=now)
    if isinstance(proof, Refused):
        return LoginFailed(proof.retry_after_s)
    fresh_hash = _rehashed(proof, password)
    with hub.db.write() as session:
        if not attempt.settle(session, proof):
            return LoginFailed(None)
        if fresh_hash is not None:
            _store_hash(session, proof, fresh_hash)
        entered = admission.admit(hub, session, Proof(proof.psu_id, _AMR, proof.entry_id), origin=origin, now=now)
    assert not isinstance(entered, SessionEnded)  # noqa: S101  # a new session was asked for
    return entered


def reauthenticate(hub: Hub, person: Person, password: str, *, origin: Origin, now: datetime) -> LoggedIn | HalfOpen:
    """Prove again who one is, by both steps where there are two; the session goes on under a new secret.

    Raises BadInput(parameter="password") if it is wrong, TooMany while locked, Unauthenticated if the session ended.
    """
    proof = _prove(hub, person, password, parameter="password", origin=origin, now=now)
    with hub.db.write() as session:
        _settle(session, proof)
        renewing = Proof(proof.psu_id, _AMR, proof.entry_id, renews=person.session_hash)
        entered = admission.admit(hub, session, renewing, origin=origin, now=now)
        if isinstance(entered, SessionEnded):
            raise Unauthenticated("This session has ended.")
    return entered


def change_password(
    hub: Hub,
    person: Person,
    *,
    current: str,
    new: str,
    origin: Origin,
    now: datetime,
) -> str:
    """Returns the new secret of this session; all others of the person end, and so does what clients hold for long.

    Refresh tokens of every client are revoked and unused codes expire (RFC 9700 4.14: a change of password is a
    security event). Grants and consents stay: a client gets new tokens as soon as the person sends it through
    /oauth/authorize again. Access tokens run out by themselves within minutes.

    Raises BadInput naming ``current_password`` or ``new_password``, TooMany while locked, Conflict if the password
    was changed elsewhere meanwhile, Unauthenticated if this session ended.
    """
    passwords.check_rules(
        new, email=person.email, name=person.name, breach_list=hub.breach_list, parameter="new_password"
    )
    if passwords.are_equal(current, new):
        raise BadInput("The new password is the same as the present one.", parameter="new_password")
    proof = _prove(hub, person, current, parameter="current_password", origin=origin, now=now)
    try:
        password_hash = passwords.hash_password(new)
    except TooMany:
        attempt.undo(hub, proof.keys, proof.entry_id)
        raise
    with hub.db.write() as session:
        _settle(session, proof)
        ended = sessions.end(session, person.psu_id, PsuSession.id_hash != person.session_hash, now=now)
        activity.amend(session, proof.entry_id, Kind.PASSWORD_CHANGED, detail={"sessions": ended})
        # Strictly later than before, even if this machine's clock lags: logins compare it to notice the change.
        changed_at = max(now, proof.password_changed_at + timedelta(microseconds=1))
        _store_hash(session, proof, password_hash, changed_at=changed_at)
        secret = sessions.reissue(session, person, amr=person.amr, now=now, settings=hub.settings)
        if secret is None:
            raise Unauthenticated("This session has ended.")
        lasting_access.revoke(session, person.psu_id, now=now)
        mailed_links.drop(session, person.psu_id, [Purpose.RESET])
        recovery.tell_of_new_password(hub, session, person.psu_id, now=now)
        outbox.emit(session, "psu.password_changed", person.psu_id, now=now, psu_id=person.psu_id)
    return secret


def _prove(hub: Hub, person: Person, password: str, *, parameter: str, origin: Origin, now: datetime) -> PasswordProved:
    proof = attempt.for_proof(hub, psu_id=person.psu_id, password=password, origin=origin, now=now)
    if isinstance(proof, PasswordProved):
        return proof
    if proof.retry_after_s is not None:
        raise TooMany(_TOO_MANY, retry_after_s=proof.retry_after_s)
    raise BadInput("This is not your password.", parameter=parameter)


def _settle(session: Session, proof: PasswordProved) -> None:
    if not attempt.settle(session, proof):
        raise Conflict("Your password was changed meanwhile.")


def _rehashed(proof: PasswordProved, password: str) -> str | None:
    """The same password with today's parameters, None if it has them, or if the machine is busy: next time, then."""
    if not passwords.needs_rehash(proof.password_hash):
        return None
    try:
        return passwords.hash_password(password)
    except TooMany:
        return None


def _store_hash(
    session: Session, proof: PasswordProved, password_hash: str, *, changed_at: datetime | None = None
) -> None:
    session.execute(
        update(Psu)
        .where(Psu.id == proof.psu_id)
        .values(password_hash=password_hash, password_changed_at=changed_at or proof.password_changed_at)
        .execution_options(synchronize_session=False)
    )
