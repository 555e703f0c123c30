"""Bunyip's accounts, balances and rows in the words of the Consumer Data Standards 1.36. Pure.

Its habits: moments are in UTC, so a purchase in the morning was on the day before there; a row that equals another has
no transactionId; card rows name the merchant.
"""

from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.book import Balances, Entry
from sandbox.people import Account, AccountKind
from sandbox.rows import Kind

HERE = ZoneInfo("Australia/Sydney")
CATEGORIES = {
    AccountKind.CURRENT: "TRANS_AND_SAVINGS_ACCOUNTS",
    AccountKind.SAVINGS: "TERM_DEPOSITS",
    AccountKind.CARD: "CRED_AND_CHRG_CARDS",
    AccountKind.MORTGAGE: "RESIDENTIAL_MORTGAGES",
}
TYPES = {
    Kind.OPENING: "OTHER",
    Kind.SALARY: "TRANSFER_INCOMING",
    Kind.TRANSFER_IN: "TRANSFER_INCOMING",
    Kind.TRANSFER_OUT: "TRANSFER_OUTGOING",
    Kind.STANDING_ORDER: "TRANSFER_OUTGOING",
    Kind.DIRECT_DEBIT: "DIRECT_DEBIT",
    Kind.CARD: "PAYMENT",
    Kind.REFUND: "OTHER",
    Kind.CASH: "PAYMENT",
    Kind.FEE: "FEE",
    Kind.INTEREST: "INTEREST_PAID",
}


def account_id(account: Account) -> str:
    """The same for every arrangement with this recipient (ID Permanence), and not guessable from the number."""
    return sha256(f"bunyip:{account.key}".encode()).hexdigest()[:24]


def account_json(account: Account) -> dict[str, Any]:
    return {
        "accountId": account_id(account),
        "displayName": account.name,
        "nickname": account.nickname,
        "openStatus": "OPEN",
        "isOwned": True,
        "accountOwnership": "ONE_PARTY" if len(account.owners) == 1 else "TWO_PARTY",
        "maskedNumber": f"xxxx{account.number[-4:]}",
        "productCategory": CATEGORIES[account.kind],
        "productName": account.name,
    }


def balance_json(account: Account, balances: Balances) -> dict[str, Any]:
    return {
        "accountId": account_id(account),
        "currentBalance": f"{balances.booked:.2f}",
        "availableBalance": f"{max(balances.available + account.credit_line, 0):.2f}",  # never negative: 1.36
        "creditLimit": f"{account.credit_line:.2f}",
        "currency": account.currency,
        "purses": [],
    }


def moment(day: date) -> str:
    """Nine in the morning of ``day`` at Bunyip's head office."""
    return datetime.combine(day, time(9), HERE).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def transaction_json(account: Account, entry: Entry) -> dict[str, Any]:
    row = entry.row
    shown: dict[str, Any] = {
        "accountId": account_id(account),
        "isDetailAvailable": False,
        "type": "INTEREST_CHARGED" if row.kind is Kind.INTEREST and row.amount < 0 else TYPES[row.kind],
        "status": "POSTED" if entry.booked_on else "PENDING",
        "description": entry.text,
        "executionDateTime": moment(row.on),
        "amount": f"{row.amount:.2f}",
        "currency": account.currency,
        "reference": row.end_to_end_id,
    }
    if not row.twin:
        shown["transactionId"] = f"BU{entry.entry_id}".upper()
    if entry.booked_on:
        shown["postingDateTime"] = moment(entry.booked_on)
        shown["valueDateTime"] = moment(row.on)
    if row.mcc:
        shown |= {"merchantName": row.counterparty, "merchantCategoryCode": row.mcc}
    return shown
