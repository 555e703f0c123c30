"""Alice owns, Bob is her partner, Charlie is a stranger."""

from hub.context import Hub
from hub.identity.passwords import hash_password
from hub.ids import new_id
from hub.models.psu import Psu

PASSWORD = "a-long-enough-password"


def person(hub: Hub, name: str) -> str:
    """Registers ``name`` with PASSWORD and the e-mail ``name@people.example``; returns the psu_id."""
    psu = Psu(
        id=new_id(),
        email=f"{name.lower()}@people.example",
        name=name,
        password_hash=hash_password(PASSWORD),
        password_changed_at=hub.clock(),
        created_at=hub.clock(),
    )
    with hub.db.write() as session:
        session.add(psu)
    return psu.id


def alice(hub: Hub) -> str:
    return person(hub, "Alice")


def bob(hub: Hub) -> str:
    return person(hub, "Bob")


def charlie(hub: Hub) -> str:
    return person(hub, "Charlie")
