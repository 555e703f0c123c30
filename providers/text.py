"""Texts from a bank: made safe to store, emptied of placeholders, never otherwise changed."""

import hmac
import html
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile(
    r"[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+"
)  # no joiner: emoji need it
_BLANKS = re.compile(r"[\u00a0\u2007\u2009\u202f\u3000]")
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#[0-9]{1,6}|#[xX][0-9A-Fa-f]{1,5});")
# UTF-8 that was read as Windows-1252 and written as UTF-8 once more: a lead byte's letter, then a following byte's
_TWICE_ENCODED = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_NOT_ALNUM = re.compile(r"[\W_]+")
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())
# What banks write where they have nothing to say (ISO 20022 asks for NOTPROVIDED in EndToEndId).
_PLACEHOLDERS = frozenset({"", "notprovided", "notavailable", "na", "none", "null", "unknown", "undefined", "nonref"})
_FIRST_OF_PLACEHOLDERS = "nNuU0"  # or nothing that says anything
_LONGEST_PLACEHOLDER = 20  # with what stands around it
_SAYS_NOTHING = " 0-_./*#:"
_HEADER_UNSAFE = re.compile(r"[^\x20-\x7e]+")
_HEADER_LENGTH = 512


def clean(value: str | None) -> str | None:
    """``value`` without control characters (NUL has no place in a database text); None if nothing is left."""
    if value is None:
        return None
    return _visible(value).strip() or None


def _visible(value: str) -> str:
    if value.isascii() and value.isprintable():  # by far the most
        return value
    value = once_encoded(value)
    if not value.isprintable():
        value = _CONTROL.sub(" ", _INVISIBLE.sub("", _BLANKS.sub(" ", value)))
    return value


def once_encoded(value: str) -> str:
    """``value`` as it was before somebody encoded it a second time ("MÃ¼ller" is "Müller"); itself if nobody did."""
    if value.isascii() or _TWICE_ENCODED.search(value) is None:
        return value
    try:
        return b"".join(map(_byte, value)).decode()
    except UnicodeError:
        return value


def _byte(letter: str) -> bytes:
    """Windows-1252, with the five places that it leaves empty."""
    return letter.encode("latin-1") if letter < "\u0100" else letter.encode("cp1252")


def letters(value: str) -> str:
    """Only its letters and digits, blind to case: to tell whether two texts say the same."""
    if value.isascii():
        return value.encode().translate(None, _NO_LETTERS).decode().lower()
    return _NOT_ALNUM.sub("", value).casefold()


def unescaped(value: str) -> str:
    """``value`` with the letters that HTML's entities stand for ("M&amp;S"), also where they were escaped twice. A
    lone ampersand and what only looks like an entity stay as they are."""
    for _ in range(2):
        if "&" not in value or _ENTITY.search(value) is None:
            break
        value = _ENTITY.sub(lambda found: html.unescape(found[0]), value)
    return value


def meaningful(value: str | int | None) -> str | None:
    """An identifier or a name that says something: placeholders, rows of zeros and empty texts are None."""
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    text = text.strip() if text.isascii() and text.isprintable() else _visible(text).strip()
    if not text:
        return None
    if text[0].isalnum() and text[0] not in _FIRST_OF_PLACEHOLDERS:
        return text
    if len(text) > _LONGEST_PLACEHOLDER and text.strip(_SAYS_NOTHING):
        return text
    core = letters(text)
    return None if core in _PLACEHOLDERS or not core.strip("0") else text


def handle(value: str | int | None) -> str | None:
    """What a bank calls a resource in its addresses, without what neither an address nor a database holds: NUL, and
    halves of surrogate pairs. None for nothing and for a placeholder; "0" may be the first of several."""
    if value is None:
        return None
    name = str(value).replace("\x00", "").encode(errors="ignore").decode()
    return name if name.strip() and (name.isdigit() or meaningful(name) is not None) else None


@lru_cache(maxsize=4096)
def word(value: str | int | None) -> str | None:
    """The same, remembered: for what comes in row after row, such as codes, accounts and banks."""
    return meaningful(value)


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
