"""One row of STET PSD2 in the engine's neutral words. Pure.

Places are the names of STET PSD2 1.5.0: Transaction, RemittanceInformation, RelatedParties,
AmountAndCurrencyExchangeDetails. What is not the standard's but at banks is said beside it in providers.stet.wire.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from providers import amount, text
from providers.identify import best_first, identifier
from providers.model import Exchange, Identifier, Money, Scheme, Status
from providers.rows import BrokenRow, core, is_unread
from providers.rules.told import Named, Told
from providers.stet import wire

# AccountIdentification.other.schemeName. CPAN is a card's whole number: providers.identify masks it.
_SCHEMES = {
    "CPAN": Scheme.MASKED_PAN,
    "MPAN": Scheme.MASKED_PAN,
    "PAN": Scheme.MASKED_PAN,
    "BBAN": Scheme.BBAN,
    "RIB": Scheme.BBAN,
}

_TEXTS = ("unstructured", "text", "value", "label")  # what an object of texts calls them
_DIRECTIONS = {"D": -1, "C": 1}  # DBIT, Debit, débit ...


def told(row: wire.TransactionRow, raw: bytes, status: Status, *, currency: str, indicator_decides: bool) -> Told:
    """``status`` is for a row that has none: the list's. ``currency`` is the account's. ``indicator_decides``: the
    standard's amounts have no sign, so one that a bank writes beside the indicator says nothing more.

    Raises BrokenRow where there is no amount.
    """
    given = row.transaction_amount
    number, named_currency = amount.stated(given.amount, given.currency, "transactionAmount", given.unread)
    money_currency = named_currency or (text.word(row.currency) or currency).upper()
    direction = direction_of(row.credit_debit_indicator, row.unread, number)
    code, own_code = _codes(row.bank_transaction_code)
    unstructured, structured = _remittance(row.remittance_information)
    unread = list(row.unread)
    is_out = number < 0 if direction is None else direction < 0
    parties = row.related_parties or wire.Parties()
    return Told(
        raw=raw,
        status=status,
        status_place="the list that holds the row",
        status_word=("status", row.status) if row.status else None,
        number=number.copy_abs() if direction is not None and indicator_decides else number,
        currency=money_currency,
        money_place="transactionAmount" if direction is None else "transactionAmount with creditDebitIndicator",
        direction=direction,
        booking=(
            ("bookingDate", row.booking_date),
            ("bookingDateTime", row.booking_date_time),
            ("expectedBookingDate", row.expected_booking_date),
            ("expectingBookingDate", row.expecting_booking_date),
        ),
        value=(("valueDate", row.value_date),),
        moment=(("transactionDate", row.transaction_date), ("operationDate", row.operation_date)),
        creditor=named(
            "creditor",
            parties.creditor or row.creditor or row.creditor_name,
            parties.creditor_account,
            parties.creditor_agent,
        ),
        debtor=named(
            "debtor", parties.debtor or row.debtor or row.debtor_name, parties.debtor_account, parties.debtor_agent
        ),
        ultimate_creditor=named("ultimateCreditor", parties.ultimate_creditor, None, None),
        ultimate_debtor=named("ultimateDebtor", parties.ultimate_debtor, None, None),
        unstructured=unstructured,
        unstructured_place="remittanceInformation" if unstructured else "",
        structured=structured,
        structured_place="remittanceInformation.structured" if structured else "",
        additional=row.additional_transaction_information,
        additional_place="additionalTransactionInformation",
        bank_ids={
            "resourceId": row.resource_id,
            "entryReference": row.entry_reference,
            "endToEndId": row.end_to_end_id,
        },
        code=code,
        code_place="bankTransactionCode",
        proprietary_code=own_code,
        proprietary_place="bankTransactionCode.code",
        merchant_category_code=row.merchant_category_code,
        merchant_category_place="merchantCategoryCode",
        exchange=_exchange(row.transaction_amount_details, is_out, unread),
        charges=_charges(row.charges, money_currency, unread),
        unread=tuple(unread),
    )


def direction_of(indicator: str | None, unread: Iterable[str], number: Decimal) -> int | None:
    """1 for a credit, -1 for a debit, None where nothing is said. BrokenRow for a word that is neither, or for what is
    no word: money whose direction is not known is not money that came in."""
    if number > 0 and is_unread(unread, "creditdebitindicator"):
        raise BrokenRow("creditDebitIndicator cannot be read")
    word = (indicator or "").strip().upper()
    if not word:
        return None
    if word[0] not in _DIRECTIONS:
        raise BrokenRow("creditDebitIndicator is unknown")
    return _DIRECTIONS[word[0]]


def directed(number: Decimal, direction: int) -> Decimal:
    """The standard's amounts have no sign. A bank that writes one beside the indicator means the same thing by it."""
    size = number.copy_abs()
    return size if direction > 0 or size.is_zero() else size.copy_negate()


