"""UK Open Banking 3.1 answers into the hub's words. Pure: bytes in, values out.

Places are those of the Account and Transaction API specification 3.1.11, resource by resource: Accounts v3.1.11,
Balances v3.1.11, Transactions v3.1.11 (schemas OBReadAccount6, OBReadBalance1, OBReadTransaction6).
"""

from collections.abc import Collection
from datetime import UTC, tzinfo
from decimal import Decimal

import msgspec

from providers import amount, dates, text
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
    Scheme,
    Status,
    Transaction,
)
from providers.rows import BrokenRow, Rows, envelope, sift
from providers.uk_obie import wire
from providers.uk_obie.codes import iso_code

VERSION = 1  # of these rules; stored beside what they made

# CreditDebitIndicator: Credit is money in. "A zero balance is considered to be a credit balance" (Balances).
_SIGNS = {"Credit": 1, "CRDT": 1, "Debit": -1, "DBIT": -1}

# OBEntryStatus1Code, and the codes that version 4 replaced its words with. A future entry has not happened.
_STATUSES = {
    "Booked": Status.BOOKED,
    "BOOK": Status.BOOKED,
    "Pending": Status.PENDING,
    "PDNG": Status.PENDING,
    "Rejected": Status.REJECTED,
    "RJCT": Status.REJECTED,
    "FUTR": Status.INFORMATION,
    "INFO": Status.INFORMATION,
}

# OBBalanceType1Code. "Cleared" has no ISO code: it is booked, less what may still bounce.
_BALANCES = {
    "ClosingAvailable": BalanceType.CLOSING_AVAILABLE,
    "ClosingBooked": BalanceType.CLOSING_BOOKED,
    "ClosingCleared": BalanceType.CLOSING_BOOKED,
    "Expected": BalanceType.EXPECTED,
    "ForwardAvailable": BalanceType.FORWARD_AVAILABLE,
    "Information": BalanceType.INFORMATION,
    "InterimAvailable": BalanceType.INTERIM_AVAILABLE,
    "InterimBooked": BalanceType.INTERIM_BOOKED,
    "InterimCleared": BalanceType.INTERIM_BOOKED,
    "OpeningAvailable": BalanceType.OPENING_AVAILABLE,
    "OpeningBooked": BalanceType.OPENING_BOOKED,
    "OpeningCleared": BalanceType.OPENING_BOOKED,
    "PreviouslyClosedBooked": BalanceType.PREVIOUSLY_CLOSED_BOOKED,
} | {kind.value: kind for kind in BalanceType}

# OBExternalAccountSubType1Code
_ACCOUNT_TYPES = {
    "ChargeCard": AccountType.CARD,
    "CreditCard": AccountType.CARD,
    "CurrentAccount": AccountType.CURRENT,
    "EMoney": AccountType.WALLET,
    "Loan": AccountType.LOAN,
    "Mortgage": AccountType.MORTGAGE,
    "PrePaidCard": AccountType.CARD,
    "Savings": AccountType.SAVINGS,
    "Wallet": AccountType.WALLET,
}

# OBExternalAccountIdentification4Code, with and without the namespace that some banks leave out
_SCHEMES = {
    "BBAN": Scheme.BBAN,
    "IBAN": Scheme.IBAN,
    "PAN": Scheme.MASKED_PAN,
    "SortCodeAccountNumber": Scheme.UK_SORT_CODE_ACCOUNT,
}
_NAMESPACE = "UK.OBIE."

_ACCOUNT_PAGE = msgspec.json.Decoder(wire.AccountPage)
_ACCOUNT = msgspec.json.Decoder(wire.AccountRow)
_BALANCE_PAGE = msgspec.json.Decoder(wire.BalancePage)
_BALANCE = msgspec.json.Decoder(wire.BalanceRow)
_TRANSACTION_PAGE = msgspec.json.Decoder(wire.TransactionPage)
_TRANSACTION = msgspec.json.Decoder(wire.TransactionRow)


