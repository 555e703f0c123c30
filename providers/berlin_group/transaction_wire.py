"""The JSON of one transaction of NextGenPSD2 1.3.11 as far as we read it, with the names that single banks have for its
parts; names are in snake case (see providers.berlin_group.wire).

Texts may be of any shape (providers.berlin_group.texts): a text, a list of texts, an object with one in it.
"""

from typing import Any

import msgspec
from msgspec import Raw

from providers.berlin_group.wire import NOTHING, AccountReference, Amount, Wire


class BalanceAfter(Wire, frozen=True):
    """A balance of which the amount counts; the indicator is not in 1.3."""

    balance_amount: Amount | None = None
    amount: Raw = NOTHING
    currency: str | None = None
    credit_debit_indicator: str | None = None
    unread: tuple[str, ...] = ()


class PartyRow(Wire, frozen=True):
    """A party as an object, where a bank has objects instead of creditorName."""

    name: str | None = None
    iban: str | None = None
    account: AccountReference | str | None = None


class Agent(Wire, frozen=True):
    bic: str | None = None
    bicfi: str | None = None


class Rate(Wire, frozen=True):
    """reportExchangeRate; its names up to 1.1 (currencyFrom, rateFrom, ...) and in 1.2 (rate); GoCardless adds
    ``instructed_amount``."""

    source_currency: str | None = None
    exchange_rate: Raw = NOTHING
    unit_currency: str | None = None
    target_currency: str | None = None
    rate: Raw = NOTHING
    currency_from: str | None = None
    rate_from: Raw = NOTHING
    currency_to: str | None = None
    rate_to: Raw = NOTHING
    instructed_amount: Amount | None = None


class Proprietary(Wire, frozen=True):
    code: str | int | None = None


class Family(Wire, frozen=True):
    code: str | None = None
    sub_family_code: str | None = None


class Domain(Wire, frozen=True):
    code: str | None = None
    family: Family | str | None = None
    family_code: str | None = None
    sub_family_code: str | None = None


class Code(Wire, frozen=True):
    """bankTransactionCode as an object, flat or as ISO 20022 nests it."""

    domain: Domain | str | None = None
    family: Family | str | None = None
    sub_family: str | None = None
    code: str | None = None
    sub_code: str | None = None
    domain_code: str | None = None
    family_code: str | None = None
    sub_family_code: str | None = None
    proprietary: Proprietary | str | None = None
    proprietary_code: str | None = None
    description: str | None = None


class Address(Wire, frozen=True):
    town_name: str | None = None
    city: str | None = None
    country: str | None = None


class CardInstrument(Wire, frozen=True):
    card_scheme_name: str | None = None
    identification: str | int | None = None


class AdditionalData(Wire, frozen=True):
    """additionalDataStructured of GoCardless: an object around the card's, or the card's own members."""

    card_instrument: CardInstrument | None = None
    card_scheme_name: str | None = None
    identification: str | int | None = None


class _Entry(Wire, frozen=True):
    """What a transaction and the entries of a batch have in common."""

    end_to_end_id: str | int | None = None
    mandate_id: str | int | None = None
    check_id: str | int | None = None
    creditor_id: str | int | None = None
    creditor_name: list[str | None] | str | None = None
    creditor_account: list[AccountReference] | AccountReference | str | None = None  # a bare IBAN at easybank
    creditor_iban: str | None = None
    creditor_agent: Agent | str | None = None
    creditor: PartyRow | str | None = None
    ultimate_creditor: PartyRow | str | None = None
    debtor_name: list[str | None] | str | None = None
    debtor_account: list[AccountReference] | AccountReference | str | None = None
    debtor_iban: str | None = None
    debtor_agent: Agent | str | None = None
    debtor: PartyRow | str | None = None
    ultimate_debtor: PartyRow | str | None = None
    remittance_information_unstructured: Any = None
    remittance_information_unstructured_array: Any = None
    remittance_information_structured: Any = None
    remittance_information_structured_array: Any = None
    remittance_information: Any = None
    purpose_code: str | None = None
    currency_exchange: list[Rate | None] | Rate | None = None
    exchange_rate: list[Rate | None] | Rate | None = None


class EntryRow(_Entry, frozen=True):
    """entryDetailsElement."""

    transaction_amount: Amount | None = None


