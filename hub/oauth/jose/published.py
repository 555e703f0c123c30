"""JWK Sets that clients publish at an address of their own (jwks_uri, RFC 7591 2), remembered for a while.

How long is the publisher's word (Cache-Control, RFC 9111 5.2.2.1) within bounds of ours. When they cannot be fetched
the last ones count on for a bounded time: a client whose web server restarts can still log in. A set that must not be
used (a private key in it) is another matter: it takes the former one's place and no key of it counts.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.clock import Clock
from hub.oauth.jose.public_key import BadKey, read_jwks
from hub.oauth.jose.strict import read_object
from hub.outbound.fetch import Outbound, OutboundError

MAX_BYTES = 64 * 1024
ACCEPT = ("application/json", "application/jwk-set+json")  # RFC 7517 8.5.2
USUAL_S, SHORTEST_S, LONGEST_S = 300, 60, 3600
PAUSE_S = 30
"""Between two fetches for keys that a fresh set lacks, which anybody can name, and after a fetch that failed."""
STALE_S = 3600
"""So long after their time keys that cannot be fetched anew count on."""
WAIT_S = 2.0
"""So long a request waits for another one's fetch of the same set; a thread is too precious for more."""
MOST_SETS = 500

Suits = Callable[[dict[str, Any]], bool]
_MAX_AGE = re.compile(r'(?:^|[\s,])max-age="?([0-9]{1,9})"?(?:$|[\s,;])')
_UNCACHED = re.compile(r"(?:^|[\s,])(?:no-store|no-cache)(?:$|[\s,;=])")


@dataclass(slots=True)
class _Entry:
    """What is known of one set. ``tried_at``: the last fetch, ``fetched_at``: the last that brought ``document``,
    ``searched_at``: the last for a key that a fresh set lacked.

    ``why`` tells what went wrong with the last fetch, None if nothing did.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    document: dict[str, Any] | None = None
    fetched_at: datetime | None = None
    lives_s: int = 0
    tried_at: datetime | None = None
    searched_at: datetime | None = None
    why: str | None = None


class Published:
    """One per process; safe from any thread; never called inside a transaction."""

    def __init__(self, outbound: Outbound, clock: Clock) -> None:
        self._outbound, self._clock = outbound, clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def document(self, client_id: str, uri: str, *, suits: Suits, most_s: int = LONGEST_S) -> dict[str, Any]:
        """The set at ``uri``, fetched anew if what is known is too old or does not suit; the result may still not.

        ``most_s``: nothing older than this many seconds will do. Raises BadKey where there is no set to go by.
        """
        entry = self._entry(client_id, uri)
        if not self._will_do(entry, suits, most_s):
            last = self._last(entry)
            wait_s = WAIT_S if last is None or not suits(last) else 0
            if entry.lock.acquire(timeout=wait_s):
                try:  # whoever waited finds what the other one fetched
                    if not self._will_do(entry, suits, most_s) and self._may_fetch(entry, most_s):
                        self._fetch(entry, uri)
                finally:
                    entry.lock.release()
        if (document := self._last(entry)) is None:
            raise BadKey(entry.why or "The keys at the client's jwks_uri are being fetched; try again in a moment.")
        return document

    def _entry(self, client_id: str, uri: str) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault((client_id, uri), _Entry())
            self._entries.move_to_end((client_id, uri))
            while len(self._entries) > MOST_SETS:
                self._entries.popitem(last=False)
        return entry

    def _is_fresh(self, entry: _Entry, most_s: int) -> bool:
        return entry.document is not None and _within(entry.fetched_at, min(entry.lives_s, most_s), self._clock())

    def _will_do(self, entry: _Entry, suits: Suits, most_s: int) -> bool:
        document = entry.document
        return document is not None and self._is_fresh(entry, most_s) and suits(document)

    def _may_fetch(self, entry: _Entry, most_s: int) -> bool:
        """A set that is merely old may be fetched; one that failed, or that was asked for a new key, after a pause. The
        first new key is looked for at once, however lately the set came: clients do change keys right after a fetch.
        """
        if entry.why is not None:
            return not _within(entry.tried_at, PAUSE_S, self._clock())
        if not self._is_fresh(entry, most_s):
            return True
        if _within(entry.searched_at, PAUSE_S, self._clock()):
            return False
        entry.searched_at = self._clock()
        return True

    def _last(self, entry: _Entry) -> dict[str, Any] | None:
        """The set that still counts, fresh or not."""
        return entry.document if _within(entry.fetched_at, entry.lives_s + STALE_S, self._clock()) else None

    def _fetch(self, entry: _Entry, uri: str) -> None:
        """Leaves ``entry`` as the fetch left it."""
        entry.tried_at = self._clock()
        try:
            fetched = self._outbound.get_json(uri, max_bytes=MAX_BYTES, accept=ACCEPT)
        except OutboundError as error:
            entry.why = f"The keys at the client's jwks_uri cannot be fetched. {error.why}"
            return
        if (document := read_object(fetched.body)) is None:
            entry.why = "There is no JSON object at the client's jwks_uri."
            return
        try:
            read_jwks(document)
        except BadKey as error:
            entry.document, entry.why = None, f"The keys at the client's jwks_uri cannot be used. {error.why}"
            return
        entry.lives_s = lives_s(fetched.headers.get("cache-control", ""))
        entry.fetched_at, entry.document, entry.why = entry.tried_at, document, None


def lives_s(cache_control: str) -> int:
    """For how many seconds an answer with this header is fresh, within our bounds."""
    words = cache_control.lower()
    if _UNCACHED.search(words):
        return SHORTEST_S
    named = _MAX_AGE.search(words)
    return USUAL_S if named is None else min(max(int(named[1]), SHORTEST_S), LONGEST_S)


def _within(since: datetime | None, seconds: int, now: datetime) -> bool:
    """A clock that was set back makes nothing younger."""
    return since is not None and 0 <= (now - since).total_seconds() < seconds
