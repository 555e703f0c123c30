"""The JSON of NextGenPSD2 1.3.11 as far as we read it; names are the schemas' in snake case.

Rows stay ``Raw`` in the envelopes: they are decoded one by one, and their own bytes are kept. Optional fields may be
null, because banks send null. Amounts stay ``Raw`` so that their text is read and not a float.
"""

import msgspec
from msgspec import Raw


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Href(_Wire, frozen=True):
    href: str | None = None


Link = Href | str | None  # a bare string at ING


class Amount(_Wire, frozen=True):
    """amount: ``-?[0-9]{1,14}(\\.[0-9]{1,3})?``, signed."""

    amount: Raw
    currency: str


class AccountReference(_Wire, frozen=True):
    iban: str | None = None
    bban: str | None = None
    pan: str | None = None
    masked_pan: str | None = None
    msisdn: str | None = None


class AccountRow(_Wire, frozen=True):
    """accountDetails. Without a resourceId the account cannot be asked about."""

    resource_id: str
    currency: str
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
    owner_name: str | None = None


class BalanceRow(_Wire, frozen=True):
    balance_amount: Amount
    balance_type: str
    credit_limit_included: bool | None = None
    last_change_date_time: str | None = None
    reference_date: str | None = None


class BalanceAfter(_Wire, frozen=True):
    balance_amount: Amount


class Reference(_Wire, frozen=True):
    """remittanceInformationStructured up to 1.3.8, and the items of its array."""

    reference: str | None = None


class TransactionRow(_Wire, frozen=True):
    """transactions (transactionDetails). ``credit_debit_indicator`` is not in 1.3; banks that send it sign nothing."""

    transaction_amount: Amount
    transaction_id: str | int | None = None
    entry_reference: str | int | None = None
    end_to_end_id: str | int | None = None
    mandate_id: str | int | None = None
    check_id: str | int | None = None
    creditor_id: str | int | None = None
    booking_date: str | None = None
    value_date: str | None = None
    credit_debit_indicator: str | None = None
    creditor_name: str | None = None
    creditor_account: AccountReference | str | None = None  # a bare IBAN at easybank
    ultimate_creditor: str | None = None
    debtor_name: str | None = None
    debtor_account: AccountReference | str | None = None
    ultimate_debtor: str | None = None
    remittance_information_unstructured: str | None = None
    remittance_information_unstructured_array: list[str | None] | str | None = None
    remittance_information_structured: Reference | str | None = None
    remittance_information_structured_array: list[Reference | str | None] | None = None
    bank_transaction_code: str | None = None
    proprietary_bank_transaction_code: str | None = None
    merchant_category_code: str | int | None = None
    balance_after_transaction: BalanceAfter | None = None


class Links(_Wire, frozen=True):
    next: Link = None


class AccountPage(_Wire, frozen=True):
    accounts: list[Raw]
    links: Links | None = msgspec.field(name="_links", default=None)


class BalancePage(_Wire, frozen=True):
    balances: list[Raw]
    links: Links | None = msgspec.field(name="_links", default=None)


class Report(_Wire, frozen=True):
    """accountReport."""

    booked: list[Raw] | None = None
    pending: list[Raw] | None = None
    information: list[Raw] | None = None
    links: Links | None = msgspec.field(name="_links", default=None)


class TransactionPage(_Wire, frozen=True):
    transactions: Report
    links: Links | None = msgspec.field(name="_links", default=None)


class ConsentLinks(_Wire, frozen=True):
    sca_redirect: Link = None


class ConsentCreated(_Wire, frozen=True):
    """consentsResponse-201."""

    consent_id: str
    consent_status: str
    links: ConsentLinks = msgspec.field(name="_links", default=ConsentLinks())


class ConsentStatus(_Wire, frozen=True):
    consent_status: str


class Consent(_Wire, frozen=True):
    """consentInformationResponse-200_json."""

    consent_status: str
    valid_until: str | None = None


class Message(_Wire, frozen=True):
    code: str | None = None


class ErrorBody(_Wire, frozen=True):
    """Error4xx_NG_AIS (tppMessages) or Error4xx_AIS (RFC 7807, code beside title)."""

    tpp_messages: list[Message] | None = None
    code: str | None = None


def href(link: Link) -> str | None:
    """The target of a hypertext link, however the bank wrapped it."""
    return (link.href if isinstance(link, Href) else link) or None
