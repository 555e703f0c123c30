"""One transaction row of NextGenPSD2 in the engine's neutral words. Pure.

Places are the names of psd2-api 1.3.11: transactions, cardTransaction, entryDetailsElement. What is not in 1.3.11 but
at banks is said beside it in providers.berlin_group.wire.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from providers import amount, text
from providers.berlin_group import directions, parties, texts, wire
from providers.berlin_group import transaction_wire as rows
from providers.identify import identifier
from providers.model import Card, Exchange, Money, Scheme, Status
from providers.rows import BrokenRow, Lenient, is_unread
from providers.rules.told import Named, Told

_LOOSE_ROW = Lenient(rows.TransactionRow, loosely=True)
_AMOUNT = Lenient(wire.Amount, loosely=True)
_ENTRY = Lenient(rows.EntryRow)
_ENTRIES = msgspec.json.Decoder(list[msgspec.Raw])
_ELSEWHERE = Lenient(rows.ElsewhereRow, loosely=True)
_YES, _NO = frozenset({"true", "1", "yes", "y"}), frozenset({"false", "0", "no", "n"})


def told(row: rows.TransactionRow, raw: bytes, status: Status, *, is_card: bool, account_currency: str | None) -> Told:
    """Raises BrokenRow where there is no amount."""
    given, money_place = row.transaction_amount, "transactionAmount"
    if given is None or (given.amount is wire.NOTHING and _amount_of(given) is wire.NOTHING):
        row = _LOOSE_ROW.decode(raw)  # its names may be written in another way inside the amount
        given, money_place = _other_amount(row)
    number, currency = stated(given, money_place)
    currency = currency or text.word(row.currency)
    if currency is None and account_currency is not None:
        currency, money_place = account_currency, f"{money_place}, in the account's currency"
    unread = list(row.unread)
    entries = _entries(row.entry_details, unread)
    entry: rows.EntryRow | rows.TransactionRow = entries[0] if len(entries) == 1 else row
    unstructured, unstructured_place = texts.unstructured(row, entry)
    structured, structured_place = texts.structured(row, entry)
    code = texts.code(row.bank_transaction_code)
    own_code, own_code_place = texts.own_code(row)
    additional, additional_place = texts.additional(row)
    found = Told(raw, status, "the list that holds the row", number, (currency or "").upper(), money_place)
    found.direction = directions.of_row(row, given, number)
    outgoing = number < 0 or found.direction == -1
    found.status_word = _status(row)
    found.booking = (("bookingDate", row.booking_date), ("bookingDateTime", row.booking_date_time))
    if not (row.booking_date or row.booking_date_time):
        found.booking = _other_booking(row)
    found.value = (("valueDate", row.value_date), ("valueDateTime", row.value_date_time))
    found.moment = _moments(row)
    found.creditor = parties.creditor(row) or parties.creditor(entry)
    found.debtor = parties.debtor(row) or parties.debtor(entry)
    if behind := row.ultimate_creditor or entry.ultimate_creditor:
        found.ultimate_creditor = parties.ultimate("ultimateCreditor", behind)
    if behind := row.ultimate_debtor or entry.ultimate_debtor:
        found.ultimate_debtor = parties.ultimate("ultimateDebtor", behind)
    found.merchant = _merchant(row, is_card)
    if (other := parties.other(row)) is not None:
        found.merchant = found.merchant or other
        account = Named(other.place, None, other.account, other.agent, other.account_place)
        found.creditor, found.debtor = found.creditor or account, found.debtor or account
    found.unstructured = unstructured
    found.unstructured_place = unstructured_place
    found.single = texts.single(row) or texts.single(entry)
    found.single_place = "remittanceInformationUnstructured"
    found.structured = structured
    found.structured_place = structured_place
    found.additional = additional
    found.additional_place = additional_place
    _look_elsewhere(found, raw)
    found.bank_ids = {
        "transactionId": row.transaction_id,
        "internalTransactionId": row.internal_transaction_id,
        "entryReference": row.entry_reference,
        "cardTransactionId": row.card_transaction_id,
        "transactionIdentification": row.transaction_identification,
        "transactionReference": row.transaction_reference,
        "paymentInformationId": row.payment_information_identification,
        "endToEndId": row.end_to_end_id or entry.end_to_end_id,
        "mandateId": row.mandate_id or entry.mandate_id,
        "checkId": row.check_id or entry.check_id,
        "creditorId": row.creditor_id or entry.creditor_id,
    }
    found.code = code
    found.code_place = "bankTransactionCode"
    found.proprietary_code = own_code
    found.proprietary_place = own_code_place
    found.merchant_category_code = row.merchant_category_code or row.card_acceptor_category_code or row.mcc
    found.merchant_category_place = (
        "merchantCategoryCode"
        if row.merchant_category_code
        else "cardAcceptorCategoryCode"
        if row.card_acceptor_category_code
        else "mcc"
    )
    found.balance_after = _balance_after(row.balance_after_transaction, found.currency, unread)
    found.balance_after_place = "balanceAfterTransaction.balanceAmount"
    found.purpose = row.purpose_code or entry.purpose_code
    if row.additional_data_structured is not None and _instrument(row.additional_data_structured) is None:
        row = _LOOSE_ROW.decode(raw)  # its names, too, may be written in another way
    found.card = _card(row, is_card)
    if row.original_amount or row.currency_exchange or row.exchange_rate:
        found.exchange = _exchange(row, outgoing, unread)
    if row.markup_fee is not None:
        found.charges = _charges(row.markup_fee, unread)
    if entries or row.batch_number_of_transactions is not None:
        found.batch_size = _batch_size(row, entries, unread)
    found.places = _places(row, entries)
    found.unread = tuple(unread)
    return found


def _status(row: rows.TransactionRow) -> tuple[str, str] | None:
    """The row's own word, or its flag."""
    if row.status:
        return "status", row.status
    if row.booking_status:
        return "bookingStatus", row.booking_status
    if row.transaction_status:
        return "transactionStatus", row.transaction_status
    if _says(row.pending, _YES) or _says(row.is_pending, _YES) or _says(row.booked, _NO) or _says(row.is_booked, _NO):
        return "pending", "pending"
    return None