class _Supplement(msgspec.Struct, frozen=True):
    """SupplementaryData is the bank's own; Monzo marks declined card payments in it."""

    declined: bool = msgspec.field(name="Declined", default=False)


def accounts(body: bytes) -> Rows[Account]:
    """OBReadAccount6. An account whose Status is Deleted can no longer be read and is left out."""
    page = envelope(_ACCOUNT_PAGE, body)
    found, rejected = sift(page.data.account or (), _ACCOUNT, _account)
    kept = tuple(one for one in found if one is not None)
    return Rows(kept, rejected, page.links.next if page.links else None)


def _account(row: wire.AccountRow, raw: bytes) -> Account | None:
    if row.status == "Deleted":
        return None
    amount.money(Decimal(0), row.currency, "Currency")
    schemes = row.account or ()
    servicer = row.servicer
    bic = servicer and text.meaningful(servicer.identification)
    return Account(
        resource_id=row.account_id,
        currency=row.currency,
        type=_ACCOUNT_TYPES.get(row.account_sub_type or "", AccountType.OTHER),
        name=text.clean(row.nickname) or text.clean(row.description),
        product=text.clean(row.description),
        owner_name=next((name for one in schemes if (name := text.meaningful(one.name))), None),
        identifiers=best_first(found for one in schemes if (found := _identifier(one)) is not None),
        bic=bic if bic and servicer and (servicer.scheme_name or "").endswith("BICFI") else None,
        raw=raw,
    )


def _identifier(one: wire.Scheme) -> Identifier | None:
    value = text.meaningful(one.identification)
    if value is None:
        return None
    return identifier(_SCHEMES.get((one.scheme_name or "").removeprefix(_NAMESPACE), Scheme.OTHER), value)


def balances(body: bytes, *, account_id: str, zone: tzinfo = UTC) -> Rows[Balance]:
    """OBReadBalance1, the rows of ``account_id`` only."""
    page = envelope(_BALANCE_PAGE, body)

    def make(row: wire.BalanceRow, _: bytes) -> Balance | None:
        return None if row.account_id not in (None, account_id) else _balance(row, zone)

    found, rejected = sift(page.data.balance or (), _BALANCE, make)
    mine = [one for one in found if one is not None]
    labels = {one.source_label for one in mine}
    # Where a bank gives both, booked is the balance of that type; cleared stands in only where it is alone.
    kept = tuple(
        one for one in mine if one.source_label.replace("Cleared", "Booked") not in labels - {one.source_label}
    )
    return Rows(kept, rejected, page.links.next if page.links else None)


def _balance(row: wire.BalanceRow, zone: tzinfo) -> Balance:
    lines = None if row.credit_line is None else [line.included for line in row.credit_line]
    return Balance(
        type=_BALANCES.get(row.type, BalanceType.OTHER),
        money=_signed(row.amount, row.credit_debit_indicator),
        as_of=dates.moment(row.date_time, "DateTime", zone=zone),
        credit_line_included=any(lines) if lines else None,
        source_label=text.clean(row.type) or "",
    )


def transactions(body: bytes, *, own: Collection[Identifier] = ()) -> Page:
    """OBReadTransaction6. ``own`` are the account's identifiers: nobody is their own counterparty."""
    page = envelope(_TRANSACTION_PAGE, body)
    rows = page.data.transaction or ()
    good, rejected = sift(rows, _TRANSACTION, lambda row, raw: _transaction(row, raw, own))
    return Page(good, (page.links.next if page.links else None) or None, rejected)


