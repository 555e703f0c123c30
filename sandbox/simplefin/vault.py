"""Tokens that were made and not yet claimed, and the credentials that claiming gave."""

import secrets
import threading


class Vault:
    """A token is claimed once. Thread-safe."""

    def __init__(self) -> None:
        self._unclaimed: dict[str, str] = {}
        self._granted: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def new_token(self, username: str) -> str:
        code = secrets.token_hex(32)
        with self._lock:
            self._unclaimed[code] = username
        return code

    def claim(self, code: str) -> tuple[str, str] | None:
        """(user name, password) of the new access; None for a code that never was, or was claimed before."""
        with self._lock:
            username = self._unclaimed.pop(code, None)
            if username is None:
                return None
            access = secrets.token_hex(16), secrets.token_hex(32)
            self._granted[access] = username
        return access

    def whose(self, name: str, password: str) -> str | None:
        with self._lock:
            return self._granted.get((name, password))

    def people(self) -> list[str]:
        """Whose accesses stand, one entry for each."""
        with self._lock:
            return list(self._granted.values())

    def disable_all(self) -> int:
        with self._lock:
            count = len(self._granted)
            self._granted.clear()
        return count
