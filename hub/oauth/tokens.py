"""Make and read access tokens (RFC 9068), signed with ES256.

An access token is not stored. Its claims name the grant and the consent, which every use looks up again.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from hub import keys
from hub.context import Hub
from hub.ids import new_id
from hub.oauth import response_jwt, scopes
from hub.signing.lines import Key

ALGORITHM = "ES256"
ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})  # RFC 9068 4
AUTHORIZATION = "authorization_id"
"""The private claim that names our row of the grant. What the client calls its grant stands beside it as ``grant_id``
(Grant Management for OAuth 2.0), and nothing is looked up by that."""
EXCHANGED_FROM = "exchanged_from"
"""The private claim that names the tokens from which this one was exchanged, by jti."""
MAX_TOKEN_LENGTH = 8192
MAX_HEADER_LENGTH = 512
CLOCK_SKEW_S = 10  # FAPI 2.0 5.3.2.1 (13): hosts of one hub are at most this far apart


class BadToken(Exception):
    """Not a token of ours, or not one for this use, or over. Which of them is nobody's business."""


@dataclass(frozen=True, slots=True)
class Minted:
    """A fresh access token and what the token endpoint says about it."""

    value: str = field(repr=False)
    jti: str
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Claims:
    """A checked access token's claims. ``authorization_id`` (of our row of the grant) and ``consent_id`` are None where
    a client speaks for itself.

    ``actors`` are the client_ids of the services that act with an exchanged token, the present one first, and
    ``exchanged_from`` the jti of the tokens before it (hub.oauth.grants.token_exchange).

    ``cnf`` is empty for a bearer token. ``acr`` and ``auth_time_s`` tell of the login behind it.
    """

    jti: str
    client_id: str
    sub: str
    scopes: frozenset[str]
    authorization_id: str | None
    consent_id: str | None
    acr: str | None
    auth_time_s: int | None
    cnf: Mapping[str, str]
    audience: str
    issued_at_s: int
    expires_at_s: int
    actors: tuple[str, ...] = ()
    exchanged_from: tuple[str, ...] = ()


def mint_access_token(
    hub: Hub,
    *,
    client_id: str,
    sub: str,
    scope: str,
    now: datetime,
    audience: str | None = None,
    cnf: Mapping[str, str] | None = None,
    until: datetime | None = None,
    more: Mapping[str, Any] | None = None,
) -> Minted:
    """``audience``: whose API it opens, None for our own. ``cnf``: what it is bound to (RFC 7800), None for a bearer.

    ``until``: the consent's end, beyond which no token lasts. ``more``: further claims; what is None is left out.
    """
    issued_s = int(now.timestamp())
    expires_s = issued_s + hub.settings.access_token_ttl_s
    if until is not None:
        expires_s = min(expires_s, int(until.timestamp()))
    jti = new_id()
    claims = {
        "iss": hub.settings.base_url,
        "aud": audience or hub.settings.base_url,
        "sub": sub,
        "client_id": client_id,
        "iat": issued_s,
        "exp": expires_s,
        "jti": jti,
        "scope": scope,
        **({} if cnf is None else {"cnf": dict(cnf)}),
        **{name: value for name, value in (more or {}).items() if value is not None},
    }
    return Minted(response_jwt.sign(hub, claims, alg=ALGORITHM, typ="at+jwt"), jti, expires_s - issued_s)


