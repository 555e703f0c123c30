"""What goes back to the client through the browser. Every answer names its issuer (RFC 9207), so that a client of
several servers cannot be made to mix them up (RFC 9700 4.4).

``facts`` are a checked request's: redirect_uri, and state if there was one.
"""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749.errors import OAuth2Error

from hub.oauth import redirects
from hub.settings import Settings


def success(settings: Settings, facts: Mapping[str, Any], code: str) -> str:
    """RFC 6749 4.1.2."""
    answer = {"code": code, "state": facts.get("state"), "iss": settings.base_url}
    return redirects.answer(facts["redirect_uri"], answer)


def refusal(settings: Settings, facts: Mapping[str, Any], error: OAuth2Error) -> str:
    """RFC 6749 4.1.2.1."""
    return redirects.answer(
        facts["redirect_uri"],
        {
            "error": error.error,
            "error_description": error.get_error_description() or None,
            "state": facts.get("state"),
            "iss": settings.base_url,
        },
    )
