"""What is written down of the hub's own running: hops of one id, how banks answered, which processes are alive."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class Hop(Base):
    """One step on the way of ``trace_id``. ``place``: person, app, hub, bank, webhook or mail. ``party``: the
    institution, client or endpoint on the other side. ``outcome``: ok, refused, failed or unreachable. ``request_id``:
    by which the other side knows the call; the id itself where a job of the hub's began it. No row
    holds anything of a person's.
    """

    __tablename__ = "hop"
    __table_args__ = (Index(None, "trace_id", "at"), Index(None, "at"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    trace_id: Mapped[str] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(Instant)
    place: Mapped[str] = mapped_column(String(10))
    what: Mapped[str] = mapped_column(String(120))
    party: Mapped[str] = mapped_column(String(120))
    outcome: Mapped[str] = mapped_column(String(12))
    detail: Mapped[str] = mapped_column(String(120))
    request_id: Mapped[str] = mapped_column(String(100))
    took_ms: Mapped[int]


class ServiceCount(Base):
    """So many calls to a bank went so in a span of time that begins at ``begins_at``: ``minutes`` (five) or ``day``.
    ``bucket``: which of hub.observability.levels.BOUNDS_MS the latency was within; -1: it failed."""

    __tablename__ = "service_count"
    __table_args__ = (Index(None, "expires_at"), Index(None, "span", "begins_at"))

    institution_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    span: Mapped[str] = mapped_column(String(10), primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    times: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class Heartbeat(Base):
    """A process that runs, or ran: ``role`` is web, worker or scheduler, ``name`` its machine and number. One that ends
    as it should takes its row along."""

    __tablename__ = "heartbeat"
    __table_args__ = (Index(None, "beat_at"),)

    role: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Instant)
    beat_at: Mapped[datetime] = mapped_column(Instant)
