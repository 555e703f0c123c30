"""Logging in with a passkey: as the only step, or as the second one after a password."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.events import outbox
from hub.identity import activity, assurance
from hub.identity.activity import Kind
from hub.identity.admission import HalfOpen, LoggedIn, Proof, SessionEnded, admit
from hub.identity.factors import challenges, notice, passkeys, relying_party
from hub.identity.factors.challenges import Purpose
from hub.identity.factors.relying_party import Key, Refused, Used
from hub.identity.origin import Origin
from hub.identity.person_lock import lock_person
from hub.identity.sessions import Person
from hub.models.factor import Passkey
from hub.models.psu import Psu


@dataclass(frozen=True, slots=True)
class Shown:
    """A passkey was used and its signature is right. Its counter is still to be compared: settle() does.

    ``held_since`` is when the person added it.
    """

    psu_id: str
    passkey_id: str
    name: str
    used: Used
    amr: tuple[str, ...]
    held_since: datetime


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """Which of the many reasons is not said to the browser."""


def ask(hub: Hub, purpose: Purpose, bound_to: str, *, psu_id: str | None, now: datetime) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON. With ``psu_id`` for that person's passkeys, else for any of the browser's.

    Raises NotFound where passkeys cannot work.
    """
    passkeys.require_name(hub)
    with hub.db.write() as session:
        challenge = challenges.issue(session, purpose, bound_to, now=now)
        known = None
        if psu_id is not None:
            known = session.scalars(select(Passkey.credential_id).where(Passkey.psu_id == psu_id)).all()
    return relying_party.request_options(hub.settings, challenge=challenge, known=known)


def log_in(
    hub: Hub, person: Person | None, *, credential: str, bound_to: str, origin: Origin, now: datetime
) -> LoggedIn | HalfOpen | SessionEnded | NotAccepted:
    """A passkey alone is both factors. If it belongs to ``person``, who is signed in, their session goes on."""
    shown = show(hub, credential, Purpose.LOGIN, bound_to, psu_id=None, origin=origin, now=now)
    if shown is None:
        return NotAccepted()
    renews = person.session_hash if person is not None and person.psu_id == shown.psu_id else None
    with hub.db.write() as session:
        lock_person(session, shown.psu_id)
        if not settle(hub, session, shown, origin=origin, now=now):
            return NotAccepted()
        entry_id = activity.write(session, shown.psu_id, Kind.LOGIN, origin=origin, now=now)
        proof = Proof(shown.psu_id, shown.amr, entry_id, renews, held_since=shown.held_since)
        return admit(hub, session, proof, origin=origin, now=now)


def show(
    hub: Hub, credential: str, purpose: Purpose, bound_to: str, *, psu_id: str | None, origin: Origin, now: datetime
) -> Shown | None:
    """Claim the challenge, then look at the signature; None if either is not right.

    With ``psu_id`` only a passkey of that person will do. A wrong signature by a known passkey is written down.
    """
    try:
        answer = relying_party.read(credential)
    except Refused:
        return None
    with hub.db.write() as session:
        if not challenges.claim(session, answer.challenge, purpose, bound_to, now=now):
            return None
    with hub.db.read() as session:
        found = session.execute(
            select(Passkey, Psu.user_handle)
            .join(Psu, Psu.id == Passkey.psu_id)
            .where(Passkey.credential_id == answer.credential_id)
        ).one_or_none()
    if found is None:
        return None
    row, handle = found
    if psu_id is not None and row.psu_id != psu_id:
        return None
    try:
        # WebAuthn 7.2, step 6: without a list of credentials the authenticator must say whose it is.
        if answer.user_handle != handle and not (answer.user_handle is None and psu_id is not None):
            raise Refused("another person's handle")
        key = Key(row.credential_id, row.public_key, row.is_synced)
        used = relying_party.verify_used(hub.settings, answer, key, challenge=answer.challenge)
    except Refused:
        with hub.db.write() as session:
            detail = {"name": row.name}
            activity.write(session, row.psu_id, Kind.PASSKEY_REFUSED, origin=origin, now=now, detail=detail)
        return None
    return Shown(row.psu_id, row.id, row.name, used, assurance.passkey_amr(synced=row.is_synced), row.created_at)


def settle(hub: Hub, session: Session, shown: Shown, *, origin: Origin, now: datetime) -> bool:
    """Store the counter, in the transaction that acts on the proof; False if the passkey was removed or copied.

    A counter that does not grow means that the key exists twice (WebAuthn 7.2, step 22): nobody gets in with it, and
    the person is told. Many authenticators do not count; their counter is always 0.
    """
    count = shown.used.sign_count
    grown = or_(Passkey.sign_count < count, and_(Passkey.sign_count == 0, count == 0))  # type: ignore[arg-type]
    settled = session.scalar(
        update(Passkey)
        .where(Passkey.id == shown.passkey_id, grown)
        .values(sign_count=count, is_backed_up=shown.used.is_backed_up, last_used_at=now)
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    if settled is not None:
        return True
    if session.scalar(select(Passkey.id).where(Passkey.id == shown.passkey_id)) is not None:
        detail = {"name": shown.name}
        activity.write(session, shown.psu_id, Kind.PASSKEY_COPIED, origin=origin, now=now, detail=detail)
        outbox.emit(session, "psu.passkey_copied", shown.passkey_id, now=now, psu_id=shown.psu_id)
        notice.tell(hub, session, shown.psu_id, Kind.PASSKEY_COPIED, now=now)
    return False
