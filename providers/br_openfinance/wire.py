"""The JSON of Open Finance Brasil (consents 3.3, accounts 2.4, credit cards 2.3) as far as we read it; schema names in
snake case.

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


class Amount(_Wire, frozen=True):
    """Never signed."""

    amount: Raw
    currency: str | None = None
    unread: tuple[str, ...] = ()


class AccountRow(_Wire, frozen=True):
    """AccountData."""

    account_id: str
    brand_name: str | None = None
    company_cnpj: str | None = None
    type: str | None = None
    compe_code: str | int | None = None
    branch_code: str | int | None = None
    number: str | int | None = None
    check_digit: str | int | None = None
    currency: str | None = None


class BalanceRow(_Wire, frozen=True):
    """AccountBalancesData."""

    available_amount: Amount | None = None
    blocked_amount: Amount | None = None
    automatically_invested_amount: Amount | None = None
    update_date_time: str | None = None


class LimitRow(_Wire, frozen=True):
    """AccountOverdraftLimitsData."""

    overdraft_contracted_limit: Amount | None = None


class TransactionRow(_Wire, frozen=True):
    """AccountTransactionsData."""

    transaction_amount: Amount
    transaction_id: str | int | None = None
    completed_authorised_payment_type: str | None = None
    credit_debit_type: str | None = None
    transaction_name: str | None = None
    type: str | None = None
    transaction_date_time: str | None = None
    transaction_date: str | None = None  # until 2.0
    partie_compe_code: str | int | None = None
    partie_branch_code: str | int | None = None
    partie_number: str | int | None = None
    partie_check_digit: str | int | None = None
    unread: tuple[str, ...] = ()


class CardRow(_Wire, frozen=True):
    """CreditCardAccountsData."""

    credit_card_account_id: str
    name: str | None = None
    brand_name: str | None = None
    product_type: str | None = None
    product_additional_info: str | None = None
    credit_card_network: str | None = None
    network_additional_info: str | None = None


class CardLimitRow(_Wire, frozen=True):
    """CreditCardAccountsLimitsData. ``used_amount`` and ``available_amount`` may be negative."""

    credit_line_limit_type: str | None = None
    consolidation_type: str | None = None
    used_amount: Amount | None = None
    limit_amount: Amount | None = None
    available_amount: Amount | None = None


class BillEntry(_Wire, frozen=True):
    """CreditCardAccountsBillsFinanceCharge, CreditCardAccountsBillsPayment."""

    amount: Raw = NOTHING
    currency: str | None = None
    type: str | None = None
    value_type: str | None = None
    additional_info: str | None = None


class BillRow(_Wire, frozen=True):
    """CreditCardAccountsBillsData."""

    bill_id: str
    bill_total_amount: Amount
    due_date: str | None = None
    bill_minimum_amount: Amount | None = None
    finance_charges: tuple[BillEntry, ...] = ()
    payments: tuple[BillEntry, ...] = ()


class CardTransactionRow(_Wire, frozen=True):
    """CreditCardAccountsTransaction. ``amount`` is what was asked for where it was made, ``brazilian_amount`` what the
    account owes for it."""

    brazilian_amount: Amount
    amount: Amount | None = None
    transaction_id: str | int | None = None
    identification_number: str | None = None
    transaction_name: str | None = None
    bill_id: str | None = None
    credit_debit_type: str | None = None
    transaction_type: str | None = None
    transactional_additional_info: str | None = None
    payment_type: str | None = None
    fee_type: str | None = None
    charge_identificator: int | None = None
    charge_number: int | None = None
    transaction_date_time: str | None = None
    transaction_date: str | None = None  # until 2.0
    bill_post_date: str | None = None
    payee_mcc: str | int | None = msgspec.field(default=None, name="payeeMCC")
    unread: tuple[str, ...] = ()


class ListAnswer(_Wire, frozen=True):
    """ResponseAccountList, ResponseAccountTransactions."""

    data: list[Raw]
    links: Any = None


class ObjectAnswer(_Wire, frozen=True):
    """ResponseAccountBalances, ResponseAccountOverdraftLimits."""

    data: Raw
    links: Any = None


class RejectionReason(_Wire, frozen=True):
    code: str | None = None


class Rejection(_Wire, frozen=True):
    rejected_by: str | None = None
    reason: RejectionReason | None = None


class ConsentData(_Wire, frozen=True):
    """ResponseConsent.data."""

    consent_id: str
    status: str
    expiration_date_time: str | None = None
    rejection: Rejection | None = None


class Consent(_Wire, frozen=True):
    data: ConsentData


class Error(_Wire, frozen=True):
    code: Any = None


class ErrorBody(_Wire, frozen=True):
    """ResponseError."""

    errors: list[Error] | None = None
