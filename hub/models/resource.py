"""What hangs on an account beside balances and transactions: standing orders, mandates, payees, statements, holders."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class AccountResource(Base):
    """One of them. ``kind`` is a providers.port.Resource; ``content_sealed`` is hub.ledger.resources.content.Content.

    ``seen_at`` is when the bank last showed it, ``updated_at`` when it last said something else of it, ``ended_at`` the
    first reading that did not show it any more: marked, never deleted, and taken back if it is shown again. Whom
    somebody pays and where they live is nobody's business, so all of it is sealed.
    """

    __tablename__ = "account_resource"
    __table_args__ = (Index(None, "account_id", "kind"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    raw_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class ResourceReading(Base):
    """How the last reading of one kind of one account went: an empty list that was read is not one that never was.

    ``asked_at`` is of the last attempt, ``read_at`` of the last one that came to its end. ``failure_kind`` is of the
    last attempt, None if it went well; ``failure_raw_sealed`` what the bank sent where it broke its own standard.
    """

    __tablename__ = "resource_reading"
    __table_args__ = (Index("uq_resource_reading_kind", "account_id", "kind", unique=True),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    failure_kind: Mapped[str | None] = mapped_column(String(40))
    failure_raw_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
