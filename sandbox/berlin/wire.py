"""Lorelei's accounts, balances and rows in the words of NextGenPSD2 1.3. Pure: data in, JSON-ready dicts out.

Its habits, as real banks have theirs: card rows name the shop and carry the category code only in
additionalInformation; a remittance over 140 characters is cut in pieces wherever the limit falls; cash rows have an
entryReference and no transactionId, and twins have neither.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.berlin.vault import Granted
from sandbox.book import Balances, Entry
from sandbox.people import Account, AccountKind
from sandbox.rows import Kind

BIC = "LRLYDEFFXXX"
REMITTANCE_MAX = 140
TYPES = {AccountKind.CURRENT: "CACC", AccountKind.SAVINGS: "SVGS", AccountKind.CARD: "CARD"}
CODES = {
    Kind.OPENING: "PMNT-RCDT-BOOK",
    Kind.SALARY: "PMNT-RCDT-SALA",
    Kind.TRANSFER_IN: "PMNT-RCDT-ESCT",
    Kind.TRANSFER_OUT: "PMNT-ICDT-ESCT",
    Kind.STANDING_ORDER: "PMNT-ICDT-STDO",
    Kind.DIRECT_DEBIT: "PMNT-RDDT-ESDD",
    Kind.CARD: "PMNT-CCRD-POSD",
    Kind.REFUND: "PMNT-CCRD-RIMB",
    Kind.CASH: "PMNT-CCRD-CWDL",
    Kind.FEE: "ACMT-MDOP-CHRG",
    Kind.INTEREST: "ACMT-MCOP-INTR",
}
WORDS = {
    Kind.OPENING: "SALDOVORTRAG",
    Kind.SALARY: "LOHN/GEHALT",
    Kind.TRANSFER_IN: "GUTSCHRIFT",
    Kind.TRANSFER_OUT: "ÜBERWEISUNG",
    Kind.STANDING_ORDER: "DAUERAUFTRAG",
    Kind.DIRECT_DEBIT: "FOLGELASTSCHRIFT",
    Kind.CARD: "KARTENZAHLUNG",
    Kind.REFUND: "ERSTATTUNG",
    Kind.CASH: "BARGELDAUSZAHLUNG",
    Kind.FEE: "ENTGELT",
    Kind.INTEREST: "ABSCHLUSS",
}


def _amount(value: Decimal, currency: str) -> dict[str, str]:
    return {"currency": currency, "amount": f"{value:.2f}"}


def reference(account: Account) -> dict[str, str]:
    return {"iban": account.iban, "currency": account.currency}


def account_json(
    granted: Granted, url: str, *, owner_name: bool, balances: Balances | None, today: date
) -> dict[str, Any]:
    """``balances`` is given where the caller asked for them and may see them."""
    account = granted.account
    own = f"{url}/v1/accounts/{granted.resource_id}"
    shown: dict[str, Any] = {
        "resourceId": granted.resource_id,
        "iban": account.iban,
        "currency": account.currency,
        "name": account.nickname,
        "product": account.name,
        "cashAccountType": TYPES[account.kind],
        "status": "enabled",
        "bic": BIC,
        "usage": "PRIV",
        "_links": {
            right: {"href": f"{own}/{right}"} for right in ("balances", "transactions") if right in granted.rights
        },
    }
    if owner_name:
        shown["ownerName"] = account.holder
    if balances:
        shown["balances"] = balances_json(account, balances, today)
    return shown


def balances_json(account: Account, balances: Balances, today: date) -> list[dict[str, Any]]:
    """closingBooked is the sum of what is booked; interimAvailable adds what is pending; no credit line in any."""
    kinds = {
        "closingBooked": balances.booked,
        "interimAvailable": balances.available,
        "openingBooked": balances.opening,
    }
    return [
        {
            "balanceAmount": _amount(value, account.currency),
            "balanceType": kind,
            "creditLimitIncluded": False,
            "referenceDate": today.isoformat(),
        }
        for kind, value in kinds.items()
    ]


def transaction_json(account: Account, entry: Entry) -> dict[str, Any]:
    row = entry.row
    shown: dict[str, Any] = {
        "transactionAmount": _amount(row.amount, account.currency),
        "valueDate": row.on.isoformat(),
        "bankTransactionCode": CODES[row.kind],
        "proprietaryBankTransactionCode": WORDS[row.kind],
        **_ids(entry),
        **_parties(entry),
        **_remittance(entry),
    }
    if entry.booked_on:
        shown["bookingDate"] = entry.booked_on.isoformat()
    if row.mcc:
        shown["additionalInformation"] = f"MCC {row.mcc}"
    if row.foreign:
        # 1.3.11 has no field for what was paid abroad; the amount is in the text, the rate is here.
        shown["currencyExchange"] = [
            {
                "sourceCurrency": row.foreign.currency,
                "targetCurrency": account.currency,
                "unitCurrency": account.currency,
                "exchangeRate": str(row.foreign.rate),
                "quotationDate": row.on.isoformat(),
            }
        ]
    return shown


def standing_order_json(account: Account, first: Entry, latest: Entry) -> dict[str, Any]:
    """One that is paid monthly, since ``first`` and as ``latest`` was."""
    details = {
        "startDate": first.row.on.isoformat(),
        "endDate": "9999-12-31",
        "frequency": "Monthly",
        "dayOfExecution": str(latest.row.on.day),
    }
    return {
        "transactionAmount": _amount(latest.row.amount, account.currency),
        "bankTransactionCode": CODES[Kind.STANDING_ORDER],
        "additionalInformationStructured": {"standingOrderDetails": details},
        **_parties(latest),
        **_remittance(latest),
    }


def _ids(entry: Entry) -> dict[str, str]:
    row = entry.row
    ids = {"endToEndId": row.end_to_end_id, "mandateId": row.mandate_id, "creditorId": row.creditor_id}
    if not row.twin:
        ids["entryReference" if row.kind is Kind.CASH else "transactionId"] = f"LO{entry.entry_id}".upper()
    return {name: value for name, value in ids.items() if value}


def _parties(entry: Entry) -> dict[str, Any]:
    """The other side only: the holder's own name is not repeated."""
    side = "creditor" if entry.row.amount < 0 else "debtor"
    shown: dict[str, Any] = {f"{side}Name": entry.row.counterparty[:70]}
    if entry.row.counterparty_iban:
        shown[f"{side}Account"] = {"iban": entry.row.counterparty_iban}
    return shown


def _remittance(entry: Entry) -> dict[str, Any]:
    foreign = entry.row.foreign
    text = f"{entry.text} {foreign.currency} {foreign.amount:.2f}" if foreign else entry.text
    if len(text) <= REMITTANCE_MAX:
        return {"remittanceInformationUnstructured": text}
    pieces = [text[start : start + REMITTANCE_MAX] for start in range(0, len(text), REMITTANCE_MAX)]
    return {"remittanceInformationUnstructuredArray": pieces}
