"""The directory of banks as marshmallow schemas."""

from marshmallow import Schema, fields, validate

from hub.api.schemas import LIMIT
from providers.port import Resource

STATUSES = ("sandbox", "unverified", "verified")


class InstitutionHistory(Schema):
    days = fields.Integer(allow_none=True, metadata={"description": "The most that the bank ever shows."})
    window_s = fields.Integer(
        allow_none=True, metadata={"description": "How long after the login it shows all of it, in seconds."}
    )
    days_after = fields.Integer(allow_none=True, metadata={"description": "What it shows after that."})


class InstitutionPayments(Schema):
    executes_on = fields.String(allow_none=True, metadata={"description": "consent or submit."})
    debtor_needed = fields.Boolean(allow_none=True, metadata={"description": "The account that pays must be named."})
    final_status = fields.String(allow_none=True, metadata={"description": "The bank's word for money that has left."})
    minimum = fields.String(allow_none=True, metadata={"description": "The least amount, with its currency."})
    reference_max = fields.Integer(allow_none=True, metadata={"description": "Longest reference, in characters."})


class InstitutionCapabilities(Schema):
    accounts = fields.List(fields.String(), metadata={"description": "ISO 20022 account types."})
    resources = fields.List(fields.String(), metadata={"description": "What hangs on accounts: standing_orders ..."})
    pending = fields.Boolean(allow_none=True, metadata={"description": "null where nobody has said."})
    sca = fields.List(fields.String(), metadata={"description": "redirect, decoupled, embedded."})
    history = fields.Nested(InstitutionHistory)
    payments = fields.Nested(InstitutionPayments, allow_none=True)


class InstitutionFact(Schema):
    source = fields.String()
    date = fields.String(metadata={"description": "A day, a month or a year."})


class Institution(Schema):
    id = fields.String()
    name = fields.String()
    group = fields.String(allow_none=True, metadata={"description": "Whose brand it is."})
    country = fields.String(metadata={"description": "ISO 3166-1 alpha-2."})
    also_in = fields.List(fields.String(), metadata={"description": "Other countries."})
    bics = fields.List(fields.String(), metadata={"description": "ISO 9362."})
    website = fields.String(allow_none=True)
    developer_portal = fields.String(allow_none=True)
    standard = fields.String(metadata={"description": "The standard its interface speaks."})
    version = fields.String(metadata={"description": "Of the standard; empty where nobody has said."})
    status = fields.String(
        validate=validate.OneOf(STATUSES),
        metadata={"description": "unverified: written from notes, never tried at the live bank."},
    )
    enabled = fields.Boolean(metadata={"description": "People can link it at this hub."})
    to_enable = fields.List(fields.String(), metadata={"description": "What the operator would need."})
    health = fields.String(
        allow_none=True,
        metadata={"description": "healthy, degraded, down or unknown in the last day; null: nobody has linked it."},
    )
    max_history_days = fields.Integer(metadata={"description": "The most that this hub asks the bank for."})
    capabilities = fields.Nested(InstitutionCapabilities)
    notes = fields.List(fields.String())
    facts = fields.List(fields.Nested(InstitutionFact), metadata={"description": "Where all this is from."})


class InstitutionList(Schema):
    data = fields.List(fields.Nested(Institution))
    next = fields.String(allow_none=True, metadata={"description": "Give this as `after` for the next page."})


class InstitutionQuery(Schema):
    country = fields.String(validate=validate.Regexp("^[A-Z]{2}$", error="Two capital letters, such as GB."))
    q = fields.String(
        validate=validate.Length(min=1, max=100),
        metadata={"description": "Words of its name, group, id or BIC."},
    )
    standard = fields.String(validate=validate.Length(min=1, max=40), metadata={"description": "Such as uk_obie."})
    status = fields.String(validate=validate.OneOf(STATUSES))
    enabled = fields.Boolean(metadata={"description": "true: only banks that people can link at this hub."})
    resource = fields.String(validate=validate.OneOf([one.value for one in Resource]))
    pending = fields.Boolean(metadata={"description": "Whether the bank shows rows that are not booked yet."})
    limit = LIMIT
    after = fields.String(validate=validate.Length(max=64), metadata={"description": "`next` of the page before."})
