"""A file that a person brought, from its upload until its rows are in the ledger; and how its rows were written."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant, JsonText


class FileImport(Base):
    """``status``: waiting (for the person), running, done, failed. ``raw_sealed`` is the file, erased once it is done.

    ``said`` is what the person declared: hub.imports.staging.Declared. ``owner`` and ``until`` are the lease of whoever
    imports now. ``rows_done`` of ``rows_total`` were stored, ``added`` of them were new; ``account_ids`` are where.
    """

    __tablename__ = "file_import"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    raw_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    said: Mapped[dict[str, Any]] = mapped_column(JsonText)
    status: Mapped[str] = mapped_column(String(10))
    owner: Mapped[str | None] = mapped_column(String(36))
    until: Mapped[datetime | None] = mapped_column(Instant)
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    account_ids: Mapped[list[str]] = mapped_column(JsonText)
    failure: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class FileReading(Base):
    """One way in which files of an account were read: what their rows do not say themselves. ``digest`` is the one in
    the rows' ``normaliser``, ``said`` providers.files.reading.Reading."""

    __tablename__ = "file_reading"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(16), primary_key=True)
    said: Mapped[dict[str, Any]] = mapped_column(JsonText)
