"""A client's assertion of who it is: private_key_jwt (RFC 7523 3, OpenID Connect Core 9, FAPI 2.0 5.3.2.1).

Whether it has been used before is not decided here: burn its jti (hub.oauth.jose.replay) until ``expires_at``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.oauth.jose import times
from hub.oauth.jose.algorithms import FAPI_ALGORITHMS
from hub.oauth.jose.public_key import PublicKey
from hub.oauth.jose.read import BadJwt, Unverified, parse, verify

MAX_LENGTH = 8192
MAX_LIFETIME_S = 3600
"""How far ahead exp may be, by a clock that may itself run ahead. Many libraries sign for an hour; more than an hour
would only lengthen what a stolen assertion is worth and what the replay store has to hold."""
MAX_JTI_LENGTH = 256
_MAX_AUDIENCES = 10
TYPES = frozenset({None, "jwt", "client-authentication+jwt"})


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified client assertion. Its ``jti`` must be burnt until ``expires_at``."""

    client_id: str
    jti: str
    expires_at: datetime


def parse_assertion(token: str) -> Unverified:
    """Take an assertion apart without believing it: to know whose keys to look for, and which. Raises BadJwt."""
    return parse(token, max_length=MAX_LENGTH)


def peek_client_id(token: str | Unverified) -> str:
    """Who the assertion says it is from; to be looked up, not believed. Raises BadJwt."""
    unverified = parse_assertion(token) if isinstance(token, str) else token
    sub = unverified.claims.get("sub")
    if not isinstance(sub, str) or not sub or not sub.isprintable():  # PostgreSQL does not even look for a NUL
        raise BadJwt("The sub of a client assertion is the client_id.")
    return sub


def read_assertion(
    token: str | Unverified,
    *,
    issuer: str,
    client_id: str,
    keys: Iterable[PublicKey],
    now: datetime,
    algorithms: Sequence[str] = FAPI_ALGORITHMS,
    audiences: frozenset[str] | None = None,
) -> Assertion:
    """Verify an assertion of this client. Raises BadJwt.

    ``audiences`` None is FAPI's rule: aud is the issuer as a string and nothing else. Otherwise aud may be any of
    these, alone or in an array, as OpenID Connect Core 9 and CIBA 7.1 have it.
    """
    unverified = parse_assertion(token) if isinstance(token, str) else token
    claims = verify(unverified, keys, algorithms=algorithms)
    if unverified.typ not in TYPES:
        raise BadJwt("The typ of a client assertion is JWT or client-authentication+jwt, or left out.")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise BadJwt("The iss and the sub of a client assertion are both the client_id.")
    _check_audience(claims.get("aud"), issuer, audiences)
    return Assertion(client_id, _jti(claims), _expiry(claims, now))


def _check_audience(aud: Any, issuer: str, audiences: frozenset[str] | None) -> None:
    if audiences is None:
        if aud != issuer:
            raise BadJwt(f"The aud of a client assertion is the issuer as a string, {issuer} and nothing else.")
        return
    named = aud if isinstance(aud, list) else [aud]
    if len(named) > _MAX_AUDIENCES or not all(isinstance(name, str) for name in named) or audiences.isdisjoint(named):
        raise BadJwt(f"The aud of a client assertion is, or contains, the issuer {issuer}.")


def _jti(claims: dict[str, Any]) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_LENGTH:
        raise BadJwt(f"A client assertion needs a jti of at most {MAX_JTI_LENGTH} characters, another one each time.")
    return jti


def _expiry(claims: dict[str, Any], now: datetime) -> datetime:
    expires_s = times.required(claims, "exp")
    times.check_not_over(claims, now)
    times.check_begun(claims, now)
    if expires_s > now.timestamp() + MAX_LIFETIME_S + times.FUTURE_S:
        raise BadJwt(f"The exp of a client assertion is at most {MAX_LIFETIME_S} s ahead. {times.clock_says(now)}")
    return times.moment(expires_s)
