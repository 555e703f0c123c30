"""Mélusine's accounts, balances and rows in the words of STET PSD2 1.5. Pure: data in, JSON-ready dicts out.

Its habits, as French banks have theirs: amounts of rows are numbers and those of balances texts; remittance is an
object on cash accounts and a plain list on cards; a card's rows that are not yet on a statement are OTHR and have no
booking date; booked days come with a time and an offset without a colon.
"""

from decimal import Decimal
from typing import Any

from sandbox.book import Balances, Entry
from sandbox.people import PEOPLE, Account, AccountKind
from sandbox.rows import Kind
from sandbox.stet.bank import API_PATH

BIC = "MLSNFR2LXXX"
CODES = {
    Kind.OPENING: ("RCDT", "BOOK"),
    Kind.SALARY: ("RCDT", "SALA"),
    Kind.TRANSFER_IN: ("RCDT", "ESCT"),
    Kind.TRANSFER_OUT: ("ICDT", "ESCT"),
    Kind.STANDING_ORDER: ("ICDT", "STDO"),
    Kind.DIRECT_DEBIT: ("RDDT", "ESDD"),
    Kind.CARD: ("CCRD", "POSD"),
    Kind.REFUND: ("CCRD", "RIMB"),
    Kind.CASH: ("CCRD", "CWDL"),
    Kind.FEE: ("MDOP", "CHRG"),
    Kind.INTEREST: ("MCOP", "INTR"),
}


def link(path: str) -> dict[str, Any]:
    """Relative, as the recorded banks' links are."""
    return {"href": f"{API_PATH}{path}", "templated": False}


def identification(account: Account) -> dict[str, Any]:
    """AccountIdentification."""
    if account.kind is AccountKind.CARD:
        masked = f"{account.number[:4]}XXXXXXXX{account.number[-4:]}"
        return {"other": {"identification": masked, "schemeName": "MPAN", "issuer": BIC}}
    return {"iban": account.iban, "currency": account.currency}


def account_json(account: Account, resource_id: str, linked: str | None, rights: frozenset[str]) -> dict[str, Any]:
    """AccountResource. Without ``rights`` the PSU's consent has not named it: what names it, and no links."""
    shown: dict[str, Any] = {
        "bicFi": BIC,
        "accountId": identification(account),
        "name": account.holder if account.kind is AccountKind.CARD else account.nickname,
        "product": account.name,
        "usage": "PRIV",
        "cashAccountType": "CARD" if account.kind is AccountKind.CARD else "CACC",
        "currency": account.currency,
        "psuStatus": "Account Holder",
        "_links": {name: link(f"/accounts/{resource_id}/{name}") for name in sorted(rights)},
    }
    if rights:
        shown["resourceId"] = resource_id
    if linked:
        shown["linkedAccount"] = linked
    return shown


def balances_json(account: Account, balances: Balances, today: str) -> list[dict[str, Any]]:
    if account.kind is AccountKind.CARD:
        kinds = {"OTHR": ("Encours carte", balances.booked)}
    else:
        kinds = {"CLBD": ("Solde comptable", balances.booked), "XPCD": ("Solde instantané", balances.available)}
    return [
        {
            "name": f"{name} au {today}",
            "balanceAmount": {"amount": f"{amount:.2f}", "currency": account.currency},
            "balanceType": kind,
        }
        for kind, (name, amount) in kinds.items()
    ]


def transaction_json(account: Account, entry: Entry) -> dict[str, Any]:
    row, is_card = entry.row, account.kind is AccountKind.CARD
    family, sub_family = CODES[row.kind]
    shown: dict[str, Any] = {
        "transactionAmount": {"amount": float(abs(row.amount)), "currency": account.currency},
        "creditDebitIndicator": "DBIT" if row.amount < 0 else "CRDT",
        "status": "BOOK" if entry.booked_on else "OTHR" if is_card else "PDNG",
        "transactionDate": row.on.isoformat(),
        "bankTransactionCode": {"domain": "PMNT", "family": family, "subFamily": sub_family},
        "remittanceInformation": [entry.text] if is_card else {"unstructured": _lines(entry.text)},
    }
    if entry.booked_on:
        shown["bookingDate"] = f"{entry.booked_on.isoformat()}T00:00:00+0100"
        shown["valueDate"] = row.on.isoformat()
    elif not is_card:
        shown["expectedBookingDate"] = row.books_on.isoformat()
    if not row.twin:
        shown["resourceId" if entry.booked_on else "entryReference"] = f"ME{entry.entry_id}".upper()
    if row.end_to_end_id:
        shown["endToEndId"] = row.end_to_end_id
    if row.mcc:
        shown["merchantCategoryCode"] = row.mcc
    if row.counterparty_iban:
        side = "creditor" if row.amount < 0 else "debtor"
        shown["relatedParties"] = {side: {"name": row.counterparty}, f"{side}Account": {"iban": row.counterparty_iban}}
    if row.foreign:
        shown["transactionAmountDetails"] = {
            "instructedAmount": {
                "amount": {"amount": float(row.foreign.amount), "currency": row.foreign.currency},
                "sourceCurrency": row.foreign.currency,
                "targetCurrency": account.currency,
                "unitCurrency": account.currency,
                "exchangeRate": float(row.foreign.rate),
            }
        }
    return shown


def _lines(text: str) -> list[str]:
    """At most 140 characters a line (remittanceLine)."""
    return [text[start : start + 140] for start in range(0, len(text), 140)]


def identity_json(username: str) -> dict[str, Any]:
    first, last = PEOPLE[username].full_name.split(" ", 1)
    return {"fullName": f"{last} {first}", "firstName": first, "lastName": last}


def covers(balances: Balances, account: Account, amount: Decimal) -> bool:
    return balances.available + account.credit_line >= amount
