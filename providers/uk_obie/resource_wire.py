"""The JSON of what hangs on an account beside balances and transactions, in both versions (providers.uk_obie.wire).

Version 4 put the schedule of orders and mandates into MandateRelatedInformation and the remittance into an object;
version 3 has both at the row itself. No field is taken for granted.
"""

import msgspec
from msgspec import Raw, field

from providers.uk_obie.wire import NOTHING, Agent, Amount, Scheme


class _Wire(msgspec.Struct, frozen=True, rename="pascal"):
    pass


class Frequency(_Wire, frozen=True):
    """OBFrequency6 of version 4; its Type may be a word of version 3."""

    type: str | None = None
    count_per_period: str | None = None
    point_in_time: str | None = None


class Mandate(_Wire, frozen=True):
    """OBMandateRelatedInformation1."""

    mandate_identification: str | None = None
    first_payment_date_time: str | None = None
    recurring_payment_date_time: str | None = None
    final_payment_date_time: str | None = None
    frequency: Frequency | str | None = None


class CreditorReference(_Wire, frozen=True):
    reference: str | None = None


class StructuredRemittance(_Wire, frozen=True):
    creditor_reference_information: CreditorReference | None = None
    additional_remittance_information: list[str | None] | str | None = None


class Remittance(_Wire, frozen=True):
    """OBRemittanceInformation2."""

    unstructured: list[str | None] | str | None = None
    structured: list[Raw] | StructuredRemittance | None = None


class StandingOrderRow(_Wire, frozen=True):
    """OBStandingOrder6."""

    standing_order_id: str | None = None
    standing_order_status_code: str | None = None
    frequency: Frequency | str | None = None
    reference: str | None = None
    number_of_payments: str | None = None
    first_payment_date_time: str | None = None
    next_payment_date_time: str | None = None
    last_payment_date_time: str | None = None
    final_payment_date_time: str | None = None
    first_payment_amount: Amount | None = None
    next_payment_amount: Amount | None = None
    last_payment_amount: Amount | None = None
    final_payment_amount: Amount | None = None
    creditor_agent: Agent | None = None
    creditor_account: Scheme | None = None
    mandate_related_information: Mandate | None = None
    remittance_information: Remittance | None = None


class DirectDebitRow(_Wire, frozen=True):
    """OBReadDirectDebit2.Data.DirectDebit[]."""

    direct_debit_id: str | None = None
    mandate_identification: str | None = None
    direct_debit_status_code: str | None = None
    name: str | None = None
    frequency: Frequency | str | None = None
    previous_payment_date_time: str | None = None
    previous_payment_amount: Amount | None = None
    mandate_related_information: Mandate | None = None


class ScheduledPaymentRow(_Wire, frozen=True):
    """OBScheduledPayment3."""

    scheduled_payment_id: str | None = None
    scheduled_payment_date_time: str | None = None
    scheduled_type: str | None = None
    reference: str | None = None
    instructed_amount: Amount | None = None
    creditor_agent: Agent | None = None
    creditor_account: Scheme | None = None
    remittance_information: Remittance | None = None


class BeneficiaryRow(_Wire, frozen=True):
    """OBBeneficiary5."""

    beneficiary_id: str | None = None
    beneficiary_type: str | None = None
    reference: str | None = None
    creditor_agent: Agent | None = None
    creditor_account: Scheme | None = None


class StatementPart(_Wire, frozen=True):
    """An amount, a fee, interest or a benefit of a statement."""

    type: str | None = None
    credit_debit_indicator: str | None = None
    description: str | None = None
    rate: Raw = NOTHING
    amount: Amount | None = None


class StatementMoment(_Wire, frozen=True):
    type: str | None = None
    date_time: str | None = None


class StatementRow(_Wire, frozen=True):
    """OBStatement2."""

    statement_id: str | None = None
    statement_reference: str | None = None
    type: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    creation_date_time: str | None = None
    statement_description: list[str | None] | str | None = None
    statement_amount: list[Raw] | None = None
    statement_fee: list[Raw] | None = None
    statement_interest: list[Raw] | None = None
    statement_benefit: list[Raw] | None = None
    statement_date_time: list[Raw] | None = None


class AddressRow(_Wire, frozen=True):
    """OBPostalAddress6 and 7."""

    address_line: list[str | None] | str | None = None
    street_name: str | None = None
    building_number: str | None = None
    building_name: str | None = None
    town_name: str | None = None
    post_code: str | None = None
    country_sub_division: list[str | None] | str | None = None
    country: str | None = None


class PartyRow(_Wire, frozen=True):
    """OBParty2."""

    party_id: str | None = None
    party_type: str | None = None
    name: str | None = None
    full_legal_name: str | None = None
    legal_structure: str | None = None
    lei: str | None = field(name="LEI", default=None)
    beneficial_ownership: bool | None = None
    account_role: str | None = None
    email_address: str | None = None
    phone: str | None = None
    mobile: str | None = None
    address: list[Raw] | AddressRow | None = None


class ProductRow(_Wire, frozen=True):
    """OBReadProduct2.Data.Product[]: all of its terms stay in the row's own bytes."""

    product_id: str | None = None
    product_name: str | None = None
    product_type: str | None = None


class OfferRow(_Wire, frozen=True):
    """OBReadOffer1.Data.Offer[]."""

    offer_id: str | None = None
    offer_type: str | None = None
    description: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    rate: Raw = NOTHING
    amount: Amount | None = None
    fee: Amount | None = None
