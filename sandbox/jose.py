"""PS256 JSON Web Tokens: the bank signs its own, and reads those of the TPP (FAPI 1 Advanced 8.6)."""

import base64
import hashlib
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

ALGORITHM = "PS256"


class BankKey:
    """The bank's signing key, made anew at every start."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": ALGORITHM, "kid": self._key.kid}, claims, self._key, algorithms=[ALGORITHM])

    def public_jwks(self) -> dict[str, Any]:
        return {"keys": [self._key.as_dict(private=False)]}


def half_hash(value: str) -> str:
    """c_hash, s_hash, at_hash: left half of SHA-256, base64url (OpenID Connect Core 3.3.2.11, FAPI 1 5.1)."""
    return base64url(hashlib.sha256(value.encode()).digest()[:16])


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def has_audience(claims: dict[str, Any], *accepted: str) -> bool:
    """RFC 7519 4.1.3: ``aud`` is one string or a list of them."""
    audience = claims.get("aud")
    values = audience if isinstance(audience, list) else [audience]
    return any(value in accepted for value in values)
