"""The number of a person in Brazil's register (Cadastro de Pessoas Físicas): eleven digits, the last two a check."""

import re

_NOT_DIGIT = re.compile(r"[.\-/\s]")


def cpf(written: str) -> str | None:
    """The eleven digits of ``written`` ("123.456.789-09"); None if that is no CPF."""
    digits = _NOT_DIGIT.sub("", written)
    if len(digits) != 11 or not digits.isascii() or not digits.isdigit() or len(set(digits)) == 1:
        return None
    for length in (9, 10):
        rest = sum(int(digit) * (length + 1 - at) for at, digit in enumerate(digits[:length])) * 10 % 11 % 10
        if rest != int(digits[length]):
            return None
    return digits
