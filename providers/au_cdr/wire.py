"""The JSON of the Consumer Data Standards 1.36 as far as we read it; names are the schemas' in snake case.

Rows stay ``Raw`` in the envelopes: they are decoded one by one and leniently (providers.rows.Lenient), and their own
bytes are kept. Amounts stay ``Raw`` so that their text is read and not a float.
"""

from typing import Any

import msgspec
from msgspec import Raw

NOTHING = Raw(b"null")
"""What a field holds that is not there, or is null: Raw takes no union."""


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class AccountRow(_Wire, frozen=True):
    """BankingAccountV3."""

    account_id: str
    display_name: str | None = None
    nickname: str | None = None
    open_status: str | None = None
    masked_number: str | None = None
    product_category: str | None = None
    product_name: str | None = None


class Purse(_Wire, frozen=True):
    amount: Raw
    currency: str | None = None
    unread: tuple[str, ...] = ()


class BalanceRow(_Wire, frozen=True):
    """BankingBalance."""

    account_id: str | None = None
    current_balance: Raw = NOTHING
    available_balance: Raw = NOTHING
    credit_limit: Raw = NOTHING
    currency: str | None = None
    purses: list[Raw] | None = None


class TransactionRow(_Wire, frozen=True):
    """BankingTransactionV2. The amount is signed."""

    amount: Raw
    account_id: str | None = None
    transaction_id: str | int | None = None
    type: str | None = None
    status: str | None = None
    description: str | None = None
    posting_date_time: str | None = None
    value_date_time: str | None = None
    execution_date_time: str | None = None
    currency: str | None = None
    reference: str | int | None = None
    merchant_name: str | None = None
    merchant_category_code: str | int | None = None
    biller_code: str | int | None = None
    biller_name: str | None = None
    crn: str | int | None = None
    unread: tuple[str, ...] = ()


class AccountData(_Wire, frozen=True):
    accounts: list[Raw] | None = None


class AccountPage(_Wire, frozen=True):
    """ResponseBankingAccountListV3."""

    data: AccountData
    links: Any = None


class BalanceAnswer(_Wire, frozen=True):
    """ResponseBankingAccountsBalanceById."""

    data: Raw
    links: Any = None


class TransactionData(_Wire, frozen=True):
    transactions: list[Raw] | None = None


class TransactionPage(_Wire, frozen=True):
    """ResponseBankingTransactionList."""

    data: TransactionData
    links: Any = None


class Error(_Wire, frozen=True):
    code: Any = None


class ErrorBody(_Wire, frozen=True):
    """ResponseErrorListV2."""

    errors: list[Error] | None = None


def is_there(raw: Raw) -> bool:
    return bytes(raw) != b"null"
