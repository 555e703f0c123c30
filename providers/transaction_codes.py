"""What kind of movement a row is: ISO 20022 bank transaction codes, from whatever a bank calls it.

The result is DOMAIN-FAMILY-SUBFAMILY with unknown parts empty (``PMNT-RCDT-ESCT``, ``PMNT-ICDT-``).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from providers import text

_THREE = re.compile(r"([A-Z0-9]{4})-([A-Z0-9]{4})-([A-Z0-9]{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Codes:
    """``iso`` and the bank's own code. ``rule`` names the table that ``iso`` was taken from, "" for the bank's own ISO
    code; ``from_code`` whether it came from the field of the ISO code."""

    iso: str | None
    proprietary: str | None
    rule: str = ""
    from_code: bool = True


def codes(code: str | None, proprietary: str | None, *, is_credit: bool) -> Codes:
    return _codes(code, proprietary, is_credit)


@lru_cache(maxsize=4096)
def _codes(code: str | None, proprietary: str | None, is_credit: bool) -> Codes:
    own = text.meaningful(proprietary)
    given = text.meaningful(code)
    if given is None or _THREE.fullmatch(given):
        return Codes(given, own)
    return Codes(None, own or given)
