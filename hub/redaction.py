"""What people wrote, own and paid, told by its shape: enough to mend a rule by, and nothing of anybody."""

from typing import Any

import orjson

LENGTH = 80


def shape(text: str) -> str:
    """So that ``José 4711`` is ``Aaaa 9999``: letters and digits by their kind, 80 characters at most."""
    return "".join(map(_kind, text[:LENGTH]))


def _kind(one: str) -> str:
    if one.isdigit():
        return "9"
    return "A" if one.isupper() else "a" if one.isalpha() else one


def redacted(raw: bytes) -> str:
    """A bank's bytes: JSON with its names and the shapes of its values, line by line where it is one a line; any other
    text by its shape alone."""
    try:
        return _written(orjson.loads(raw))
    except orjson.JSONDecodeError:
        lines = raw.splitlines()
    if len(lines) > 1:
        return "\n".join(map(redacted, lines))
    return shape(raw.decode("utf-8", "replace"))


def _written(value: Any) -> str:
    return orjson.dumps(_shaped(value), option=orjson.OPT_INDENT_2).decode()


def _shaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shaped(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shaped(one) for one in value]
    if isinstance(value, str):
        return shape(value)
    if isinstance(value, bool) or value is None:
        return value
    return f"number {shape(str(value))}"
