"""Is this ID token the bank's word on this very attempt? OpenID Connect Core 3.1.3.7 and 3.3.2.12, FAPI 1.0 Advanced
5.2.2.1 and 5.2.3.

A bank's tokens may be weaker than that. Each weakness has a name, and none is accepted unless an operator wrote the
name into the bank's file (``Leniency``):

    no_nonce       nonce is missing. A nonce that is there must be ours
    stale_nonce    nonce is that of an earlier attempt: it is not looked at
    milliseconds   exp and iat count milliseconds
    no_c_hash      the ID token beside a code does not bind the code
    no_s_hash      nor the state
    issuer_slash   iss has a slash at its end where the bank's published issuer has none, or the other way about
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal

from joserfc.util import urlsafe_b64encode

from providers.fapi import claims as rules
from providers.fapi.keys import signed_claims

Leniency = Literal["no_nonce", "stale_nonce", "milliseconds", "no_c_hash", "no_s_hash", "issuer_slash"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What this attempt's token must say.

    ``access_token`` stands beside a token from the token endpoint, and binds where at_hash is given; ``code`` and
    ``state`` stand beside one in the browser's answer, where FAPI wants both bound. ``subject`` is the first token's
    sub, for the second one (Core 3.3.3.6). ``exactly`` are claims of the ecosystem's own (the id of the bank consent)
    and their only good values; those in ``if_there`` may be missing.
    """

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None = None
    exactly: Mapping[str, str] = field(default_factory=dict)
    if_there: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    state: str | None = None
    subject: object = None


def check(
    unverified_token: str,
    jwks: bytes,
    expected: Expected,
    *,
    now: datetime,
    leniencies: Collection[str] = (),
) -> dict[str, object]:
    """The claims, if every rule holds; ContractBroken names the first that does not."""
    claims = signed_claims(unverified_token, jwks, what="ID token")
    rules.check("ID token", _rules(claims, expected, now.timestamp(), frozenset(leniencies)))
    return claims


def _rules(claims: Mapping[str, object], expected: Expected, now_s: float, lenient: frozenset[str]) -> dict[str, bool]:
    audiences = rules.audiences(claims)
    millis = "milliseconds" in lenient

    def binds(name: str, value: str | None, *, may_lack: bool) -> bool:
        if value is None or (may_lack and claims.get(name) is None):
            return True
        return rules.same(claims.get(name), half_hash(value))

    return {
        "iss": _is_issuer(claims.get("iss"), expected.issuer, slash="issuer_slash" in lenient),
        "aud": expected.client_id in audiences,
        "azp": claims.get("azp", expected.client_id) == expected.client_id and (len(audiences) == 1 or "azp" in claims),
        "nonce": "stale_nonce" in lenient
        or ("no_nonce" in lenient and claims.get("nonce") is None)
        or rules.same(claims.get("nonce"), expected.nonce),
        "exp": rules.is_running(claims, now_s, milliseconds=millis),
        "iat": rules.was_issued(claims, now_s, milliseconds=millis),
        **{name: rules.same(claims.get(name), value) for name, value in expected.exactly.items()},
        **{
            name: claims.get(name) is None or rules.same(claims.get(name), value)
            for name, value in expected.if_there.items()
        },
        "at_hash": binds("at_hash", expected.access_token, may_lack=True),
        "c_hash": binds("c_hash", expected.code, may_lack="no_c_hash" in lenient),
        "s_hash": binds("s_hash", expected.state, may_lack="no_s_hash" in lenient),
        "sub": expected.subject is None or claims.get("sub") == expected.subject,
    }


def _is_issuer(value: object, expected: str, *, slash: bool) -> bool:
    return value == expected or (slash and isinstance(value, str) and value.rstrip("/") == expected.rstrip("/"))


def half_hash(value: str) -> str:
    """OpenID Connect Core 3.1.3.6; both of our algorithms hash with SHA-256."""
    return urlsafe_b64encode(sha256(value.encode()).digest()[:16]).decode()
