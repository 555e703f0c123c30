"""Logins at other OpenID providers: the lasting links, and the attempts under way."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class UpstreamLogin(Base):
    """One identity at one provider opens one person's account. ``subject`` is the provider's ``sub``, as it gave it."""

    __tablename__ = "upstream_login"
    __table_args__ = (Index(None, "issuer", "subject", unique=True),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(255))
    provider_id: Mapped[str] = mapped_column(String(64))
    linked_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime] = mapped_column(Instant)


class UpstreamAttempt(Base):
    """A browser on its way to a provider and back, then perhaps a proven identity that waits for a decision.

    ``browser_hash`` binds it to the browser that began (a cookie of its own). ``psu_id`` is who was signed in when it
    began, None for nobody. ``claimed_at``: the browser is back. ``subject``, ``auth_time`` and ``claims_sealed`` (what
    the provider offered for a new account) are set once the identity is proven and belongs to nobody here.
    ``decided_at``: linked, or an account made of it.
    """

    __tablename__ = "upstream_attempt"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64), index=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    psu_id: Mapped[str | None] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    secrets_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    return_to: Mapped[str] = mapped_column(String(300))
    is_fresh: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    issuer: Mapped[str | None] = mapped_column(String(300))
    subject: Mapped[str | None] = mapped_column(String(255))
    auth_time: Mapped[datetime | None] = mapped_column(Instant)
    claims_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
