"""Message Encryption for Web Push (RFC 8291) with aes128gcm (RFC 8188): the push service carries what only the browser
can open. One record always: a notification is short.
"""

import os
from base64 import urlsafe_b64decode
from binascii import Error as BadBase64
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES = 4096
"""What every push service takes (RFC 8030 7.2)."""
MOST_BYTES = RECORD_BYTES - 86 - 16 - 1
"""Of the plaintext: less header, tag and delimiter."""
_AUTH_BYTES, _SALT_BYTES = 16, 16


class BadKey(ValueError):
    """Not what a browser gives: a P-256 point, or 16 bytes to authenticate with."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """The browser's side: ``public`` is its P-256 key, ``auth`` the secret that it shares with us alone."""

    public: ec.EllipticCurvePublicKey
    auth: bytes = field(repr=False)


def receiver(p256dh: str, auth: str) -> Receiver:
    """From base64url as PushSubscription.getKey() gives them. Raises BadKey."""
    try:
        point, secret = unbase64url(p256dh), unbase64url(auth)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (ValueError, BadBase64, UnsupportedAlgorithm) as error:
        raise BadKey("a key is no P-256 point in base64url") from error
    if len(secret) != _AUTH_BYTES:
        raise BadKey("the authentication secret has sixteen bytes")
    return Receiver(public, secret)


def seal(
    plain: bytes, to: Receiver, *, key: ec.EllipticCurvePrivateKey | None = None, salt: bytes | None = None
) -> bytes:
    """The body of the message. ``key`` and ``salt`` are fresh for each and given by tests only. Raises ValueError for
    more than MOST_BYTES."""
    if len(plain) > MOST_BYTES:
        raise ValueError(f"a notification has {MOST_BYTES} bytes at most")
    key = key or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(_SALT_BYTES)
    ours, theirs = encoded(key.public_key()), encoded(to.public)
    shared = _derived(key.exchange(ec.ECDH(), to.public), to.auth, b"WebPush: info\0" + theirs + ours, 32)
    content_key = _derived(shared, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(shared, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return header + AESGCM(content_key).encrypt(nonce, plain + b"\x02", None)  # 2: the last record (RFC 8188 2)


def encoded(public: ec.EllipticCurvePublicKey) -> bytes:
    """The 65 bytes of an uncompressed point."""
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def unbase64url(text: str) -> bytes:
    """With or without padding. Raises ValueError."""
    if not text.isascii():
        raise ValueError("no base64url")
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
