"""Berlin Group NextGenPSD2 answers into the hub's words. Pure: bytes in, values out.

Places are schemas of psd2-api 1.3.11 (the OpenAPI file beside the Implementation Guidelines): accountDetails, balance,
accountReport, transactions.
"""

import re
from collections.abc import Collection
from datetime import UTC, tzinfo
from decimal import Decimal
from functools import partial

import msgspec

from providers import amount, dates, text
from providers.berlin_group import wire
from providers.identify import best_first, identifier
from providers.model import (
    Account,
    AccountType,
    Balance,
    BalanceType,
    Identifier,
    Money,
    Page,
    Party,
    RejectedRow,
    Scheme,
    Status,
    Transaction,
)
from providers.rows import BrokenRow, Rows, envelope, sift

VERSION = 1  # of these rules; stored beside what they made

# balanceType. "information" is American Express's; authorised and nonInvoiced have no ISO code.
_BALANCES = {
    "closingBooked": BalanceType.CLOSING_BOOKED,
    "expected": BalanceType.EXPECTED,
    "openingBooked": BalanceType.OPENING_BOOKED,
    "interimAvailable": BalanceType.INTERIM_AVAILABLE,
    "interimBooked": BalanceType.INTERIM_BOOKED,
    "forwardAvailable": BalanceType.FORWARD_AVAILABLE,
    "information": BalanceType.INFORMATION,
}

# cashAccountType is ExternalCashAccountType1Code already
_ACCOUNT_TYPES = {kind.value: kind for kind in AccountType} | {"TRAN": AccountType.CURRENT}

_DEBIT = frozenset({"DBIT", "Debit", "debit"})
_CREDIT = frozenset({"CRDT", "Credit", "credit"})

_ISO_CODE = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", re.ASCII)

_ACCOUNT_PAGE = msgspec.json.Decoder(wire.AccountPage)
_ACCOUNT = msgspec.json.Decoder(wire.AccountRow)
_BALANCE_PAGE = msgspec.json.Decoder(wire.BalancePage)
_BALANCE = msgspec.json.Decoder(wire.BalanceRow)
_TRANSACTION_PAGE = msgspec.json.Decoder(wire.TransactionPage)
_TRANSACTION = msgspec.json.Decoder(wire.TransactionRow)


def accounts(body: bytes) -> Rows[Account]:
    """accountList. An account whose status is ``deleted`` can no longer be read and is left out."""
    page = envelope(_ACCOUNT_PAGE, body)
    found, rejected = sift(page.accounts, _ACCOUNT, _account)
    return Rows(tuple(one for one in found if one is not None), rejected, _next(page.links))


def _account(row: wire.AccountRow, raw: bytes) -> Account | None:
    if row.status == "deleted":
        return None
    amount.money(Decimal(0), row.currency, "currency")
    return Account(
        resource_id=row.resource_id,
        currency=row.currency,
        type=_ACCOUNT_TYPES.get(row.cash_account_type or "", AccountType.OTHER),
        name=text.clean(row.display_name) or text.clean(row.name),
        product=text.clean(row.product),
        owner_name=text.meaningful(row.owner_name),
        identifiers=_identifiers(row),
        bic=text.meaningful(row.bic),
        raw=raw,
    )


def _identifiers(row: wire.AccountRow | wire.AccountReference) -> tuple[Identifier, ...]:
    given = (
        (Scheme.IBAN, row.iban),
        (Scheme.BBAN, row.bban),
        (Scheme.MASKED_PAN, row.masked_pan or row.pan),
        (Scheme.OTHER, row.msisdn),
    )
    return best_first(identifier(scheme, value) for scheme, one in given if (value := text.meaningful(one)))


def balances(body: bytes, *, zone: tzinfo = UTC) -> Rows[Balance]:
    """readAccountBalanceResponse-200. A sub-account of a multicurrency account comes as a balance in its currency."""
    page = envelope(_BALANCE_PAGE, body)
    found, rejected = sift(page.balances, _BALANCE, lambda row, _: _balance(row, zone))
    return Rows(found, rejected, _next(page.links))


def _balance(row: wire.BalanceRow, zone: tzinfo) -> Balance:
    changed = dates.moment(row.last_change_date_time, "lastChangeDateTime", zone=zone)
    return Balance(
        type=_BALANCES.get(row.balance_type, BalanceType.OTHER),
        money=_money(row.balance_amount, "balanceAmount"),
        as_of=changed or dates.moment(row.reference_date, "referenceDate", zone=zone),
        credit_line_included=row.credit_limit_included,
        source_label=text.clean(row.balance_type) or "",
    )


def transactions(body: bytes, *, own: Collection[Identifier] = ()) -> Page:
    """accountReport: the list that a row is in says its status. ``own`` are the account's identifiers."""
    page = envelope(_TRANSACTION_PAGE, body)
    report = page.transactions
    lists = (
        (Status.BOOKED, report.booked),
        (Status.PENDING, report.pending),
        (Status.INFORMATION, report.information),
    )
    good: list[Transaction] = []
    rejected: list[RejectedRow] = []
    for status, rows in lists:
        found, broken = sift(rows or (), _TRANSACTION, partial(_transaction, status=status, own=own))
        good.extend(found)
        rejected.extend(broken)
    return Page(tuple(good), _next(report.links) or _next(page.links), tuple(rejected))


