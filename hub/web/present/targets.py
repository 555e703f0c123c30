"""Where the redirect after a form may lead, as Content-Security-Policy names it. Pure.

Browsers hold form-action against the redirects after a form too (CSP 3, 4.2.1 and its note), so a page whose form ends
at a bank or at an app must name that origin.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit


def csp_source(url: str) -> str | None:
    """The source expression for ``url``: its origin, or its scheme where an origin cannot be written; None for neither.

    A private-use scheme (RFC 8252 7.1) has no host. An IPv6 host has no notation in CSP (3, 2.3.1), so its scheme
    stands for it: that happens on loopback only.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not parts.scheme or not _is_plain(parts.scheme):
        return None
    if parts.scheme not in {"http", "https"} or (host and ":" in host):
        return f"{parts.scheme}:"
    if not host or not _is_plain(host):
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def bank_sources(api: Mapping[str, Any]) -> tuple[str, ...]:
    """Every origin that a bank's settings name as an address, alone, in an object or in a list of them (``..._urls``):
    which of them shows the login is known only once the bank was asked."""
    found = (csp_source(value) for value in _addresses(api) if value.startswith(("http://", "https://")))
    return tuple(sorted({source for source in found if source is not None}))


def _addresses(members: Mapping[str, Any]) -> Iterator[str]:
    for name, value in members.items():
        if isinstance(value, Mapping):
            yield from _addresses(value)
        elif name.endswith("_urls"):
            yield from (one for one in value if isinstance(one, str))
        elif isinstance(value, str):
            yield value


def _is_plain(text: str) -> bool:
    return text.isascii() and all(sign.isalnum() or sign in ".-+" for sign in text)
