"""A person and how they prove who they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Psu(Base):
    """``id`` is the central customer id: issued at first contact, never shown to a client (they see a pairwise sub).

    ``email`` is stored in lower case; ``email_verified_at`` is when the person proved that its mail reaches them, None
    for never. ``password_hash`` is an argon2id string, or empty for a person who logs in at another provider only.
    ``user_handle`` is what the person's passkeys call them (WebAuthn 5.4.3): 256 random bits in base64url, made with
    the first passkey.
    """

    __tablename__ = "psu"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    email_verified_at: Mapped[datetime | None] = mapped_column(Instant)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_changed_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    user_handle: Mapped[str | None] = mapped_column(String(43), index=True, unique=True)


class PsuSession(Base):
    """A browser's login, kept on the server. The cookie holds the secret, the row only its hash.

    ``auth_time`` is when the person last proved who they are in this session (OIDC auth_time), of several steps the
    first; ``amr`` is how (a list of RFC 8176 words), ``acr`` what that amounts to (hub.identity.assurance). ``sid``
    names the session to others (OpenID Connect Front-Channel Logout 3): the secret behind ``id_hash`` changes with
    every proof, ``sid`` never does.
    """

    __tablename__ = "psu_session"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    sid: Mapped[str] = mapped_column(String(36), unique=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    auth_time: Mapped[datetime] = mapped_column(Instant)
    acr: Mapped[str] = mapped_column(String(40))
    amr: Mapped[list[str]] = mapped_column(JsonText)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    user_agent: Mapped[str] = mapped_column(String(200))
    ip_address: Mapped[str] = mapped_column(String(45))


class LoginThrottle(Base):
    """Failures for one key: an e-mail address (whether or not it exists here) or a network address, hashed."""

    __tablename__ = "login_throttle"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime | None] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant, index=True)


class SecurityEvent(Base):
    """What the person sees under "recent activity": logins, failures, password changes, consents."""

    __tablename__ = "security_event"
    __table_args__ = (Index(None, "psu_id", "at"), Index(None, "at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(JsonText)
    user_agent: Mapped[str] = mapped_column(String(200))
    ip_address: Mapped[str] = mapped_column(String(45))
