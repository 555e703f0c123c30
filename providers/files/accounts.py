"""How files name the account that they are about."""

import re

from providers import text
from providers.amount import is_currency
from providers.identify import identifier
from providers.model import Identifier, Scheme

_IBAN_AND_CURRENCY = re.compile(r"([A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}?)([A-Z]{3})?", re.ASCII)
_PUNCTUATION = re.compile(r"[\s.]+")
_PAN = re.compile(r"(?:[0-9]{4,6}[Xx*•]{4,12}|[Xx*•]{4,15})[0-9]{3,4}")


def is_iban(value: str) -> bool:
    """ISO 13616: the check digits are right, so that a number which happens to look like one is not taken for it."""
    if not 14 <= len(value) <= 34 or not value.isalnum() or not value.isascii():
        return False
    moved = value[4:] + value[:4]
    try:
        return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1
    except ValueError:  # pragma: no cover - isalnum and isascii leave nothing else
        return False


def named(value: str) -> tuple[tuple[Identifier, ...], str]:
    """(identifiers, currency or "") of an account number as a file writes it.

    ``IBAN``, ``IBAN EUR``, ``BIC/IBAN``, ``bank code/account``, a card number, or a number of the bank's own.
    """
    plain = text.meaningful(value)
    if plain is None:
        return (), ""
    said = ""
    if len(plain) > 4 and is_currency(plain[-3:]) and plain[-4] in "/ ":
        plain, said = plain[:-4].strip(" /"), plain[-3:]
    for part in (plain, *plain.split("/")):
        compact = _PUNCTUATION.sub("", part).upper()
        found = _IBAN_AND_CURRENCY.fullmatch(compact)
        for number, currency in ((compact, ""), (found[1], found[2] or "") if found else ("", "")):
            if number and is_iban(number):
                return (Identifier(Scheme.IBAN, number),), said or currency
    if _PAN.fullmatch(_PUNCTUATION.sub("", plain)):
        return (identifier(Scheme.MASKED_PAN, _PUNCTUATION.sub("", plain)),), said
    return (Identifier(Scheme.BBAN, _PUNCTUATION.sub("", plain)[:60]),), said


def stated(iban: str | None) -> tuple[Identifier, ...]:
    """What stands in a field for an IBAN is one if it has the shape; its check digits are the bank's to answer for."""
    plain = text.meaningful(iban)
    return (identifier(Scheme.IBAN, plain),) if plain else ()


def other_party(value: str | None) -> Identifier | None:
    """The account of the other side, as a file writes it."""
    found = named(value)[0] if value else ()
    return found[0] if found else None
