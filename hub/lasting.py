"""Random values that are made once and stay: sealed at rest, read once per process."""

import threading

from sqlalchemy.exc import IntegrityError

from hub.clock import Clock
from hub.db import Database
from hub.hashing import secret_hash
from hub.ids import new_secret
from hub.models.key import Secret
from hub.sealing import Sealer


class LastingSecrets:
    def __init__(self, db: Database, sealer: Sealer, clock: Clock) -> None:
        self._db, self._sealer, self._clock = db, sealer, clock
        self._lock = threading.Lock()
        self._known: dict[str, bytes] = {}

    def get(self, name: str) -> bytes:
        """32 random bytes that stay the same for ever under this name."""
        if (value := self._known.get(name)) is not None:
            return value
        with self._lock:
            row = self._find(name) or self._make(name)
            value = self._sealer.open(row.value_sealed, f"secret.value:{name}")
            self._known[name] = value
            return value

    def _find(self, name: str) -> Secret | None:
        with self._db.read() as session:
            return session.get(Secret, name)

    def _make(self, name: str) -> Secret:
        value = bytes.fromhex(secret_hash(new_secret()))
        row = Secret(name=name, value_sealed=self._sealer.seal(value, f"secret.value:{name}"), created_at=self._clock())
        try:
            with self._db.write() as session:
                session.add(row)
            return row
        except IntegrityError:  # another process was first, and its value counts
            winner = self._find(name)
            if winner is None:
                raise
            return winner
