"""The API's inputs and outputs as marshmallow schemas. Inputs are checked with them; outputs are written by one
compiled statement each (hub.ledger.history) and only described here, and a test holds the two together.
"""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hub.insights.categorise import Because
from hub.insights.recurring import State
from hub.insights.rhythm import Rhythm

DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"
_AMOUNT = {
    "description": "An exact amount, signed from the account holder's side: negative is money out.",
    "example": "-12.30",
}


def _amount(**more: Any) -> fields.String:
    return fields.String(validate=validate.Regexp(DECIMAL), metadata=_AMOUNT, **more)


def _id(what: str) -> fields.String:
    return fields.String(metadata={"description": f"{what} Opaque; stays the same for ever."})


class Identifier(Schema):
    scheme = fields.String(metadata={"description": "IBAN, BBAN, UK.SCAN, PAN_MASKED or OTHER."})
    value = fields.String()


class Account(Schema):
    id = _id("The account.")
    institution_id = fields.String()
    connection_id = fields.String()
    name = fields.String(allow_none=True)
    type = fields.String(metadata={"description": "ISO 20022 cash account type: CACC, CARD, SVGS, LOAN ..."})
    usage = fields.String(allow_none=True, metadata={"description": "PRIV or ORGA: a person's or an organisation's."})
    product = fields.String(allow_none=True)
    currency = fields.String(metadata={"description": "ISO 4217."})
    status = fields.String(metadata={"description": "enabled, or gone: the bank no longer shows it."})
    parent_id = fields.String(
        allow_none=True, metadata={"description": "The shared account that this one hangs on: a card's, a pot's."}
    )
    identifiers_masked = fields.List(fields.Nested(Identifier), metadata={"description": "Last digits only."})
    identifiers = fields.List(fields.Nested(Identifier), metadata={"description": "Whole; needs parties:read."})
    owner_name = fields.String(allow_none=True, metadata={"description": "Needs parties:read."})
    bic = fields.String(allow_none=True, metadata={"description": "Needs parties:read."})
    last_updated = fields.AwareDateTime(allow_none=True, metadata={"description": "When the bank last told us."})


class Party(Schema):
    id = _id("The account whose holder this is.")
    owner_name = fields.String(allow_none=True)
    identifiers = fields.List(fields.Nested(Identifier))
    bic = fields.String(allow_none=True)


class Balance(Schema):
    account_id = fields.String()
    type = fields.String(metadata={"description": "ISO 20022 balance type: CLBD, ITBD, ITAV, XPCD ..."})
    bank_type = fields.String(
        metadata={"description": "The bank's own word for it; tells those without a type (OTHR) apart."}
    )
    amount = _amount()
    currency = fields.String()
    credit_line_included = fields.Boolean(
        allow_none=True, metadata={"description": "Whether `amount` counts in the credit granted on the account."}
    )
    credit_limit = fields.String(
        allow_none=True,
        validate=validate.Regexp(DECIMAL),
        metadata={"description": "The credit granted on the account, where the bank states it beside this balance."},
    )
    as_of = fields.AwareDateTime(allow_none=True)
    last_updated = fields.AwareDateTime()


class Amount(Schema):
    amount = _amount()
    currency = fields.String()


class Card(Schema):
    masked_pan = fields.String(metadata={"description": "Four digits at most."})
    scheme = fields.String()
    merchant_name = fields.String()
    city = fields.String()
    country = fields.String(metadata={"description": "ISO 3166-1 alpha-2."})


class Exchange(Schema):
    source_currency = fields.String()
    target_currency = fields.String()
    unit_currency = fields.String(metadata={"description": "One of this is `rate` of the other."})
    rate = fields.String(validate=validate.Regexp(DECIMAL))
    instructed = fields.Nested(Amount, metadata={"description": "The amount before conversion."})


class TransactionDetails(Schema):
    """What only some banks tell; a member that says nothing is left out."""

    ultimate_name = fields.String(
        metadata={"description": "The party behind the counterparty: the shop behind a wallet."}
    )
    ultimate_account = fields.String(metadata={"description": "Needs parties:read."})
    purpose = fields.String(metadata={"description": "ISO 20022 purpose: SALA, RENT ..."})
    additional = fields.String(metadata={"description": "More text of the bank's."})
    card = fields.Nested(Card)
    exchange = fields.Nested(Exchange)
    charges = fields.Nested(Amount)
    is_reversal = fields.Boolean()
    batch_size = fields.Integer(metadata={"description": "How many payments this booking sums up."})
    statement_references = fields.List(fields.String(), metadata={"description": "The statements that list it."})
    is_mutable = fields.Boolean(metadata={"description": "The bank's word that it may still change this, or will not."})


