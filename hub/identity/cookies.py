"""The cookies of the pages: the session, the pre-session that guards the forms before login, the half-open login
between its two steps, the login under way at another provider, and the device, by which a familiar browser is told
from a new one.

All are HttpOnly, SameSite=Lax, Path=/ and, but for the device, without an end (they go with the browser; the hub ends
sessions itself).
Over https they are Secure and carry the ``__Host-`` prefix (RFC 6265bis 4.1.3.2), so that no sibling host and no http
page can plant one. Lax, not Strict: a person comes back from the bank, and from a client, by a cross-site GET.
"""

import re
from datetime import timedelta

from flask import Request, Response

from hub.settings import Settings

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # what hub.ids.new_secret makes


def session_name(settings: Settings) -> str:
    return "__Host-rialto" if settings.secure else "rialto_session"


def pre_session_name(settings: Settings) -> str:
    return "__Host-rialto_pre" if settings.secure else "rialto_pre"


def set_session(response: Response, settings: Settings, secret: str) -> None:
    _set(response, settings, session_name(settings), secret)


def clear_session(response: Response, settings: Settings) -> None:
    _clear(response, settings, session_name(settings))


def read_session(request: Request, settings: Settings) -> str | None:
    """The session secret that the browser sent, None if there is none or it cannot be one."""
    return _read(request, session_name(settings))


def set_pre_session(response: Response, settings: Settings, secret: str) -> None:
    _set(response, settings, pre_session_name(settings), secret)


def clear_pre_session(response: Response, settings: Settings) -> None:
    _clear(response, settings, pre_session_name(settings))


def read_pre_session(request: Request, settings: Settings) -> str | None:
    return _read(request, pre_session_name(settings))


def half_open_name(settings: Settings) -> str:
    return "__Host-rialto_step" if settings.secure else "rialto_step"


def set_half_open(response: Response, settings: Settings, secret: str) -> None:
    _set(response, settings, half_open_name(settings), secret)


def clear_half_open(response: Response, settings: Settings) -> None:
    _clear(response, settings, half_open_name(settings))


def read_half_open(request: Request, settings: Settings) -> str | None:
    return _read(request, half_open_name(settings))


def upstream_name(settings: Settings) -> str:
    return "__Host-rialto_upstream" if settings.secure else "rialto_upstream"


def set_upstream(response: Response, settings: Settings, secret: str) -> None:
    _set(response, settings, upstream_name(settings), secret)


def clear_upstream(response: Response, settings: Settings) -> None:
    _clear(response, settings, upstream_name(settings))


def read_upstream(request: Request, settings: Settings) -> str | None:
    return _read(request, upstream_name(settings))


def device_name(settings: Settings) -> str:
    return "__Host-rialto_device" if settings.secure else "rialto_device"


def set_device(response: Response, settings: Settings, secret: str, *, lifetime: timedelta) -> None:
    _set(response, settings, device_name(settings), secret, lifetime=lifetime)


def read_device(request: Request, settings: Settings) -> str | None:
    return _read(request, device_name(settings))


def _set(response: Response, settings: Settings, name: str, secret: str, *, lifetime: timedelta | None = None) -> None:
    secure = settings.secure
    response.set_cookie(name, secret, max_age=lifetime, path="/", httponly=True, samesite="Lax", secure=secure)


def _clear(response: Response, settings: Settings, name: str) -> None:
    # The same flags as when it was set: a browser ignores a __Host- cookie without them, and would keep the old one.
    response.delete_cookie(name, path="/", httponly=True, samesite="Lax", secure=settings.secure)


def _read(request: Request, name: str) -> str | None:
    value = request.cookies.get(name)
    return value if value is not None and _SECRET.fullmatch(value) else None
