"""What sources say has happened, until the dispatcher has made events of it (hub.events)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Signal(Base):
    """Written in the transaction of the change, deleted in the one that dispatches it.

    ``seq`` grows by the order of writing: of two changes one after the other the later one has the greater, on whatever
    machines. ``kind`` such as consent.authorised or connection.synced; ``subject_id`` is the thing that changed.
    """

    __tablename__ = "signal"
    __table_args__ = ({"sqlite_autoincrement": True},)

    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(60))
    psu_id: Mapped[str | None] = mapped_column(String(36))
    subject_id: Mapped[str] = mapped_column(String(36))
    body: Mapped[dict[str, Any]] = mapped_column(JsonText)
    trace_id: Mapped[str | None] = mapped_column(String(36))


class DeadSignal(Base):
    """Given up, since the dispatcher fails at it; an operator may send it round again. ``seq`` was its place; all else
    is as it was said."""

    __tablename__ = "dead_signal"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(60))
    psu_id: Mapped[str | None] = mapped_column(String(36))
    subject_id: Mapped[str] = mapped_column(String(36))
    body: Mapped[dict[str, Any]] = mapped_column(JsonText)
    trace_id: Mapped[str | None] = mapped_column(String(36))
    failure: Mapped[str] = mapped_column(String(100))
    died_at: Mapped[datetime] = mapped_column(Instant, index=True)


class ReceivedSignal(Base):
    """What a system outside said, by its own name for it (source and id of CloudEvents 1.0 3.1): it counts once."""

    __tablename__ = "received_signal"

    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class RefusedSignal(Base):
    """A message from outside that was not taken: ``place`` is topic, partition and offset, where it still lies."""

    __tablename__ = "refused_signal"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    place: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(100))
    why: Mapped[str] = mapped_column(String(200))