class TransactionCategory(Schema):
    code = fields.String(metadata={"description": "One of `/v1/categories`."})
    name = fields.String()
    because = fields.String(
        validate=validate.OneOf([one.value for one in Because]), metadata={"description": "The rule that decided."}
    )
    evidence = fields.String(metadata={"description": "What the rule went by."})


class Transaction(Schema):
    id = _id("The transaction.")
    account_id = fields.String()
    status = fields.String(metadata={"description": "BOOK or PDNG (ISO 20022 entry status)."})
    booking_date = fields.Date(
        allow_none=True, metadata={"description": "As the bank gives it; some date a pending row as well."}
    )
    value_date = fields.Date(allow_none=True)
    transaction_datetime = fields.AwareDateTime(allow_none=True)
    amount = _amount()
    currency = fields.String()
    counterparty_name = fields.String(allow_none=True)
    counterparty_account = fields.String(allow_none=True, metadata={"description": "Needs parties:read."})
    remittance = fields.List(
        fields.String(), metadata={"description": "The text that came with it, as the bank split it."}
    )
    bank_transaction_code = fields.String(allow_none=True, metadata={"description": "DOMAIN-FAMILY-SUBFAMILY."})
    proprietary_code = fields.String(allow_none=True)
    merchant_category_code = fields.String(allow_none=True)
    balance_after = fields.String(allow_none=True)
    details = fields.Nested(
        TransactionDetails, allow_none=True, metadata={"description": "What only some banks tell; null where nothing."}
    )
    entry_reference = fields.String(allow_none=True, metadata={"description": "The bank's own reference."})
    supersedes = fields.String(allow_none=True, metadata={"description": "The pending transaction that became this."})
    superseded_by = fields.String(allow_none=True)
    link_reason = fields.String(allow_none=True, metadata={"description": "Why we hold the two to be the same."})
    link_confidence = fields.Integer(allow_none=True, metadata={"description": "Per cent."})
    first_seen_at = fields.AwareDateTime()
    last_updated = fields.AwareDateTime()
    category = fields.Nested(
        TransactionCategory, metadata={"description": "Only in lists that are asked with `include=category`."}
    )


class Removed(Schema):
    id = fields.String()
    account_id = fields.String()
    superseded_by = fields.String(allow_none=True)


class ConsentAccount(Schema):
    account_id = fields.String()
    permissions = fields.List(fields.String())


class Consent(Schema):
    id = fields.String()
    status = fields.String()
    requested = fields.List(fields.String())
    personal = fields.List(fields.String())
    accounts = fields.List(fields.Nested(ConsentAccount))
    purpose = fields.String(allow_none=True)
    history_from = fields.Date(allow_none=True)
    valid_until = fields.AwareDateTime()
    created_at = fields.AwareDateTime()
    status_changed_at = fields.AwareDateTime()
    authorization_details = fields.List(fields.Dict(), metadata={"description": "As granted (RFC 9396 7)."})


class UserInfo(Schema):
    sub = fields.String(metadata={"description": "The person as this client knows them; another client sees another."})
    name = fields.String()
    email = fields.String()
    email_verified = fields.Boolean()


class Problem(Schema):
    type = fields.Url()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    instance = fields.String()
    parameter = fields.String(metadata={"description": "The parameter at fault."})
    reason = fields.String(metadata={"description": "Why the consent does not allow this."})


class AccountList(Schema):
    data = fields.List(fields.Nested(Account))


class PartyList(Schema):
    data = fields.List(fields.Nested(Party))


class ChosenBalance(Schema):
    amount = _amount()
    currency = fields.String()
    reason = fields.String(metadata={"description": "Which of the bank's balances it is, and by whose list."})


class ChosenBalances(Schema):
    account_id = fields.String()
    current = fields.Nested(ChosenBalance, allow_none=True, metadata={"description": "What is booked."})
    available = fields.Nested(
        ChosenBalance, allow_none=True, metadata={"description": "What can be spent; null on a card."}
    )
    credit_left = fields.Nested(
        ChosenBalance, allow_none=True, metadata={"description": "What can still be drawn on a card or a credit line."}
    )
    credit_limit = fields.Nested(ChosenBalance, allow_none=True)


