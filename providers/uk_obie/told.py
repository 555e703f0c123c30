"""One transaction of UK Open Banking in the engine's neutral words (providers.rules). Pure.

Places are those of OBTransaction6, v3.1.11 and v4.0. Version 4 adds the ultimate parties, the purpose and codes of the
bank's own beside the one; it names entry states and balances by ISO 20022 codes.
"""

import re

import msgspec

from providers.identify import identifier
from providers.model import Card, Exchange, Money, Scheme, Status
from providers.rows import BrokenRow, Lenient
from providers.rules.told import Named, Placed, Told
from providers.transaction_codes import iso_code
from providers.uk_obie import wire
from providers.uk_obie.values import (
    direction,
    each,
    exact,
    key,
    lines_of,
    said,
    told_account,
    told_bic,
    told_currency,
    told_money,
    told_number,
    told_signed,
)

_OWN_CODE = Lenient(wire.ProprietaryCode)
_SUPPLEMENT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY = msgspec.json.Decoder()

# SupplementaryData has no schema. These members say when the event itself was, at the banks that have one.
_MOMENTS = frozenset(
    f"{what}{unit}"
    for what in ("transaction", "authorisation", "authorization", "purchase", "event", "created", "execution")
    for unit in ("datetime", "timestamp", "time")
)
_NOT_ALNUM = re.compile(r"[\W_]+")
_MUTABLE = {"mutable": True, "immutable": False}


def told(row: wire.TransactionRow, raw: bytes, *, account_currency: str | None) -> Told:
    """Raises BrokenRow where there is no amount, or no telling which way it went."""
    number, named = exact(row.amount)
    sign = direction(row.credit_debit_indicator)
    if sign is None and number > 0:
        raise BrokenRow("CreditDebitIndicator is unknown")
    currency = (named or said(row.currency) or account_currency or "").upper()
    outgoing = sign == -1 or number < 0
    supplement = _supplement(row.supplementary_data)
    status, status_place = _status(row, supplement)
    charge = told_money(row.charge_amount, fallback=currency, out=True)
    code, code_place = _code(row.bank_transaction_code)
    own_code, own_place = _own_code(row)
    description, described_at = _additional(row, supplement)
    found = Told(raw, status, status_place, number, currency, "Amount with CreditDebitIndicator")
    found.direction = sign
    found.status_word = None if status is Status.REJECTED else ("Status", row.status)
    found.booking = (("BookingDateTime", row.booking_date_time), ("BookingDate", row.booking_date))
    found.value = (("ValueDateTime", row.value_date_time), ("ValueDate", row.value_date))
    found.moment = (*_moments(supplement), ("TransactionDateTime", row.transaction_date_time))
    found.creditor = _side("CreditorAccount", row.creditor_account, row.creditor_agent)
    found.debtor = _side("DebtorAccount", row.debtor_account, row.debtor_agent)
    found.ultimate_creditor = _side("UltimateCreditor", row.ultimate_creditor, None)
    found.ultimate_debtor = _side("UltimateDebtor", row.ultimate_debtor, None)
    found.merchant = _merchant(row.merchant_details)
    found.unstructured = (
        row.transaction_information if isinstance(row.transaction_information, list) else (row.transaction_information,)
    )
    found.unstructured_place = "TransactionInformation"
    found.additional = description
    found.additional_place = described_at
    found.bank_ids = {"TransactionId": row.transaction_id, "TransactionReference": row.transaction_reference}
    found.code = code
    found.code_place = code_place
    found.proprietary_code = own_code
    found.proprietary_place = own_place
    found.merchant_category_code = _category(row.merchant_details)
    found.merchant_category_place = "MerchantDetails.MerchantCategoryCode"
    found.balance_after = _balance_after(row.balance, currency)
    found.balance_after_place = "Balance"
    found.purpose = said(row.payment_purpose_code)
    found.card = _card(row)
    found.exchange = _exchange(row.currency_exchange, outgoing)
    found.charges = charge if charge is not None and charge.number else None
    found.statement_references = lines_of(row.statement_reference)
    found.is_mutable = _MUTABLE.get(key(row.transaction_mutability))
    found.unread = row.unread
    return found


def _supplement(raw: msgspec.Raw) -> dict[str, object]:
    """Its members by their core names. What we do not know there breaks nothing."""
    found: dict[str, object] = {}
    try:
        for name, value in _SUPPLEMENT.decode(raw).items():
            found[key(name)] = _ANY.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    return found


