"""The JSON of NextGenPSD2 1.3.11 as far as we read it; names are the schemas' in snake case.

Rows stay ``Raw`` in the envelopes: they are decoded one by one, and their own bytes are kept. Optional fields may be
null, because banks send null. Amounts stay ``Raw`` so that their text is read and not a float.
"""

import re
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Raw

from providers.links import target

NOTHING = Raw(b"")
_ACCOUNT_IN_LINK = re.compile(r"/(?:card-)?accounts/([^/?#{}]+)(?:[/?#]|$)")


class Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Href(Wire, frozen=True):
    href: str | None = None


Link = Href | str | None  # a bare string at ING


class Amount(Wire, frozen=True):
    """amount: ``-?[0-9]{1,14}(\\.[0-9]{1,3})?``, signed. ``content`` was its name in version 1.0."""

    amount: Raw = NOTHING
    content: Raw = NOTHING
    value: Raw = NOTHING
    currency: str | None = None
    currency_code: str | None = None
    credit_debit_indicator: str | None = None


class AccountReference(Wire, frozen=True):
    iban: str | None = None
    bban: str | None = None
    pan: str | None = None
    masked_pan: str | None = None
    msisdn: str | None = None
    identification: str | None = None  # with schemeName beside it, as the British write
    other: "Other | str | None" = None


class Other(Wire, frozen=True):
    identification: str | None = None


class AccountRow(Wire, frozen=True):
    """accountDetails and cardAccountDetails. Without a resourceId the account is asked about by what its links call it.

    ``id`` is what GoCardless and some banks call it. No currency is a multicurrency account. ``account_number`` and
    ``account_reference`` are where some banks have the IBAN; ``balances`` may have any shape that
    providers.berlin_group.balances knows, the owners any that providers.berlin_group.parties does.
    """

    resource_id: str | int | None = None
    id: str | int | None = None
    account_id: str | int | None = None
    account_number: str | int | None = None
    account_reference: AccountReference | str | None = None
    currency: str | None = None
    iban: str | None = None
    bban: str | None = None
    masked_pan: str | None = None
    pan: str | None = None
    msisdn: str | None = None
    name: str | None = None
    display_name: str | None = None
    product: str | None = None
    cash_account_type: str | None = None
    status: str | None = None
    bic: str | None = None
    owner_name: Any = None
    owner_names: Any = None
    owners: Any = None
    account_owner: Any = None
    usage: str | None = None
    balances: Raw = NOTHING
    links: Any = msgspec.field(name="_links", default=None)
    unread: tuple[str, ...] = ()


class TypeName(Wire, frozen=True):
    code: str | None = None
    proprietary: str | None = None


class BalanceRow(Wire, frozen=True):
    """balance. ``credit_debit_indicator`` is not in 1.3; banks that send it sign nothing. The amount is an object, or
    stands alone beside ``currency``, under one of four names; ``date`` and ``last_action_date_time`` are of 1.0."""

    balance_amount: Raw = NOTHING
    amount: Raw = NOTHING
    balance: Raw = NOTHING
    value: Raw = NOTHING
    currency: str | None = None
    balance_type: TypeName | str | None = None
    type: TypeName | str | None = None
    credit_limit_included: bool | str | None = None
    credit_limit: Amount | None = None
    last_change_date_time: str | None = None
    last_action_date_time: str | None = None
    reference_date: str | None = None
    date: str | None = None
    credit_debit_indicator: str | None = None
    debit_credit_indicator: str | None = None
    unread: tuple[str, ...] = ()


class BalanceAfter(Wire, frozen=True):
    balance_amount: Amount | None = None
    amount: Raw = NOTHING
    currency: str | None = None


class CreditorReference(Wire, frozen=True):
    """As in ISO 20022, where the standard has ``reference`` alone."""

    reference: str | None = None


class Reference(Wire, frozen=True):
    """remittanceInformationStructured up to 1.3.8, and the items of its array."""

    reference: str | None = None
    creditor_reference_information: CreditorReference | str | None = None
    additional_remittance_information: list[str | None] | str | None = None


class Remittance(Wire, frozen=True):
    """remittanceInformation as an object, as ISO 20022 has it."""

    unstructured: list[str | int | None] | str | None = None
    structured: list[Reference | str | None] | Reference | str | None = None


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


class Address(Wire, frozen=True):
    town_name: str | None = None
    city: str | None = None
    country: str | None = None


class CardInstrument(Wire, frozen=True):
    card_scheme_name: str | None = None
    identification: str | int | None = None


class AdditionalData(Wire, frozen=True):
    """additionalDataStructured of GoCardless."""

    card_instrument: CardInstrument | None = None


