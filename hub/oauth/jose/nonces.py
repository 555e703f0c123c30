"""Nonces that the server gives out for DPoP proofs (RFC 9449 8), without remembering any of them.

A nonce is a keyed hash of the time window it was made in. Every hub process with the same key makes and knows the same
ones. It proves that a proof was made lately, which is all that it has to prove; proofs are kept apart by their jti.
"""

import base64
import hashlib
import hmac
from datetime import datetime

WINDOW_S = 150
_AHEAD_S = 10  # another host of this hub may already be in the next window


class Nonces:
    """``key`` is secret: 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def current(self, now: datetime) -> str:
        """22 characters; accepted for at least ``WINDOW_S`` and less than twice as long."""
        return self._of(now.timestamp())

    def accepts(self, nonce: str, now: datetime) -> bool:
        at = now.timestamp()
        given = nonce.encode()
        matches = [hmac.compare_digest(given, self._of(at + shift).encode()) for shift in (-WINDOW_S, 0, _AHEAD_S)]
        return any(matches)

    def _of(self, at_s: float) -> str:
        made = hmac.digest(self._key, b"dpop-nonce:%d" % (at_s // WINDOW_S), hashlib.sha256)
        return base64.urlsafe_b64encode(made[:16]).rstrip(b"=").decode()
