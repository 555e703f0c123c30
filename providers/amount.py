"""Amounts from a bank's JSON, exactly as written there."""

import re
from decimal import Decimal

import msgspec

from providers.model import Money
from providers.rows import BrokenRow

# Wider than both standards (Berlin Group 14+3 digits, UK 13+5) because banks send "3.7000", and JSON numbers like 1e2;
# narrow enough that no amount can grow past what a database column or a formatter takes.
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_LARGEST = Decimal(10) ** 18
_FINEST_EXPONENT = -18


def exact(raw: msgspec.Raw, field: str) -> Decimal:
    """The number in ``raw`` (a JSON string or a JSON number), made from its text and never through a binary float.

    Zeros that the bank wrote are kept ("3.7000"); an exponent is written out (1e2 is 100); zero has no sign.
    Raises BrokenRow naming ``field``.
    """
    text = bytes(raw).decode("utf-8", "replace")
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not _NUMBER.fullmatch(text):
        raise BrokenRow(f"{field} is not an amount")
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _FINEST_EXPONENT or number.copy_abs() >= _LARGEST:
        raise BrokenRow(f"{field} is out of range")
    if exponent > 0:  # arithmetic on Decimal rounds to its context; these steps do not
        number = Decimal(int(number))
    return number.copy_abs() if number.is_zero() else number


def money(number: Decimal, currency: str, field: str) -> Money:
    """``number`` in ``currency``; BrokenRow if that is not the form of an ISO 4217 code."""
    if not _CURRENCY.fullmatch(currency):
        raise BrokenRow(f"{field} is not a currency code")
    return Money(number, currency)
