"""Becoming a client of a bank by its own interface (RFC 7591, RFC 7592), for the standards that have one.

An operator does it, seldom, and writes what comes of it into the bank's file. It is no part of a link.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Registered:
    """What a bank says of us. ``access_token`` and ``uri`` are for reading and changing it later, where a bank gives
    them; ``secret_expires_at`` is None for a secret that stays."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    secret_expires_at: datetime | None = None
    issued_at: datetime | None = None
    access_token: str | None = field(default=None, repr=False)
    uri: str | None = None
    raw: bytes = field(default=b"", repr=False)


class Registrar(Protocol):
    """Raises the errors of providers.errors and nothing else. ``statement`` is the directory's software statement,
    None where there is no directory."""

    def register(self, statement: str | None, redirect_uris: Sequence[str], *, now: datetime) -> Registered: ...

    def update(
        self, statement: str | None, redirect_uris: Sequence[str], *, now: datetime, access_token: str | None = None
    ) -> Registered: ...

    def read(self, *, now: datetime, access_token: str | None = None) -> Registered: ...

    def delete(self, *, now: datetime, access_token: str | None = None) -> None: ...
