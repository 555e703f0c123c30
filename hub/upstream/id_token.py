"""Is this ID token the provider's word on this very attempt? OpenID Connect Core 3.1.3.7, RFC 8725."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc.util import urlsafe_b64encode

from hub.oauth.jose import read
from hub.oauth.jose.read import BadJwt, Unverified

MAX_LENGTH = 16_384
SKEW = timedelta(seconds=30)
OLDEST = timedelta(minutes=10)
SUBJECT_CHARACTERS = 255  # OpenID Connect Core 2


@dataclass(frozen=True, slots=True)
class Expected:
    """What this attempt's token must say.

    ``proved_since``: the person must have proved who they are no earlier than this. ``acr_values``: one of these, or
    anything where it is empty.
    """

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    proved_since: datetime
    acr_values: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Believed:
    subject: str
    auth_time: datetime


class Unbelievable(Exception):
    """``rule`` is the claim that is not of this attempt, in one word."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def parse(unverified_token: str) -> Unverified:
    """Raises Unbelievable."""
    try:
        return read.parse(unverified_token, max_length=MAX_LENGTH)
    except BadJwt as error:
        raise Unbelievable(error.why) from None


def check(claims: Mapping[str, Any], alg: str, expected: Expected, *, now: datetime) -> Believed:
    """``claims`` of a token whose signature was verified, under ``alg``. Raises Unbelievable for the first broken rule.

    auth_time is required: we always ask with max_age (Core 3.1.2.1), and without it a login of last week would look
    like one of today.
    """
    auth_time = _moment(claims.get("auth_time"))
    for rule, holds in _rules(claims, alg, expected, auth_time, now).items():
        if not holds:
            raise Unbelievable(rule)
    assert auth_time is not None  # noqa: S101  # a rule
    return Believed(str(claims["sub"]), auth_time)


def _rules(
    claims: Mapping[str, Any], alg: str, expected: Expected, auth_time: datetime | None, now: datetime
) -> Mapping[str, bool]:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    expires, issued = _moment(claims.get("exp")), _moment(claims.get("iat"))
    subject, at_hash, acr = claims.get("sub"), claims.get("at_hash"), claims.get("acr")
    return {
        "iss": claims.get("iss") == expected.issuer,
        # One audience, ours: another party that is named beside us could replay the token here.
        "aud": audiences == [expected.client_id],
        "azp": claims.get("azp", expected.client_id) == expected.client_id,
        "nonce": _same(claims.get("nonce"), expected.nonce),
        "exp": expires is not None and now < expires + SKEW,
        "iat": issued is not None and now - OLDEST - SKEW <= issued <= now + SKEW,
        "sub": isinstance(subject, str)
        and 1 <= len(subject) <= SUBJECT_CHARACTERS
        and subject.isascii()
        and subject.isprintable(),
        "at_hash": at_hash is None or _same(at_hash, half_hash(alg, expected.access_token)),
        "auth_time": auth_time is not None and expected.proved_since - SKEW <= auth_time <= now + SKEW,
        "acr": not expected.acr_values or acr in expected.acr_values,
    }


def half_hash(alg: str, value: str) -> str:
    """OpenID Connect Core 3.1.3.6: the left half of the hash that the signature uses; Ed25519 uses SHA-512."""
    digest = hashlib.sha512 if alg.startswith("Ed") else hashlib.sha256
    full = digest(value.encode()).digest()
    return urlsafe_b64encode(full[: len(full) // 2]).decode()


def _moment(value: object) -> datetime | None:
    """A NumericDate, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _same(value: object, expected: str) -> bool:
    return isinstance(value, str) and hmac.compare_digest(value.encode("utf-8", "replace"), expected.encode())
