"""How a client proves who it is at the token, revocation and introspection endpoints: one table of methods.

Exactly one method may be used in a request (RFC 6749 2.3), it must be the one the client is registered with, and every
failure looks the same, so that nobody learns which client ids exist.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from hub.hashing import secret_hash
from hub.models.client import Client
from hub.oauth.request import Request

BASIC = "client_secret_basic"
POST = "client_secret_post"
NONE = "none"

_NOBODY = secret_hash("nobody holds this")


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request claims: a client id and, where the method has one, its proof."""

    client_id: str
    secret: str | None = field(default=None, repr=False)


def _basic(request: Request) -> Presented | None:
    """RFC 6749 2.3.1: id and secret are form-urlencoded first, then joined and base64 encoded."""
    if request.authorization is None:
        return None
    scheme, _, encoded = request.authorization.partition(" ")
    try:
        if scheme.lower() != "basic":
            raise ValueError("another scheme is no client authentication")
        plain = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (ValueError, binascii.Error) as error:
        raise failed() from error
    client_id, colon, secret = plain.partition(":")
    if not colon or not secret or not plain.isprintable():
        raise failed()
    return Presented(unquote_plus(client_id), unquote_plus(secret))


def _post(request: Request) -> Presented | None:
    secret = request.form.get("client_secret")
    return None if secret is None else Presented(request.form.get("client_id", ""), secret)


def _none(request: Request) -> Presented | None:
    """A public client only says who it is; PKCE and the rotation of its refresh tokens stand in for the proof."""
    if request.authorization is not None or "client_secret" in request.form or "client_assertion" in request.form:
        return None
    client_id = request.form.get("client_id")
    return None if client_id is None else Presented(client_id)


METHODS: Mapping[str, Callable[[Request], Presented | None]] = MappingProxyType(
    {BASIC: _basic, POST: _post, NONE: _none}
)
"""Name as registered (RFC 7591 2) -> what the request presents by it. private_key_jwt and mTLS are further lines."""


def authenticate(request: Request, find: Callable[[str], Client | None], methods: frozenset[str]) -> Client:
    """The client that made the request.

    ``methods`` are those the endpoint accepts. Raises InvalidClientError (401), or InvalidRequestError where more than
    one method was used.
    """
    presented = {name: claim for name, read in METHODS.items() if (claim := read(request)) is not None}
    if len(presented) > 1:
        raise InvalidRequestError("Use one method of client authentication, not several.")
    if not presented:
        raise failed()
    ((method, claim),) = presented.items()
    if request.form.get("client_id", claim.client_id) != claim.client_id:
        raise failed()
    client = find(claim.client_id)
    if not _proven(claim, client) or client is None or client.token_endpoint_auth_method != method:
        raise failed()
    if method not in methods:
        raise failed()
    request.auth_method = method
    request.client = client
    return client


def _proven(claim: Presented, client: Client | None) -> bool:
    """The comparison is made in any case, and takes as long for an unknown client as for a known one."""
    if claim.secret is None:
        return True
    expected = _NOBODY if client is None or client.secret_hash is None else client.secret_hash
    return hmac.compare_digest(secret_hash(claim.secret), expected)


def failed() -> InvalidClientError:
    """One error for all reasons; always 401 with WWW-Authenticate, as RFC 6749 5.2 allows, so it tells nothing."""
    return InvalidClientError(status_code=401, description="The client could not be authenticated.")
