"""A signed authentication request of the backchannel (CIBA Core 1.0 7.1.1, FAPI-CIBA ID1 5.2.2).

Whether it has been used before is not decided here: burn its jti (hub.oauth.jose.replay) until ``expires_at``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.oauth.jose import request_object, times
from hub.oauth.jose.assertion import MAX_JTI_LENGTH
from hub.oauth.jose.public_key import PublicKey
from hub.oauth.jose.read import BadJwt, Unverified, verify

_MAX_AUDIENCES = 10
_OF_THE_JWT = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub", "client_id"})


@dataclass(frozen=True, slots=True)
class AuthenticationRequest:
    """``parameters`` as a form would have carried them: see request_object.as_in_a_form."""

    parameters: dict[str, str | list[str]] = field(repr=False)
    jti: str
    expires_at: datetime


def read_authentication_request(
    unverified: Unverified,
    *,
    client_id: str,
    keys: Iterable[PublicKey],
    issuer: str,
    now: datetime,
    algorithms: Sequence[str],
) -> AuthenticationRequest:
    """Verify a request of this client: aud, iss, exp, iat, nbf and jti are all required. Raises BadJwt.

    exp is at most an hour after nbf, and nbf at most an hour ago (FAPI-CIBA ID1 5.2.2), for every client.
    """
    claims = verify(unverified, keys, algorithms=algorithms)
    if unverified.typ not in request_object.TYPES:
        raise BadJwt("The typ of a signed request is oauth-authz-req+jwt or JWT, or left out.")
    if claims.get("iss") != client_id or claims.get("client_id", client_id) != client_id:
        raise BadJwt("The iss of a signed request is the client_id of the client that signs it.")
    if claims.get("sub") == client_id:
        raise BadJwt("A signed request whose sub is the client_id could be taken for a client assertion.")
    aud = claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    if len(named) > _MAX_AUDIENCES or issuer not in named:
        raise BadJwt(f'The aud of a signed request is, or contains, "{issuer}".')
    times.required(claims, "iat")
    request_object.check_times(claims, now, strict=True)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_LENGTH:
        raise BadJwt(f"A signed request needs a jti of at most {MAX_JTI_LENGTH} characters, another one each time.")
    given = {name: value for name, value in claims.items() if name not in _OF_THE_JWT and value is not None}
    return AuthenticationRequest(
        parameters={name: request_object.as_in_a_form(name, value) for name, value in given.items()},
        jti=jti,
        expires_at=times.moment(times.required(claims, "exp")),
    )
