"""What may be shown of an exchange with a bank: its form, never what it says about anybody.

Nothing is shown because it looks harmless; it is shown because it is listed here: names of fields, codes and states of
the standards, days, media types. Of every other text the shape is left, letters as x and digits as 9, which tells a
missing IBAN from a malformed one.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MOST_ITEMS = 20
MOST_DEPTH = 30
LONGEST_SHAPE = 200

_HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "allow",
        "aspsp-sca-approach",
        "cache-control",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "server",
        "transfer-encoding",
        "x-fapi-interaction-id",
        "x-request-id",
    }
)
# Fields whose values are words of a standard: kept only where they look like one.
_FIELDS = frozenset(
    {
        "accountsubtype",
        "accounttype",
        "balancetype",
        "bookingstatus",
        "cashaccounttype",
        "category",
        "code",
        "consentstatus",
        "creditdebitindicator",
        "currency",
        "error",
        "errorcode",
        "scastatus",
        "schemename",
        "status",
        "subtype",
        "token_type",
        "type",
        "usage",
    }
)
_PARAMETERS = frozenset(
    {
        "bookingstatus",
        "grant_type",
        "limit",
        "page",
        "page-size",
        "response_type",
        "withbalance",
    }
)
_STANDARD_WORD = re.compile(r"[A-Za-z][A-Za-z_.\-]{0,39}", re.ASCII)
_NAME = re.compile(r"[A-Za-z_@$][A-Za-z_@$.\-]{0,63}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_PATH_WORD = re.compile(r"v\d+(\.\d+)*|[A-Za-z-]*")


def path(text: str) -> str:
    """A path, its ids blotted out: a bank consent's or an account's id may be all that it takes to read."""
    return "/".join(part if _PATH_WORD.fullmatch(part) else "*" for part in text.split("/"))


def url(text: str) -> str:
    parts = urlsplit(text)
    query = _pairs(parts.query)
    return f"{parts.scheme}://{parts.netloc}{path(parts.path)}{'?' if query else ''}{query}"


def headers(given: Mapping[str, str]) -> dict[str, str]:
    """Names, and the values of those that say nothing of anybody."""
    return {
        name: value[:LONGEST_SHAPE] if name.lower() in _HEADERS else f"<{len(value)} characters>"
        for name, value in given.items()
    }


def body(content: bytes, media_type: str) -> Any:
    """JSON as JSON and a form as its names; of anything else the length."""
    if not content:
        return None
    if "x-www-form-urlencoded" in media_type:
        return _pairs(content.decode("ascii", "replace"))
    try:
        return value(json.loads(content))
    except (ValueError, RecursionError):
        return f"<{len(content)} bytes that are not JSON>"


def value(found: Any, name: str = "", depth: int = 0) -> Any:
    """A decoded JSON value. ``name`` is that of its field."""
    match found:
        case None | bool():
            return found
        case dict() | list() if depth >= MOST_DEPTH:
            return "<too deep>"
        case dict():
            shown = {_field(key): value(one, key, depth + 1) for key, one in list(found.items())[:200]}
            return shown if len(found) <= 200 else shown | {"<more>": len(found) - 200}
        case list():
            items = [value(one, name, depth + 1) for one in found[:MOST_ITEMS]]
            return items if len(found) <= MOST_ITEMS else [*items, f"<{len(found) - MOST_ITEMS} more>"]
        case str():
            return _text(found, name)
        case _:
            return shape(str(found))


def shape(text: str) -> str:
    """Letters of any script as x, digits as 9, the rest as it is (so long as it is printable ASCII)."""
    cut = text[:LONGEST_SHAPE]
    blotted = "".join("9" if one.isdigit() else one if _is_punctuation(one) else "x" for one in cut)
    return blotted if len(text) <= LONGEST_SHAPE else f"{blotted}<{len(text) - LONGEST_SHAPE} more>"


def _is_punctuation(one: str) -> bool:
    return one.isascii() and one.isprintable() and not one.isalnum()


def _text(text: str, name: str) -> str:
    if name.lower() in _FIELDS and _STANDARD_WORD.fullmatch(text):
        return text
    if "birth" not in name.lower() and _MOMENT.fullmatch(text):
        return text
    return shape(text)


def _field(name: str) -> str:
    return name if _NAME.fullmatch(name) else shape(name)


def _pairs(text: str) -> str:
    return "&".join(f"{_field(name)}={_parameter(name, one)}" for name, one in _read_pairs(text))


def _read_pairs(text: str) -> Iterable[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return [("unreadable", text)]


def _parameter(name: str, text: str) -> str:
    known = name.lower() in _PARAMETERS and (_STANDARD_WORD.fullmatch(text) or (text.isdigit() and len(text) < 4))
    return text if known or _MOMENT.fullmatch(text) else shape(text)
