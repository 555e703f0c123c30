"""Identifiers: UUIDv7 text, 36 characters (RFC 9562 5.7). Opaque to clients; ordered by time inside the database."""

import os
import secrets
import time
from datetime import UTC, datetime


def new_id() -> str:
    return new_ids(1)[0]


def new_ids(count: int) -> list[str]:
    """Many at once cost one call to the operating system. In no order: all are of the same millisecond."""
    unix_ms = f"{time.time_ns() // 1_000_000:012x}"
    start = f"{unix_ms[-12:-4]}-{unix_ms[-4:]}-7"  # 7 is the version
    digits = os.urandom(10 * count).hex()
    made = []
    for at in range(0, 20 * count, 20):
        variant = _VARIANT[digits[at + 3]]
        made.append(f"{start}{digits[at : at + 3]}-{variant}{digits[at + 4 : at + 7]}-{digits[at + 7 : at + 19]}")
    return made


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def first_id(moment: datetime) -> str:
    """Where the ids of this moment begin: above all of the milliseconds before it, and itself nobody's."""
    unix_ms = f"{round(moment.timestamp() * 1000):012x}"
    return f"{unix_ms[:8]}-{unix_ms[8:]}-0000-0000-000000000000"


def moment_of(id_: str) -> datetime:
    """When an id was made, to the millisecond."""
    return datetime.fromtimestamp(int(id_[:8] + id_[9:13], 16) / 1000, UTC)


def new_secret() -> str:
    """256 bits from the operating system, 43 URL-safe characters: tokens, codes, session ids, client secrets."""
    return secrets.token_urlsafe(32)
