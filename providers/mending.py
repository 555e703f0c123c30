"""JSON that no parser takes, mended where it can mean one thing only. Pure.

Seen of gateways and of programs that put JSON together as text: a line break or a tab as it is inside a string, half a
surrogate pair where a text was cut, a backslash that escapes nothing, a comma behind the last member, NaN for a number
that nobody knows, and the whole answer as one JSON string. What is cut off, or has other quotes, is not mended.
"""

import re

import msgspec

_PARTS = re.compile(rb'("(?:[^"\\]++|\\.)*+"?)|[^"]++', re.DOTALL)
_ESCAPED = re.compile(
    rb"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})(?P<low>\\u[dD][c-fC-F][0-9a-fA-F]{2})?"
    rb"|u(?P<alone>[dD][c-fC-F][0-9a-fA-F]{2})|(?P<plain>u[0-9a-fA-F]{4}|[\"\\/bfnrt])|(?P<other>.))",
    re.DOTALL,
)
_CONTROL = re.compile(rb"[\x00-\x1f]")
_KEPT_CONTROL = {b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t"}
_LAST_COMMA = re.compile(rb",(?=\s*+[}\]])")
_NO_NUMBER = re.compile(rb"(?<![0-9A-Za-z])[+-]?(?:NaN|Infinity)(?![0-9A-Za-z])")
_TEXT = msgspec.json.Decoder(str)


def mended(body: bytes) -> bytes:
    """``body`` with its strings, and what stands between them, as JSON has them; itself where nothing is wrong."""
    return _PARTS.sub(lambda part: _string(part[0]) if part[1] else _between(part[0]), body)


def unquoted(body: bytes) -> bytes:
    """The answer that came as one JSON string; any other as it is."""
    if body[:1] != b'"':
        return body
    try:
        inside = _TEXT.decode(body).strip()
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return body
    return inside.encode(errors="replace") if inside[:1] in ("{", "[") else body


def _string(written: bytes) -> bytes:
    if b"\\" in written:
        written = _ESCAPED.sub(_escape, written)
    return _CONTROL.sub(lambda sign: _KEPT_CONTROL.get(sign[0], b" "), written)


def _escape(found: re.Match[bytes]) -> bytes:
    if found["high"] or found["alone"]:
        return found[0] if found["low"] else rb"\ufffd"
    if found["plain"]:
        return found[0]
    return b"'" if found["other"] == b"'" else b"\\" + found[0]


def _between(written: bytes) -> bytes:
    return _NO_NUMBER.sub(b"null", _LAST_COMMA.sub(b"", written))
