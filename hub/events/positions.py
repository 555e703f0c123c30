"""Places in the order of events: the last one given, and from where something may begin once more."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.events.dispatcher import HEAD
from hub.models.event import Event, Stream


class NoSuchPosition(ValueError):
    """No event is there, or not any more."""

    def __init__(self) -> None:
        super().__init__("there is no event at this position: they are kept for RIALTO_EVENT_DAYS")


def head(session: Session) -> int:
    """The last position given; 0 before the first."""
    return session.scalar(select(Stream.position).where(Stream.name == HEAD)) or 0


def head_from(session: Session, first: int) -> int:
    """The last position, if ``first`` is one of an event that is still kept. Raises NoSuchPosition."""
    oldest = session.scalar(select(func.min(Event.position)))
    last = head(session)
    if oldest is None or not oldest <= first <= last:
        raise NoSuchPosition
    return last
