"""A TLS connection that waits, as cheroot and the file objects over it expect of a socket.

pyOpenSSL works on a socket with a timeout by raising WantReadError wherever a plain socket would wait. cheroot catches
that while it reads a line, but not while an application reads a body.
"""

import select
import time
from collections.abc import Callable
from socket import socket
from typing import Any, TypeVar

from cheroot import errors
from OpenSSL import SSL

Result = TypeVar("Result")


class Connection:
    """The server's end. The handshake happens at the first read, in the thread that serves the request."""

    def __init__(self, context: SSL.Context, raw: socket) -> None:
        self._raw = raw
        self._tls = SSL.Connection(context, raw)
        self._tls.set_accept_state()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tls, name)

    def recv_into(self, buffer: memoryview) -> int:
        """Bytes read, 0 at the end. Raises TimeoutError, NoSSLError for plain http, FatalSSLAlert for the rest."""
        try:
            return self._waited(lambda: self._tls.recv_into(buffer))
        except (SSL.ZeroReturnError, ConnectionError):
            return 0

    def send(self, data: bytes) -> int:
        """Bytes sent. Raises as ``recv_into``, and ConnectionError."""
        return self._waited(lambda: self._tls.send(data))

    def _waited(self, call: Callable[[], Result]) -> Result:
        patience_s = self._raw.gettimeout()
        deadline = None if patience_s is None else time.monotonic() + patience_s
        while True:
            try:
                return call()
            except SSL.WantReadError:
                self._wait(select.POLLIN, deadline)
            except SSL.WantWriteError:
                self._wait(select.POLLOUT, deadline)
            except SSL.ZeroReturnError:
                raise
            except SSL.SysCallError as error:
                raise ConnectionError(*error.args) from error
            except SSL.Error as error:
                reasons = error.args[0] if error.args else ()
                if any(reason[-1] == "http request" for reason in reasons):
                    raise errors.NoSSLError from error
                raise errors.FatalSSLAlert from error

    def _wait(self, event: int, deadline: float | None) -> None:
        left_ms = None if deadline is None else (deadline - time.monotonic()) * 1000
        waiting = select.poll()
        waiting.register(self._raw, event)
        if (left_ms is not None and left_ms <= 0) or not waiting.poll(left_ms):
            raise TimeoutError("timed out")
