"""The signed authorisation request (RFC 9101, FAPI 1.0 Advanced 5.2.2)."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from providers.tpp import Tpp

REQUEST_OBJECT_TTL_S = 300


def signed(tpp: Tpp, parameters: Mapping[str, object], *, client_id: str, audience: str, now: datetime) -> str:
    """``parameters`` as a JWT for this bank alone, good for five minutes and once."""
    issued = int(now.timestamp())
    claims = {
        "iss": client_id,
        "aud": audience,
        "client_id": client_id,
        "iat": issued,
        "nbf": issued,
        "exp": issued + REQUEST_OBJECT_TTL_S,
        "jti": secrets.token_urlsafe(16),
    }
    return tpp.sign({**parameters, **claims}, typ="oauth-authz-req+jwt")
