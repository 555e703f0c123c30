"""The one door to URLs that a client or another stranger chose (server-side request forgery; RFC 9101 10.4).

OutboundError
├── Forbidden    not a URL that this hub calls; asking again will not help
├── Unreachable  no connection, or too slow: later
└── Unusable     answered, but not with what was asked for
"""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlencode

import orjson
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from hub.db import in_transaction
from hub.outbound.addresses import may_call
from hub.outbound.pinned import Bounds, Fetched, Request, TooLarge, exchange
from hub.outbound.target import Target, target_of
from hub.settings import LOOPBACK_NETWORKS, Settings

log = logging.getLogger(__name__)
JSON = ("application/json",)
_ADDRESSES_TRIED = 2


class OutboundError(Exception):
    """``why``: one sentence for whoever owns the URL; it tells nothing of our network."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Forbidden(OutboundError):
    """Not a URL that this hub calls."""


class Unreachable(OutboundError):
    """No answer, or not in time."""


class Unusable(OutboundError):
    """Not the answer that was asked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``at_once``: of all the threads of a process, so many may wait for strangers."""

    connect_s: float = 2.0
    total_s: float = 5.0
    at_once: int = 6


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host as the system knows them. Raises OSError or UnicodeError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class Outbound:
    """One per process; safe from any thread; never called inside a transaction.

    https only, except that a hub which only its own machine reaches may call that machine, and in the clear.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        limits: Limits | None = None,
        resolver: Callable[[str, int], Sequence[str]] = resolve,
    ) -> None:
        self._limits = limits or Limits()
        self._resolver = resolver
        self._schemes = ("https", "http") if settings.local else ("https",)
        self._networks = (*settings.outbound_networks, *(LOOPBACK_NETWORKS if settings.local else ()))
        self._hosts = settings.outbound_hosts
        self._authorities = settings.outbound_ca_file
        self._slots = threading.BoundedSemaphore(self._limits.at_once)
        # The system's resolver knows no deadline. On threads of its own it can be left waiting.
        self._names = ThreadPoolExecutor(self._limits.at_once, thread_name_prefix="outbound-names")

    def get(self, url: str, *, max_bytes: int, accept: Sequence[str]) -> Fetched:
        """A 200 with one of the media types ``accept``. Raises OutboundError."""
        fetched = self._call(url, Request("GET", {"Accept": ", ".join(accept)}), max_bytes)
        if fetched.status != 200:
            raise Unusable(f"The URL answered with HTTP {fetched.status}, not 200; redirects are not followed.")
        given = fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given not in accept:
            raise Unusable(f"The URL answered with another content type than {' or '.join(accept)}.")
        return fetched

    def get_json(self, url: str, *, max_bytes: int, accept: Sequence[str] = JSON) -> Fetched:
        """The same for JSON; the body is not parsed."""
        return self.get(url, max_bytes=max_bytes, accept=accept)

    def post_form(self, url: str, fields: Mapping[str, str], *, max_bytes: int = 4096) -> Fetched:
        """Whatever status comes back. Raises OutboundError."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._call(url, Request("POST", kind, urlencode(fields).encode()), max_bytes)

    def post_json(
        self, url: str, document: object, *, headers: Mapping[str, str] | None = None, max_bytes: int = 4096
    ) -> Fetched:
        """The same with JSON. ``headers``: such as the Authorization of a notification."""
        kind = {"Content-Type": "application/json", **(headers or {})}
        return self._call(url, Request("POST", kind, orjson.dumps(document)), max_bytes)

    def target(self, url: str) -> Target:
        """Where the URL leads, if its text allows calling it at all; registration asks too. Raises Forbidden."""
        if (target := target_of(url)) is None:
            raise Forbidden("The URL is not an absolute one, without credentials and fragment.")
        if target.scheme not in self._schemes:
            raise Forbidden("The URL must be https.")
        return target

    def _call(self, url: str, request: Request, max_bytes: int) -> Fetched:
        if in_transaction():
            raise RuntimeError("a network call inside a database transaction")
        started = time.monotonic()
        bounds = Bounds(self._limits.connect_s, started + self._limits.total_s, max_bytes)
        target = self.target(url)
        if not self._slots.acquire(timeout=self._limits.connect_s):
            raise Unreachable("Too many such calls are under way; try again in a moment.")
        status = 0
        try:
            fetched = self._exchange(target, request, bounds)
            status = fetched.status
            return fetched
        finally:
            self._slots.release()
            took_ms = (time.monotonic() - started) * 1000
            log.info("%s %s %s %.0f ms", request.method, target.host, status or "-", took_ms)

    def _exchange(self, target: Target, request: Request, bounds: Bounds) -> Fetched:
        context = self._context
        try:
            addresses = self._addresses(target, bounds)
            fetched = exchange(target, addresses, request, context=context, bounds=bounds)
        except TooLarge:
            raise Unusable(f"The URL answered with more than {bounds.max_bytes} bytes.") from None
        except ssl.SSLCertVerificationError:
            raise Unreachable("The certificate of the URL's host does not verify.") from None
        except TimeoutError:
            raise Unreachable("The URL did not answer in time.") from None
        except (OSError, HTTPException):
            raise Unreachable("The URL could not be reached, or its answer broke off.") from None
        if fetched.headers.get("content-encoding", "identity").lower() != "identity":
            raise Unusable("The URL answered in an encoding that was not asked for.")
        return fetched

    def _addresses(self, target: Target, bounds: Bounds) -> list[str]:
        asked = self._names.submit(self._resolver, target.host, target.port)
        try:
            found = [ip_address(text) for text in asked.result(min(bounds.connect_s, bounds.left_s()))]
        except TimeoutError:
            asked.cancel()
            raise
        except (OSError, ValueError):
            found = []
        if not found or not all(self._may_call(target, address) for address in found):
            # One sentence for both: it must not tell which names exist inside.
            raise Forbidden("The host of the URL has no address, or one that this hub does not call.")
        return [str(address) for address in found[:_ADDRESSES_TRIED]]

    def _may_call(self, target: Target, address: IPv4Address | IPv6Address) -> bool:
        if target.scheme == "http":
            return address.is_loopback
        return target.host in self._hosts or may_call(address, self._networks)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        if self._authorities is not None:
            context.load_verify_locations(self._authorities)
        return context