def _transaction(row: wire.TransactionRow, raw: bytes, own: Collection[Identifier]) -> Transaction:
    money = _signed(row.amount, row.credit_debit_indicator)
    places = {"money": "Amount with CreditDebitIndicator", "status": "Status"}
    booking_date = dates.calendar_day(row.booking_date_time, "BookingDateTime")
    value_date = dates.calendar_day(row.value_date_time, "ValueDateTime")
    if booking_date:
        places["booking_date"] = "BookingDateTime"
    if value_date:
        places["value_date"] = "ValueDateTime"
    counterparty, place = _counterparty(row, own)
    if place:
        places["counterparty"] = place
    remittance = text.lines((row.transaction_information,))
    if remittance:
        places["remittance"] = "TransactionInformation"
    bank_code, proprietary = _codes(row)
    if bank_code:
        places["bank_transaction_code"] = "BankTransactionCode"
    if proprietary:
        theirs = row.proprietary_bank_transaction_code
        own_code = theirs and text.meaningful(theirs.code)
        places["proprietary_code"] = "ProprietaryBankTransactionCode" if own_code else "BankTransactionCode"
    merchant = row.merchant_details
    category = text.meaningful(merchant.merchant_category_code) if merchant else None
    if category:
        places["merchant_category_code"] = "MerchantDetails.MerchantCategoryCode"
    after = _signed(row.balance.amount, row.balance.credit_debit_indicator, "Balance.") if row.balance else None
    if after:
        places["balance_after"] = "Balance"
    return Transaction(
        status=_status(row),
        money=money,
        booking_date=booking_date,
        value_date=value_date,
        counterparty=counterparty,
        remittance=remittance,
        bank_ids=text.identifiers(
            {"TransactionId": row.transaction_id, "TransactionReference": row.transaction_reference}
        ),
        bank_transaction_code=bank_code,
        proprietary_code=proprietary,
        merchant_category_code=category,
        balance_after=after,
        provenance=places,
        raw=raw,
    )


def _signed(wire_amount: wire.Amount, indicator: str, prefix: str = "") -> Money:
    """Amount is unsigned; the indicator alone says the direction. Zero is credit, whatever it says."""
    number = amount.exact(wire_amount.amount, f"{prefix}Amount")
    if indicator not in _SIGNS:
        raise BrokenRow(f"{prefix}CreditDebitIndicator is unknown")
    if number < 0:
        raise BrokenRow(f"{prefix}Amount is signed, beside an indicator")
    signed = number if number.is_zero() or _SIGNS[indicator] > 0 else number.copy_negate()
    return amount.money(signed, wire_amount.currency, f"{prefix}Currency")


def _status(row: wire.TransactionRow) -> Status:
    status = _STATUSES.get(row.status)
    if status is None:
        raise BrokenRow("Status is unknown")
    try:
        supplement = msgspec.json.decode(row.supplementary_data, type=_Supplement | None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return status  # SupplementaryData has no schema: what we do not know there breaks nothing
    return Status.REJECTED if supplement is not None and supplement.declined else status


def _counterparty(row: wire.TransactionRow, own: Collection[Identifier]) -> tuple[Party, str]:
    """The creditor of a debit, the debtor of a credit; the merchant's name first. Never the account holder's side."""
    incoming = _SIGNS[row.credit_debit_indicator] > 0
    side, place = (row.debtor_account, "DebtorAccount") if incoming else (row.creditor_account, "CreditorAccount")
    account = _identifier(side) if side else None
    name = text.meaningful(side.name) if side else None
    if account is not None and account in own:
        account = name = None
    merchant = text.meaningful(row.merchant_details.merchant_name) if row.merchant_details else None
    if merchant:
        place = "MerchantDetails.MerchantName"
    return (Party(merchant or name, account), place) if merchant or name or account else (Party(), "")


def _codes(row: wire.TransactionRow) -> tuple[str | None, str | None]:
    """The ISO code, and the bank's own; words that are no ISO name stand in for a missing own code."""
    theirs = row.proprietary_bank_transaction_code
    proprietary = text.meaningful(theirs.code) if theirs else None
    iso = row.bank_transaction_code
    if iso is None:
        return None, proprietary
    code = iso_code(iso.code or "", iso.sub_code or "")
    words = "/".join(word for one in (iso.code, iso.sub_code) if (word := text.meaningful(one)))
    return code, proprietary or (None if code else words or None)
