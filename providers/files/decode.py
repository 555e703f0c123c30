"""Bytes to text, for formats that do not say in what they are written, or say it wrongly."""

import re
from collections.abc import Sequence

from providers.errors import ContractBroken

ENCODINGS = ("utf-8", "cp1252", "iso-8859-1", "iso-8859-2", "iso-8859-15", "cp1250", "cp850", "cp437", "utf-16")
_DOS = re.compile(rb"(?<=[A-Za-z])[\x80-\x9a](?=[a-z])")
_WINDOWS = re.compile(rb"(?<=[A-Za-z])[\xc0-\xff](?=[a-z])")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decoded(raw: bytes, tried: Sequence[str] = ()) -> tuple[str, str]:
    """The text and the encoding that it was read in: that of its byte order mark; UTF-8 if it is that; the first of
    ``tried`` that fits; Windows' Western code page, which everything fits.

    UTF-8 is asked first since hardly any other text happens to be it, and programs write it whatever they declare.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _bom_gone(raw.decode(encoding, "replace")), encoding
    if _is_dos(raw):
        tried = ("cp850",)
    for encoding in ("utf-8", *(one for one in tried if one in ENCODINGS)):
        try:
            return raw.decode(encoding), encoding
        except UnicodeError:
            continue
    return decoded_as(raw, "cp1252"), "cp1252"


def _is_dos(raw: bytes) -> bool:
    """Letters of DOS' code page: bytes that are quotes and dashes to Windows stand within words."""
    return len(_DOS.findall(raw)) > len(_WINDOWS.findall(raw))


def decoded_as(raw: bytes, encoding: str) -> str:
    """The text in the encoding that somebody declared; a byte that it does not have becomes U+FFFD."""
    if encoding not in ENCODINGS:
        raise ContractBroken("the encoding is not one that is read")
    return _bom_gone(raw.decode(encoding, "replace"))


def _bom_gone(text: str) -> str:
    return text.removeprefix("\ufeff")
