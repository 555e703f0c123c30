"""A signed authorization request (RFC 9101, OpenID Connect Core 6, FAPI 2.0 Message Signing 5.3.1)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from hub.oauth.jose import times
from hub.oauth.jose.algorithms import FAPI_ALGORITHMS
from hub.oauth.jose.public_key import PublicKey
from hub.oauth.jose.read import BadJwt, Unverified, parse, verify

MAX_LENGTH = 64 * 1024
MAX_AGE_S = 3600  # FAPI 2.0 Message Signing 5.3.1 (5): since nbf
MAX_LIFETIME_S = 3600  # 5.3.1 (6): from nbf to exp
TYPES = frozenset({None, "jwt", "oauth-authz-req+jwt"})
_OF_THE_JWT = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "sub"})
_MAX_AUDIENCES = 10


def parse_request_object(token: str) -> Unverified:
    """Take a request object apart without believing it: to know which key to look for. Raises BadJwt."""
    return parse(token, max_length=MAX_LENGTH)


def read_request_object(
    token: str | Unverified,
    *,
    client_id: str,
    keys: Iterable[PublicKey],
    issuer: str,
    now: datetime,
    algorithms: Sequence[str] = FAPI_ALGORITHMS,
    strict: bool,
) -> dict[str, str | list[str]]:
    """The parameters, as a form would have carried them. Raises BadJwt.

    ``strict`` is FAPI's rule, where iss, aud, nbf, exp and client_id are all required; else each is checked if present.
    Values become text: numbers and booleans as JSON writes them, objects and arrays (claims, authorization_details) as
    JSON text, except that ``resource`` may be a list of strings, for a form may repeat it (RFC 8707 2). What is null is
    left out.
    """
    unverified = parse_request_object(token) if isinstance(token, str) else token
    claims = verify(unverified, keys, algorithms=algorithms)
    if unverified.typ not in TYPES:
        raise BadJwt("The typ of a request object is oauth-authz-req+jwt or JWT, or left out.")
    _check_parties(claims, client_id, issuer, strict=strict)
    check_times(claims, now, strict=strict)
    for name in ("request", "request_uri"):
        if name in claims:
            raise BadJwt(f"A request object holds no {name} of its own.")  # RFC 9101 4
    parameters = {name: value for name, value in claims.items() if name not in _OF_THE_JWT and value is not None}
    return {name: as_in_a_form(name, value) for name, value in parameters.items()}


def _check_parties(claims: dict[str, Any], client_id: str, issuer: str, *, strict: bool) -> None:
    for name in ("iss", "client_id"):
        if claims.get(name) != client_id and (strict or name in claims):
            raise BadJwt(f"The {name} of a request object is the client_id of the client that signs it.")
    if claims.get("sub") == client_id:
        raise BadJwt("A request object whose sub is the client_id could be taken for a client assertion.")  # 9101 10.8
    aud = claims.get("aud")
    named = aud if isinstance(aud, list) else [aud]
    if (strict or "aud" in claims) and (len(named) > _MAX_AUDIENCES or issuer not in named):
        raise BadJwt(f"The aud of a request object is, or contains, the issuer {issuer}.")


def check_times(claims: dict[str, Any], now: datetime, *, strict: bool) -> None:
    """``strict``: see read_request_object. Raises BadJwt."""
    times.check_begun(claims, now)
    times.check_not_over(claims, now)
    if not strict:
        return
    begins_s, ends_s = times.required(claims, "nbf"), times.required(claims, "exp")
    if begins_s < now.timestamp() - MAX_AGE_S:
        raise BadJwt(f"The nbf of a request object is at most {MAX_AGE_S} s ago. {times.clock_says(now)}")
    if ends_s > begins_s + MAX_LIFETIME_S:
        raise BadJwt(f"The exp of a request object is at most {MAX_LIFETIME_S} s after its nbf.")


def as_in_a_form(name: str, value: Any) -> str | list[str]:
    """See read_request_object. Raises BadJwt."""
    texts = [name, *(item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))]
    # As of a form (hub.oauth.parameters); and PostgreSQL cannot keep a NUL. CIBA 13 has an error of its own for one.
    if name != "binding_message" and not all(map(str.isprintable, texts)):
        raise BadJwt("A parameter holds a character that is not printable.")
    if isinstance(value, str):
        return value
    if name == "resource" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    return orjson.dumps(value).decode()
