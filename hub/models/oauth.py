"""What the authorisation server remembers. Codes and refresh tokens only as SHA-256; access tokens not at all."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class AuthorizationRequest(Base):
    """A checked authorization request that waits for login and consent.

    ``handle_hash`` is the hash of the unguessable handle in the consent page's address. ``psu_id`` is set by the first
    person who opens it after logging in; nobody else can answer it. ``consumed_at`` is set when it is answered.
    ``pushed_hash`` names the pushed request that it came from: each loading of that page makes another handle, and the
    first answer to any of them is the only one. ``decoupled_id`` names in the same way the request of a
    device or by the backchannel that this page answers.
    """

    __tablename__ = "authorization_request"

    handle_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonText)
    psu_id: Mapped[str | None] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    pushed_hash: Mapped[str | None] = mapped_column(
        ForeignKey("pushed_request.uri_hash", ondelete="CASCADE"), index=True
    )
    decoupled_id: Mapped[str | None] = mapped_column(ForeignKey("decoupled_request.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    consumed_at: Mapped[datetime | None] = mapped_column(Instant)


class PushedRequest(Base):
    """What a client pushed (RFC 9126), checked, under the hash of its request_uri. Lives 60 to 90 s.

    Loading the page uses nothing up; ``consumed_at`` is set with the person's answer, by one conditional UPDATE.
    """

    __tablename__ = "pushed_request"

    uri_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"))
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    consumed_at: Mapped[datetime | None] = mapped_column(Instant)


class Grant(Base):
    """An OAuth grant: this client may act for this person within this consent. Tokens name it; revoking it ends them.

    For client_credentials there is no grant: such a token speaks for the client alone.

    ``acr``, ``amr``, ``auth_time`` and ``sid`` tell of the login behind it; ``sid`` is the session's, None where no
    browser session was there. ``claims`` is what the claims parameter asked for (OIDC Core 5.5), ``resources`` what its
    tokens may be for (RFC 8707).
    """

    __tablename__ = "oauth_grant"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"), index=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    consent_id: Mapped[str] = mapped_column(ForeignKey("consent.id", ondelete="CASCADE"), index=True)
    scope: Mapped[str] = mapped_column(Text)
    auth_time: Mapped[datetime] = mapped_column(Instant)
    acr: Mapped[str | None] = mapped_column(String(60))
    amr: Mapped[list[str]] = mapped_column(JsonText, default=list)
    sid: Mapped[str | None] = mapped_column(String(36), index=True)
    claims: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    resources: Mapped[list[str]] = mapped_column(JsonText, default=list)
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class AuthorizationCode(Base):
    """``dpop_jkt`` is the key that the request was bound to (RFC 9449 10): only its holder redeems the code.

    Lives 60 s; one conditional UPDATE of ``used_at`` claims it; a second use revokes the grant (RFC 6749 4.1.2)."""

    __tablename__ = "authorization_code"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("oauth_grant.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[str] = mapped_column(String(36))
    redirect_uri: Mapped[str] = mapped_column(Text)
    code_challenge: Mapped[str | None] = mapped_column(String(128))
    dpop_jkt: Mapped[str | None] = mapped_column(String(43))
    nonce: Mapped[str | None] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class RefreshToken(Base):
    """``rotated_at`` is set when a public client's token was exchanged for the next one of its grant's line.

    ``jkt`` is the thumbprint of the DPoP key or the certificate that a public client's token is bound to (RFC 9449 5,
    RFC 8705 4); a confidential client's is bound to the client.
    """

    __tablename__ = "refresh_token"
    __table_args__ = (Index(None, "grant_id"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    grant_id: Mapped[str] = mapped_column(ForeignKey("oauth_grant.id", ondelete="CASCADE"))
    client_id: Mapped[str] = mapped_column(String(36))
    scope: Mapped[str] = mapped_column(Text)
    jkt: Mapped[str | None] = mapped_column(String(43))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    rotated_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class DeniedToken(Base):
    """The short list of single access tokens revoked before their end (by jti)."""

    __tablename__ = "denied_token"

    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class RefusedRequest(Base):
    """Why a client's request was refused, for its developer. Holds the error as the client got it, nothing it sent.

    ``proven``: the client had authenticated; else anybody may have sent it in the client's name.
    """

    __tablename__ = "refused_request"
    __table_args__ = (Index(None, "client_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    endpoint: Mapped[str] = mapped_column(String(40))
    error: Mapped[str] = mapped_column(String(60))
    description: Mapped[str] = mapped_column(Text)
    proven: Mapped[bool]
    interaction_id: Mapped[str] = mapped_column(String(36))
