"""The one door to URLs that a client or another stranger chose (server-side request forgery; RFC 9101 10.4).

OutboundError
├── Forbidden    not a URL that this hub calls; asking again will not help
├── Unreachable  no connection, or too slow: later
│   └── Busy     not called at all, since too many calls are under way
└── Unusable     answered, but not with what was asked for
"""

import logging
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal
from urllib.parse import urlencode

import orjson
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from hub.db import in_transaction
from hub.outbound.addresses import may_call
from hub.outbound.names import Names, NoThread, Resolver, resolve
from hub.outbound.pinned import Bounds, Fetched, Request, TooLarge, exchange
from hub.outbound.shares import Full, Shares
from hub.outbound.target import Target, target_of
from hub.settings import LOOPBACK_NETWORKS, Settings

log = logging.getLogger(__name__)
JSON = ("application/json",)
_ADDRESSES_TRIED = 2
_HEARD_OUT_BYTES = 64 * 1024
PROMPT_S = 1.0
"""A server that answers within this time is a known one (hub.outbound.shares)."""
REST_S = 15
"""So long what could not be fetched is not asked for again: each attempt may cost a thread five seconds."""
_MOST_RESTING = 1000


class OutboundError(Exception):
    """``why``: one sentence for whoever owns the URL; it tells nothing of our network."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Forbidden(OutboundError):
    """Not a URL that this hub calls."""


class Unreachable(OutboundError):
    """No answer, or not in time."""


class Busy(Unreachable):
    """Not called: it says nothing about the URL."""


class Unusable(OutboundError):
    """Not the answer that was asked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``at_once``: so many of a process's threads may wait for others' servers; ``each``: for one that is known,
    ``strangers``: for all that are not (hub.outbound.shares).
    """

    connect_s: float = 2.0
    total_s: float = 5.0
    at_once: int = 6
    each: int = 2
    strangers: int = 3


class Outbound:
    """One per process; safe from any thread; never called inside a transaction.

    https only, except that a hub which only its own machine reaches may call that machine, and in the clear.
    ``logs_hosts`` False: people name these addresses, and where somebody's bridge or browser is says who they are.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        limits: Limits | None = None,
        logs_hosts: bool = True,
        resolver: Resolver = resolve,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits or Limits()
        self._logs_hosts = logs_hosts
        self._names = Names(resolver)
        self._timer = timer
        self._schemes = ("https", "http") if settings.local else ("https",)
        self._networks = (*settings.outbound_networks, *(LOOPBACK_NETWORKS if settings.local else ()))
        self._hosts = settings.outbound_hosts
        self._authorities = settings.outbound_ca_file
        self._shares = Shares(
            at_once=self.limits.at_once,
            each=self.limits.each,
            strangers=self.limits.strangers,
            patience_s=self.limits.connect_s,
        )
        self._resting: OrderedDict[str, tuple[float, OutboundError]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, url: str, *, max_bytes: int, accept: Sequence[str]) -> Fetched:
        """A 200 with one of the media types ``accept``. Raises OutboundError, for REST_S the same again where the URL
        did not answer.
        """
        self._check_rested(url)
        try:
            fetched = self._call(url, Request("GET", {"Accept": ", ".join(accept)}), max_bytes)
        except Busy:
            raise
        except (Unreachable, Forbidden) as error:
            self._let_rest(url, error)
            raise
        if fetched.status != 200:
            raise Unusable(f"The URL answered with HTTP {fetched.status}, not 200; redirects are not followed.")
        given = fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given not in accept:
            raise Unusable(f"The URL answered with another content type than {' or '.join(accept)}.")
        return fetched

    def get_json(self, url: str, *, max_bytes: int, accept: Sequence[str] = JSON) -> Fetched:
        """The same for JSON; the body is not parsed."""
        return self.get(url, max_bytes=max_bytes, accept=accept)

    def ask(self, method: Literal["GET", "POST"], url: str, *, headers: Mapping[str, str], max_bytes: int) -> Fetched:
        """Whatever status comes back, for who speaks a protocol of its own there. Raises OutboundError."""
        return self._call(url, Request(method, headers, b"" if method == "POST" else None), max_bytes)

    def post_form(self, url: str, fields: Mapping[str, str]) -> Fetched:
        """Whatever status comes back, which is all that counts. Raises OutboundError."""
        return self.post(url, urlencode(fields).encode(), headers={"Content-Type": "application/x-www-form-urlencoded"})

    def post_json(self, url: str, document: object, *, headers: Mapping[str, str]) -> Fetched:
        """The same with JSON. ``headers``: such as the Authorization of a notification."""
        return self.post(url, orjson.dumps(document), headers={"Content-Type": "application/json", **headers})

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str], of: str = "") -> Fetched:
        """The same with these bytes, whose signature is among the headers. ``of``: who named the URL, where several
        name URLs of one server and one of them is not to slow the others.
        """
        return self._call(url, Request("POST", headers, body, is_status_enough=True), _HEARD_OUT_BYTES, of)

    def target(self, url: str) -> Target:
        """Where the URL leads, if its text allows calling it at all; registration asks too. Raises Forbidden."""
        if (target := target_of(url)) is None:
            raise Forbidden("The URL is not an absolute one, without credentials and fragment.")
        if target.scheme not in self._schemes:
            raise Forbidden("The URL must be https.")
        return target

    def _check_rested(self, url: str) -> None:
        with self._lock:
            since, error = self._resting.get(url, (0.0, None))
            if error is not None and self._timer() - since < REST_S:
                raise type(error)(error.why)

    def _let_rest(self, url: str, error: OutboundError) -> None:
        with self._lock:
            self._resting.pop(url, None)
            self._resting[url] = self._timer(), error
            while len(self._resting) > _MOST_RESTING:
                self._resting.popitem(last=False)

    def _call(self, url: str, request: Request, max_bytes: int, of: str = "") -> Fetched:
        if in_transaction():
            raise RuntimeError("a network call inside a database transaction")
        target = self.target(url)
        server = f"{target.origin} {of}" if of else target.origin
        bounds = Bounds(self.limits.connect_s, time.monotonic() + self.limits.total_s, max_bytes)
        try:
            with self._shares.place(server):
                return self._timed(server, target, request, bounds)
        except (Full, NoThread):
            raise Busy("Too many such calls are under way; try again in a moment.") from None

    def _timed(self, server: str, target: Target, request: Request, bounds: Bounds) -> Fetched:
        started, status, was_tried = time.monotonic(), 0, True
        try:
            fetched = self._exchange(server, target, request, bounds)
            status = fetched.status
            return fetched
        except NoThread:
            was_tried = False
            raise
        finally:
            took_s = time.monotonic() - started
            if was_tried:
                self._shares.note(server, promptly=bool(status) and took_s < PROMPT_S)
            told = {"method": request.method, "status": status or None, "took_ms": int(took_s * 1000)}
            log.info("an address was called", extra=told | ({"host": target.host} if self._logs_hosts else {}))

    def _exchange(self, server: str, target: Target, request: Request, bounds: Bounds) -> Fetched:
        context = self._context
        try:
            addresses = self._addresses(target, bounds, is_known=self._shares.knows(server))
            fetched = exchange(target, addresses, request, context=context, bounds=bounds)
        except TooLarge:
            raise Unusable(f"The URL answered with more than {bounds.max_bytes} bytes.") from None
        except ssl.SSLCertVerificationError:
            raise Unreachable("The certificate of the URL's host does not verify.") from None
        except TimeoutError:
            raise Unreachable("The URL did not answer in time.") from None
        except (OSError, HTTPException):
            raise Unreachable("The URL could not be reached, or its answer broke off.") from None
        encoding = fetched.headers.get("content-encoding", "identity").lower()
        if encoding != "identity" and not request.is_status_enough:
            raise Unusable("The URL answered in an encoding that was not asked for.")
        return fetched

    def _addresses(self, target: Target, bounds: Bounds, *, is_known: bool) -> list[str]:
        wait_s = min(bounds.connect_s, bounds.left_s())
        try:
            asked = self._names.addresses(target.host, target.port, wait_s=wait_s, is_known=is_known)
            found = [ip_address(text) for text in asked]
        except TimeoutError:  # which is an OSError, and no answer
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
