"""The JSON of UK Open Banking 3.1 as far as we read it; names are the specification's schema names in snake case.

Rows stay ``Raw`` in the envelopes: they are decoded one by one, and their own bytes are kept. Optional fields may be
null, because banks send null. Amounts stay ``Raw`` so that their text is read and not a float.
"""

import msgspec
from msgspec import Raw


class _Wire(msgspec.Struct, frozen=True, rename="pascal"):
    pass


class Amount(_Wire, frozen=True):
    """OBActiveOrHistoricCurrencyAndAmount: ``^\\d{1,13}(\\.\\d{1,5})?$``, never signed."""

    amount: Raw
    currency: str


class Scheme(_Wire, frozen=True):
    """OBCashAccount6 and Account.Account[]: how an account is identified."""

    scheme_name: str | None = None
    identification: str | int | None = None
    name: str | None = None


class Servicer(_Wire, frozen=True):
    scheme_name: str | None = None
    identification: str | None = None


class AccountRow(_Wire, frozen=True):
    """OBAccount6."""

    account_id: str
    currency: str
    status: str | None = None
    account_type: str | None = None
    account_sub_type: str | None = None
    description: str | None = None
    nickname: str | None = None
    account: list[Scheme] | None = None
    servicer: Servicer | None = None


class CreditLine(_Wire, frozen=True):
    included: bool | None = None


class BalanceRow(_Wire, frozen=True):
    """OBReadBalance1.Data.Balance[]. ``account_id`` is mandatory; bulk answers mix accounts."""

    amount: Amount
    credit_debit_indicator: str
    type: str
    account_id: str | None = None
    date_time: str | None = None
    credit_line: list[CreditLine] | None = None


class BankTransactionCode(_Wire, frozen=True):
    code: str | None = None
    sub_code: str | None = None


class ProprietaryCode(_Wire, frozen=True):
    code: str | None = None
    issuer: str | None = None


class Merchant(_Wire, frozen=True):
    merchant_name: str | None = None
    merchant_category_code: str | int | None = None


class BalanceAfter(_Wire, frozen=True):
    """OBTransactionCashBalance."""

    amount: Amount
    credit_debit_indicator: str


class TransactionRow(_Wire, frozen=True):
    """OBTransaction6."""

    amount: Amount
    credit_debit_indicator: str
    status: str
    transaction_id: str | int | None = None
    transaction_reference: str | int | None = None
    booking_date_time: str | None = None
    value_date_time: str | None = None
    transaction_information: str | None = None
    bank_transaction_code: BankTransactionCode | None = None
    proprietary_bank_transaction_code: ProprietaryCode | None = None
    balance: BalanceAfter | None = None
    merchant_details: Merchant | None = None
    creditor_account: Scheme | None = None
    debtor_account: Scheme | None = None
    supplementary_data: Raw = Raw(b"null")


class Links(_Wire, frozen=True):
    next: str | None = None


class AccountData(_Wire, frozen=True):
    account: list[Raw] | None = None


class BalanceData(_Wire, frozen=True):
    balance: list[Raw] | None = None


class TransactionData(_Wire, frozen=True):
    transaction: list[Raw] | None = None


class AccountPage(_Wire, frozen=True):
    data: AccountData
    links: Links | None = None


class BalancePage(_Wire, frozen=True):
    data: BalanceData
    links: Links | None = None


class TransactionPage(_Wire, frozen=True):
    data: TransactionData
    links: Links | None = None


class ConsentData(_Wire, frozen=True):
    """OBReadConsentResponse1.Data."""

    consent_id: str
    status: str
    expiration_date_time: str | None = None


class Consent(_Wire, frozen=True):
    data: ConsentData


class Error(_Wire, frozen=True):
    error_code: str | None = None


class ErrorBody(_Wire, frozen=True):
    """OBErrorResponse1."""

    code: str | None = None
    errors: list[Error] | None = None
