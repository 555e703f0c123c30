"""JSON objects as a signature may cover them: one reading and no other (RFC 8725 2.4 and 3.7, RFC 8259 4).

Two parsers that disagree on a document (which of two members of one name counts, what a lone surrogate is) are how a
checked value and a used value come apart.
"""

import json
from typing import Any

import orjson

MAX_DEPTH = 16


def read_object(raw: bytes) -> dict[str, Any] | None:
    """A JSON object in UTF-8, or None: no member named twice, no NaN, nested no deeper than ``MAX_DEPTH``.

    ``raw`` must be bounded in size by the caller.
    """
    try:
        value = orjson.loads(raw)  # strict on encoding and numbers, and safe with any depth
        if not isinstance(value, dict):
            return None
        if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
            return None
        json.loads(raw.decode(), object_pairs_hook=_no_name_twice)  # orjson keeps the last of two and says nothing
    except ValueError:
        return None
    return value


def _deeper(value: object, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(item, levels - 1) for item in inner)


def _no_name_twice(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member is named twice")
