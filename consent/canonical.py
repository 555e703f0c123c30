"""One byte form for one fact, so that it can be hashed: canonical JSON.

Sorted keys, no whitespace, UTF-8; times RFC 3339 in UTC with six digits of fraction; days ISO 8601; exact decimals as
plain text; sets as sorted lists; dataclasses as objects. Floats are refused: they have no one text.
(RFC 8785 sorts keys by UTF-16 units, this by code points: they differ only outside the BMP, where no key of ours is.)
"""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from consent.model import utc


def moment(at: datetime) -> str:
    """``2026-11-23T07:31:00.000000Z``; raises ValueError for a naive time."""
    return utc(at).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def plain_decimal(number: Decimal) -> str:
    """One text for one number: 10, 10.0, 10.00 and 1E+1 are all ``10``. Raises ValueError for NaN and infinities.

    Not ``Decimal.normalize``: that rounds to the context's precision, so two amounts could share one text.
    """
    if not number.is_finite():
        raise ValueError("only a finite number has a text")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plain(value: Any) -> Any:
    """``value`` as JSON knows it (dict, list, str, int, bool, None). Raises TypeError for what has no one text."""
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case Decimal():
            return plain_decimal(value)
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise TypeError("the keys of a canonical object are text")
            return {str(key): plain(item) for key, item in value.items()}
        case AbstractSet():
            return sorted((plain(item) for item in value), key=encode)
        case list() | tuple():
            return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    raise TypeError(f"{type(value).__name__} has no canonical form")


def encode(value: Any) -> bytes:
    """The canonical bytes of ``value``. TypeError or ValueError where it has none."""
    tree = plain(value)
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
