"""The addresses of hosts, asked of the system's resolver, which knows no deadline.

It is asked on threads of its own, where it can be left waiting: once for a host at a time, whoever wants to know. A
name that hangs keeps its thread until the resolver gives up, so strangers' names never take more than half of them.
"""

import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

THREADS = 16

Resolver = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host as the system knows them. Raises OSError or UnicodeError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class NoThread(Exception):
    """Nobody was asked, since too many names are being asked for: it says nothing about this one."""


class Names:
    """Safe from any thread."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="outbound-names")
        self._lock = threading.RLock()
        self._asked: dict[tuple[str, int], Future[Sequence[str]]] = {}

    def addresses(self, host: str, port: int, *, wait_s: float, is_known: bool) -> Sequence[str]:
        """Raises TimeoutError if there is no answer in time, NoThread; what the resolver raises."""
        return self._asking(host, port, THREADS if is_known else THREADS // 2).result(wait_s)

    def _asking(self, host: str, port: int, most: int) -> Future[Sequence[str]]:
        name = host, port
        with self._lock:
            if (asked := self._asked.get(name)) is not None:
                return asked
            if len(self._asked) >= most:
                raise NoThread
            asked = self._asked[name] = self._pool.submit(self._resolver, host, port)
        asked.add_done_callback(lambda _: self._answered(name))
        return asked

    def _answered(self, name: tuple[str, int]) -> None:
        with self._lock:
            del self._asked[name]
