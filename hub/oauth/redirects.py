"""Redirect URIs: which may be registered, which one a request means, and the redirect itself."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, urlencode, urlsplit

MAX_URIS = 20
MAX_LENGTH = 500
_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})

# RFC 8252 7.3: a native app listens on whatever port the system gives it. Only for the two loopback addresses:
# "localhost" may resolve to something else (8.3) and is matched to the letter.
_LOOPBACK = re.compile(r"http://(?P<host>127\.0\.0\.1|\[::1\])(?::(?P<port>[0-9]{1,5}))?(?P<rest>(?:[/?].*)?)")


def registered_as(asked: str, registered: Iterable[str], *, native: bool) -> bool:
    """Whether ``asked`` is one of the registered URIs: equal to the letter (RFC 9700 2.1).

    ``native``: a public client, whose loopback URI may differ in its port.
    """
    known = list(registered)
    if asked in known:
        return True
    if not asked.isascii():
        return False
    return native and (shape := _portless(asked)) is not None and shape in map(_portless, known)


def _portless(uri: str) -> tuple[str, str] | None:
    found = _LOOPBACK.fullmatch(uri)
    if found is None or int(found["port"] or 80) > 65535:
        return None
    return found["host"], found["rest"]


def fault(uri: str, *, public: bool) -> str | None:
    """Why ``uri`` cannot be registered, None if it can.

    Allowed: https; http on loopback (RFC 8252 7.3); for public clients a private-use scheme with a dot (7.1), which
    only the owner of a domain would choose.
    """
    if len(uri) > MAX_LENGTH:
        return f"A redirect URI has at most {MAX_LENGTH} characters."
    if not uri.isascii() or not uri.isprintable() or set(uri) & set(' "<>\\^`{|}*'):
        return "A redirect URI holds ASCII characters of a URI only, and no wildcard."
    if "#" in uri:
        return "A redirect URI has no fragment."
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "This is not a URI."
    if "@" in parts.netloc:
        return "A redirect URI carries no credentials."
    if {"..", "."} & set(parts.path.split("/")):
        return "A redirect URI has no dot segments."
    return _scheme_fault(parts, public=public)


def _scheme_fault(parts: SplitResult, *, public: bool) -> str | None:
    if parts.scheme == "https":
        return None if parts.hostname else "A redirect URI names a host."
    if parts.scheme == "http":
        return None if parts.hostname in _LOOPBACK_HOSTS else "http is for 127.0.0.1, [::1] and localhost only."
    if public and "." in parts.scheme:
        return None
    return "A redirect URI is https; a native app may use loopback http or a private scheme such as com.example.app."


def sector(uris: Iterable[str], *, client_id: str) -> str:
    """What pairwise subjects are made for (OIDC Core 8.1): the one https host of all redirect URIs.

    A client that proves no host is a sector of its own: native apps, whose "host" is everybody's, and those without
    redirect URIs. Several hosts are proven by a sector_identifier_uri only (hub.oauth.registration).
    """
    known = list(uris)
    found = hosts(known)
    if len(found) == 1 and all(urlsplit(uri).scheme == "https" for uri in known):
        return found.pop()
    return client_id


def hosts(uris: Iterable[str]) -> set[str]:
    """The hosts of those that are https."""
    parts = [urlsplit(uri) for uri in uris]
    return {part.hostname for part in parts if part.scheme == "https" and part.hostname}


def assured(uri: str) -> bool:
    """Whether only the app itself receives at ``uri``: loopback and private schemes any app on the device can take."""
    return uri.startswith("https://")


def answer(redirect_uri: str, parameters: Mapping[str, str | None]) -> str:
    """``redirect_uri`` with the answer in its query; what its query held before stays as it was."""
    given = urlencode({name: value for name, value in parameters.items() if value is not None})
    separator = "?" if "?" not in redirect_uri else "" if redirect_uri[-1] in "?&" else "&"
    return f"{redirect_uri}{separator}{given}"
