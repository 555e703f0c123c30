"""Is this ID token the bank's word on this very attempt? OpenID Connect Core 3.1.3.7, FAPI 1.0 Advanced 5.2.3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from joserfc.util import urlsafe_b64encode

from providers.fapi import claims as rules
from providers.fapi.keys import signed_claims


@dataclass(frozen=True, slots=True)
class Expected:
    """What this attempt's token must say. ``access_token`` binds the token beside it, where at_hash is given;
    ``exactly`` are claims of the ecosystem's own (the id of the bank consent) and their only good values."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    exactly: Mapping[str, str] = field(default_factory=dict)


def check(unverified_token: str, jwks: bytes, expected: Expected, *, now: datetime) -> dict[str, object]:
    """The claims, if every rule holds; ContractBroken names the first that does not."""
    claims = signed_claims(unverified_token, jwks, what="ID token")
    rules.check("ID token", _rules(claims, expected, now.timestamp()))
    return claims


def _rules(claims: Mapping[str, object], expected: Expected, now_s: float) -> dict[str, bool]:
    audiences = rules.audiences(claims)
    at_hash = claims.get("at_hash")
    return {
        "iss": claims.get("iss") == expected.issuer,
        "aud": expected.client_id in audiences,
        "azp": claims.get("azp", expected.client_id) == expected.client_id and (len(audiences) == 1 or "azp" in claims),
        "nonce": rules.same(claims.get("nonce"), expected.nonce),
        "exp": rules.is_running(claims, now_s),
        "iat": rules.was_issued(claims, now_s),
        **{name: rules.same(claims.get(name), value) for name, value in expected.exactly.items()},
        "at_hash": at_hash is None or rules.same(at_hash, half_hash(expected.access_token)),
    }


def half_hash(value: str) -> str:
    """OpenID Connect Core 3.1.3.6; both of our algorithms hash with SHA-256."""
    return urlsafe_b64encode(sha256(value.encode()).digest()[:16]).decode()