class BalanceList(Schema):
    data = fields.List(fields.Nested(Balance), metadata={"description": "Every balance that the banks give."})
    chosen = fields.List(
        fields.Nested(ChosenBalances),
        metadata={"description": "What they come to for each account. Null is not zero: the bank does not say."},
    )


class TransactionList(Schema):
    data = fields.List(fields.Nested(Transaction))
    next = fields.String(allow_none=True, metadata={"description": "Give this as `after` for the next page."})


class TransactionChanges(Schema):
    added = fields.List(fields.Nested(Transaction))
    modified = fields.List(fields.Nested(Transaction))
    removed = fields.List(fields.Nested(Removed))
    next_cursor = fields.String(metadata={"description": "Keep it; give it as `cursor` next time."})
    has_more = fields.Boolean()


class ConsentList(Schema):
    data = fields.List(fields.Nested(Consent))


def _bound(what: str) -> fields.String:
    check = validate.Regexp(DECIMAL, error="A plain decimal, such as -12.30.")
    return fields.String(validate=check, metadata={"description": what})


LIMIT = fields.Integer(
    load_default=100, validate=validate.Range(1, 500), metadata={"description": "Rows a page."}, strict=False
)


class CategoryItem(Schema):
    code = fields.String()
    name = fields.String()
    group = fields.String()
    group_name = fields.String()
    coicop = fields.String(allow_none=True, metadata={"description": "Its place in COICOP 2018, for consumption."})


class CategoryList(Schema):
    data = fields.List(fields.Nested(CategoryItem))


class PriceChangeItem(Schema):
    date = fields.Date()
    before = _amount()
    after = _amount()


class RecurringSeries(Schema):
    id = _id("The series; it stays the same as the series grows.")
    account_id = fields.String()
    payee = fields.String()
    category = fields.Nested(TransactionCategory)
    currency = fields.String()
    rhythm = fields.String(validate=validate.OneOf([one.value for one in Rhythm]))
    state = fields.String(
        validate=validate.OneOf([one.value for one in State]),
        metadata={"description": "early: few payments yet; ended: the last one is long overdue."},
    )
    last_amount = _amount()
    usual_amount = _amount()
    is_fixed = fields.Boolean(metadata={"description": "The same amount each time, but for `price_changes`."})
    first_date = fields.Date()
    last_date = fields.Date()
    next_date = fields.Date(allow_none=True, metadata={"description": "null where the series has ended."})
    slack_days = fields.Integer(metadata={"description": "It may come so many days sooner or later."})
    price_changes = fields.List(fields.Nested(PriceChangeItem))
    transaction_ids = fields.List(fields.String(), metadata={"description": "What it was found by, the oldest first."})


class RecurringList(Schema):
    data = fields.List(fields.Nested(RecurringSeries))


class AccountTransactionQuery(Schema):
    date_from = fields.Date(
        metadata={"description": "First day, by booking date (else value date, else the day first seen)."}
    )
    date_to = fields.Date(metadata={"description": "Last day, likewise."})
    min_amount = _bound("Smallest amount, signed: -50 is 50 out.")
    max_amount = _bound("Largest amount, signed.")
    direction = fields.String(validate=validate.OneOf(["in", "out"]))
    status = fields.String(validate=validate.OneOf(["BOOK", "PDNG"]))
    q = fields.String(validate=validate.Length(min=1, max=100), metadata={"description": "Part of a name or text."})
    limit = LIMIT
    after = fields.String(metadata={"description": "`next` of the page before."})
    include = fields.String(
        validate=validate.OneOf(["category"]), metadata={"description": "`category`: what each one was for, and why."}
    )

    @validates_schema
    def _ordered(self, data: dict[str, Any], **_more: Any) -> None:
        if "date_from" in data and "date_to" in data and data["date_from"] > data["date_to"]:
            raise ValidationError("date_from lies after date_to.", "date_from")


class TransactionQuery(AccountTransactionQuery):
    account_id = fields.String(validate=validate.Length(min=1, max=36), metadata={"description": "Only this account."})


class SyncQuery(Schema):
    cursor = fields.String(metadata={"description": "`next_cursor` of the last answer; absent: from the beginning."})
    count = fields.Integer(
        load_default=100, validate=validate.Range(1, 500), metadata={"description": "Changes a page."}
    )
