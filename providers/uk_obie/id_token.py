"""Is this ID token the bank's word on this very attempt? OpenID Connect Core 3.1.3.7, FAPI 1.0 Advanced 5.2.3."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from joserfc.util import urlsafe_b64encode

from providers import text
from providers.errors import ContractBroken

ALGORITHMS = ("PS256", "ES256")  # FAPI 1.0 Advanced 8.6: never RS256, never none
CLOCK_SKEW_S = 30


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What this attempt's token must say. ``access_token`` binds the token beside it, where at_hash is given."""

    issuer: str
    client_id: str
    nonce: str
    intent_id: str
    access_token: str


def check(unverified_token: str, jwks: bytes, expected: Expected, *, now: datetime) -> None:
    """Returns if every rule holds; ContractBroken names the first that does not."""
    try:
        found = jwt.decode(unverified_token, _signing_keys(jwks), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, RecursionError) as error:  # ValueError: not base64, not UTF-8, no such key
        raise ContractBroken(f"ID token: {type(error).__name__}") from None
    claims = found.claims
    for rule, holds in _rules(claims, expected, now.timestamp()).items():
        if not holds:
            raise ContractBroken(f"ID token: {rule} is not of this attempt")


def _rules(claims: Mapping[str, object], expected: Expected, now_s: float) -> dict[str, bool]:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expires, issued = claims.get("exp"), claims.get("iat")
    at_hash = claims.get("at_hash")
    return {
        "iss": claims.get("iss") == expected.issuer,
        "aud": expected.client_id in audiences,
        "azp": claims.get("azp", expected.client_id) == expected.client_id and (len(audiences) == 1 or "azp" in claims),
        "nonce": _same(claims.get("nonce"), expected.nonce),
        "exp": _is_number(expires) and now_s < float(str(expires)) + CLOCK_SKEW_S,
        "iat": issued is None or (_is_number(issued) and float(str(issued)) <= now_s + CLOCK_SKEW_S),
        "openbanking_intent_id": _same(claims.get("openbanking_intent_id"), expected.intent_id),
        "at_hash": at_hash is None or _same(at_hash, _half_hash(expected.access_token)),
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: object, expected: str) -> bool:
    return isinstance(value, str) and text.same(value, expected)


def _half_hash(value: str) -> str:
    """OpenID Connect Core 3.1.3.6; both of our algorithms hash with SHA-256."""
    return urlsafe_b64encode(sha256(value.encode()).digest()[:16]).decode()


def _signing_keys(jwks: bytes) -> KeySet:
    """The bank's RSA and EC signature keys. A symmetric or broken key in the set is no key of ours."""
    try:
        listed = msgspec.json.decode(jwks, type=_Jwks).keys
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ContractBroken("the bank's JWKS is not a JWKS", raw=jwks) from None
    keys: list[Key] = []
    for one in listed:
        public: dict[str, str | list[str]] = {name: value for name, value in one.items() if isinstance(value, str)}
        if public.get("use", "sig") != "sig":
            continue
        try:
            if public.get("kty") == "RSA":
                keys.append(RSAKey.import_key(public))
            elif public.get("kty") == "EC":
                keys.append(ECKey.import_key(public))
        except (JoseError, ValueError, KeyError):
            continue
    if not keys:
        raise ContractBroken("the bank's JWKS holds no usable key", raw=jwks)
    return KeySet(keys)
