"""Changes to one person that must not cross each other come one after the other."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.models.psu import Psu


def lock_person(session: Session, psu_id: str) -> None:
    """Until this transaction ends nobody else gets past here for the same person. Rows that merely refer to the person
    can be written meanwhile (FOR NO KEY UPDATE).
    """
    session.scalar(select(Psu.id).where(Psu.id == psu_id).with_for_update(key_share=True))