def _says(flag: bool | int | str | None, words: frozenset[str]) -> bool:
    return flag is not None and str(flag).strip().lower() in words


def _look_elsewhere(found: Told, raw: bytes) -> None:
    """What a bank calls by a name of its own, where the standard's fields tell nothing of it."""
    is_nobody = found.creditor is None and found.debtor is None and found.merchant is None
    has_text = bool(found.unstructured or found.single or found.structured or found.additional)
    is_undated = not found.booking[0][1] and not any(said for _, said in (*found.booking, *found.value))
    if not is_nobody and not is_undated and has_text:
        return
    row = _ELSEWHERE.decode(raw)
    if is_nobody:
        found.creditor, found.debtor = parties.creditor_elsewhere(row), parties.debtor_elsewhere(row)
    if is_undated:
        found.booking = (
            ("postedDate", row.posted_date),
            ("entryDate", row.entry_date),
            ("accountingDate", row.accounting_date),
            ("ledgerDate", row.ledger_date),
            ("operationDate", row.operation_date),
        )
        found.moment = found.moment or (("executionDate", row.execution_date),)
    if not has_text:
        found.additional, found.additional_place = texts.elsewhere(row)


def _other_booking(row: rows.TransactionRow) -> tuple[tuple[str, str | None], ...]:
    """The day of booking under the names that banks of no standard have for it."""
    return (
        ("bookedDate", row.booked_date),
        ("bookDate", row.book_date),
        ("postingDate", row.posting_date),
        ("date", row.date),
    )


