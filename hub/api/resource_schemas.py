"""What hangs on accounts, as marshmallow schemas."""

from marshmallow import Schema, fields, validate

from hub.api.schemas import DECIMAL
from hub.ledger.resources.read import STATES
from providers.resources import Frequency, LineKind, MandateStatus

_OUT = {"description": "Exact, signed from the account holder's side: what leaves the account is negative."}
_NUMBER = {"description": "Account number of whom it pays; needs parties:read."}


def _amount() -> fields.String:
    return fields.String(allow_none=True, validate=validate.Regexp(DECIMAL), metadata=_OUT)


class _OfAnAccount(Schema):
    id = fields.String(metadata={"description": "Opaque; stays the same for as long as we know it again."})
    account_id = fields.String()
    first_seen_at = fields.AwareDateTime()
    seen_at = fields.AwareDateTime(metadata={"description": "When the bank last showed it."})
    last_updated = fields.AwareDateTime(metadata={"description": "When the bank last said something else of it."})
    ended_at = fields.AwareDateTime(
        allow_none=True,
        metadata={"description": "The first reading that did not show it any more; only with `include=ended`."},
    )


class Instalment(Schema):
    date = fields.Date(allow_none=True)
    amount = _amount()
    currency = fields.String(allow_none=True)


class Schedule(Schema):
    frequency = fields.String(validate=validate.OneOf([one.value for one in Frequency]))
    interval = fields.Integer(metadata={"description": "MNTH and 2: every other month."})
    day = fields.Integer(
        allow_none=True, metadata={"description": "Of the month (-1: its last), or of the week (1: Monday)."}
    )
    week = fields.Integer(allow_none=True, metadata={"description": "Week of the month that `day` is in, 1 to 5."})
    source_label = fields.String(allow_none=True, metadata={"description": "The bank's own word."})


class _Mandate(_OfAnAccount):
    status = fields.String(allow_none=True, validate=validate.OneOf([one.value for one in MandateStatus]))
    schedule = fields.Nested(Schedule, allow_none=True)
    first = fields.Nested(Instalment, allow_none=True)
    last = fields.Nested(Instalment, allow_none=True, metadata={"description": "The most recent one."})
    next = fields.Nested(Instalment, allow_none=True)
    final = fields.Nested(Instalment, allow_none=True, metadata={"description": "After which there are no more."})
    creditor_name = fields.String(allow_none=True)
    creditor_account = fields.String(allow_none=True, metadata=_NUMBER)
    mandate_id = fields.String(allow_none=True, metadata={"description": "The creditor's reference for it."})


class StandingOrder(_Mandate):
    payments = fields.Integer(allow_none=True, metadata={"description": "How many there will be."})
    remittance = fields.List(fields.String())


class DirectDebit(_Mandate):
    pass


class ScheduledPayment(_OfAnAccount):
    date = fields.Date(allow_none=True)
    arrives = fields.Boolean(metadata={"description": "`date` is the day at the creditor's, not the debtor's."})
    amount = _amount()
    currency = fields.String(allow_none=True)
    creditor_name = fields.String(allow_none=True)
    creditor_account = fields.String(allow_none=True, metadata=_NUMBER)
    remittance = fields.List(fields.String())


class Beneficiary(_OfAnAccount):
    creditor_name = fields.String(allow_none=True)
    creditor_account = fields.String(allow_none=True, metadata=_NUMBER)
    reference = fields.String(allow_none=True)
    is_trusted = fields.Boolean(allow_none=True, metadata={"description": "Payments to it may need no SCA."})


class StatementLine(Schema):
    kind = fields.String(validate=validate.OneOf([one.value for one in LineKind]))
    type = fields.String(metadata={"description": "The bank's word: ClosingBalance, MinimumPaymentDue ..."})
    amount = _amount()
    currency = fields.String(allow_none=True)
    rate = fields.String(allow_none=True, metadata={"description": "Per cent."})
    description = fields.String(allow_none=True)


class Statement(_OfAnAccount):
    reference = fields.String(
        allow_none=True, metadata={"description": "What transactions name in `details.statement_references`."}
    )
    type = fields.String(allow_none=True)
    date_from = fields.Date(allow_none=True)
    date_to = fields.Date(allow_none=True)
    created_at = fields.AwareDateTime(allow_none=True)
    description = fields.List(fields.String())
    lines = fields.List(fields.Nested(StatementLine))
    moments = fields.Dict(
        keys=fields.String(), values=fields.AwareDateTime(), metadata={"description": "PaymentDue, NextStatement ..."}
    )


class Address(Schema):
    lines = fields.List(fields.String())
    town = fields.String(allow_none=True)
    post_code = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    country = fields.String(allow_none=True, metadata={"description": "ISO 3166-1 alpha-2."})


class Holder(_OfAnAccount):
    name = fields.String(allow_none=True)
    legal_name = fields.String(allow_none=True)
    type = fields.String(allow_none=True, metadata={"description": "The bank's word: Sole, Joint, Delegate ..."})
    role = fields.String(allow_none=True, metadata={"description": "The bank's word: Principal, PowerOfAttorney ..."})
    legal_structure = fields.String(allow_none=True)
    lei = fields.String(allow_none=True, metadata={"description": "ISO 17442."})
    is_beneficial_owner = fields.Boolean(allow_none=True)
    email = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    mobile = fields.String(allow_none=True)
    addresses = fields.List(fields.Nested(Address))


class Product(_OfAnAccount):
    name = fields.String(allow_none=True)
    type = fields.String(allow_none=True, metadata={"description": "The bank's word."})


class ResourceReading(Schema):
    account_id = fields.String()
    state = fields.String(
        validate=validate.OneOf(STATES),
        metadata={
            "description": "not_read: the bank does not offer it, or it was not its time yet; refused: the bank "
            "does not show it for this account; failed: the last attempt did not succeed, what is shown is older."
        },
    )
    read_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When it was last read whole."})


class _List(Schema):
    readings = fields.List(
        fields.Nested(ResourceReading),
        metadata={"description": "For each account whether an empty list means that there are none."},
    )


class StandingOrderList(_List):
    data = fields.List(fields.Nested(StandingOrder))


class DirectDebitList(_List):
    data = fields.List(fields.Nested(DirectDebit))


class ScheduledPaymentList(_List):
    data = fields.List(fields.Nested(ScheduledPayment))


class BeneficiaryList(_List):
    data = fields.List(fields.Nested(Beneficiary))


class StatementList(_List):
    data = fields.List(fields.Nested(Statement))


class HolderList(_List):
    data = fields.List(fields.Nested(Holder))


class ProductList(_List):
    data = fields.List(fields.Nested(Product))


class ResourceQuery(Schema):
    include = fields.String(
        validate=validate.OneOf(["ended"]), metadata={"description": "`ended`: also what the bank shows no more."}
    )
