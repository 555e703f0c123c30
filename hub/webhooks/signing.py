"""Signatures of Standard Webhooks 1.0: ``v1`` by HMAC-SHA256 with a shared secret, ``v1a`` by Ed25519.

Secrets are shown as ``whsec_`` (24 to 64 bytes) and ``whsk_``, public keys as ``whpk_``, each with base64 behind it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HMAC, ED25519 = "v1", "v1a"
SCHEMES = (HMAC, ED25519)


def new_secret(scheme: str) -> bytes:
    """32 random bytes; for ``v1a`` they are the private key."""
    if scheme not in SCHEMES:
        raise ValueError("no such scheme")
    return secrets.token_bytes(32)


def shown(scheme: str, secret: bytes) -> str:
    """What the developer puts into their receiver: the secret, or the public key."""
    if scheme == HMAC:
        return "whsec_" + base64.b64encode(secret).decode()
    return (
        "whpk_"
        + base64.b64encode(Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()).decode()
    )


def headers(scheme: str, keys: Iterable[bytes], *, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """``webhook-id``, ``webhook-timestamp``, ``webhook-signature``: one signature a key, the present one first."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"{scheme},{_sign(scheme, key, signed)}" for key in keys),
    }


def _sign(scheme: str, key: bytes, signed: bytes) -> str:
    if scheme == HMAC:
        return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(key).sign(signed)).decode()
