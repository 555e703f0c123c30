"""One HTTP exchange with an address that has been checked, under the name that was asked for.

The name is resolved once, before; connecting to it again here could lead elsewhere (DNS rebinding). TLS still verifies
the name. The standard library's connection knows no proxies, redirects, cookies or retries, which is what we want.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from hub.outbound.target import Target
from providers.deadline import BoundedResponse, call_ends_at

_CHUNK_BYTES = 65_536
_HEARD_OUT_S = 1.0
_ALWAYS = {"User-Agent": "rialto", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True, slots=True)
class Request:
    """``is_status_enough``: the body of the answer is not kept, whatever it is and wherever it ends."""

    method: str
    headers: Mapping[str, str]
    body: bytes | None = None
    is_status_enough: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """``headers`` have lower-case names; of several with one name the last. ``body`` is empty where the status is
    enough."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bounds:
    """``ends_at``: monotonic seconds at which everything ends, however the other side trickles."""

    connect_s: float
    ends_at: float
    max_bytes: int

    def left_s(self) -> float:
        """Raises TimeoutError if nothing is left."""
        if (left_s := self.ends_at - time.monotonic()) <= 0:
            raise TimeoutError("the call took too long")
        return left_s


class TooLarge(Exception):
    """The body is longer than the caller wants to read."""


def exchange(
    target: Target, addresses: Sequence[str], request: Request, *, context: ssl.SSLContext, bounds: Bounds
) -> Fetched:
    """Connect to the first of ``addresses`` that answers and ask once.

    Raises OSError (also for TLS and time) or http.client.HTTPException where it fails on the way, TooLarge.
    """
    connection = _Connection(target, addresses, context, bounds)
    token = call_ends_at.set(bounds.ends_at)
    try:
        connection.request(request.method, target.path, body=request.body, headers={**_ALWAYS, **request.headers})
        response = connection.getresponse()
        body = _hear_out(response, bounds) if request.is_status_enough else _whole(response, bounds)
        return Fetched(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
    finally:
        call_ends_at.reset(token)
        connection.close()


def _whole(response: http.client.HTTPResponse, bounds: Bounds) -> bytes:
    body = bytearray()
    while chunk := response.read(min(_CHUNK_BYTES, bounds.max_bytes + 1 - len(body))):
        body += chunk
        if len(body) > bounds.max_bytes:
            raise TooLarge
    if response.length:  # read(n) does not say so when the connection ends too early
        raise http.client.IncompleteRead(bytes(body), response.length)
    return bytes(body)


def _hear_out(response: http.client.HTTPResponse, bounds: Bounds) -> bytes:
    """Nothing: it is only read since some servers drop their work when whoever called hangs up while they speak. One
    that does not come to an end says nothing more that counts, and holds nobody."""
    if isinstance(response, BoundedResponse):
        response.end_within(_HEARD_OUT_S)
    with suppress(OSError, http.client.HTTPException):
        response.read(bounds.max_bytes)
    return b""


class _Connection(http.client.HTTPConnection):
    response_class = BoundedResponse

    def __init__(self, target: Target, addresses: Sequence[str], context: ssl.SSLContext, bounds: Bounds) -> None:
        super().__init__(target.host, target.port)
        self.default_port = target.usual_port  # decides whether Host names the port
        self._target, self._addresses, self._context, self._bounds = target, addresses, context, bounds

    def connect(self) -> None:
        self.sock = self._first_that_answers()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._target.scheme == "https":
            self.sock.settimeout(self._bounds.left_s())  # ssl counts it for the whole handshake
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self._target.host)
        self.sock.settimeout(self._bounds.left_s())

    def _first_that_answers(self) -> socket.socket:
        for address in self._addresses[:-1]:
            try:
                return self._to(address)
            except OSError:
                continue
        return self._to(self._addresses[-1])

    def _to(self, address: str) -> socket.socket:
        connect_s = min(self._bounds.connect_s, self._bounds.left_s())
        return socket.create_connection((address, self._target.port), connect_s)
