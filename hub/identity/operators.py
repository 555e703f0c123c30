"""The people who run this hub: those whose addresses the settings name, once they have proved that mail reaches them.

What they may see and do is under /operator. They come by two factors, except on a hub that only its own machine
reaches.
"""

from sqlalchemy import select

from hub.context import Hub
from hub.identity import assurance
from hub.identity.sessions import Person
from hub.models.psu import Psu


def is_one(hub: Hub, person: Person) -> bool:
    """The address is looked up anew: one that was changed since the login counts no more."""
    if not hub.settings.operators:
        return False
    verified = select(Psu.email).where(Psu.id == person.psu_id, Psu.email_verified_at.is_not(None))
    with hub.db.read() as session:
        return session.scalar(verified) in hub.settings.operators


def is_sure(hub: Hub, person: Person) -> bool:
    """Whether this login is strong enough."""
    return hub.settings.local or assurance.satisfies(person.acr, assurance.TWO_FACTOR)
