"""What a person said of their payees."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Instant


class CategoryCorrection(Base):
    """Money that ``psu_id`` gets from (``is_in``) or pays to this payee belongs to ``category``.

    ``payee_key`` is hub.insights.movement.payee_key; ``category`` a code of hub.insights.taxonomy. Theirs alone.
    """

    __tablename__ = "category_correction"

    psu_id: Mapped[str] = mapped_column(ForeignKey("psu.id", ondelete="CASCADE"), primary_key=True)
    payee_key: Mapped[str] = mapped_column(String(300), primary_key=True)
    is_in: Mapped[bool] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Instant)
