"""Who is still to hear that a session has ended (OpenID Connect Back-Channel Logout 1.0)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class LogoutNotice(Base):
    """One client to be told of the end of one session; written in the transaction that ended it.

    ``sid`` is the session's own. ``due_at`` is when the next attempt may be made, None once it is settled:
    ``delivered_at`` or ``given_up_at`` then says how. No token is kept: each attempt signs a fresh one.
    """

    __tablename__ = "logout_notice"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id", ondelete="CASCADE"), index=True)
    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    sid: Mapped[str] = mapped_column(String(36))
    attempts: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    given_up_at: Mapped[datetime | None] = mapped_column(Instant)
