"""The registration access token with which a client looks after its own registration (RFC 7592 1.2).

An update hands out the next one. The old one stays good until the next is used for the first time: an answer that got
lost must not lock a client out of its own registration.
"""

import hmac

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.errors import Unauthenticated
from hub.hashing import secret_hash
from hub.ids import new_secret
from hub.models.client import Client

_NOBODY = "0" * 64  # no token has this hash


def first(client: Client) -> str:
    """The token of a new client; to be shown once."""
    token = new_secret()
    client.registration_token_hash = secret_hash(token)
    return token


def next_one(client: Client) -> str:
    """The token that replaces the present one once it is used; to be shown once."""
    token = new_secret()
    client.next_registration_token_hash = secret_hash(token)
    return token


def holder(session: Session, client_id: str, token: str, *, lock: bool = False) -> Client:
    """The client whose token this is. ``lock``: its row is to be changed.

    Raises Unauthenticated for a wrong token, another client's, and a client that is gone: all look the same.
    """
    query = select(Client).where(Client.client_id == client_id, Client.deleted_at.is_(None))
    client = session.scalar(query.with_for_update() if lock else query)
    given = secret_hash(token)
    hashes = (
        (_NOBODY, _NOBODY)
        if client is None
        else (client.registration_token_hash or _NOBODY, client.next_registration_token_hash or _NOBODY)
    )
    matches = [hmac.compare_digest(given, known) for known in hashes]
    if client is None or not any(matches):
        raise Unauthenticated("This is not the registration access token of this client.", reason="invalid_token")
    if lock and matches[1]:
        client.registration_token_hash, client.next_registration_token_hash = given, None
    return client


def is_next(client: Client, token: str) -> bool:
    """Whether this token has not been used so far."""
    return client.next_registration_token_hash == secret_hash(token)
