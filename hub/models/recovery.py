"""What is proved by mail: an address, its change, the way back into an account."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class MailedLink(Base):
    """A single-use link that was mailed to ``address``. The mail holds the secret, the row only its SHA-256.

    ``purpose`` is a word of hub.identity.mailed_links.Purpose. ``used_at`` is set by the one who redeems it.
    """

    __tablename__ = "mailed_link"
    __table_args__ = (Index(None, "psu_id", "purpose"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryRequest(Base):
    """Somebody forgot the password of ``email``, or says so. Whether anybody has that address is looked up later."""

    __tablename__ = "recovery_request"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    user_agent: Mapped[str] = mapped_column(String(200))
    ip_address: Mapped[str] = mapped_column(String(45))
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class FactorRecovery(Base):
    """A person who lost every second factor waits until ``effective_at``; one row while a wait is on.

    ``reminded_at`` is when they were told that the wait is over.
    """

    __tablename__ = "factor_recovery"

    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    effective_at: Mapped[datetime] = mapped_column(Instant, index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
