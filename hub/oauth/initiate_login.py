"""A login that begins here instead of at the app (OpenID Connect Core 4): the person opens an app that they allowed.

The link names the hub as issuer and nothing else: no login_hint, since the app is told who it is only by the login that
follows, and no target_link_uri, since the app knows its own pages.
"""

from urllib.parse import urlsplit

from hub.models.client import Client
from hub.oauth import redirects
from hub.settings import Settings

URI = "initiate_login_uri"
"""The client's metadata (OpenID Connect Registration 2)."""


def fault(uri: str) -> str | None:
    """Why ``uri`` cannot be registered, None if it can. It is https and nothing else, loopback too (Core 4)."""
    if (why := redirects.fault(uri, public=False)) is not None:
        return why
    return None if urlsplit(uri).scheme == "https" else "The address where a login begins is https."


def link(settings: Settings, client: Client) -> str | None:
    """Where the person starts this app, None if it is not made for that."""
    uri = client.registration.get(URI)
    if not isinstance(uri, str) or fault(uri) is not None:
        return None
    return redirects.answer(uri, {"iss": settings.base_url})
