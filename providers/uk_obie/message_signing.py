"""Signatures of request bodies: ``x-jws-signature`` (Read/Write API profile, "Message Signing")."""

from datetime import datetime

from providers.signing.detached_jws import detached
from providers.signing.seal import Seal
from providers.uk_obie.settings import Signing

HEADER = "x-jws-signature"
_CLAIMS = "http://openbanking.org.uk/"


def signature_of(body: bytes, seal: Seal, signing: Signing, *, now: datetime) -> str:
    """The header's value for ``body``."""
    claims: dict[str, object] = {
        f"{_CLAIMS}iat": int(now.timestamp()),
        f"{_CLAIMS}iss": signing.iss,
        f"{_CLAIMS}tan": signing.tan,
    }
    kid = {} if signing.kid is None else {"kid": signing.kid}
    header = {"typ": "JOSE", "cty": "application/json", **kid, **claims, "crit": list(claims)}
    return detached(body, seal, header, is_encoded=signing.b64)
