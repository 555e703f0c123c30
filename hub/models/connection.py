"""A person's link to one bank, and an attempt to make or renew it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class Connection(Base):
    """``status`` says whose turn it is: see hub.connections.state.

    ``access_sealed`` is the providers.port.Access of the current bank consent. ``change_seq`` is the last position of
    this connection's change log; it moves only under this row's lock, so positions are visible in their order.
    ``sync_owner`` and ``sync_until`` are the lease of whoever syncs now. ``failures`` counts in a row.
    ``refreshed_at`` is when the person last asked for a reading (hub.sync.refresh), ``last_added`` how many rows were
    new in the last reading that got any; until ``bank_waits_until`` the bank itself wants to be left alone.
    """

    __tablename__ = "connection"
    __table_args__ = (
        Index(None, "status", "next_sync_at"),
        Index(None, "psu_id"),
        Index(None, "institution_id", "bank_consent_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    institution_id: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(20))
    access_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    bank_consent_id: Mapped[str | None] = mapped_column(String(200))
    bank_consent_until: Mapped[datetime | None] = mapped_column(Instant)
    sca_at: Mapped[datetime | None] = mapped_column(Instant)
    next_sync_at: Mapped[datetime | None] = mapped_column(Instant)
    sync_owner: Mapped[str | None] = mapped_column(String(36))
    sync_until: Mapped[datetime | None] = mapped_column(Instant)
    last_success_at: Mapped[datetime | None] = mapped_column(Instant)
    last_failure_at: Mapped[datetime | None] = mapped_column(Instant)
    failure_kind: Mapped[str | None] = mapped_column(String(40))
    failure_detail: Mapped[str | None] = mapped_column(Text)
    failure_raw_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    failures: Mapped[int] = mapped_column(default=0)
    refreshed_at: Mapped[datetime | None] = mapped_column(Instant)
    last_added: Mapped[int | None]
    bank_waits_until: Mapped[datetime | None] = mapped_column(Instant)
    change_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class LinkAttempt(Base):
    """From "continue to the bank" to the callback. Claimed once; bound to the browser session that began it."""

    __tablename__ = "link_attempt"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"), index=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    session_hash: Mapped[str] = mapped_column(String(64))
    link_state_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    return_to: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