class TransactionRow(_Entry, frozen=True, kw_only=True):
    """transactions and cardTransaction; the last names of each kind are not in 1.3 but at banks.

    ``credit_debit_indicator``: banks that send it sign nothing; so do those with ``debit_credit_indicator`` or one of
    those after it up to ``sign``. ``counterparty`` and ``partner`` are the other side, whichever that is. ``details``,
    ``transaction_details``, ``additional_information``, ``description`` and ``narrative`` are the bank's own words;
    ``internal_transaction_id`` is GoCardless's.
    """

    transaction_amount: Amount | None = None
    amount: Raw = NOTHING  # an Amount at ING, a bare number beside ``currency`` elsewhere
    currency: str | None = None
    credit_debit_indicator: str | None = None
    debit_credit_indicator: str | None = None
    debit_credit: str | None = None
    credit_debit: str | None = None
    credit_debit_code: str | None = None
    credit_debit_type: str | None = None
    debit_or_credit: str | None = None
    cdt_dbt_ind: str | None = None
    transaction_direction: str | None = None
    direction: str | None = None
    side: str | None = None
    sign: str | None = None
    counterparty_name: list[str | None] | str | None = None
    counterparty_account: AccountReference | str | None = None
    counterparty_account_number: str | None = None
    counterparty_iban: str | None = None
    counterparty: PartyRow | str | None = None
    partner_name: list[str | None] | str | None = None
    partner_account: AccountReference | str | None = None
    partner_iban: str | None = None
    partner: PartyRow | str | None = None
    transaction_id: str | int | None = None
    internal_transaction_id: str | int | None = None
    entry_reference: str | int | None = None
    card_transaction_id: str | int | None = None
    transaction_identification: str | int | None = None  # at Volksbank
    transaction_reference: str | int | None = None
    payment_information_identification: str | int | None = None
    booking_date: str | None = None
    booking_date_time: str | None = None
    booked_date: str | None = None
    book_date: str | None = None
    posting_date: str | None = None
    date: str | None = None
    value_date: str | None = None
    value_date_time: str | None = None
    transaction_date: str | None = None
    transaction_date_time: str | None = None
    acceptor_transaction_date_time: str | None = None
    execution_date_time: str | None = None
    status: str | None = None
    booking_status: str | None = None
    transaction_status: str | None = None
    pending: bool | int | str | None = None
    is_pending: bool | int | str | None = None
    booked: bool | int | str | None = None
    is_booked: bool | int | str | None = None
    entry_details: Raw = NOTHING
    batch_indicator: bool | None = None
    batch_number_of_transactions: str | int | None = None
    additional_information: Any = None
    details: str | None = None
    description: Any = None
    description_lines: Any = None
    narrative: Any = None
    bank_transaction_code: Code | str | None = None
    proprietary_bank_transaction_code: Proprietary | str | int | None = None
    transaction_type: str | int | None = None
    type: str | None = None
    merchant_category_code: str | int | None = None
    card_acceptor_category_code: str | int | None = None
    mcc: str | int | None = None
    merchant_name: str | None = None
    balance_after_transaction: BalanceAfter | None = None
    original_amount: Amount | None = None
    markup_fee: Amount | None = None
    card_acceptor_address: Address | None = None
    additional_data_structured: AdditionalData | None = None
    masked_pan: str | None = None
    masked_pan_capital: str | None = msgspec.field(name="maskedPAN", default=None)
    transaction_details: str | None = None
    unread: tuple[str, ...] = ()


class ElsewhereRow(Wire, frozen=True):
    """What some banks call what the standard has another name for; read where the standard's own is not there."""

    beneficiary_name: str | None = None
    beneficiary: PartyRow | str | None = None
    card_acceptor_name: str | None = None
    merchant: PartyRow | str | None = None
    payee_name: str | None = None
    payee: PartyRow | str | None = None
    receiver_name: str | None = None
    receiver: PartyRow | str | None = None
    recipient_name: str | None = None
    recipient: PartyRow | str | None = None
    payer_name: str | None = None
    payer: PartyRow | str | None = None
    sender_name: str | None = None
    sender: PartyRow | str | None = None
    remitter_name: str | None = None
    remitter: PartyRow | str | None = None
    posted_date: str | None = None
    entry_date: str | None = None
    accounting_date: str | None = None
    ledger_date: str | None = None
    operation_date: str | None = None
    execution_date: str | None = None
    transaction_description: Any = None
    descriptive_text: Any = None
    message: Any = None
    narration: Any = None
    communication: Any = None
    memo: Any = None
    note: Any = None
    text: Any = None
    title: Any = None