def _transaction(row: wire.TransactionRow, raw: bytes, status: Status, own: Collection[Identifier]) -> Transaction:
    money = _signed(row)
    places = {"money": "transactionAmount", "status": "the list that holds the row"}
    booking_date = dates.calendar_day(row.booking_date, "bookingDate")
    value_date = dates.calendar_day(row.value_date, "valueDate")
    if booking_date:
        places["booking_date"] = "bookingDate"
    if value_date:
        places["value_date"] = "valueDate"
    counterparty, place = _counterparty(row, money.number < 0, own)
    if place:
        places["counterparty"] = place
    remittance, place = _remittance(row)
    if place:
        places["remittance"] = place
    iso_code, proprietary = _codes(row)
    if iso_code:
        places["bank_transaction_code"] = "bankTransactionCode"
    if proprietary:
        theirs = text.meaningful(row.proprietary_bank_transaction_code)
        places["proprietary_code"] = "proprietaryBankTransactionCode" if theirs else "bankTransactionCode"
    category = text.meaningful(row.merchant_category_code)
    if category:
        places["merchant_category_code"] = "merchantCategoryCode"
    after = row.balance_after_transaction
    if after:
        places["balance_after"] = "balanceAfterTransaction.balanceAmount"
    return Transaction(
        status=status,
        money=money,
        booking_date=booking_date,
        value_date=value_date,
        counterparty=counterparty,
        remittance=remittance,
        bank_ids=text.identifiers(
            {
                "transactionId": row.transaction_id,
                "entryReference": row.entry_reference,
                "endToEndId": row.end_to_end_id,
                "mandateId": row.mandate_id,
                "checkId": row.check_id,
                "creditorId": row.creditor_id,
            }
        ),
        bank_transaction_code=iso_code,
        proprietary_code=proprietary,
        merchant_category_code=category,
        balance_after=_money(after.balance_amount, "balanceAfterTransaction") if after else None,
        provenance=places,
        raw=raw,
    )


def _money(wire_amount: wire.Amount, field: str) -> Money:
    return amount.money(amount.exact(wire_amount.amount, field), wire_amount.currency, f"{field}.currency")


def _signed(row: wire.TransactionRow) -> Money:
    """The minus sign says the direction; where a bank adds an indicator instead, the two must not contradict."""
    money = _money(row.transaction_amount, "transactionAmount")
    indicator = row.credit_debit_indicator
    if indicator in _DEBIT and money.number > 0:
        return Money(money.number.copy_negate(), money.currency)
    if indicator in _CREDIT and money.number < 0:
        raise BrokenRow("transactionAmount is negative, beside a credit indicator")
    return money


def _counterparty(row: wire.TransactionRow, outgoing: bool, own: Collection[Identifier]) -> tuple[Party, str]:
    """The creditor of a debit, the debtor of a credit; the ultimate party where only that is named.

    Never the other side: a debit that names only its debtor names the account holder.
    """
    if outgoing:
        side, named, ultimate, reference = "creditor", row.creditor_name, row.ultimate_creditor, row.creditor_account
    else:
        side, named, ultimate, reference = "debtor", row.debtor_name, row.ultimate_debtor, row.debtor_account
    if isinstance(reference, str):
        reference = wire.AccountReference(iban=reference)
    found = _identifiers(reference) if reference else ()
    if any(one in own for one in found):
        return Party(), ""
    account = found[0] if found else None
    name = text.meaningful(named)
    if name:
        return Party(name, account), f"{side}Name"
    name = text.meaningful(ultimate)
    if name:
        return Party(name, account), f"ultimate{side.capitalize()}"
    return Party(None, account), f"{side}Account" if account else ""


def _remittance(row: wire.TransactionRow) -> tuple[tuple[str, ...], str]:
    """The array where there is one, for the single text is cut at 140; then what is structured."""
    array = row.remittance_information_unstructured_array
    listed = text.lines((array,) if isinstance(array, str) else array or ())
    single = text.lines((row.remittance_information_unstructured,))
    structured = text.lines(
        one.reference if isinstance(one, wire.Reference) else one
        for one in (row.remittance_information_structured, *(row.remittance_information_structured_array or ()))
    )
    places = [
        name
        for name, lines in (
            ("remittanceInformationUnstructuredArray", listed),
            ("remittanceInformationUnstructured", () if listed else single),
            ("remittanceInformationStructured", structured),
        )
        if lines
    ]
    return text.lines((*(listed or single), *structured)), ", ".join(places)


def _codes(row: wire.TransactionRow) -> tuple[str | None, str | None]:
    """bankTransactionCode is "domain-family-subfamily"; anything else in it is the bank's own code."""
    proprietary = text.meaningful(row.proprietary_bank_transaction_code)
    code = text.meaningful(row.bank_transaction_code)
    if code is None or _ISO_CODE.fullmatch(code):
        return code, proprietary
    return None, proprietary or code


def _next(links: wire.Links | None) -> str | None:
    return wire.href(links.next) if links else None
