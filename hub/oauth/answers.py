"""What goes back to the client through the browser: where to, with which members, and in which of the response modes.

Every answer names its issuer (RFC 9207), so that a client of several servers cannot be made to mix them up (RFC 9700
4.4). In the JWT modes (JARM) the members travel inside a signed token whose ``iss`` says it, and nowhere else; it is
encrypted for a client that registered for that.

``facts`` are a checked request's: client_id and redirect_uri, response_mode, and state if there was one. Never called
inside a transaction, since signing may have to make a key first, and encrypting to fetch one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749.errors import OAuth2Error

from hub.context import Hub
from hub.errors import BadInput
from hub.models.client import Client
from hub.oauth import encryption, redirects, response_jwt

QUERY, FORM_POST = "query", "form_post"
JWT_MODES = frozenset({"jwt", "query.jwt", "form_post.jwt"})
ANSWER_LIFE = timedelta(minutes=5)  # JARM 2.1 recommends at most ten


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the browser carries an answer: by a redirect to ``url``, or by posting ``fields`` to it (form_post)."""

    url: str
    fields: Mapping[str, str] | None = field(default=None, repr=False)


def success(hub: Hub, client: Client, facts: Mapping[str, Any], code: str, now: datetime) -> Delivery:
    """RFC 6749 4.1.2."""
    return _deliver(hub, client, facts, {"code": code}, now)


def refusal(hub: Hub, client: Client, facts: Mapping[str, Any], error: OAuth2Error, now: datetime) -> Delivery:
    """RFC 6749 4.1.2.1."""
    told = {"error": error.error, "error_description": error.get_error_description() or None}
    return _deliver(hub, client, facts, told, now)


def _deliver(
    hub: Hub, client: Client, facts: Mapping[str, Any], told: Mapping[str, str | None], now: datetime
) -> Delivery:
    members = {name: value for name, value in {**told, "state": facts.get("state")}.items() if value is not None}
    mode = facts.get("response_mode", QUERY)
    if mode in JWT_MODES:
        members = {"response": _signed(hub, client, members, now)}
    else:
        members["iss"] = hub.settings.base_url
    if mode.startswith(FORM_POST):
        return Delivery(facts["redirect_uri"], members)
    return Delivery(redirects.answer(facts["redirect_uri"], members))


def _signed(hub: Hub, client: Client, members: Mapping[str, str], now: datetime) -> str:
    """JARM 2.1, 2.2. Raises BadInput where the client wants it encrypted and has no key for that."""
    claims = {
        "iss": hub.settings.base_url,
        "aud": client.client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + ANSWER_LIFE).timestamp()),
        **members,
    }
    alg = response_jwt.algorithm(client, client.registration.get("authorization_signed_response_alg"))
    signed = response_jwt.sign(hub, claims, alg=alg, typ="JWT")
    wanted = client.registration.get("authorization_encrypted_response_alg")
    if wanted is None:
        return signed
    enc = client.registration.get("authorization_encrypted_response_enc")
    try:
        return encryption.encrypt(hub, client, signed, alg=wanted, enc=enc, signed=True)
    except encryption.NoEncryptionKey as error:
        raise BadInput("The app wants its answers encrypted, and no key of its own for that can be had.") from error
