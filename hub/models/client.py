"""An OAuth app and who answers for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Client(Base):
    """RFC 7591 client metadata. ``secret_hash`` is the SHA-256 of a 256-bit secret, None for a public client.

    ``sector`` is the host that pairwise subjects are made for (OIDC Core 8.1). ``scopes`` is the most that the client
    may ever hold: it is intersected at every use. ``profile`` is a hub.oauth.policy.Profile. ``registration`` holds
    the metadata that has no column of its own, under its registered names (RFC 7591, OIDC Registration, RFC 8705,
    9449 ...); what is absent there was not registered.

    A client that registered itself (RFC 7591) has no owner and looks after itself with its registration access token.
    ``next_registration_token_hash`` is of the one handed out last, until its first use makes it the only one.
    ``identity_changed_at``: since when it answers at an address, or proves itself in a way, that it did not before
    (None: since ever); what people allowed it before no longer answers for them unseen.
    ``trust_anchor`` names the anchor whose ``software_statement`` vouches for it; its claims hold for good.
    """

    __tablename__ = "client"

    client_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner_psu_id: Mapped[str | None] = mapped_column(ForeignKey("psu.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(Text, default="")
    site_uri: Mapped[str | None] = mapped_column(String(500))
    redirect_uris: Mapped[list[str]] = mapped_column(JsonText)
    token_endpoint_auth_method: Mapped[str] = mapped_column(String(30))
    secret_hash: Mapped[str | None] = mapped_column(String(64))
    grant_types: Mapped[list[str]] = mapped_column(JsonText)
    scopes: Mapped[list[str]] = mapped_column(JsonText)
    sector: Mapped[str] = mapped_column(String(255))
    profile: Mapped[str] = mapped_column(String(20), default="oidc")
    id_token_signed_response_alg: Mapped[str] = mapped_column(String(10), default="ES256")
    jwks: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    jwks_uri: Mapped[str | None] = mapped_column(String(500))
    registration: Mapped[dict[str, Any]] = mapped_column(JsonText, default=dict)
    registration_token_hash: Mapped[str | None] = mapped_column(String(64))
    next_registration_token_hash: Mapped[str | None] = mapped_column(String(64))
    initial_access_token_id: Mapped[str | None] = mapped_column(String(36))
    software_statement: Mapped[str | None] = mapped_column(Text)
    trust_anchor: Mapped[str | None] = mapped_column(String(36))
    verified_at: Mapped[datetime | None] = mapped_column(Instant)
    identity_changed_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    deleted_at: Mapped[datetime | None] = mapped_column(Instant)
