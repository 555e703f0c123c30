"""Durable work: what waits to be done or is being done, what was given up, and what comes round by the clock."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, SmallInteger, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class Job(Base):
    """One piece of work, named by ``queue`` (its kind) and ``key``: asked for twice it is still one.

    ``run_at``: when it is due; while ``owner`` has it, when the lease runs out. Moving it ahead keeps what is leased
    out of the head of the index. ``owner`` is one claim, used once; ``worker`` is the process, for people to read.
    ``again_at``: it was asked for anew while it ran. ``lane``: what shares a limit, such as a bank. ``attempts`` counts
    claims since it last went well. A job that is done is deleted.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index(None, "queue", "priority", "run_at"),
        Index(
            "ix_job_leased",
            "queue",
            "lane",
            postgresql_where=text("owner IS NOT NULL"),
            sqlite_where=text("owner IS NOT NULL"),
        ),
    )

    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    lane: Mapped[str | None] = mapped_column(String(100))
    priority: Mapped[int] = mapped_column(SmallInteger)
    run_at: Mapped[datetime] = mapped_column(Instant)
    again_at: Mapped[datetime | None] = mapped_column(Instant)
    owner: Mapped[str | None] = mapped_column(String(36))
    worker: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JsonText)
    trace_id: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(Instant)


class DeadJob(Base):
    """Given up after its last attempt, with the reason; an operator may send it round again."""

    __tablename__ = "dead_job"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    queue: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    lane: Mapped[str | None] = mapped_column(String(100))
    priority: Mapped[int] = mapped_column(SmallInteger)
    attempts: Mapped[int]
    failure: Mapped[str] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JsonText)
    trace_id: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(Instant)
    died_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Schedule(Base):
    """What comes round by the clock: whoever moves ``next_at`` on puts the job, in one transaction."""

    __tablename__ = "schedule"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime | None] = mapped_column(Instant)
