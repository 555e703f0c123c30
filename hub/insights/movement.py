"""What the rules look at of a transaction, and how texts are made comparable."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

_APOSTROPHES = re.compile(r"['’`´]")
_WORD = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans({"ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ı": "i"})
_DIGRAPH = re.compile(r"([aou])e")
MAX_TEXT = 300
"""Characters of a text that are looked at: a bank that sends essays must not make us read them."""
_KEY_WORDS = 6


@dataclass(frozen=True, slots=True)
class Movement:
    """One transaction. ``amount`` is signed from the holder's side, in ``currency``.

    ``payee`` is the other side by its best name (the merchant on the card, else the counterparty), ``text`` all that
    was written beside it. ``bank_transaction_code`` is ISO 20022 DOMAIN-FAMILY-SUBFAMILY with unknown parts empty,
    ``merchant_category_code`` ISO 18245, ``purpose`` ISO 20022 ExternalPurpose1Code or ExternalCategoryPurpose1Code.
    ``is_between_own``: the other account is one of the same person's. ``is_to_own_name``: the other side is called as
    the holder is; some banks write the holder there where they know nobody, so it is weaker than any code.
    """

    id: str
    account_id: str
    day: date
    amount: Decimal
    currency: str
    payee: str = ""
    text: str = ""
    bank_transaction_code: str = ""
    merchant_category_code: str = ""
    purpose: str = ""
    is_between_own: bool = False
    is_to_own_name: bool = False

    @property
    def is_in(self) -> bool:
        return self.amount > 0

    @property
    def key(self) -> str:
        """Who is paid or pays, the same each time: what corrections are remembered for and series are made of.

        Without numbers, for shops put theirs, and months, behind their name. "" where nothing tells.
        """
        return payee_key(self.payee) or payee_key(self.text)


@lru_cache(maxsize=16384)
def words(text: str) -> tuple[str, ...]:
    """Lower case, without accents and apostrophes, umlauts however spelt: "Müller's" and "MUELLERS" are (mullers,)."""
    plain = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text[:MAX_TEXT]).casefold().translate(_LETTERS))
    bare = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return tuple(_WORD.findall(_DIGRAPH.sub(r"\1", bare)))


@lru_cache(maxsize=16384)
def payee_key(text: str) -> str:
    return " ".join([word for word in words(text) if not any(mark.isdigit() for mark in word)][:_KEY_WORDS])
