"""What the hub signs for a client and that client alone: ID tokens, userinfo answers, logout tokens.

The algorithm is the one the client registered for this use, the usual one if it registered none; a profile that does
not allow it gets nothing signed rather than something weaker (FAPI 2.0 5.4.1). ``none`` is in no profile.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from hub import keys
from hub.context import Hub
from hub.models.client import Client
from hub.oauth.errors import OAuthRefusal
from hub.oauth.policy import Profile, policy_of

USUAL = "ES256"
STANDARD = "RS256"  # what OpenID Connect, JARM 3 and RFC 9701 6 mean where a sign-in client registered nothing
MAX_LENGTH = 8192


class NotSignable(OAuthRefusal):
    """The client is registered for an algorithm that its profile does not allow."""

    error = "invalid_client_metadata"  # RFC 7591 3.2.2
    description = "The client is registered for a signing algorithm that its profile does not allow."


class NotOurs(Exception):
    """Not a JWT that we signed. What is wrong with it is nobody's business."""


def algorithm(client: Client, registered: object = None) -> str:
    """``registered`` is the metadata's value for this use. Raises NotSignable."""
    chosen = registered or (STANDARD if client.profile == Profile.OIDC else USUAL)
    if chosen not in policy_of(client).algorithms:
        raise NotSignable()
    return str(chosen)


def sign(hub: Hub, claims: Mapping[str, Any], *, alg: str, typ: str) -> str:
    """A compact JWS. Must not be called inside a transaction: the first need of an algorithm makes its key."""
    key = hub.keys.signing(keys.AS, alg)
    header = {"alg": alg, "kid": key.kid, "typ": typ}
    return jws.serialize_compact(header, orjson.dumps(claims), key, algorithms=[alg])


def read_own(hub: Hub, token: str, *, typ: str) -> dict[str, Any]:
    """The claims of a JWT that we signed with a key that still counts, whatever its times say. Raises NotOurs."""
    if len(token) > MAX_LENGTH or not token.isascii():
        raise NotOurs("not one of ours")
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = hub.keys.verifying(keys.AS, str(header.get("kid")))
        if key is None or header != {"alg": key.alg, "kid": key.kid, "typ": typ}:
            raise NotOurs("not one of ours")
        claims = orjson.loads(jws.deserialize_compact(token, key, algorithms=[str(key.alg)]).payload)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotOurs("not one of ours") from error
    if not isinstance(claims, dict) or claims.get("iss") != hub.settings.base_url:
        raise NotOurs("not one of ours")
    return claims