def _places(row: rows.TransactionRow, entries: Sequence[rows.EntryRow]) -> dict[str, str]:
    """Where the rarer facts of this row stand."""
    found = {}
    if row.purpose_code:
        found["purpose"] = "purposeCode"
    elif len(entries) == 1 and entries[0].purpose_code:
        found["purpose"] = "entryDetails.purposeCode"
    if row.currency_exchange or row.exchange_rate:
        found["exchange"] = "currencyExchange" if row.currency_exchange else "exchangeRate"
    elif row.original_amount:
        found["exchange"] = "originalAmount"
    if row.markup_fee:
        found["charges"] = "markupFee"
    if row.batch_number_of_transactions is not None:
        found["batch_size"] = "batchNumberOfTransactions"
    elif entries:
        found["batch_size"] = "entryDetails"
    if row.masked_pan or row.masked_pan_capital:
        found["card"] = "maskedPan"
    elif row.additional_data_structured:
        found["card"] = "additionalDataStructured.cardInstrument"
    elif row.card_acceptor_address:
        found["card"] = "cardAcceptorAddress"
    return found


def _other_amount(row: rows.TransactionRow) -> tuple[wire.Amount, str]:
    """The amount where it does not stand as in the standard."""
    if row.transaction_amount is not None:
        return row.transaction_amount, "transactionAmount"
    if is_unread(row.unread, "transactionamount"):
        raise BrokenRow("transactionAmount is not an amount")
    if row.amount is wire.NOTHING:
        raise BrokenRow("transactionAmount is missing")
    if bytes(row.amount).startswith(b"{"):
        return _AMOUNT.decode(bytes(row.amount)), "amount"
    return wire.Amount(amount=row.amount, currency=row.currency), "amount"


def stated(given: wire.Amount, field: str) -> tuple[Decimal, str | None]:
    """The number and its currency, None where the bank does not say it. Raises BrokenRow."""
    raw = _amount_of(given)
    if raw is wire.NOTHING:
        raise BrokenRow(f"{field} has no amount")
    return amount.stated(raw, given.currency or given.currency_code, field, given.unread)


def _amount_of(given: wire.Amount) -> msgspec.Raw:
    for raw in (given.amount, given.content, given.value):
        if raw is not wire.NOTHING:
            return raw
    return wire.NOTHING


def _entries(raw: msgspec.Raw, unread: list[str]) -> list[rows.EntryRow]:
    """entryDetails: a list, or its only element by itself."""
    if raw is wire.NOTHING or bytes(raw) == b"null":
        return []
    try:
        rows = _ENTRIES.decode(raw) if bytes(raw).startswith(b"[") else [raw]
        return [_ENTRY.decode(bytes(one)) for one in rows]
    except msgspec.ValidationError:
        unread.append("entryDetails")
        return []


def _moments(row: rows.TransactionRow) -> tuple[tuple[str, str | None], ...]:
    found = []
    if row.acceptor_transaction_date_time:
        found.append(("acceptorTransactionDateTime", row.acceptor_transaction_date_time))
    if row.transaction_date_time:
        found.append(("transactionDateTime", row.transaction_date_time))
    if row.execution_date_time:
        found.append(("executionDateTime", row.execution_date_time))
    if row.transaction_date:
        found.append(("transactionDate", row.transaction_date))
    return tuple(found)


def _balance_after(given: rows.BalanceAfter | None, currency: str, unread: list[str]) -> Money | None:
    """``currency`` is the row's, for a balance that names none."""
    if given is None:
        return None
    whole = given.balance_amount or wire.Amount(amount=given.amount, currency=given.currency)
    found = _optional(whole, "balanceAfterTransaction", unread, currency=currency)
    try:
        is_debit = found is not None and directions.direction(given.credit_debit_indicator, found.number) == -1
    except BrokenRow:
        unread.append("balanceAfterTransaction")
        return None
    return Money(found.number.copy_negate(), found.currency) if found and is_debit and found.number > 0 else found


