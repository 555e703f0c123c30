"""How an account is named from outside: an IBAN, or a British sort code with an account number. Checked when made."""

import re
from dataclasses import dataclass
from enum import StrEnum

_IBAN = re.compile("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BRITISH_IBAN = re.compile("GB[0-9]{2}[A-Z]{4}([0-9]{14})")
_SORT_CODE_ACCOUNT = re.compile("[0-9]{14}")
_GROUP = 4


class Scheme(StrEnum):
    """The schemes whose numbers can be checked and shown; the words are those of the account list."""

    IBAN = "IBAN"
    UK_SORT_CODE_ACCOUNT = "UK.SCAN"  # six digits of sort code, eight of account number, no separators


@dataclass(frozen=True, slots=True)
class AccountNumber:
    """``identification`` is in the one shape of its ``scheme``: capitals and digits, no separators.

    Raises ValueError, in words for the developer of the client, for another shape or wrong check digits.
    """

    scheme: Scheme
    identification: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "scheme", Scheme(self.scheme))
        if self.scheme is Scheme.IBAN:
            if not _IBAN.fullmatch(self.identification):
                raise ValueError("is no IBAN: 15 to 34 capitals and digits, no spaces (ISO 13616)")
            if _remainder(self.identification) != 1:
                raise ValueError("has wrong check digits (ISO 13616)")
        elif not _SORT_CODE_ACCOUNT.fullmatch(self.identification):
            raise ValueError("is no sort code of 6 digits followed by an account number of 8, without separators")

    @property
    def spaced(self) -> str:
        """The number as people read it: ``DE02 1001 0010 ...`` or ``20-00-00 12345678``."""
        number = self.identification
        if self.scheme is Scheme.IBAN:
            return " ".join(number[at : at + _GROUP] for at in range(0, len(number), _GROUP))
        return f"{number[:2]}-{number[2:4]}-{number[4:6]} {number[6:]}"


def domestic(scheme: str, identification: str) -> tuple[str, str]:
    """Scheme and number as the account's own country has them, for comparing: a British IBAN holds the sort code and
    the account number that name the same account. Any other number is as it is.
    """
    british = _BRITISH_IBAN.fullmatch(identification) if scheme == Scheme.IBAN else None
    return (scheme, identification) if british is None else (Scheme.UK_SORT_CODE_ACCOUNT.value, british[1])


def _remainder(iban: str) -> int:
    """MOD 97-10 (ISO 7064) of an IBAN in the right shape: 1 where its check digits are right."""
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97
