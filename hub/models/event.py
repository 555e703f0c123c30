"""Events: what the dispatcher made of signals, in one order that never changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Event(Base):
    """``position`` counts without gaps, in the order of the commits: who has read up to one has missed nothing before
    it. ``id`` is the signal's, or one of its own for an event that a rule made. None of ``position`` and ``trace_id``
    is set in rows of before there were signals.
    """

    __tablename__ = "event"
    __table_args__ = (Index(None, "psu_id", "at"), Index(None, "at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    position: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(60))
    psu_id: Mapped[str | None] = mapped_column(String(36))
    subject_id: Mapped[str] = mapped_column(String(36))
    body: Mapped[dict[str, Any]] = mapped_column(JsonText)
    trace_id: Mapped[str | None] = mapped_column(String(36))


class Stream(Base):
    """How far something has come in the order of events: the dispatcher that makes it (``head``), and each reader of
    it, by name. Its row is the lock of whoever moves it.
    """

    __tablename__ = "stream"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    moved_at: Mapped[datetime | None] = mapped_column(Instant)
