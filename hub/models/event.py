"""The outbox: every state change leaves its event in the same transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Event(Base):
    """``kind`` such as consent.authorised or connection.synced; ``subject_id`` is the thing that changed."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "psu_id", "at"), Index(None, "at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(60))
    psu_id: Mapped[str | None] = mapped_column(String(36))
    subject_id: Mapped[str] = mapped_column(String(36))
    body: Mapped[dict[str, Any]] = mapped_column(JsonText)
