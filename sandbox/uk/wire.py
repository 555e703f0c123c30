"""Accounts, balances and rows in the words of R/W 3.1.11 (version4.py has those of 4.0). Pure: data in, dicts out."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sandbox.book import Balances, Entry
from sandbox.people import SORT_CODE, Account, AccountKind
from sandbox.rows import Kind, Row

SUB_TYPES = {AccountKind.CURRENT: "CurrentAccount", AccountKind.SAVINGS: "Savings", AccountKind.CARD: "CreditCard"}
# ISO 20022 family and sub-family; 3.1.11 carries no domain.
CODES = {
    Kind.OPENING: ("ReceivedCreditTransfer", "BookTransfer"),
    Kind.SALARY: ("ReceivedCreditTransfer", "PayrollSalaryPayment"),
    Kind.TRANSFER_IN: ("ReceivedCreditTransfer", "DomesticCreditTransfer"),
    Kind.TRANSFER_OUT: ("IssuedCreditTransfer", "DomesticCreditTransfer"),
    Kind.STANDING_ORDER: ("IssuedCreditTransfer", "StandingOrder"),
    Kind.DIRECT_DEBIT: ("ReceivedDirectDebit", "DirectDebitPayment"),
    Kind.CARD: ("CustomerCardTransaction", "PointOfSalePaymentDebitCard"),
    Kind.REFUND: ("CustomerCardTransaction", "PointOfSaleReversal"),
    Kind.CASH: ("CustomerCardTransaction", "CashWithdrawal"),
    Kind.FEE: ("MiscellaneousDebitOperation", "Fees"),
    Kind.INTEREST: ("MiscellaneousCreditOperation", "Interest"),
}
PROPRIETARY = {
    Kind.OPENING: "BBF",
    Kind.SALARY: "BGC",
    Kind.TRANSFER_IN: "FPI",
    Kind.TRANSFER_OUT: "FPO",
    Kind.STANDING_ORDER: "SO",
    Kind.DIRECT_DEBIT: "DD",
    Kind.CARD: "DEB",
    Kind.REFUND: "RFD",
    Kind.CASH: "CPT",
    Kind.FEE: "CHG",
    Kind.INTEREST: "INT",
}


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def booked_at(day: date) -> datetime:
    """British banks book in a night run, right at the start of the day."""
    return datetime.combine(day, time(0, 5), UTC)


def account_id(account: Account) -> str:
    return str(int(sha256(f"{account.bank}-account:{account.key}".encode()).hexdigest()[:12], 16)).zfill(15)


def _amount(value: Decimal, currency: str) -> dict[str, str]:
    return {"Amount": f"{abs(value):.2f}", "Currency": currency}


def _side(value: Decimal) -> str:
    return "Debit" if value < 0 else "Credit"  # a zero balance is a credit balance (3.1.11, Balances)


def account_json(account: Account, permissions: frozenset[str], bic: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "AccountId": account_id(account),
        "Status": "Enabled",
        "StatusUpdateDateTime": "2019-04-01T09:00:00+00:00",
        "Currency": account.currency,
        "AccountType": "Personal",
        "AccountSubType": SUB_TYPES[account.kind],
        "Description": account.name,
        "Nickname": account.nickname,
        "OpeningDate": "2019-04-01T00:00:00+00:00",
    }
    if "ReadAccountsDetail" in permissions:
        shown["Account"] = _identifications(account, permissions)
        shown["Servicer"] = {"SchemeName": "UK.OBIE.BICFI", "Identification": bic}
    return shown


def _identifications(account: Account, permissions: frozenset[str]) -> list[dict[str, str]]:
    if account.kind is AccountKind.CARD:
        number = account.number if "ReadPAN" in permissions else account.masked_number
        return [{"SchemeName": "UK.OBIE.PAN", "Identification": number, "Name": account.holder}]
    iban = {"SchemeName": "UK.OBIE.IBAN", "Identification": account.iban, "Name": account.holder}
    if account.currency != "GBP":
        return [iban]
    local = {
        "SchemeName": "UK.OBIE.SortCodeAccountNumber",
        "Identification": SORT_CODE + account.number,
        "Name": account.holder,
    }
    return [local, iban]


def balances_json(account: Account, balances: Balances, now: datetime) -> list[dict[str, Any]]:
    """Available is booked plus pending; a credit line is told beside it and never part of it."""
    line = {
        "Included": False,
        "Type": "Credit" if account.kind is AccountKind.CARD else "Pre-Agreed",
        "Amount": _amount(Decimal(account.credit_line), account.currency),
    }

    def one(kind: str, value: Decimal, moment: datetime) -> dict[str, Any]:
        return {
            "AccountId": account_id(account),
            "CreditDebitIndicator": _side(value),
            "Type": kind,
            "DateTime": stamp(moment),
            "Amount": _amount(value, account.currency),
        }

    available = one("InterimAvailable", balances.available, now)
    if account.credit_line:
        available["CreditLine"] = [line]
    opening = one("OpeningBooked", balances.opening, booked_at(now.date()))
    return [one("InterimBooked", balances.booked, now), available, opening]


def transaction_json(account: Account, entry: Entry, permissions: frozenset[str]) -> dict[str, Any]:
    row = entry.row
    family, sub_family = CODES[row.kind]
    booked = entry.booked_on is not None
    shown: dict[str, Any] = {
        "AccountId": account_id(account),
        "TransactionId": f"{account.bank[:2].upper()}{entry.entry_id}",
        "TransactionReference": row.end_to_end_id or f"R{row.key}",
        "CreditDebitIndicator": _side(row.amount),
        "Status": "Booked" if booked else "Pending",
        "TransactionMutability": "Immutable" if booked else "Mutable",
        "BookingDateTime": stamp(booked_at(entry.day)),
        "ValueDateTime": stamp(booked_at(row.on)),
        "Amount": _amount(row.amount, account.currency),
        "BankTransactionCode": {"Code": family, "SubCode": sub_family},
        "ProprietaryBankTransactionCode": {"Code": PROPRIETARY[row.kind], "Issuer": account.bank.title()},
    }
    if row.foreign:
        shown["CurrencyExchange"] = {
            "SourceCurrency": account.currency,
            "TargetCurrency": row.foreign.currency,
            "UnitCurrency": account.currency,
            "ExchangeRate": float(row.foreign.rate),
            "InstructedAmount": _amount(row.foreign.amount, row.foreign.currency),
        }
    if row.kind in (Kind.CARD, Kind.CASH):
        shown["CardInstrument"] = {
            "CardSchemeName": "VISA",
            "AuthorisationType": "Contactless",
            "Identification": "************4417",
        }
    if "ReadTransactionsDetail" in permissions:
        shown.update(_detail(account, entry))
    return shown


def _detail(account: Account, entry: Entry) -> dict[str, Any]:
    """What only ReadTransactionsDetail shows (3.1.11, Transactions: OBTransaction6Basic lacks these)."""
    row = entry.row
    shown: dict[str, Any] = {"TransactionInformation": entry.text}
    if row.mcc:
        shown["MerchantDetails"] = {"MerchantName": row.counterparty, "MerchantCategoryCode": row.mcc}
    if row.counterparty_iban:
        shown["CreditorAccount" if row.amount < 0 else "DebtorAccount"] = _counterparty(row)
    return shown


def _counterparty(row: Row) -> dict[str, str]:
    iban = row.counterparty_iban
    if iban.startswith("GB"):
        return {"SchemeName": "UK.OBIE.SortCodeAccountNumber", "Identification": iban[8:], "Name": row.counterparty}
    return {"SchemeName": "UK.OBIE.IBAN", "Identification": iban, "Name": row.counterparty}
