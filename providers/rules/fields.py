"""The bank's own row as JSON, decoded only where a rule names a field of it."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec


class Fields:
    """``path`` has dots between the steps (``MerchantDetails.MerchantName``). What is no text or whole number there,
    or is not there, is nothing; a list is each of its items."""

    __slots__ = ("_raw", "_row")

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._row: Any = None

    def text(self, path: str) -> str | None:
        return next(iter(self._values(path)), None)

    def texts(self, paths: Sequence[str]) -> tuple[list[str], str] | None:
        """Every text under ``paths``, and the places that had one; None where there is none."""
        found: list[str] = []
        places: list[str] = []
        for path in paths:
            here = list(self._values(path))
            if here:
                found += here
                places.append(path)
        return (found, ", ".join(places)) if found else None

    def _values(self, path: str) -> Iterable[str]:
        if self._row is None:
            try:
                self._row = msgspec.json.decode(self._raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # a row of XML or of a text file
                self._row = {}
        value = self._row
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one.strip():
                yield one
            elif isinstance(one, int) and not isinstance(one, bool):
                yield str(one)
