"""One row in neutral words, before any rule: what a standard's normalize.py hands to the engine.

Texts are as the bank wrote them. Each value comes with its *place*: the field of the bank's row that it was read from,
as an operator would write it (``creditorName``, ``MerchantDetails.MerchantName``).
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from providers.model import Card, Exchange, Identifier, Money, Status

Placed = tuple[str, str | None]
"""(place, text)."""


class Named(msgspec.Struct, gc=False):
    """A party as one side of the row names it. ``account`` is read already (providers.identify)."""

    place: str
    name: str | None = None
    account: Identifier | None = None
    agent: str | None = None
    account_place: str = ""


class Told(msgspec.Struct, gc=False):
    """``number`` is exact and as signed as the bank wrote it (providers.amount); ``direction`` is 1 for a credit
    indicator, -1 for a debit one, None where there is none.

    ``booking``, ``value`` and ``moment`` are texts, the first candidate that is there wins. ``status_word`` is the
    row's own, if it has one; ``status`` is the list's. ``unstructured`` are the payer's words line by line and
    ``single`` the same in one text that may be cut; ``structured`` references; ``additional`` the bank's own words.
    ``bank_ids`` as the bank names them, placeholders included. ``places`` are those of the rarer facts, by their names
    in Details (``purpose``, ``card``, ``exchange``, ``charges``, ``batch_size`` ...).
    """

    raw: bytes
    status: Status
    status_place: str
    number: Decimal
    currency: str
    money_place: str
    direction: int | None = None
    status_word: Placed | None = None
    booking: tuple[Placed, ...] = ()
    value: tuple[Placed, ...] = ()
    moment: tuple[Placed, ...] = ()
    creditor: Named | None = None
    debtor: Named | None = None
    ultimate_creditor: Named | None = None
    ultimate_debtor: Named | None = None
    merchant: Named | None = None
    unstructured: Sequence[str | None] = ()
    unstructured_place: str = ""
    single: str | None = None
    single_place: str = ""
    structured: Sequence[str | None] = ()
    structured_place: str = ""
    additional: str | None = None
    additional_place: str = ""
    bank_ids: dict[str, str | int | None] = {}
    code: str | None = None
    code_place: str = ""
    proprietary_code: str | None = None
    proprietary_place: str = ""
    merchant_category_code: str | int | None = None
    merchant_category_place: str = ""
    balance_after: Money | None = None
    balance_after_place: str = ""
    purpose: str | None = None
    card: Card | None = None
    exchange: Exchange | None = None
    charges: Money | None = None
    is_reversal: bool = False
    batch_size: int | None = None
    statement_references: Sequence[str] = ()
    is_mutable: bool | None = None
    places: dict[str, str] = {}
    unread: tuple[str, ...] = ()

    @property
    def has_more(self) -> bool:
        """Whether one of the rarer facts is told."""
        return bool(self.is_reversal or self.batch_size or self.statement_references or self.is_mutable is not None)