def _optional(given: wire.Amount, field: str, unread: list[str], *, currency: str = "") -> Money | None:
    try:
        number, named = stated(given, field)
        return amount.money(number, named or currency, field)
    except BrokenRow:
        unread.append(field)
        return None


def _merchant(row: rows.TransactionRow, is_card: bool) -> Named | None:
    """transactionDetails is the shop of a card's row; in another row it is a text of the bank's."""
    if not row.transaction_details or not (is_card or row.masked_pan or row.masked_pan_capital):
        return None
    return Named("transactionDetails", row.transaction_details)


def _card(row: rows.TransactionRow, is_card: bool) -> Card | None:
    pan = row.masked_pan or row.masked_pan_capital
    address = row.card_acceptor_address
    instrument = row.additional_data_structured and _instrument(row.additional_data_structured)
    if instrument and not pan:
        pan = texts.text_of(instrument.identification)
    if not (is_card or pan or address or instrument):
        return None
    return Card(
        scheme=text.meaningful(instrument.card_scheme_name) if instrument else None,
        masked_pan=identifier(Scheme.MASKED_PAN, pan).value if pan and text.meaningful(pan) else None,
        city=text.meaningful(address.town_name or address.city) if address else None,
        country=text.meaningful(address.country) if address else None,
    )


def _instrument(given: rows.AdditionalData) -> rows.CardInstrument | None:
    if given.card_scheme_name or given.identification:
        return rows.CardInstrument(given.card_scheme_name, given.identification)
    return given.card_instrument


def _charges(given: wire.Amount, unread: list[str]) -> Money | None:
    """markupFee is what the holder paid on top, whatever its sign."""
    fee = _optional(given, "markupFee", unread)
    return None if fee is None or not fee.number else Money(fee.number.copy_abs().copy_negate(), fee.currency)


def _exchange(row: rows.TransactionRow, outgoing: bool, unread: list[str]) -> Exchange | None:
    """The first exchange of the list (reportExchangeRateList), with the amount before it."""
    given = row.currency_exchange or row.exchange_rate
    rate = next((one for one in given if one), None) if isinstance(given, list) else given
    original = row.original_amount or (rate.instructed_amount if rate else None)
    if rate is None and original is None:
        return None
    rate = rate or rows.Rate()
    instructed = None if original is None else _optional(original, "originalAmount", unread)
    if instructed is not None:
        number = instructed.number.copy_abs()
        instructed = Money(number.copy_negate() if outgoing and number else number, instructed.currency)
    return Exchange(
        source_currency=_currency(rate.source_currency or rate.currency_from),
        target_currency=_currency(rate.target_currency or rate.currency_to),
        unit_currency=_currency(rate.unit_currency),
        rate=_rate(rate, unread),
        instructed=instructed,
    )


def _currency(given: str | None) -> str | None:
    return given if given and amount.is_currency(given) else None


def _rate(rate: rows.Rate, unread: list[str]) -> Decimal | None:
    """exchangeRate, rate, or of the pair rateFrom and rateTo the one that is not 1."""
    found = []
    for place, raw in (
        ("exchangeRate", rate.exchange_rate),
        ("rate", rate.rate),
        ("rateTo", rate.rate_to),
        ("rateFrom", rate.rate_from),
    ):
        if raw is not wire.NOTHING and bytes(raw) != b"null":
            try:
                found.append(amount.exact(raw, place))
            except BrokenRow:
                unread.append(place)
    return next((one for one in found if one != 1), found[0] if found else None)


def _batch_size(row: rows.TransactionRow, entries: Sequence[rows.EntryRow], unread: list[str]) -> int | None:
    given = row.batch_number_of_transactions
    if given is not None:
        if str(given).isascii() and str(given).isdigit() and len(str(given)) <= 9:
            return int(given)
        unread.append("batchNumberOfTransactions")
    return len(entries) if len(entries) > 1 else None
