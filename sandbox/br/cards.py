"""/credit-cards-accounts/v2: cards, their limits, bills and transactions (Credit Cards API 2.3).

Iara's habits: what is under way uses the limit too; a purchase of more than a hundred reais that is no bill is paid in
three instalments; a bill is a month's purchases, due on the twentieth of the next.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from sandbox.book import Entry
from sandbox.br.bank import CARDS, Bank
from sandbox.br.errors import ApiError
from sandbox.br.guard import authorised
from sandbox.br.resources import CURRENT_DAYS, day_asked, envelope, granted, paged
from sandbox.br.wire import CNPJ, HERE, amount, is_between
from sandbox.history import next_working_day
from sandbox.oauth.vault import Grant
from sandbox.people import Account, AccountKind
from sandbox.rows import Kind

DUE_DAY = 20
INSTALMENTS_FROM = Decimal(100)
TYPES = {Kind.TRANSFER_IN: "PAGAMENTO", Kind.FEE: "TARIFA", Kind.REFUND: "ESTORNO", Kind.OPENING: "OUTROS"}
NO_BILL_YET = "0001-01-01"


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("cards", __name__, url_prefix=CARDS)

    @blueprint.get("")
    def accounts() -> ResponseReturnValue:
        return envelope(bank, [card_json(one) for one in _cards(authorised(bank, "CREDIT_CARDS_ACCOUNTS_READ"))])

    @blueprint.get("/<id_>/limits")
    def limits(id_: str) -> ResponseReturnValue:
        return envelope(bank, limits_json(bank, _card(authorised(bank, "CREDIT_CARDS_ACCOUNTS_LIMITS_READ"), id_)))

    @blueprint.get("/<id_>/bills")
    def bills(id_: str) -> ResponseReturnValue:
        card = _card(authorised(bank, "CREDIT_CARDS_ACCOUNTS_BILLS_READ"), id_)
        return envelope(bank, bills_json(bank.book.entries(card), bank.clock.today()))

    @blueprint.get("/<id_>/transactions")
    def transactions(id_: str) -> ResponseReturnValue:
        return _transactions(id_, "transactions", 365)

    @blueprint.get("/<id_>/transactions-current")
    def transactions_current(id_: str) -> ResponseReturnValue:
        return _transactions(id_, "transactions-current", CURRENT_DAYS - 1)

    def _transactions(id_: str, name: str, back_days: int) -> ResponseReturnValue:
        card = _card(authorised(bank, "CREDIT_CARDS_ACCOUNTS_TRANSACTIONS_READ"), id_)
        earliest = bank.clock.today() - timedelta(days=back_days)
        first, last = day_asked("fromTransactionDate"), day_asked("toTransactionDate")
        window = [
            entry for entry in bank.book.entries(card) if is_between(entry, max(first or earliest, earliest), last)
        ]
        return paged(bank, f"{CARDS}/{id_}/{name}", window, lambda entry: transaction_json(card, entry))

    return blueprint


def card_id(card: Account) -> str:
    return sha256(f"iara:{card.key}".encode()).hexdigest()[:32]


def card_json(card: Account) -> dict[str, Any]:
    return {
        "creditCardAccountId": card_id(card),
        "brandName": "Banco Iara",
        "companyCnpj": CNPJ,
        "name": card.name,
        "productType": "PLATINUM",
        "creditCardNetwork": "VISA",
    }


def limits_json(bank: Bank, card: Account) -> list[dict[str, Any]]:
    """The limit of the account, and the part of it that may be drawn in cash."""
    used = -bank.book.balances(card).available
    limit = Decimal(card.credit_line)
    return [
        {
            "creditLineLimitType": kind,
            "consolidationType": "CONSOLIDADO",
            "identificationNumber": card.number[-4:],
            "isLimitFlexible": False,
            "limitAmount": amount(granted_, card.currency),
            "usedAmount": amount(used_, card.currency),
            "availableAmount": amount(granted_ - used_, card.currency),
            **more,
        }
        for kind, granted_, used_, more in (
            ("LIMITE_CREDITO_TOTAL", limit, used, {}),
            ("LIMITE_CREDITO_MODALIDADE_OPERACAO", limit / 4, Decimal(0), {"lineName": "SAQUE_CREDITO_BRASIL"}),
        )
    ]


def bills_json(entries: list[Entry], today: date) -> list[dict[str, Any]]:
    """The closed ones, the newest first. A payment counts for the last bill that was closed before it."""
    months: dict[date, list[Entry]] = {}
    for entry in entries:
        months.setdefault(entry.row.on.replace(day=1), []).append(entry)
    found = []
    for month in sorted(months, reverse=True):
        following = (month + timedelta(days=32)).replace(day=1)
        if following > today:
            continue
        total = -sum((one.row.amount for one in months[month] if one.row.kind is not Kind.TRANSFER_IN), Decimal(0))
        paid = [one.row for one in months.get(following, []) if one.row.kind is Kind.TRANSFER_IN]
        payments = [
            {
                "valueType": "VALOR_PAGAMENTO_FATURA_REALIZADO",
                "paymentDate": row.on.isoformat(),
                "paymentMode": "DEBITO_CONTA_CORRENTE",
                **amount(row.amount, "BRL"),
            }
            for row in paid
        ]
        found.append(
            {
                "billId": f"IARA{month:%Y%m}",
                "dueDate": next_working_day(following.replace(day=DUE_DAY)).isoformat(),
                "billTotalAmount": amount(total, "BRL"),
                "billMinimumAmount": amount(total * Decimal("0.15"), "BRL"),
                "isInstalment": True,
                "payments": payments,
            }
        )
    return found


def transaction_json(card: Account, entry: Entry) -> dict[str, Any]:
    row = entry.row
    owed = amount(abs(row.amount), card.currency)
    shown: dict[str, Any] = {
        "transactionId": f"IC{entry.entry_id}",
        "identificationNumber": card.number[-4:],
        "transactionName": entry.text,
        "creditDebitType": "DEBITO" if row.amount < 0 else "CREDITO",
        "transactionType": TYPES.get(row.kind, "PAGAMENTO"),
        "brazilianAmount": owed,
        "amount": amount(row.foreign.amount, row.foreign.currency) if row.foreign else owed,
        "transactionDateTime": datetime.combine(entry.day, time(22, 30), HERE)
        .astimezone(UTC)
        .strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "billPostDate": entry.booked_on.isoformat() if entry.booked_on else NO_BILL_YET,
    }
    if shown["transactionType"] == "PAGAMENTO":
        in_parts = row.amount <= -INSTALMENTS_FROM
        shown["paymentType"] = "A_PRAZO" if in_parts else "A_VISTA"
        shown |= {"chargeIdentificator": row.on.month % 3 + 1, "chargeNumber": 3} if in_parts else {}
    if row.kind is Kind.FEE:
        shown |= {"feeType": "OUTRA", "feeTypeAdditionalInfo": entry.text}
    if row.mcc:
        shown["payeeMCC"] = int(row.mcc)
    return shown


def _cards(grant: Grant) -> list[Account]:
    return [one for one in granted(grant) if one.kind is AccountKind.CARD]


def _card(grant: Grant, id_: str) -> Account:
    for card in _cards(grant):
        if card_id(card) == id_:
            return card
    raise ApiError(404, "NAO_ENCONTRADO", "There is no such card under this consent.")
