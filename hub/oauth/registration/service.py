"""Clients as rows: register one, replace its metadata. Each is a step inside the caller's transaction."""

from datetime import datetime

from sqlalchemy.orm import Session

from hub.events.outbox import emit
from hub.hashing import secret_hash
from hub.ids import new_id, new_secret
from hub.models.client import Client
from hub.oauth.clients import Registered
from hub.oauth.policy import SECRET_METHODS
from hub.oauth.registration import anchors, own_token, rows, statements
from hub.oauth.registration.prepare import Prepared


def register(
    session: Session,
    prepared: Prepared,
    *,
    owner_psu_id: str | None,
    now: datetime,
    looks_after_itself: bool = False,
    initial_access_token_id: str | None = None,
) -> Registered:
    """A new client. ``looks_after_itself``: it gets a registration access token.

    Raises BadMetadata if who vouches for it is believed no longer.
    """
    client = Client(
        client_id=new_id(),
        owner_psu_id=owner_psu_id,
        initial_access_token_id=initial_access_token_id,
        description="",
        created_at=now,
    )
    secret = _describe(session, client, prepared, now)
    token = own_token.first(client) if looks_after_itself else None
    session.add(client)
    session.flush()
    emit(session, "client.registered", client.client_id, now=now, psu_id=owner_psu_id)
    return Registered(client, secret, token)


def replace(session: Session, client: Client, prepared: Prepared, *, now: datetime) -> Registered:
    """Other metadata for a client that the caller may change. What it no longer may hold is gone at the next use.

    ``secret`` is a new one where the client authenticates with a secret and did not before. Raises BadMetadata if who
    vouches for it is believed no longer.
    """
    secret = _describe(session, client, prepared, now)
    session.flush()
    emit(session, "client.updated", client.client_id, now=now, psu_id=client.owner_psu_id)
    return Registered(client, secret)


def _describe(session: Session, client: Client, prepared: Prepared, now: datetime) -> str | None:
    before, was = rows.face(client), rows.identity(client)
    taken_back = client.trust_anchor is not None and client.verified_at is None  # by the operator: an update brings
    _check_vouched(session, client, prepared)  # nothing back
    rows.write(client, prepared.metadata, sector=prepared.sector)
    if rows.face(client) != before or prepared.trust_anchor != client.trust_anchor:
        client.verified_at = None  # nobody has looked at this one
    if was and not rows.identity(client) <= was:
        client.identity_changed_at = now
    client.trust_anchor = prepared.trust_anchor
    if prepared.trust_anchor is not None and not taken_back:
        client.verified_at = client.verified_at or now
    if client.token_endpoint_auth_method not in SECRET_METHODS:
        client.secret_hash = None
        return None
    if client.secret_hash is not None:
        return None
    secret = new_secret()
    client.secret_hash = secret_hash(secret)
    return secret


def _check_vouched(session: Session, client: Client, prepared: Prepared) -> None:
    """The statement was verified before this transaction; its anchor may have been removed since, and a client that
    kept its statement has lost the anchor's word with it. Raises BadMetadata.
    """
    said = prepared.vouched
    if said is None:
        return
    lost = said.is_held and client.trust_anchor != said.anchor
    if lost or not anchors.still_believed(session, said.anchor, said.believed_since):
        raise statements.withdrawn()
