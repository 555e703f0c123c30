"""Look after OAuth apps once they are registered (hub.oauth.registration). A client is its owner's, who answers for it;
to others it is not there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import manager_of_class

from consent.lifecycle import TERMINAL
from consent.model import Actor
from hub.consents import service as consents
from hub.context import Hub
from hub.errors import BadInput, NotFound, TooMany
from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.identity.person_lock import lock_person
from hub.ids import new_secret
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import Grant
from hub.oauth import issue
from hub.oauth.policy import SECRET_METHODS

DELETED_COUNT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Registered:
    """``secret`` and ``registration_token`` are shown this once and never again; None where the client has none."""

    client: Client
    secret: str | None = field(default=None, repr=False)
    registration_token: str | None = field(default=None, repr=False)


def rotate_secret(session: Session, client_id: str, *, owner_psu_id: str, now: datetime) -> Registered:
    """A new secret; the old one is worth nothing from this moment, and what people allowed before answers for nobody
    unseen.

    Raises NotFound; BadInput for a client that authenticates otherwise.
    """
    client = owned(session, client_id, owner_psu_id=owner_psu_id)
    if client.token_endpoint_auth_method not in SECRET_METHODS:
        raise BadInput("This client has no secret.", parameter="client_id")
    secret = new_secret()
    client.secret_hash, client.identity_changed_at = secret_hash(secret), now
    emit(session, "client.secret_rotated", client_id, now=now, psu_id=owner_psu_id)
    return Registered(client, secret)


def delete(session: Session, client_id: str, *, owner_psu_id: str, now: datetime) -> None:
    """The client goes. Raises NotFound unless it is this owner's."""
    end(session, owned(session, client_id, owner_psu_id=owner_psu_id), now=now)


def end(session: Session, client: Client, *, now: datetime) -> None:
    """The client goes, and with it its grants and what people allowed it. The row stays for their records."""
    client_id, owner_psu_id = client.client_id, client.owner_psu_id
    client.deleted_at = now
    session.flush()
    grants = select(Grant.id).where(Grant.client_id == client_id, Grant.revoked_at.is_(None))
    for grant_id in session.scalars(grants).all():
        issue.revoke_grant(session, grant_id, reason="client_deleted", now=now)
    ended = [status.value for status in TERMINAL]
    standing = select(ConsentRow.id).where(ConsentRow.client_id == client_id, ConsentRow.status.not_in(ended))
    for consent_id in session.scalars(standing).all():
        consents.revoke(session, consent_id, actor=Actor.CLIENT, client_id=client_id, now=now)
    emit(session, "client.deleted", client_id, now=now, psu_id=owner_psu_id)


_POSSIBLE = re.compile(r"[A-Za-z0-9_-]{1,36}")  # PostgreSQL has no text with a NUL in it


def find(session: Session, client_id: str, *, lock: bool = False) -> Client | None:
    """None if there is no such client, or no more."""
    if not _POSSIBLE.fullmatch(client_id):
        return None
    found = select(Client).where(Client.client_id == client_id, Client.deleted_at.is_(None))
    return session.scalar(found.with_for_update(key_share=True) if lock else found)


_COLUMNS = tuple(Client.__table__.columns)
_NAMES = tuple(column.key for column in _COLUMNS)
_NEW = manager_of_class(Client).new_instance
_LOOK = select(*_COLUMNS).where(Client.client_id == bindparam("client_id"), Client.deleted_at.is_(None))


def look(hub: Hub, client_id: str) -> Client | None:
    """The same to read only, in one statement and without a session around it: every back-channel request begins so."""
    if not _POSSIBLE.fullmatch(client_id):
        return None
    with hub.db.look() as connection:
        row = connection.execute(_LOOK, {"client_id": client_id}).one_or_none()
    if row is None:
        return None
    client: Client = _NEW()
    vars(client).update(zip(_NAMES, row, strict=True))  # as loaded: going through each attribute costs a sixth
    return client


def owned(session: Session, client_id: str, *, owner_psu_id: str, lock: bool = False) -> Client:
    """``lock``: its row is held for the rest of the transaction. Raises NotFound, also where it is another's."""
    client = find(session, client_id, lock=lock)
    if client is None or client.owner_psu_id != owner_psu_id:
        raise NotFound("There is no such app.")
    return client


def check_room(session: Session, owner_psu_id: str, *, most: int, now: datetime) -> None:
    """Whether the person may have one more app; those deleted within a day count, or registering and deleting in turn
    would fill our tables. In the transaction of the registration: the person's row is locked, so two at once come one
    after the other. Raises TooMany.
    """
    lock_person(session, owner_psu_id)
    lately = or_(Client.deleted_at.is_(None), Client.deleted_at > now - DELETED_COUNT)
    held = session.scalar(select(func.count()).where(Client.owner_psu_id == owner_psu_id, lately)) or 0
    if held >= most:
        raise TooMany(
            f"You have {held} apps, and may have {most}. Delete one: its place is free a day later.",
            retry_after_s=int(DELETED_COUNT.total_seconds()),
        )


def list_for_owner(session: Session, owner_psu_id: str) -> Sequence[Client]:
    """The person's own apps, oldest first."""
    return session.scalars(
        select(Client)
        .where(Client.owner_psu_id == owner_psu_id, Client.deleted_at.is_(None))
        .order_by(Client.created_at, Client.client_id)
    ).all()
