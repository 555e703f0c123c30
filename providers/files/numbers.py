"""Amounts as people and banks write them: 1.234,56- and (1,234.56) and 1'234.56 CR."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from providers.rows import BrokenRow

Mark = Literal[",", "."]

_LARGEST_LENGTH = 60
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f'\u2019_]+")
_SYMBOL = r"(?:[A-Z]{3}|US\$|R\$|[€$£¥₤₽₺₴₹]|z[łl]|kr\.?|Kč|Ft|lei|Fr\.)"
_BEFORE = re.compile(rf"([-+(]?){_SYMBOL}(?=[-+(0-9.,])", re.IGNORECASE)
_BEHIND = re.compile(rf"(?<=[0-9.,+-]){_SYMBOL}(?=\)?$)", re.IGNORECASE)
_WORDS = {"CR": 1, "DR": -1, "DB": -1, "C": 1, "D": -1, "H": 1, "S": -1}  # German Haben and Soll
_WORD = re.compile(r"(?<=[0-9.,)])(CR|DR|DB|C|D|H|S)$")
# Whole groups of three (or of two before them, as in India), or none at all: "1.5" is not fifteen.
_GROUPED = {
    ",": re.compile(r"[0-9]{1,3}(?:\.[0-9]{2,3}){0,6}(?<=\.[0-9]{3})(?:,[0-9]{0,18})?|[0-9]{0,18}(?:,[0-9]{0,18})?"),
    ".": re.compile(r"[0-9]{1,3}(?:,[0-9]{2,3}){0,6}(?<=,[0-9]{3})(?:\.[0-9]{0,18})?|[0-9]{0,18}(?:\.[0-9]{0,18})?"),
}


def exact(text: str, mark: Mark, field: str) -> Decimal:
    """The signed number in ``text``, whose decimal mark is ``mark``. Raises BrokenRow naming ``field``."""
    if len(text) > _LARGEST_LENGTH:
        raise BrokenRow(f"{field} is not an amount")
    plain = _SPACES.sub("", text).replace("\u2212", "-").replace("\u2013", "-")
    plain = _BEHIND.sub("", _BEFORE.sub(r"\1", plain, count=1))
    signs = set[int]()
    if plain.startswith("(") and plain.endswith(")"):
        signs, plain = {-1}, plain[1:-1]
    if word := _WORD.search(plain):
        signs.add(_WORDS[word[1]])
        plain = plain[: word.start()]
    for dash in ("-", "+"):
        if plain.startswith(dash) or plain.endswith(dash):
            signs.add(-1 if dash == "-" else 1)
            plain = plain[1:] if plain.startswith(dash) else plain[:-1]
            break
    if len(signs) > 1:
        raise BrokenRow(f"{field} is in and out at once")
    if not _GROUPED[mark].fullmatch(plain) or not any(map(str.isdigit, plain)):
        raise BrokenRow(f"{field} is not an amount")
    number = Decimal(plain.replace("." if mark == "," else ",", "").replace(mark, ".").rstrip("."))
    return number if -1 not in signs or number.is_zero() else number.copy_negate()


def is_amount(text: str, mark: Mark) -> bool:
    try:
        exact(text, mark, "")
    except BrokenRow:
        return False
    return True


def mark_of(texts: Iterable[str]) -> Mark | None:
    """The decimal mark that explains the most of ``texts``; None where nothing tells."""
    votes = {",": 0, ".": 0}
    for text in texts:
        plain = text.strip().rstrip("-+ )CRDHSBcrdhs")
        comma, dot = plain.rfind(","), plain.rfind(".")
        if comma >= 0 and dot >= 0:
            votes["," if comma > dot else "."] += 3
        elif comma >= 0 or dot >= 0:
            found = "," if comma >= 0 else "."
            behind = len(plain) - max(comma, dot) - 1
            if plain.count(found) > 1:
                votes["." if found == "," else ","] += 1  # it comes twice, so it groups
            elif behind != 3:
                votes[found] += 2
    if votes[","] == votes["."]:
        return None
    return "," if votes[","] > votes["."] else "."
