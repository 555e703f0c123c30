"""The two resources of a SimpleFIN server that an application uses: claim a token, read accounts. Protocol 1.0.7."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlencode, urlsplit, urlunsplit

from providers.door import Door
from providers.errors import ContractBroken, ReconsentRequired, Refused, Transient
from providers.transport import Answer, retry_after_s

_LONGEST_URL = 2000
_MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AccessUrl:
    """Where a person's data is, and the credentials that the URL brought, apart from it."""

    base: str
    username: str = field(repr=False)
    password: str = field(repr=False)


def claim_url(token: str) -> str | None:
    """The URL inside a token; None for what is no token. People paste line breaks and lose the padding."""
    plain = "".join(token.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        url = b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return url if url.startswith(("https://", "http://")) and len(url) <= _LONGEST_URL and url.isprintable() else None


def access_url(text: str) -> AccessUrl | None:
    """None unless it is a URL with a user name and a password, and nothing else that would be sent along."""
    url = text.strip()
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > _LONGEST_URL:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not host or not parts.username or parts.password is None:
        return None
    netloc = f"[{host}]" if ":" in host else host
    base = SplitResult(parts.scheme, f"{netloc}:{port}" if port else netloc, parts.path.rstrip("/"), "", "")
    return AccessUrl(urlunsplit(base), unquote(parts.username), unquote(parts.password))


class Client:
    """``door`` decides which addresses may be called at all."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def claim(self, url: str) -> Answer:
        """POST to the token's URL, once: it is spent by that."""
        return self._door.call("POST", url, headers={"Content-Length": "0"}, max_bytes=_LONGEST_URL + 200)

    def accounts(self, access: AccessUrl, query: Iterable[tuple[str, str]]) -> bytes:
        """The Account Set."""
        basic = b64encode(f"{access.username}:{access.password}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "Accept": "application/json"}
        url = f"{access.base}/accounts?{urlencode(list(query))}"
        answer = self._door.call("GET", url, headers=headers, max_bytes=_MAX_BYTES)
        match answer.status:
            case 200:
                return answer.body
            case 403 | 401:
                raise ReconsentRequired(f"HTTP {answer.status}: the access was disabled at the bridge")
            case 402:
                raise Refused("HTTP 402: the bridge wants to be paid", code="payment_required")
            case 429 | 408:
                raise Transient(f"HTTP {answer.status}", retry_after_s=retry_after_s(answer))
            case status if status >= 500:
                raise Transient(f"HTTP {status}", retry_after_s=retry_after_s(answer))
            case status if 300 <= status < 400:
                raise ContractBroken(f"HTTP {status}: redirects are not followed")
            case status:
                raise Refused(f"HTTP {status}")

    def currency(self, url: str) -> bytes | None:
        """What a custom currency's URL says; None where it says nothing."""
        answer = self._door.call("GET", url, headers={"Accept": "application/json"}, max_bytes=4096)
        return answer.body if answer.status == 200 else None
