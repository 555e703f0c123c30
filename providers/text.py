"""Texts from a bank: made safe to store, emptied of placeholders, never otherwise changed."""

import hmac
import re
from collections.abc import Iterable, Mapping

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_NOT_ALNUM = re.compile(r"[\W_]+")
# What banks write where they have nothing to say (ISO 20022 asks for NOTPROVIDED in EndToEndId).
_PLACEHOLDERS = frozenset({"", "notprovided", "notavailable", "na", "none", "null", "unknown", "undefined"})
_FIRST_OF_PLACEHOLDERS = "nNuU0"  # or nothing that says anything
_LONGEST_PLACEHOLDER = 20  # with what stands around it
_SAYS_NOTHING = " 0-_./*#:"
_HEADER_UNSAFE = re.compile(r"[^\x20-\x7e]+")
_HEADER_LENGTH = 512


def clean(value: str | None) -> str | None:
    """``value`` without control characters (NUL has no place in a database text); None if nothing is left."""
    if value is None:
        return None
    if not value.isprintable():
        value = _CONTROL.sub(" ", value)
    return value.strip() or None


def meaningful(value: str | int | None) -> str | None:
    """An identifier or a name that says something: placeholders, rows of zeros and empty texts are None."""
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    text = text.strip()
    if not text:
        return None
    if text[0].isalnum() and text[0] not in _FIRST_OF_PLACEHOLDERS:
        return text
    if len(text) > _LONGEST_PLACEHOLDER and text.strip(_SAYS_NOTHING):
        return text
    core = _NOT_ALNUM.sub("", text).casefold()
    return None if core in _PLACEHOLDERS or not core.strip("0") else text


def identifiers(candidates: Mapping[str, str | int | None]) -> dict[str, str]:
    """Only the bank ids that say something, under the bank's own names."""
    found = {}
    for name, value in candidates.items():
        if value is not None and (text := meaningful(value)) is not None:
            found[name] = text
    return found


def same(given: str, expected: str) -> bool:
    """Constant-time, for values that prove something (state, nonce, intent id)."""
    return hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode(errors="surrogatepass"))


def lines(values: Iterable[str | None]) -> tuple[str, ...]:
    """Remittance lines in the bank's order, without blanks, placeholders and exact repeats."""
    kept: dict[str, None] = {}
    for value in values:
        text = meaningful(value)
        if text is not None:
            kept[text] = None
    return tuple(kept)


def is_token(value: str) -> bool:
    """Whether ``value`` from a bank can go back to it inside a header as it is (RFC 6749 appendix A: VSCHAR)."""
    return bool(value) and value.isascii() and value.isprintable()


def header_value(value: str | None) -> str | None:
    """A text that may go out as an HTTP header: printable ASCII, bounded. A browser may claim anything."""
    if value is None:
        return None
    return _HEADER_UNSAFE.sub("", value).strip()[:_HEADER_LENGTH] or None
