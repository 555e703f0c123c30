"""Who may register clients: initial access tokens, and those whose software statements the operator believes."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class InitialAccessToken(Base):
    """RFC 7591 3. Only its SHA-256 is kept. ``uses_left`` is counted down by each registration.

    ``profile``: the only profile it registers for, None for any. ``trust_anchor``: the anchor whose software statement
    a registration must bring, None for none in particular.
    """

    __tablename__ = "initial_access_token"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    profile: Mapped[str | None] = mapped_column(String(20))
    trust_anchor: Mapped[str | None] = mapped_column(String(36))
    uses_left: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class TrustAnchor(Base):
    """Whose software statements (RFC 7591 2.3) count. ``issuer`` is their iss; keys by value or by https reference."""

    __tablename__ = "trust_anchor"

    name: Mapped[str] = mapped_column(String(36), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(500), unique=True)
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    jwks_uri: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(Instant)
