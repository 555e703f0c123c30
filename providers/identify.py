"""How an account is named, in the hub's words: one shape per scheme, the best identifier first."""

import re
from collections.abc import Iterable
from functools import lru_cache

from providers.model import Identifier, Scheme

_SPACES = re.compile(r"[\s\-]+")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}", re.ASCII)
_SORT_CODE_ACCOUNT = re.compile(r"[0-9]{14}", re.ASCII)
_PAN = re.compile(r"[0-9Xx*•]{8,19}")
_PAN_TAIL_LENGTH = 4
_ORDER = (Scheme.IBAN, Scheme.UK_SORT_CODE_ACCOUNT, Scheme.BBAN, Scheme.MASKED_PAN, Scheme.OTHER)


@lru_cache(maxsize=4096)  # the holder's own, and whom they pay every month
def identifier(scheme: Scheme, value: str) -> Identifier:
    """``value`` in its scheme's one shape; a value that has not that shape is kept under the scheme that fits it.

    A card number is masked to its last four digits here, even where the bank sends it whole; and a masked card
    number in the iban field (American Express) is called what it is.
    """
    if scheme is Scheme.IBAN and _IBAN.fullmatch(value):
        return Identifier(scheme, value)
    compact = _SPACES.sub("", value)
    if scheme is Scheme.IBAN:
        if _IBAN.fullmatch(compact.upper()):
            return Identifier(Scheme.IBAN, compact.upper())
        scheme = Scheme.MASKED_PAN if _PAN.fullmatch(compact) else Scheme.OTHER
    if scheme is Scheme.UK_SORT_CODE_ACCOUNT:
        return Identifier(scheme if _SORT_CODE_ACCOUNT.fullmatch(compact) else Scheme.OTHER, compact)
    if scheme is Scheme.MASKED_PAN:
        return Identifier(scheme, "*" * max(0, len(compact) - _PAN_TAIL_LENGTH) + compact[-_PAN_TAIL_LENGTH:])
    return Identifier(scheme, compact if scheme is Scheme.BBAN else value)


def best_first(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    return tuple(sorted(dict.fromkeys(found), key=lambda one: _ORDER.index(one.scheme)))
