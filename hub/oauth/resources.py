"""What an access token can be for (RFC 8707): the hub's own API, and those of member services that the operator named.

One resource a token: a token that two services accept could be carried from one to the other (RFC 9700 2.3).
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.models.client import Client
from hub.oauth.errors import InvalidTarget
from hub.oauth.policy import Profile

MEMBER = "resource"
"""Under which registered name a resource server says which URI it is."""


def is_known(hub: Hub, resource: str | None) -> bool:
    """Whether tokens can be for it. None, for a request that names no resource, is not looked up."""
    if resource is None or resource == hub.settings.base_url:
        return resource is not None
    with hub.db.read() as session:
        return server(session, resource) is not None


def chosen(hub: Hub, resource: str | None, granted: list[str]) -> str:
    """The audience of a token under a grant: what is asked for now, else what the grant was asked for, else our API.

    Raises InvalidTarget for what the grant does not cover (RFC 8707 2.2). A grant that named nothing covers our API.
    """
    covered = granted or [hub.settings.base_url]
    audience = covered[0] if resource is None else resource
    if audience not in covered:
        raise InvalidTarget()
    return audience


def server(session: Session, resource: str) -> Client | None:
    """The resource server that answers to this URI. There are few of them, and each is the operator's own entry."""
    rows = session.scalars(
        select(Client).where(Client.profile == Profile.RESOURCE_SERVER.value, Client.deleted_at.is_(None))
    )
    return next((row for row in rows if row.registration.get(MEMBER) == resource), None)
