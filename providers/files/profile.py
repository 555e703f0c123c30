"""What a CSV file does not say of itself: which column is what, and how days and amounts are written."""

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from providers.files.days import Order
from providers.files.decode import ENCODINGS
from providers.files.numbers import Mark

MAX_COLUMNS = 100


class Role(StrEnum):
    """What a column can be. Only ``text`` may come more than once."""

    DATE = "date"  # booking day
    VALUE_DATE = "value_date"
    AMOUNT = "amount"  # signed, or with ``indicator`` beside it
    DEBIT = "debit"  # money out, whatever its sign
    CREDIT = "credit"  # money in, whatever its sign
    INDICATOR = "indicator"  # D/C, Soll/Haben, Af/Bij ...
    CURRENCY = "currency"
    PAYEE = "payee"  # whoever is not the holder
    DEBTOR = "debtor"  # who paid: the other side of money in
    CREDITOR = "creditor"  # who was paid: the other side of money out
    PAYEE_ACCOUNT = "payee_account"
    PAYEE_BIC = "payee_bic"
    TEXT = "text"
    KIND = "kind"  # the bank's word for the kind of booking
    ID = "id"
    REFERENCE = "reference"  # end-to-end
    MANDATE = "mandate"
    CREDITOR_ID = "creditor_id"
    STATUS = "status"
    CATEGORY_CODE = "category_code"  # ISO 18245
    BALANCE = "balance"  # after the row
    ACCOUNT = "account"  # the holder's own; a file may hold several


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``columns`` maps a column (from 0) to its role; one that is not named is not read.

    ``skip_lines`` stand before the header; ``has_header`` says that the next line holds names. ``inverted``: positive
    is money out. ``currency`` is that of rows which name none; "" until somebody says it.
    """

    columns: Annotated[dict[Annotated[int, Meta(ge=0, lt=MAX_COLUMNS)], Role], Meta(max_length=MAX_COLUMNS)]
    delimiter: Annotated[str, Meta(pattern="^[;,\t|]$")] = ";"
    encoding: Annotated[str, Meta(max_length=20)] = "utf-8"
    decimal: Mark = ","
    order: Order = "dmy"
    skip_lines: Annotated[int, Meta(ge=0, le=200)] = 0
    has_header: bool = True
    inverted: bool = False
    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$")] = ""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is missing or contradicts itself, as sentences for the person; empty if the profile can be used."""
        given = list(self.columns.values())
        found = []
        if Role.DATE not in given and Role.VALUE_DATE not in given:
            found.append("Say which column is the date.")
        if Role.AMOUNT not in given and not {Role.DEBIT, Role.CREDIT} & set(given):
            found.append("Say which column is the amount, or which two are money out and money in.")
        if Role.AMOUNT in given and {Role.DEBIT, Role.CREDIT} & set(given):
            found.append("One column for the amount, or two for money out and money in; not both.")
        twice = sorted({role.value for role in given if role is not Role.TEXT and given.count(role) > 1})
        if twice:
            found.append(f"Two columns cannot both be: {', '.join(twice)}.")
        if self.encoding not in ENCODINGS:
            found.append("The encoding is not one that is read.")
        return tuple(found)
