"""The JSON of STET PSD2 1.4 to 1.6 as far as we read it; names are the schemas' in snake case.

Rows are decoded one by one (providers.stet.envelope) and leniently (providers.rows.Lenient), and their own bytes are
kept. Amounts stay ``Raw`` so that their text is read and not a float. Unions are shapes that banks were seen
to send for one field.
"""

from typing import Any

import msgspec
from msgspec import Raw

NOTHING = Raw(b"null")
"""What a field holds that is not there, or is null: Raw takes no union."""


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Amount(_Wire, frozen=True):
    """AmountType. A number in the schema, a string at most banks. Without a currency it is in the account's."""

    amount: Raw
    currency: str | None = None
    unread: tuple[str, ...] = ()


class Other(_Wire, frozen=True):
    """GenericIdentification."""

    identification: str | int | None = None
    scheme_name: str | None = None
    issuer: str | None = None


class AccountId(_Wire, frozen=True):
    """AccountIdentification. ``bban`` and ``masked_pan`` are not the standard's, but come."""

    iban: str | None = None
    other: Other | None = None
    currency: str | None = None
    bban: str | None = None
    masked_pan: str | None = None


class Agent(_Wire, frozen=True):
    bic_fi: str | None = None


class AccountRow(_Wire, frozen=True):
    """AccountResource. Before the consent is forwarded accounts come without resourceId and links."""

    resource_id: str | int | None = None
    account_id: AccountId | str | None = None
    bic_fi: str | None = None
    name: str | None = None
    details: str | None = None
    linked_account: AccountId | str | int | None = None
    usage: str | None = None
    cash_account_type: str | None = None
    product: str | None = None
    currency: str | None = None
    balances: list[Raw] | None = None
    links: Any = msgspec.field(name="_links", default=None)


class BalanceRow(_Wire, frozen=True):
    """BalanceResource. ``credit_debit_indicator`` is not in the standard; where it comes, it signs."""

    balance_amount: Amount
    balance_type: str | None = None
    name: str | None = None
    credit_debit_indicator: str | None = None
    last_change_date_time: str | None = None
    reference_date: str | None = None
    unread: tuple[str, ...] = ()


class BankCode(_Wire, frozen=True):
    """BankTransactionCode."""

    domain: str | None = None
    family: str | None = None
    sub_family: str | None = None
    code: str | int | None = None
    issuer: str | None = None


class Person(_Wire, frozen=True):
    """PartyIdentification."""

    name: str | None = None


class Parties(_Wire, frozen=True):
    """RelatedParties."""

    debtor: Person | str | None = None
    debtor_account: AccountId | str | None = None
    debtor_agent: Agent | str | None = None
    ultimate_debtor: Person | str | None = None
    creditor: Person | str | None = None
    creditor_account: AccountId | str | None = None
    creditor_agent: Agent | str | None = None
    ultimate_creditor: Person | str | None = None


class Converted(_Wire, frozen=True):
    """AmountAndCurrencyExchangeDetails."""

    amount: Amount | None = None
    source_currency: str | None = None
    target_currency: str | None = None
    unit_currency: str | None = None
    exchange_rate: Raw = NOTHING


class AmountDetails(_Wire, frozen=True):
    """AmountAndCurrencyExchange."""

    instructed_amount: Converted | None = None
    transaction_amount: Converted | None = None
    counter_value_amount: Converted | None = None


class Charges(_Wire, frozen=True):
    total_charges_and_tax_amount: Amount | None = None


class TransactionRow(_Wire, frozen=True):
    """Transaction. Amount, indicator and status are mandatory; at least one date should be there, and is not always.

    The parties beside ``related_parties`` are where 1.4 banks put them, if they name any. ``currency`` stands beside an
    amount that is no object. ``remittance_information`` is an object from 1.4.2 on, before that a list of texts.
    """

    transaction_amount: Amount
    currency: str | None = None
    credit_debit_indicator: str | None = None
    status: str | None = None
    resource_id: str | int | None = None
    entry_reference: str | int | None = None
    end_to_end_id: str | int | None = None
    expected_booking_date: str | None = None
    expecting_booking_date: str | None = None  # at Société Générale
    booking_date: str | None = None
    booking_date_time: str | None = None
    value_date: str | None = None
    transaction_date: str | None = None
    operation_date: str | None = None
    bank_transaction_code: BankCode | str | None = None
    remittance_information: Any = None
    additional_transaction_information: str | None = None
    related_parties: Parties | None = None
    creditor: Person | str | None = None
    creditor_name: str | None = None
    debtor: Person | str | None = None
    debtor_name: str | None = None
    transaction_amount_details: AmountDetails | None = None
    charges: Charges | None = None
    merchant_category_code: str | int | None = None
    unread: tuple[str, ...] = ()


class BeneficiaryRow(_Wire, frozen=True):
    """Beneficiary."""

    id: str | int | None = None
    is_trusted: bool | None = None
    creditor_agent: Agent | str | None = None
    creditor: Person | str | None = None
    creditor_account: AccountId | str | None = None


class HolderRow(_Wire, frozen=True):
    """Identity, or the company's GenericIdentification in its place."""

    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    identification: str | int | None = None
    scheme_name: str | None = None


class Coverage(_Wire, frozen=True):
    """HalPaymentCoverageReport."""

    result: bool


class ErrorBody(_Wire, frozen=True):
    """ErrorModel; some gateways put their own code into ``code`` or ``error``."""

    error: Any = None
    code: Any = None
    message: Any = None


def is_there(raw: Raw) -> bool:
    return bytes(raw) != b"null"
