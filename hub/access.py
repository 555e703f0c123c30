"""Every route declares who may call it, in one word beside the route; ``hub.gate`` enforces it before the view runs.

A route without a declaration is refused and fails a test. The kinds:

    @public                     anybody; pages may still know who is logged in
    @signed_in                  a person with a session (pages)
    @recently_signed_in         the same, and they proved who they are minutes ago, by all the factors they have
    @operator                  one of the people who run this hub, by two factors (pages under /operator)
    @permits(Permission.X)      a client with a token; the view reads ``allowed()``
    @any_token                  a client with a valid token; the view reads ``token()``
    @of_the_client("a_scope")   a client with a token of its own, of nobody's consent; the view reads ``token()``
    @client_endpoint            OAuth endpoints where the client itself authenticates inside the view

Beside @permits, @needs_login says how the person behind the token must have logged in (RFC 9470).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from consent.model import Permission
from hub.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "rialto_access"
LOGIN_ATTRIBUTE = "rialto_login"


class Kind(Enum):
    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    RECENTLY_SIGNED_IN = "recently_signed_in"
    OPERATOR = "operator"
    PERMITS = "permits"
    ANY_TOKEN = "any_token"  # noqa: S105  # a word, not a secret
    OF_THE_CLIENT = "of_the_client"
    CLIENT_ENDPOINT = "client_endpoint"


@dataclass(frozen=True, slots=True)
class Access:
    kind: Kind
    permission: Permission | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """What a login must be: at least as sure as ``acr``, at most ``max_age_s`` seconds ago. None: as it comes."""

    acr: str | None = None
    max_age_s: int | None = None


LoginDemand = Callable[[Settings], Login]


def _declare(view: View, access: Access) -> View:
    setattr(view, ATTRIBUTE, access)
    return view


def public(view: View) -> View:
    return _declare(view, Access(Kind.PUBLIC))


def signed_in(view: View) -> View:
    return _declare(view, Access(Kind.SIGNED_IN))


def recently_signed_in(view: View) -> View:
    return _declare(view, Access(Kind.RECENTLY_SIGNED_IN))


def operator(view: View) -> View:
    return _declare(view, Access(Kind.OPERATOR))


def any_token(view: View) -> View:
    return _declare(view, Access(Kind.ANY_TOKEN))


def of_the_client(scope: str) -> Callable[[View], View]:
    return lambda view: _declare(view, Access(Kind.OF_THE_CLIENT, scope=scope))


def client_endpoint(view: View) -> View:
    return _declare(view, Access(Kind.CLIENT_ENDPOINT))


def permits(permission: Permission) -> Callable[[View], View]:
    return lambda view: _declare(view, Access(Kind.PERMITS, permission))


def needs_login(demand: LoginDemand) -> Callable[[View], View]:
    """The login that the route demands on top of its permission, as the operator's settings have it."""

    def declare(view: View) -> View:
        setattr(view, LOGIN_ATTRIBUTE, demand)
        return view

    return declare


def login_needed(view: Callable[..., Any], settings: Settings) -> Login:
    """What the view's @needs_login demands; nothing if it has none."""
    demand: LoginDemand | None = getattr(view, LOGIN_ATTRIBUTE, None)
    return Login() if demand is None else demand(settings)


def declared(view: Callable[..., Any]) -> Access | None:
    """What a route declared, None if it did not."""
    found = getattr(view, ATTRIBUTE, None)
    return found if isinstance(found, Access) else None
