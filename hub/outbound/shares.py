"""How much of the way out one server may take. Whoever names addresses can make all of them slow, and every call that
waits for one takes a thread from somebody else.

A server is an origin (scheme, host and port), for webhooks one app's (hub.outbound.fetch). It is known while its last
call was answered promptly. Known ones have several places each; all the others together have half of them, one each. So
an attacker's servers, whose names and ports cost nothing, wait for each other, and not those that are called every day.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

MOST_KNOWN = 2000
"""So many known servers are remembered; those called least lately are strangers again."""


class Full(Exception):
    """No place came free in time."""


class Shares:
    """Safe from any thread. ``at_once``: places in all; ``each``: of a known server; ``strangers``: of all others."""

    def __init__(self, *, at_once: int, each: int, strangers: int, patience_s: float) -> None:
        self._at_once, self._each, self._strangers = at_once, each, strangers
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._strange: Counter[str] = Counter()  # those of them that began as strangers
        self._strangers_waiting = 0
        self._known: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def place(self, server: str) -> Iterator[None]:
        """One place for one call. Raises Full after a moment, or at once where too many strangers wait already."""
        strange = self._take(server)
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= Counter([server])  # which drops what is down to none
                if strange:
                    self._strange -= Counter([server])
                self._changed.notify_all()

    def knows(self, server: str) -> bool:
        with self._changed:
            return server in self._known

    def note(self, server: str, *, promptly: bool) -> None:
        """Whether its last call was answered ``promptly``."""
        with self._changed:
            self._known.pop(server, None)
            if promptly:
                self._known[server] = None
                while len(self._known) > MOST_KNOWN:
                    self._known.popitem(last=False)

    def _take(self, server: str) -> bool:
        """Whether it was taken as a stranger's."""
        with self._changed:
            if not self._fits(server):
                self._wait(server)
            strange = server not in self._known
            self._under_way[server] += 1
            if strange:
                self._strange[server] += 1
            return strange

    def _wait(self, server: str) -> None:
        """As many strangers wait as have places: whoever waits holds a thread, too."""
        strange = server not in self._known
        if strange and self._strangers_waiting >= self._strangers:
            raise Full
        self._strangers_waiting += strange
        try:
            if not self._changed.wait_for(lambda: self._fits(server), self._patience_s):
                raise Full
        finally:
            self._strangers_waiting -= strange

    def _fits(self, server: str) -> bool:
        if self._under_way.total() >= self._at_once:
            return False
        if server in self._known:
            return self._under_way[server] < self._each
        return self._under_way[server] == 0 and self._strange.total() < self._strangers