def named(
    side: str,
    person: wire.Person | str | None,
    account: wire.AccountId | str | None,
    agent: wire.Agent | str | None,
) -> Named | None:
    name = person.name if isinstance(person, wire.Person) else person
    found = identifiers(account)
    bic = text.meaningful(agent.bic_fi if isinstance(agent, wire.Agent) else agent)
    if not name and not found and bic is None:
        return None
    return Named(side, name, found[0] if found else None, bic, account_place=f"{side}Account")


def _codes(given: wire.BankCode | str | None) -> tuple[str | None, str | None]:
    """The ISO code as DOMAIN-FAMILY-SUBFAMILY, and the bank's own."""
    if given is None or isinstance(given, str):
        return given, None
    parts = [text.clean(one) or "" for one in (given.domain, given.family, given.sub_family)]
    own = None if given.code is None else str(given.code)
    return ("-".join(parts) if any(parts) else None), own


def _remittance(given: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of 1.4.2's object, of 1.4.0's list, or the one text; and the references of what is structured."""
    structured = _members(given).get("structured") if isinstance(given, dict) else None
    return tuple(_texts(given)), tuple(_references(structured))


def _members(given: dict[str, Any]) -> dict[str, Any]:
    return {core(name): value for name, value in given.items()}


def _texts(value: Any) -> Iterable[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            members = _members(one)
            yield from _texts(next((members[name] for name in _TEXTS if members.get(name)), None))
        elif isinstance(one, list):
            yield from _texts(one)
        elif isinstance(one, str | int) and not isinstance(one, bool):
            yield str(one)


def _references(value: Any) -> Iterable[str]:
    """CreditorReferenceInformation, the numbers of referred documents, and plain texts."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            for holder in (one, one.get("creditorReferenceInformation")):
                if isinstance(holder, dict) and isinstance(holder.get("reference"), str):
                    yield holder["reference"]
            documents = one.get("referredDocumentInformation")
            for document in documents if isinstance(documents, list) else [documents]:
                if isinstance(document, dict) and isinstance(document.get("number"), str):
                    yield document["number"]


def _exchange(given: wire.AmountDetails | None, is_out: bool, unread: list[str]) -> Exchange | None:
    """The first of the amounts before conversion that the bank gives; signed as the row is."""
    if given is None:
        return None
    found = next(
        (one for one in (given.instructed_amount, given.transaction_amount, given.counter_value_amount) if one), None
    )
    if found is None:
        return None
    rate = instructed = None
    try:
        if wire.is_there(found.exchange_rate):
            rate = amount.exact(found.exchange_rate, "exchangeRate")
        if found.amount is not None:
            number, currency = amount.stated(found.amount.amount, found.amount.currency, "transactionAmountDetails")
            signed = directed(number.copy_abs(), -1 if is_out else 1)
            instructed = amount.money(signed, currency, "transactionAmountDetails.currency") if currency else None
    except BrokenRow:
        unread.append("transactionAmountDetails")
    source, target, unit = (
        one if one and amount.is_currency(one) else None
        for one in (found.source_currency, found.target_currency, found.unit_currency)
    )
    exchange = Exchange(source, target, unit, rate, instructed)
    return None if exchange == Exchange() else exchange


def _charges(given: wire.Charges | None, currency: str, unread: list[str]) -> Money | None:
    """What the bank took for it: money out."""
    total = given.total_charges_and_tax_amount if given else None
    if total is None:
        return None
    try:
        number, named_currency = amount.stated(total.amount, total.currency, "charges", total.unread)
        return amount.money(directed(number, -1), named_currency or currency, "charges.currency")
    except BrokenRow:
        unread.append("charges")
        return None


def identifiers(given: wire.AccountId | str | None) -> tuple[Identifier, ...]:
    if given is None or isinstance(given, str):
        bare = text.meaningful(given)
        return (identifier(Scheme.IBAN, bare),) if bare else ()
    other = given.other
    candidates = (
        (Scheme.IBAN, given.iban),
        (Scheme.BBAN, given.bban),
        (Scheme.MASKED_PAN, given.masked_pan),
        (_SCHEMES.get((other.scheme_name or "").upper(), Scheme.OTHER), other.identification)
        if other
        else (Scheme.OTHER, None),
    )
    return best_first(identifier(scheme, value) for scheme, one in candidates if (value := text.meaningful(one)))