def _status(row: wire.TransactionRow, supplement: dict[str, object]) -> tuple[Status, str]:
    """What the row is where its Status is no word of ours: Monzo marks declined payments beside it, and a bank that
    says nothing lists what it has booked. A word that nobody knows moves no money."""
    if supplement.get("declined") is True:
        return Status.REJECTED, "SupplementaryData.Declined"
    if said(row.status):
        return Status.INFORMATION, "Status"
    if row.booking_date_time or row.booking_date:
        return Status.BOOKED, "BookingDateTime"
    return Status.PENDING, "a row without Status and BookingDateTime"


def _moments(supplement: dict[str, object]) -> list[Placed]:
    """Only with their time: a day alone is the booking's or the value's."""
    return [
        (f"SupplementaryData.{name}", value)
        for name, value in supplement.items()
        if name in _MOMENTS and isinstance(value, str) and ":" in value
    ]


def _side(place: str, account: wire.Scheme | None, agent: wire.Agent | None) -> Named | None:
    if account is None and agent is None:
        return None
    name = account.name if account is not None else None
    return Named(place, name, told_account(account), told_bic(agent), place)


def _merchant(given: wire.Merchant | str | None) -> Named | None:
    if isinstance(given, str):
        return Named("MerchantDetails", given)
    return Named("MerchantDetails.MerchantName", given.merchant_name) if given is not None else None


def _category(given: wire.Merchant | str | None) -> str | None:
    """ISO 18245 has four digits; a bank that sends a number loses the leading zeros."""
    found = said(given.merchant_category_code) if isinstance(given, wire.Merchant) else None
    return found.zfill(4) if found and found.isascii() and found.isdigit() else found


def _code(given: wire.BankTransactionCode | str | None) -> tuple[str | None, str]:
    """Family and sub-family, as codes or as ISO's names for them; a bank's own words where they are neither."""
    if isinstance(given, str):
        return said(given), "BankTransactionCode"
    words = [word for one in (given.code, given.sub_code) if (word := said(one))] if given is not None else []
    joined = "-".join(_NOT_ALNUM.sub("", word) for word in words)
    return joined if iso_code(joined) else "/".join(words) or None, "BankTransactionCode"


def _own_code(row: wire.TransactionRow) -> tuple[str | None, str]:
    own = row.proprietary_bank_transaction_code
    if isinstance(own, str):
        return said(own), "ProprietaryBankTransactionCode"
    if own is not None and said(own.code):
        return own.code, "ProprietaryBankTransactionCode"
    more = each(row.extended_proprietary_bank_transaction_codes, _OWN_CODE)
    return next((one.code for one in more if said(one.code)), None), "ExtendedProprietaryBankTransactionCodes"


def _additional(row: wire.TransactionRow, supplement: dict[str, object]) -> tuple[str | None, str]:
    """The text as the card scheme sent it (Monzo), or where the merchant is."""
    described = supplement.get("rawtransactiondescription")
    if isinstance(described, str) and said(described):
        return described, "SupplementaryData.RawTransactionDescription"
    return said(row.address_line), "AddressLine"


def _balance_after(given: wire.BalanceAfter | None, currency: str) -> Money | None:
    return None if given is None else told_signed(given.amount, given.credit_debit_indicator, fallback=currency)


def _card(row: wire.TransactionRow) -> Card | None:
    given = row.card_instrument
    if given is None:
        return None
    number = said(given.identification)
    merchant = row.merchant_details
    return Card(
        masked_pan=identifier(Scheme.MASKED_PAN, number).value if number else None,
        scheme=said(given.card_scheme_name),
        merchant_name=said(merchant.merchant_name) if isinstance(merchant, wire.Merchant) else said(merchant),
    )


def _exchange(given: wire.CurrencyExchange | None, outgoing: bool) -> Exchange | None:
    if given is None:
        return None
    instructed: Money | None = told_money(given.instructed_amount, out=outgoing)
    found = Exchange(
        source_currency=told_currency(given.source_currency),
        target_currency=told_currency(given.target_currency),
        unit_currency=told_currency(given.unit_currency),
        rate=told_number(given.exchange_rate),
        instructed=instructed,
    )
    return found if found != Exchange() else None
