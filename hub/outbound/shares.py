"""How much of the way out one host may take. Whoever names addresses can make all of them slow, and every call that
waits for one takes a thread from somebody else.

A host is known while its last call was answered promptly. Known hosts have several places each; all the others together
have half of them, one each. So an attacker's hosts wait for each other, and not the clients that are called every day.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

MOST_HOSTS = 2000
"""So many known hosts are remembered; those called least lately are strangers again."""


class Full(Exception):
    """No place came free in time."""


class Shares:
    """Safe from any thread. ``at_once``: places in all; ``each``: of one known host; ``strangers``: of all others."""

    def __init__(self, *, at_once: int, each: int, strangers: int, patience_s: float) -> None:
        self._at_once, self._each, self._strangers = at_once, each, strangers
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._strange: Counter[str] = Counter()  # those of them that began as strangers
        self._strangers_waiting = 0
        self._known: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def place(self, host: str) -> Iterator[None]:
        """One place for one call. Raises Full after a moment, or at once where too many strangers wait already."""
        strange = self._take(host)
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= Counter([host])  # which drops what is down to none
                if strange:
                    self._strange -= Counter([host])
                self._changed.notify_all()

    def knows(self, host: str) -> bool:
        with self._changed:
            return host in self._known

    def note(self, host: str, *, promptly: bool) -> None:
        """Whether the last call of this host was answered ``promptly``."""
        with self._changed:
            self._known.pop(host, None)
            if promptly:
                self._known[host] = None
                while len(self._known) > MOST_HOSTS:
                    self._known.popitem(last=False)

    def _take(self, host: str) -> bool:
        """Whether it was taken as a stranger's."""
        with self._changed:
            if not self._fits(host):
                self._wait(host)
            strange = host not in self._known
            self._under_way[host] += 1
            if strange:
                self._strange[host] += 1
            return strange

    def _wait(self, host: str) -> None:
        """As many strangers wait as have places: whoever waits holds a thread, too."""
        strange = host not in self._known
        if strange and self._strangers_waiting >= self._strangers:
            raise Full
        self._strangers_waiting += strange
        try:
            if not self._changed.wait_for(lambda: self._fits(host), self._patience_s):
                raise Full
        finally:
            self._strangers_waiting -= strange

    def _fits(self, host: str) -> bool:
        if self._under_way.total() >= self._at_once:
            return False
        if host in self._known:
            return self._under_way[host] < self._each
        return self._under_way[host] == 0 and self._strange.total() < self._strangers
