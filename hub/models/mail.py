"""The outbox of mails: a row is written beside the change that it tells of, and a worker sends it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class Mail(Base):
    """``state``: ``due`` (to be sent at ``next_at``), ``sent`` or ``dead``.

    ``message_sealed`` is the text with its single-use links; it is wiped as soon as the mail is sent or dead.
    ``psu_id`` is whom the mail is about; ``template`` says which mail it is.
    """

    __tablename__ = "mail"
    __table_args__ = (Index(None, "state", "next_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    psu_id: Mapped[str | None] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    template: Mapped[str] = mapped_column(String(40))
    message_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int]
    next_at: Mapped[datetime] = mapped_column(Instant)
    trace_id: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
