"""The keys that this process signs and verifies with, and the hub's lasting secrets.

The ring is a picture of the published keys (hub.signing), taken again every few seconds, so that every process follows
a rotation without a restart. Using it costs no query between two pictures.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hub.clock import Clock
from hub.db import Database
from hub.lasting import LastingSecrets
from hub.models.key import KeyState
from hub.sealing import Sealer
from hub.signing import lines, store
from hub.signing.lines import AS, TPP, Key, Line
from hub.signing.store import PublishedKey

__all__ = ["AS", "TPP", "KeyRing"]

REREAD_S = 10
"""How old the picture may be: a process signs with a replaced key, and accepts a dropped one, at most this long."""

UNKNOWN_REREAD_S = 1
"""For a kid that is not in the picture it is taken anew, but not more often than this: an attacker's tokens, each with
a kid of its own, must not cost a query each."""


@dataclass(frozen=True, slots=True)
class _Picture:
    at: datetime
    stale_at: datetime
    by_kid: Mapping[str, PublishedKey]
    holder: Mapping[tuple[Line, KeyState], PublishedKey]
    public: Mapping[str, Key]


class KeyRing:
    def __init__(self, db: Database, sealer: Sealer, clock: Clock) -> None:
        self._db, self._sealer, self._clock = db, sealer, clock
        self._secrets = LastingSecrets(db, sealer, clock)
        self._reading, self._making = threading.Lock(), threading.Lock()
        self._picture: _Picture | None = None
        self._private: dict[str, Key] = {}
        self._unknown_at: datetime | None = None

    def signing(self, purpose: str, alg: str | None = None) -> Key:
        """The private key that signs for ``purpose`` with ``alg`` (its usual one if None); ``.kid`` and ``.alg`` go
        into the header. Raises ValueError for an algorithm that we do not offer.

        The first need of a line makes its key, which is a transaction of its own: not to be called inside another.
        """
        line = lines.line_of(purpose, alg)
        place = (line, KeyState.ACTIVE)
        found = self._current(self._clock()).holder.get(place) or self._filled(*place).holder[place]
        if (key := self._private.get(found.kid)) is None:
            key = self._private[found.kid] = store.open_private(self._sealer, found)
        return key

    def verifying(self, purpose: str, kid: str) -> Key | None:
        """The public key of this name, if something that it signed may still count: active, retiring or next."""
        now = self._clock()
        picture = self._current(now)
        if kid not in picture.by_kid and self._may_look_again(now):
            picture = self.reread()
        found = picture.by_kid.get(kid)
        if found is None or found.line.purpose != purpose or found.is_over(now):
            return None
        return picture.public[kid]

    def jwks(self, purpose: str) -> dict[str, list[dict[str, Any]]]:
        """The public JWK Set to publish (RFC 7517 5), the active keys first; always as the database has it.

        Asking for it begins every line that we offer: whoever caches the answer knows each key before it signs.
        """
        picture, now = self.reread(), self._clock()
        for line in lines.lines_of(purpose):
            for state in (KeyState.ACTIVE, KeyState.NEXT):
                if (line, state) not in picture.holder:
                    picture = self._filled(line, state)
        found = [one for one in picture.by_kid.values() if one.line.purpose == purpose and not one.is_over(now)]
        found.sort(key=_published_order)
        return {"keys": [dict(one.public_jwk) for one in found]}

    def secret(self, name: str) -> bytes:
        """32 random bytes that stay the same for ever under this name."""
        return self._secrets.get(name)

    def reread(self) -> _Picture:
        """Take the picture anew now, as after a rotation in this process."""
        with self._reading:  # one after the other, so that an older picture never replaces a younger one
            return self._take()

    def _current(self, now: datetime) -> _Picture:
        picture = self._picture
        if picture is None:
            return self.reread()
        if picture.at <= now < picture.stale_at:  # before it was taken: the clock was set back
            return picture
        if not self._reading.acquire(blocking=False):
            return picture  # another thread is at it; nobody else waits
        try:
            return self._take()
        finally:
            self._reading.release()

    def _take(self) -> _Picture:
        at, found = self._clock(), store.published(self._db)
        known = self._picture.public if self._picture else {}
        self._picture = picture = _Picture(
            at=at,
            stale_at=at + timedelta(seconds=REREAD_S),
            by_kid={one.kid: one for one in found},
            holder={(one.line, one.state): one for one in found if one.state is not KeyState.RETIRING},
            public={one.kid: known.get(one.kid) or lines.read_public(one.public_jwk) for one in found},
        )
        signs = {one.kid for one in found if one.state is KeyState.ACTIVE}
        self._private = {kid: key for kid, key in self._private.items() if kid in signs}
        return picture

    def _may_look_again(self, now: datetime) -> bool:
        if self._unknown_at is not None and 0 <= (now - self._unknown_at).total_seconds() < UNKNOWN_REREAD_S:
            return False
        self._unknown_at = now
        return True

    def _filled(self, line: Line, state: KeyState) -> _Picture:
        """A picture in which the line has its active or its next key."""
        with self._making:  # the threads of a process make one key between them
            picture = self.reread()
            if (line, state) not in picture.holder:
                store.begin(self._db, self._sealer, line, state, self._clock())
                picture = self.reread()
            return picture


def _published_order(one: PublishedKey) -> tuple[bool, str, KeyState, str]:
    """A reader that takes the first key of a kind, whatever the kid says, should find one that signs."""
    return one.state is not KeyState.ACTIVE, one.line.alg, one.state, one.kid
