"""Pushed authorization requests (RFC 9126): the client sends its request here first, authenticated, and the browser
only carries a reference to it.

What is pushed goes through the same table of checks as what comes by browser. The reference is unguessable, lives
REQUEST_URI_TTL_S seconds and is bound to its client. Loading the page uses nothing up: the person's answer does.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput, Conflict
from hub.hashing import secret_hash
from hub.ids import new_secret
from hub.models.oauth import PushedRequest
from hub.oauth import binding
from hub.oauth.asked import Asked, asked_by
from hub.oauth.authenticate import CREDENTIALS, Authenticated
from hub.oauth.call import Call
from hub.oauth.checks import CHECKS, request_object_holds
from hub.oauth.errors import InvalidDpopProof, InvalidRequestError
from hub.oauth.parameters import Parameters

REQUEST_URI_TTL_S = 90
URN = "urn:ietf:params:oauth:request_uri:"
_KEEP = insert(PushedRequest)


def push(hub: Hub, call: Call, who: Authenticated) -> dict[str, Any]:
    """RFC 9126 2.2. Raises OAuth2Error."""
    if "request_uri" in call.form:
        raise InvalidRequestError("request_uri cannot be pushed (RFC 9126 2.1).")
    given = {name: value for name, value in call.form.items() if name not in CREDENTIALS}
    facts = check(asked_by(hub, Parameters(given), client=who.client))
    facts |= _bound_key(hub, call, facts)
    return {"request_uri": keep(hub, who.client.client_id, facts, call.now), "expires_in": REQUEST_URI_TTL_S}


def keep(hub: Hub, client_id: str, facts: Mapping[str, Any], now: datetime) -> str:
    """Store a checked request; returns its request_uri."""
    reference = new_secret()
    row = {
        "uri_hash": secret_hash(reference),
        "client_id": client_id,
        "parameters": dict(facts),
        "created_at": now,
        "expires_at": now + timedelta(seconds=REQUEST_URI_TTL_S),
    }
    hub.db.write_one(_KEEP, row)
    return URN + reference


def check(asked: Asked) -> dict[str, Any]:
    """The table, for somebody who reads the answer themselves: every error is an OAuth error.

    A request object that does not hold comes first: what the parameters beside it lack is not what is wrong.
    """
    request_object_holds(asked)
    facts: dict[str, Any] = {}
    try:
        for step in CHECKS:
            facts |= step(asked)
    except BadInput as error:
        raise InvalidRequestError(error.detail) from error
    return facts


def find(session: Session, request_uri: str, client_id: str, now: datetime) -> tuple[str, Mapping[str, Any]]:
    """(uri_hash, facts) of a pushed request that can still be answered. Raises BadInput, which tells no more."""
    uri_hash = secret_hash(request_uri.removeprefix(URN))
    row = session.scalar(
        select(PushedRequest).where(
            PushedRequest.uri_hash == uri_hash,
            PushedRequest.client_id == client_id,
            PushedRequest.consumed_at.is_(None),
            PushedRequest.expires_at > now,
        )
    )
    if row is None:
        raise BadInput("This request has expired or was answered. Go back to the app and start again.")
    return uri_hash, row.parameters


def claim(session: Session, uri_hash: str, now: datetime) -> None:
    """The person answered. Of several answers to pages of one request, one gets past here; the others raise Conflict.

    Its time is not looked at again: who opened the page in time may take as long to answer as anybody else.
    """
    claimed = session.execute(
        update(PushedRequest)
        .where(PushedRequest.uri_hash == uri_hash, PushedRequest.consumed_at.is_(None))
        .values(consumed_at=now)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(claimed, CursorResult) or claimed.rowcount != 1:
        raise Conflict("This request was answered meanwhile. Go back to the app.")


def _bound_key(hub: Hub, call: Call, facts: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 9449 10.1: a proof sent along binds the code to its key; ``dpop_jkt``, if there, must mean the same."""
    if not call.proofs:
        return {}
    jkt = binding.proof_of(hub, call).jkt
    if facts.get("dpop_jkt", jkt) != jkt:
        raise InvalidDpopProof("dpop_jkt and the DPoP proof name different keys.")
    return {"dpop_jkt": jkt}