class _Entry(Wire, frozen=True):
    """What a transaction and the entries of a batch have in common."""

    end_to_end_id: str | int | None = None
    mandate_id: str | int | None = None
    check_id: str | int | None = None
    creditor_id: str | int | None = None
    creditor_name: list[str | None] | str | None = None
    creditor_account: AccountReference | str | None = None  # a bare IBAN at easybank
    creditor_agent: Agent | str | None = None
    creditor: PartyRow | str | None = None
    ultimate_creditor: PartyRow | str | None = None
    debtor_name: list[str | None] | str | None = None
    debtor_account: AccountReference | str | None = None
    debtor_agent: Agent | str | None = None
    debtor: PartyRow | str | None = None
    ultimate_debtor: PartyRow | str | None = None
    remittance_information_unstructured: list[str | int | None] | str | None = None
    remittance_information_unstructured_array: list[str | int | None] | str | None = None
    remittance_information_structured: list[Reference | str | None] | Reference | str | None = None
    remittance_information_structured_array: list[Reference | str | None] | Reference | str | None = None
    remittance_information: list[Remittance | str | None] | Remittance | str | None = None
    purpose_code: str | None = None
    currency_exchange: list[Rate | None] | Rate | None = None
    exchange_rate: list[Rate | None] | Rate | None = None


class EntryRow(_Entry, frozen=True):
    """entryDetailsElement."""

    transaction_amount: Amount | None = None


class TransactionRow(_Entry, frozen=True, kw_only=True):
    """transactions and cardTransaction; the last names of each kind are not in 1.3 but at banks.

    ``credit_debit_indicator``: banks that send it sign nothing; so do those with ``debit_credit_indicator`` or one of
    the three after it. ``counterparty`` and ``partner`` are the other side, whichever that is. ``details``,
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
    direction: str | None = None
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
    entry_details: Raw = NOTHING
    batch_indicator: bool | None = None
    batch_number_of_transactions: str | int | None = None
    additional_information: str | None = None
    details: str | None = None
    description: str | None = None
    description_lines: list[str | None] | str | None = None
    narrative: str | None = None
    bank_transaction_code: Code | str | None = None
    proprietary_bank_transaction_code: Proprietary | str | int | None = None
    transaction_type: str | int | None = None
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


DOWNLOAD = "#download"
"""At the end of a link to a whole report: a fragment is never sent, so the bank's own address stays what it is."""


class AccountPage(Wire, frozen=True):
    accounts: list[Raw] | None = None
    account_list: list[Raw] | None = None
    card_accounts: list[Raw] | None = None
    account: Raw = NOTHING
    links: Any = msgspec.field(name="_links", default=None)
    plain_links: Any = msgspec.field(name="links", default=None)
    unread: tuple[str, ...] = ()


class BalancePage(Wire, frozen=True):
    """readAccountBalanceResponse-200. The list in any of its shapes (providers.berlin_group.balances)."""

    balances: Raw = NOTHING
    balance: Raw = NOTHING
    account_balances: Raw = NOTHING
    debit_accounting: bool | None = None
    links: Any = msgspec.field(name="_links", default=None)
    plain_links: Any = msgspec.field(name="links", default=None)


class Report(Wire, frozen=True):
    """accountReport and cardAccountReport; ``info`` at ING."""

    booked: list[Raw] | None = None
    pending: list[Raw] | None = None
    information: list[Raw] | None = None
    info: list[Raw] | None = None
    links: Any = msgspec.field(name="_links", default=None)
    plain_links: Any = msgspec.field(name="links", default=None)
    unread: tuple[str, ...] = ()


class TransactionPage(Wire, frozen=True):
    """transactionsResponse-200 and cardAccountsTransactionsResponse200. Some banks send the rows as one list, or the
    lists without the report around them."""

    transactions: list[Raw] | Report | None = None
    card_transactions: list[Raw] | Report | None = None
    booked: list[Raw] | None = None
    pending: list[Raw] | None = None
    debit_accounting: bool | None = None
    links: Any = msgspec.field(name="_links", default=None)
    plain_links: Any = msgspec.field(name="links", default=None)
    unread: tuple[str, ...] = ()


def href(link: Link) -> str | None:
    """The target of a hypertext link, however the bank wrapped it."""
    return (link.href if isinstance(link, Href) else link) or None


def id_in_links(row: AccountRow) -> str | None:
    """What an account is called in its own links, at banks that call it nothing elsewhere."""
    for name in ("transactions", "balances", "account", "self"):
        if found := _ACCOUNT_IN_LINK.search(target(row.links, name) or ""):
            return unquote(found[1])
    return None
