"""Identifiers: UUIDv7 text, 36 characters (RFC 9562 5.7). Opaque to clients; ordered by time inside the database."""

import os
import secrets
import time
import uuid


def new_id() -> str:
    unix_ms = time.time_ns() // 1_000_000
    value = (unix_ms & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return str(uuid.UUID(int=value))


def new_secret() -> str:
    """256 bits from the operating system, 43 URL-safe characters: tokens, codes, session ids, client secrets."""
    return secrets.token_urlsafe(32)
