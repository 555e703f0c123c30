"""Iara's accounts, balances and rows in the words of the accounts API 2.4. Pure.

Its habits: a transactionId of a row that is not settled changes when it is; a person's CPF stands beside their account;
moments are in UTC.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.book import Balances, Entry
from sandbox.history import digits
from sandbox.people import AGENCIA, Account, AccountKind
from sandbox.rows import Kind

HERE = ZoneInfo("America/Sao_Paulo")
COMPE = "999"
CNPJ = "99999999000199"
ACCOUNT_TYPES = {AccountKind.CURRENT: "CONTA_DEPOSITO_A_VISTA", AccountKind.SAVINGS: "CONTA_POUPANCA"}
TYPES = {
    Kind.OPENING: "OUTROS",
    Kind.SALARY: "FOLHA_PAGAMENTO",
    Kind.TRANSFER_IN: "PIX",
    Kind.TRANSFER_OUT: "PIX",
    Kind.STANDING_ORDER: "TED",
    Kind.DIRECT_DEBIT: "CONVENIO_ARRECADACAO",
    Kind.CARD: "CARTAO",
    Kind.REFUND: "CARTAO",
    Kind.CASH: "SAQUE",
    Kind.FEE: "TARIFA_SERVICOS_AVULSOS",
    Kind.INTEREST: "RENDIMENTO_APLIC_FINANCEIRA",
}


def account_id(account: Account) -> str:
    return sha256(f"iara:{account.key}".encode()).hexdigest()[:32]


def account_json(account: Account) -> dict[str, Any]:
    return {
        "brandName": "Banco Iara",
        "companyCnpj": CNPJ,
        "type": ACCOUNT_TYPES[account.kind],
        "compeCode": COMPE,
        "branchCode": AGENCIA,
        "number": account.number,
        "checkDigit": digits(account.key, 1),
        "accountId": account_id(account),
    }


def amount(value: Decimal, currency: str) -> dict[str, str]:
    return {"amount": f"{value:.4f}", "currency": currency}


def balances_json(account: Account, balances: Balances, now: datetime) -> dict[str, Any]:
    return {
        "availableAmount": amount(balances.booked, account.currency),
        "blockedAmount": amount(balances.booked - balances.available, account.currency),
        "automaticallyInvestedAmount": amount(Decimal(0), account.currency),
        "updateDateTime": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def limits_json(account: Account) -> dict[str, Any]:
    return {
        "overdraftContractedLimit": amount(Decimal(account.credit_line), account.currency),
        "overdraftUsedLimit": amount(Decimal(0), account.currency),
        "unarrangedOverdraftAmount": amount(Decimal(0), account.currency),
    }


def transaction_json(account: Account, entry: Entry) -> dict[str, Any]:
    row = entry.row
    at = datetime.combine(entry.day, time(22, 30), HERE).astimezone(UTC)  # the next day in UTC already
    shown: dict[str, Any] = {
        "transactionId": f"IA{entry.entry_id}{'' if not row.twin else row.key}",
        "completedAuthorisedPaymentType": "TRANSACAO_EFETIVADA" if entry.booked_on else "TRANSACAO_PROCESSANDO",
        "creditDebitType": "DEBITO" if row.amount < 0 else "CREDITO",
        "transactionName": entry.text,
        "type": TYPES[row.kind],
        "transactionAmount": amount(abs(row.amount), account.currency),
        "transactionDateTime": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    if row.counterparty_iban:
        shown |= {
            "partieCnpjCpf": digits(row.counterparty, 11),
            "partiePersonType": "PESSOA_NATURAL",
            "partieCompeCode": "001",
            "partieBranchCode": "6272",
            "partieNumber": digits(row.counterparty, 8),
            "partieCheckDigit": digits(row.counterparty, 1),
        }
    return shown


def is_between(entry: Entry, first: date | None, last: date | None) -> bool:
    return (first is None or entry.day >= first) and (last is None or entry.day <= last)
