"""Every route declares who may call it, in one word beside the route; ``hub.gate`` enforces it before the view runs.

A route without a declaration is refused and fails a test. The kinds:

    @public                     anybody; pages may still know who is logged in
    @signed_in                  a person with a session (pages)
    @recently_signed_in         the same, and they proved who they are minutes ago, by all the factors they have
    @permits(Permission.X)      a client with a token; the view reads ``allowed()``
    @any_token                  a client with a valid token; the view reads ``token()``
    @client_endpoint            OAuth endpoints where the client itself authenticates inside the view
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from consent.model import Permission

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "rialto_access"


class Kind(Enum):
    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    RECENTLY_SIGNED_IN = "recently_signed_in"
    PERMITS = "permits"
    ANY_TOKEN = "any_token"  # noqa: S105  # a word, not a secret
    CLIENT_ENDPOINT = "client_endpoint"


@dataclass(frozen=True, slots=True)
class Access:
    kind: Kind
    permission: Permission | None = None


def _declare(view: View, access: Access) -> View:
    setattr(view, ATTRIBUTE, access)
    return view


def public(view: View) -> View:
    return _declare(view, Access(Kind.PUBLIC))


def signed_in(view: View) -> View:
    return _declare(view, Access(Kind.SIGNED_IN))


def recently_signed_in(view: View) -> View:
    return _declare(view, Access(Kind.RECENTLY_SIGNED_IN))


def any_token(view: View) -> View:
    return _declare(view, Access(Kind.ANY_TOKEN))


def client_endpoint(view: View) -> View:
    return _declare(view, Access(Kind.CLIENT_ENDPOINT))


def permits(permission: Permission) -> Callable[[View], View]:
    return lambda view: _declare(view, Access(Kind.PERMITS, permission))


def declared(view: Callable[..., Any]) -> Access | None:
    """What a route declared, None if it did not."""
    found = getattr(view, ATTRIBUTE, None)
    return found if isinstance(found, Access) else None
