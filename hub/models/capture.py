"""Exchanges with a bank that an operator had written down for support."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class Capture(Base):
    """That the exchanges of one connection are kept until ``ends_at``, and of how many bytes more."""

    __tablename__ = "capture"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    bytes_left: Mapped[int]


class CapturedExchange(Base):
    """One of them, redacted (providers.redact) and sealed. ``number`` orders those of one sync."""

    __tablename__ = "captured_exchange"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    number: Mapped[int]
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
