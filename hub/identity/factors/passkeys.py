"""A person's passkeys: add, list, rename, remove."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound
from hub.identity import assurance, sessions
from hub.identity.activity import Kind
from hub.identity.factors import challenges, change, relying_party
from hub.identity.factors.challenges import Purpose
from hub.identity.factors.relying_party import Made, Refused
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.ids import new_id, new_secret
from hub.models.factor import Passkey
from hub.models.psu import Psu
from hub.upsert import insert_into

MOST = 20
NAME_CHARACTERS = 60
_FAILED = "This passkey could not be added. Try once more."


@dataclass(frozen=True, slots=True)
class Held:
    """One passkey as its person sees it."""

    passkey_id: str
    name: str
    is_synced: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Added:
    """``session_secret`` is the new one of the session in which it was added."""

    passkey_id: str
    session_secret: str = field(repr=False)


def list_of(session: Session, psu_id: str) -> Sequence[Held]:
    """The oldest first."""
    rows = session.scalars(select(Passkey).where(Passkey.psu_id == psu_id).order_by(Passkey.created_at, Passkey.id))
    return [Held(row.id, row.name, row.is_synced, row.created_at, row.last_used_at) for row in rows]


def ask(hub: Hub, person: Person, *, now: datetime) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON for a new passkey. Raises NotFound where passkeys cannot work."""
    require_name(hub)
    with hub.db.write() as session:
        handle = _user_handle(session, person.psu_id)
        known = session.scalars(select(Passkey.credential_id).where(Passkey.psu_id == person.psu_id)).all()
        challenge = challenges.issue(session, Purpose.REGISTER, person.sid, now=now)
    return relying_party.creation_options(
        hub.settings, challenge=challenge, user_handle=handle, email=person.email, name=person.name, known=known
    )


def add(hub: Hub, person: Person, *, credential: str, name: str, origin: Origin, now: datetime) -> Added:
    """Keep the passkey that a browser made after ask(). The person's other sessions end.

    This one counts from now on as one in which the passkey was shown: whoever could add it could log in with it.

    Raises BadInput if the answer does not fit the question, Conflict if the passkey is known already, Unauthenticated
    if this session ended.
    """
    try:
        answer = relying_party.read(credential)
        with hub.db.write() as session:
            is_ours = challenges.claim(session, answer.challenge, Purpose.REGISTER, person.sid, now=now)
        if not is_ours:
            raise Refused("no such challenge")
        made = relying_party.verify_made(hub.settings, answer, challenge=answer.challenge)
    except Refused as error:
        raise BadInput(_FAILED, parameter="credential") from error
    called = _name(name) or ("Passkey" if made.key.is_synced else "Security key")
    with hub.db.write() as session:
        sessions.hold(session, person)
        passkey_id = _insert(session, person.psu_id, made, called, now)
        detail = {"name": called}
        change.note(hub, session, person, Kind.PASSKEY_ADDED, passkey_id, detail=detail, origin=origin, now=now)
        shown = assurance.passkey_amr(synced=made.key.is_synced)
        secret = change.shown(hub, session, person, shown, now=now)
    return Added(passkey_id, secret)


def rename(hub: Hub, person: Person, passkey_id: str, name: str) -> None:
    """Raises BadInput without a name, NotFound if the person has no such passkey."""
    if not (shown := _name(name)):
        raise BadInput("A passkey needs a name.", parameter="name")
    with hub.db.write() as session:
        renamed = session.scalar(
            update(Passkey)
            .where(Passkey.id == passkey_id, Passkey.psu_id == person.psu_id)
            .values(name=shown)
            .returning(Passkey.id)
            .execution_options(synchronize_session=False)
        )
    if renamed is None:
        raise NotFound("There is no such passkey.")


def remove(hub: Hub, person: Person, passkey_id: str, *, origin: Origin, now: datetime) -> None:
    """The person's other sessions end. Raises NotFound if they have no such passkey, Unauthenticated."""
    with hub.db.write() as session:
        sessions.hold(session, person)
        name = session.scalar(
            delete(Passkey)
            .where(Passkey.id == passkey_id, Passkey.psu_id == person.psu_id)
            .returning(Passkey.name)
            .execution_options(synchronize_session=False)
        )
        if name is not None:
            detail = {"name": name}
            change.note(hub, session, person, Kind.PASSKEY_REMOVED, passkey_id, detail=detail, origin=origin, now=now)
    if name is None:
        raise NotFound("There is no such passkey.")


def require_name(hub: Hub) -> None:
    """Raises NotFound where the hub has only an IP address."""
    if relying_party.rp_id(hub.settings) is None:
        raise NotFound("Passkeys belong to a name, and this hub runs at an IP address.")


def _insert(session: Session, psu_id: str, made: Made, name: str, now: datetime) -> str:
    held = session.scalar(select(func.count()).select_from(Passkey).where(Passkey.psu_id == psu_id))
    if (held or 0) >= MOST:
        raise Conflict(f"You have {MOST} passkeys. Remove one first.")
    values = {
        "id": new_id(),
        "psu_id": psu_id,
        "credential_id": made.key.credential_id,
        "public_key": made.key.public_key,
        "sign_count": made.sign_count,
        "is_synced": made.key.is_synced,
        "is_backed_up": made.is_backed_up,
        "aaguid": made.aaguid,
        "transports": list(made.transports),
        "name": name,
        "created_at": now,
    }
    statement = insert_into(session, Passkey).values(**values)
    kept: str | None = session.scalar(
        statement.on_conflict_do_nothing(index_elements=[Passkey.credential_id]).returning(Passkey.id)
    )
    if kept is None:  # WebAuthn 7.1, step 26: one credential id belongs to one person
        raise Conflict("This passkey is registered already.")
    return kept


def _user_handle(session: Session, psu_id: str) -> str:
    session.execute(
        update(Psu)
        .where(Psu.id == psu_id, Psu.user_handle.is_(None))
        .values(user_handle=new_secret())
        .execution_options(synchronize_session=False)
    )
    handle = session.scalar(select(Psu.user_handle).where(Psu.id == psu_id))
    if handle is None:
        raise NotFound("There is no such person.")
    return handle


def _name(given: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in given).split())[:NAME_CHARACTERS]