def read_access_token(hub: Hub, token: str, now: datetime, *, for_us: bool = True) -> Claims:
    """Raises BadToken unless it is an access token that we signed, and valid at ``now``.

    ``for_us``: it must be for our own API; else whomever it is for (for introspection and revocation).

    The token's header only says which of our own keys it claims; what each of them signs with is fixed (RFC 8725 3.1).
    """
    # The header is read before the signature is checked, so it gets no room for mischief such as deep nesting.
    if len(token) > MAX_TOKEN_LENGTH or token.find(".") > MAX_HEADER_LENGTH or not token.isascii():
        raise BadToken("not a token of ours")
    seen = hashlib.sha256(token.encode()).digest()
    kid, claims = _verified.get(seen) or (_named(token), None)
    key = hub.keys.verifying(keys.AS, kid)
    if key is None or key.alg != ALGORITHM:
        raise BadToken("not by a key of ours, or by one that is gone")
    if claims is None:
        claims = _verify(token, key)
        if len(_verified) >= _VERIFIED_KEPT:
            _verified.clear()
        _verified[seen] = kid, claims
    checked = _checked(claims, issuer=hub.settings.base_url, now_s=now.timestamp())
    if for_us and checked.audience != hub.settings.base_url:
        raise BadToken("not for us")
    return checked


# A signature that held once holds always: a client's five minutes of requests cost one verification, not one each.
# Times, issuer, audience and whether the key still counts are looked at every time, and so is what may have been
# withdrawn since (hub.oauth.bearer).
_verified: dict[bytes, tuple[str, dict[str, Any]]] = {}
_VERIFIED_KEPT = 10_000


def _named(token: str) -> str:
    """The kid in the header, of a token that nobody has verified yet."""
    try:
        kid = orjson.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "=="))["kid"]
    except (ValueError, TypeError, KeyError) as error:
        raise BadToken("not a token of ours") from error
    if not isinstance(kid, str):
        raise BadToken("not a token of ours")
    return kid


def _verify(token: str, key: Key) -> dict[str, Any]:
    try:
        signed = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
        header, claims = signed.headers(), orjson.loads(signed.payload)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadToken("not a token of ours") from error
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower() not in ACCESS_TOKEN_TYPES or header.get("kid") != key.kid:
        raise BadToken("not an access token")
    if header.keys() != {"alg", "kid", "typ"}:  # what _sign writes; a crit or a key in here is none of ours
        raise BadToken("not an access token")
    if not isinstance(claims, dict):
        raise BadToken("not an access token")
    return claims


def _checked(claims: dict[str, Any], *, issuer: str, now_s: float) -> Claims:
    words = {name: claims.get(name) for name in ("jti", "client_id", "sub", "scope")}
    times = [claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)]
    if not all(isinstance(word, str) for word in words.values()) or not all(type(moment) is int for moment in times):
        raise BadToken("a claim is missing or of another type")
    issued_s, expires_s, not_before_s = times
    if claims.get("iss") != issuer or not isinstance(claims.get("aud"), str):
        raise BadToken("not ours")
    if now_s >= expires_s or max(issued_s, not_before_s) > now_s + CLOCK_SKEW_S:
        raise BadToken("not valid now")
    authorization_id, consent_id = claims.get(AUTHORIZATION), claims.get("consent_id")
    if (authorization_id is None) is not (consent_id is None):
        raise BadToken("half a person's yes")
    return Claims(
        jti=str(words["jti"]),
        client_id=str(words["client_id"]),
        sub=str(words["sub"]),
        scopes=scopes.parse(str(words["scope"])),
        authorization_id=authorization_id,
        consent_id=consent_id,
        acr=claims.get("acr"),
        auth_time_s=claims.get("auth_time"),
        cnf=claims.get("cnf", {}),
        audience=claims["aud"],
        issued_at_s=issued_s,
        expires_at_s=expires_s,
        actors=_actors(claims.get("act")),
        exchanged_from=tuple(claims.get(EXCHANGED_FROM, ())),
    )


def act_of(actors: Sequence[str]) -> dict[str, Any] | None:
    """The claim ``act`` (RFC 8693 4.1): the one that acts now outermost, those before it inside. None for none."""
    if not actors:
        return None
    before = act_of(actors[1:])
    return {"sub": actors[0]} | ({} if before is None else {"act": before})


def _actors(act: Any) -> tuple[str, ...]:
    """RFC 8693 4.1."""
    return () if act is None else (str(act["sub"]), *_actors(act.get("act")))
