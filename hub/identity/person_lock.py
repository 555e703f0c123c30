"""Changes to one person that must not cross each other come one after the other.

Every way in passes here before it looks at what was shown, and so does whoever ends all sessions: a login under way is
over and its session ended with the others, or it comes afterwards and finds what it rests on gone. The session alone
would not do: one that is not yet committed is seen by nobody who ends sessions.
"""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hub.models.psu import Psu


def lock_person(session: Session, psu_id: str) -> None:
    """Until this transaction ends nobody else gets past here for the same person. Rows that merely refer to the person
    can be written meanwhile (FOR NO KEY UPDATE).
    """
    session.scalar(select(Psu.id).where(Psu.id == psu_id).with_for_update(key_share=True))


def lock_whoever(session: Session, whose: Select[str]) -> None:
    """The same for the person whom ``whose`` finds by what they sent; nobody is locked if it finds none."""
    session.scalar(select(Psu.id).where(Psu.id == whose.scalar_subquery()).with_for_update(key_share=True))
