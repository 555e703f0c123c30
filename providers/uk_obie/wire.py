"""The JSON of UK Open Banking 3.1 and 4.0 as far as we read it; names are the specification's, in snake case.

Rows stay ``Raw`` in the envelopes: they are decoded one by one (providers.rows.Lenient), and their own bytes are kept.
What a row cannot do without has no default; a wrong shape in anything else costs that field and never the row. Amounts
stay ``Raw`` so that their text is read and not a float.
"""

from typing import Any

import msgspec
from msgspec import Raw

NOTHING = Raw(b"null")


class _Wire(msgspec.Struct, frozen=True, rename="pascal"):
    pass


class Amount(_Wire, frozen=True):
    """OBActiveOrHistoricCurrencyAndAmount: ``^\\d{1,13}(\\.\\d{1,5})?$``, never signed."""

    amount: Raw
    currency: str | None = None
    unread: tuple[str, ...] = ()


class Scheme(_Wire, frozen=True):
    """OBCashAccount6 and Account.Account[]: how an account is identified."""

    scheme_name: str | None = None
    identification: str | None = None
    name: str | None = None
    secondary_identification: str | None = None


class Agent(_Wire, frozen=True):
    """OBBranchAndFinancialInstitutionIdentification: a bank, by its BIC."""

    scheme_name: str | None = None
    identification: str | None = None
    name: str | None = None


class AccountRow(_Wire, frozen=True):
    """OBAccount6. Version 4 renamed AccountType to AccountCategory and AccountSubType to AccountTypeCode."""

    account_id: str
    currency: str | None = None
    status: str | None = None
    account_type: str | None = None
    account_sub_type: str | None = None
    account_category: str | None = None
    account_type_code: str | None = None
    description: str | None = None
    nickname: str | None = None
    account: list[Raw] | Scheme | None = None
    servicer: Agent | None = None


class CreditLine(_Wire, frozen=True):
    included: bool | None = None
    type: str | None = None
    amount: Amount | None = None


class BalanceRow(_Wire, frozen=True):
    """OBReadBalance1.Data.Balance[]. ``account_id`` is mandatory; bulk answers mix accounts."""

    amount: Amount
    credit_debit_indicator: str | None = None
    type: str | None = None
    account_id: str | None = None
    date_time: str | None = None
    credit_line: list[Raw] | CreditLine | None = None


class BankTransactionCode(_Wire, frozen=True):
    code: str | None = None
    sub_code: str | None = None


class ProprietaryCode(_Wire, frozen=True):
    code: str | None = None
    issuer: str | None = None


class Merchant(_Wire, frozen=True):
    merchant_name: str | None = None
    merchant_category_code: str | None = None


class BalanceAfter(_Wire, frozen=True):
    """OBTransactionCashBalance."""

    amount: Amount | None = None
    credit_debit_indicator: str | None = None


class CurrencyExchange(_Wire, frozen=True):
    """OBCurrencyExchange5."""

    source_currency: str | None = None
    target_currency: str | None = None
    unit_currency: str | None = None
    exchange_rate: Raw = NOTHING
    instructed_amount: Amount | None = None


class CardInstrument(_Wire, frozen=True):
    """OBTransactionCardInstrument1. Its Name is the card holder's."""

    card_scheme_name: str | None = None
    identification: str | None = None


class TransactionRow(_Wire, frozen=True):
    """OBTransaction6. ``currency`` stands beside an amount that is no object; the dates are without their time, and
    ``transaction_date_time`` is no booking, at banks that have them."""

    amount: Amount
    currency: str | None = None
    credit_debit_indicator: str | None = None
    status: str | None = None
    transaction_id: str | None = None
    transaction_reference: str | None = None
    statement_reference: list[str | None] | str | None = None
    transaction_mutability: str | None = None
    booking_date_time: str | None = None
    booking_date: str | None = None
    value_date_time: str | None = None
    value_date: str | None = None
    transaction_date_time: str | None = None
    transaction_information: list[str | None] | str | None = None
    address_line: str | None = None
    charge_amount: Amount | None = None
    currency_exchange: CurrencyExchange | None = None
    bank_transaction_code: BankTransactionCode | str | None = None
    proprietary_bank_transaction_code: ProprietaryCode | str | None = None
    extended_proprietary_bank_transaction_codes: list[Raw] | ProprietaryCode | None = None
    balance: BalanceAfter | None = None
    merchant_details: Merchant | str | None = None
    creditor_agent: Agent | None = None
    creditor_account: Scheme | None = None
    debtor_agent: Agent | None = None
    debtor_account: Scheme | None = None
    ultimate_creditor: Scheme | None = None
    ultimate_debtor: Scheme | None = None
    card_instrument: CardInstrument | None = None
    payment_purpose_code: str | None = None
    supplementary_data: Raw = NOTHING
    unread: tuple[str, ...] = ()


class Page(_Wire, frozen=True):
    """The envelope of every list: Data holds the rows under the resource's name."""

    data: dict[str, Raw] | list[Raw] | None
    links: Any = None


class ConsentData(_Wire, frozen=True):
    """OBReadConsentResponse1.Data and OBFundsConfirmationConsentResponse1.Data."""

    consent_id: str
    status: str = ""
    expiration_date_time: str | None = None
    permissions: list[str] | None = None


class Consent(_Wire, frozen=True):
    data: ConsentData


class FundsData(_Wire, frozen=True):
    """OBFundsConfirmationResponse1.Data."""

    funds_available: bool
    funds_confirmation_id: str | None = None
    creation_date_time: str | None = None


class Funds(_Wire, frozen=True):
    data: FundsData


class Error(_Wire, frozen=True):
    error_code: str | None = None
    message: str | None = None


class ErrorBody(_Wire, frozen=True):
    """OBErrorResponse1; version 4 has no Code and no Message at the top."""

    code: str | None = None
    message: str | None = None
    errors: list[Raw] | Error | None = None
