"""How often a bank was asked while nobody waited."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class QuotaUse(Base):
    """The unattended calls of one day of the bank's time zone. ``subject_id`` is the account, or the connection for the
    list of its accounts. ``closed_until``: the bank said itself that there are none left until then.
    """

    __tablename__ = "quota_use"

    subject_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    endpoint: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"), index=True)
    used: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(Instant, index=True)
    closed_until: Mapped[datetime | None] = mapped_column(Instant)
