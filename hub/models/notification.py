"""What a person is told of: the inbox, where else it goes, and the browsers that take it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Notification(Base):
    """One thing in a person's inbox, made of the event ``event_id``. ``psu_id`` None: for everybody, one row for all.

    ``kind`` and ``data`` are the event's; the words are made of them when somebody reads (hub.notifications.words).
    ``mail_due``: it is still to be mailed. ``push_due``: it is for their browsers too, until it was seen; how far each
    browser was told, its subscription knows.
    """

    __tablename__ = "notification"
    __table_args__ = (
        Index(None, "psu_id", "at"),
        Index(None, "at"),
        Index(
            "ix_notification_unread",
            "psu_id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str | None] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"))
    event_id: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(String(36))
    data: Mapped[dict[str, Any]] = mapped_column(JsonText)
    at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    mail_due: Mapped[bool]
    push_due: Mapped[bool]
    trace_id: Mapped[str | None] = mapped_column(String(36))


class NotificationChoice(Base):
    """Where a person wants to hear of a topic, besides the inbox. No row: as the topic has it (hub.notifications)."""

    __tablename__ = "notification_choice"

    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(20), primary_key=True)
    mail: Mapped[bool]
    push: Mapped[bool]


class NotificationReading(Base):
    """Up to when a person has seen what is for everybody."""

    __tablename__ = "notification_reading"

    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), primary_key=True)
    general_until: Mapped[datetime] = mapped_column(Instant)


class PushSubscription(Base):
    """A browser that takes notifications (W3C Push API). ``address_sealed`` holds its endpoint and keys; whoever has
    them could write to it, and its endpoint is found by its hash. ``sid``: the session in which it was made; with its
    end by the person's hand the browser is told nothing more.
    """

    __tablename__ = "push_subscription"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    sid: Mapped[str] = mapped_column(String(36), index=True)
    endpoint_hash: Mapped[str] = mapped_column(String(64), unique=True)
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    device: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_taken_at: Mapped[datetime | None] = mapped_column(Instant)
    told_until: Mapped[str] = mapped_column(String(36))  # the last notification that it was sent, by id


class Birthday(Base):
    """The day of the year that a person gave, to be wished well: ``month_day`` as MM-DD, no year; "" if they took it
    back."""

    __tablename__ = "birthday"

    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), primary_key=True)
    month_day: Mapped[str] = mapped_column(String(5), index=True)
    told_in: Mapped[int] = mapped_column(SmallInteger)  # the last year in which they were wished well, or 0


class Watched(Base):
    """How far the change log of a connection was looked through for what is worth telling (hub.insights.watch)."""

    __tablename__ = "watched"

    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
