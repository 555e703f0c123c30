"""What the authorisation server remembers. Codes and refresh tokens only as SHA-256; access tokens not at all."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class AuthorizationRequest(Base):
    """A checked authorization request that waits for login and consent; later also what PAR stores.

    ``handle_hash`` is the hash of the unguessable handle in the consent page's address. ``psu_id`` is set by the first
    person who opens it after logging in; nobody else can answer it. ``consumed_at`` is set when it is answered.
    """

    __tablename__ = "authorization_request"

    handle_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonText)
    psu_id: Mapped[str | None] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    consumed_at: Mapped[datetime | None] = mapped_column(Instant)


class Grant(Base):
    """An OAuth grant: this client may act for this person within this consent. Tokens name it; revoking it ends them.

    For client_credentials there is no grant: such a token speaks for the client alone.
    """

    __tablename__ = "oauth_grant"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"), index=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id", ondelete="CASCADE"), index=True)
    scope: Mapped[str] = mapped_column(Text)
    auth_time: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class AuthorizationCode(Base):
    """Lives 60 s; one conditional UPDATE of ``used_at`` claims it; a second use revokes the grant (RFC 6749 4.1.2)."""

    __tablename__ = "authorization_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("oauth_grant.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(String(36))
    redirect_uri: Mapped[str] = mapped_column(Text)
    code_challenge: Mapped[str] = mapped_column(String(128))
    nonce: Mapped[str | None] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class RefreshToken(Base):
    """``rotated_at`` is set when a public client's token was exchanged for the next one of its grant's line."""

    __tablename__ = "refresh_token"
    __table_args__ = (Index(None, "grant_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("oauth_grant.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(String(36))
    scope: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    rotated_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class DeniedToken(Base):
    """The short list of single access tokens revoked before their end (by jti)."""

    __tablename__ = "denied_token"

    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
