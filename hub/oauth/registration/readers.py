"""How one metadata member's value is read: each reader takes the member's name, the JSON value and whether the hub runs
on loopback, and returns the value to keep. All raise BadMetadata that names the member.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from hub.oauth import initiate_login
from hub.oauth.registration import names
from hub.oauth.registration.errors import REDIRECT_URI, BadMetadata
from hub.settings import LOOPBACK

Reader = Callable[[str, Any, bool], Any]
MAX_URI_LENGTH = 500
MAX_ITEMS = 50
MAX_SCOPE_LENGTH = 1000


def name(member: str, value: Any, _loopback: bool) -> str:
    """What people will read."""
    if not isinstance(value, str):
        raise BadMetadata(member, "This is text.")
    if (why := names.fault(value)) is not None:
        raise BadMetadata(member, why)
    return " ".join(value.split())


def flag(member: str, value: Any, _loopback: bool) -> bool:
    if not isinstance(value, bool):
        raise BadMetadata(member, "This is true or false, without quotation marks.")
    return value


def line(longest: int) -> Reader:
    def read(member: str, value: Any, _loopback: bool) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
            raise BadMetadata(member, f"This is one line of 1 to {longest} characters.")
        return value

    return read


def whole(most: int) -> Reader:
    def read(member: str, value: Any, _loopback: bool) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise BadMetadata(member, f"This is a whole number from 0 to {most}.")
        return value

    return read


def one_of(*words: str) -> Reader:
    def read(member: str, value: Any, _loopback: bool) -> str:
        if value not in words:
            raise BadMetadata(member, f"This server supports {' and '.join(words)}.")
        return str(value)

    return read


def words(longest: int) -> Reader:
    """A list of short texts; doubles are dropped."""
    item = line(longest)

    def read(member: str, value: Any, loopback: bool) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise BadMetadata(member, f"This is a list of at most {MAX_ITEMS} texts.")
        return tuple(dict.fromkeys(item(member, one, loopback) for one in value))

    return read


def uris(member: str, value: Any, _loopback: bool) -> tuple[str, ...]:
    """A list of texts; hub.oauth.redirects says which of them are redirect URIs."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadMetadata(member, "This is a list of texts.", error=_of(member))
    return tuple(dict.fromkeys(value))


def _of(member: str) -> str:
    return REDIRECT_URI if member == "redirect_uris" else "invalid_client_metadata"


def scope(member: str, value: Any, _loopback: bool) -> str:
    if not isinstance(value, str) or len(value) > MAX_SCOPE_LENGTH or not value.isprintable():
        raise BadMetadata(member, "These are words with a space between them (RFC 6749 3.3).")
    return value


def key_set(member: str, value: Any, _loopback: bool) -> dict[str, Any]:
    """hub.oauth.registration.keys says which sets will do."""
    if not isinstance(value, dict):
        raise BadMetadata(member, "This is a JWK Set (RFC 7517 5), a JSON object.")
    return value


def page(member: str, value: Any, _loopback: bool) -> str:
    """An address that people may follow: https and nothing else, so never javascript: or data:."""
    return _address(member, value, allow_loopback=False)


def login_start(member: str, value: Any, _loopback: bool) -> str:
    """Where people are sent to log in at the app: https on loopback too (OpenID Connect Core 4)."""
    found = _address(member, value, allow_loopback=False)
    if (why := initiate_login.fault(found)) is not None:
        raise BadMetadata(member, why)
    return found


def endpoint(member: str, value: Any, loopback: bool) -> str:
    """An address that the hub itself will call. http only to loopback, and only from a hub that is on loopback too."""
    return _address(member, value, allow_loopback=loopback)


def _address(member: str, value: Any, *, allow_loopback: bool) -> str:
    if not isinstance(value, str) or len(value) > MAX_URI_LENGTH:
        raise BadMetadata(member, f"This is an https address of at most {MAX_URI_LENGTH} characters.")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    # A browser reads a backslash as a slash, so it would see another host than we do.
    clean = value.isascii() and value.isprintable() and not set(value) & set(' \\"<>^`{|}') and "@" not in parts.netloc
    safe = parts.scheme == "https" or (allow_loopback and parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not (clean and safe and parts.hostname and "#" not in value):
        raise BadMetadata(member, "This is an https address, without credentials or fragment.")
    return value
