"""Whether two URLs are one target, query and fragment aside, as RFC 9449 4.3 (9) compares them: RFC 3986 6.2."""

import re
from functools import lru_cache
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_LENGTH = 2048
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]")


def same_target(one: str, other: str) -> bool:
    """Whether both are absolute http(s) URLs that differ in spelling, query and fragment at most."""
    normal = normalised(one)
    return normal is not None and normal == normalised(other)


@lru_cache(maxsize=1024)
def normalised(url: str) -> str | None:
    """An absolute http(s) URL in normal form, None if it is not one or holds credentials."""
    if len(url) > _MAX_LENGTH or not _URI.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        return None
    if scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or _ESCAPE.sub("", parts.path).count("%"):
        return None
    host = f"[{host}]" if ":" in host else host
    where = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    return f"{scheme}://{where}{_without_dots(_ESCAPE.sub(_plain, parts.path)) or '/'}"


def _plain(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if _UNRESERVED.fullmatch(char) else escape[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986 5.2.4 for a path that is absolute or empty."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "".join(f"/{segment}" for segment in kept)
