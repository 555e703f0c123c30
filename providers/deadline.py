"""A hard end for one HTTP call, whatever the other side does.

A socket's timeout starts anew with every byte that arrives, so a server that sends one byte a second, even inside its
headers, holds a caller for ever. Here every read of a response, headers included, gets only what is left of the call.
"""

import http.client
import io
import socket
import time
from contextvars import ContextVar
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

# Monotonic seconds at which the running call must end; None outside a call. Context-local, so threads do not meet.
call_ends_at: ContextVar[float | None] = ContextVar("call_ends_at", default=None)


class _BoundedReader(io.RawIOBase):
    """A socket's bytes until ``ends_at``; TimeoutError after it, which urllib3 knows as a read timeout."""

    def __init__(self, sock: socket.socket, ends_at: float) -> None:
        self._sock = sock
        self.ends_at = ends_at
        self._read_timeout_s = sock.gettimeout()
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the call took too long")
        self._sock.settimeout(left_s if self._read_timeout_s is None else min(self._read_timeout_s, left_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """A response that is read until ``call_ends_at`` and no longer, its headers included."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        ends_at = call_ends_at.get()
        self._bounded: _BoundedReader | None = None
        if ends_at is not None:
            self.fp.close()
            self._bounded = _BoundedReader(sock, ends_at)
            self.fp = io.BufferedReader(self._bounded)

    def end_within(self, wait_s: float) -> None:
        """What is left of it is read for so long at most."""
        if self._bounded is not None:
            self._bounded.ends_at = min(self._bounded.ends_at, time.monotonic() + wait_s)

    def _safe_read(self, amt: int) -> bytes:
        """A piece of a chunk, for http.client and for urllib3. Both take a chunk of size -1, which would be all that
        ever comes, however little was asked for."""
        if amt < 0:
            raise http.client.IncompleteRead(b"")
        piece: bytes = super()._safe_read(amt)  # type: ignore[misc]
        return piece


class _BoundedHttp(HTTPConnection):
    response_class = BoundedResponse


class _BoundedHttps(HTTPSConnection):
    response_class = BoundedResponse


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _BoundedHttp


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _BoundedHttps


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter, with connections that keep ``call_ends_at`` and no retries of its own."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
