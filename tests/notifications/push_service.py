"""A browser and its push service, on a real socket: opens what the hub sealed as RFC 8291 has it, by its own code."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.notifications.push.subscriptions import Address
from tests.outbound.server import Answer, Site, serving


def base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Device:
    """One browser: what it gives to the hub, and what it saw."""

    site: Site
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes it"

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def address(self) -> Address:
        return Address(self.site.url, base64url(self.public), base64url(self.auth))

    @property
    def seen(self) -> list[Any]:
        return [orjson.loads(self.opened(one.body)) for one in self.site.asked]

    def opened(self, body: bytes) -> bytes:
        """RFC 8188 2.1 and RFC 8291 3.4, with HMAC alone."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        first = _hmac(self.auth, self.key.exchange(ec.ECDH(), point))
        shared = _hmac(first, b"WebPush: info\0" + self.public + theirs + b"\x01")
        drawn = _hmac(salt, shared)
        key = _hmac(drawn, b"Content-Encoding: aes128gcm\0\x01")[:16]
        nonce = _hmac(drawn, b"Content-Encoding: nonce\0\x01")[:12]
        padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert padded[-1] == 2
        return padded[:-1]


@contextmanager
def device(status: int = 201) -> Iterator[Device]:
    with serving(Answer(status, b"", {})) as site:
        yield Device(site)


def _hmac(key: bytes, message: bytes) -> bytes:
    made = HMAC(key, SHA256())
    made.update(message)
    return made.finalize()
