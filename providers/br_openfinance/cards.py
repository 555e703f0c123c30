"""Credit cards of Open Finance Brasil in the hub's words. Pure: bytes in, values out.

Places are schemas of the credit cards API 2.3. There is no balance: what is owed is what is used of the limit, and
where a bank tells no limit, what is open of the last bill. Debt is negative. A movement is of the day on which it was
made where the bank is, which is the day that the bank is asked for; the day on which it came onto a bill is its value
date. Each instalment is a movement of its own, and says in its remittance which it is of how many.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from functools import partial

import msgspec

from providers import amount, dates, text
from providers.br_openfinance import wire
from providers.br_openfinance.normalize import CURRENCY, direction_of, local, stated
from providers.errors import ContractBroken
from providers.links import following
from providers.model import (
    Account,
    AccountType,
    Balance,
    BalanceType,
    Card,
    Exchange,
    Identifier,
    Money,
    Page,
    Scheme,
    Status,
    Transaction,
)
from providers.resources import LineKind, Statement, StatementLine
from providers.rows import BrokenRow, Lenient, Rows, envelope, rows_in, sift
from providers.rules.engine import Engine
from providers.rules.profile import NO_RULES, Rules
from providers.rules.told import Told

NO_BILL_YET = "0001-01-01"  # billPostDate of a movement that is on no bill

# EnumCreditCardTransactionType -> ISO 20022 code of a credit and of a debit; a payment that comes in pays a bill
_CODES = {
    "PAGAMENTO": ("PMNT-RCDT-NTAV", "PMNT-CCRD-POSD"),
    "TARIFA": (None, "ACMT-MDOP-FEES"),
    "ESTORNO": ("PMNT-CCRD-RIMB", None),
}
_FREE_TEXT = frozenset({"OUTRAS", "OUTROS", "OUTRA"})

_LIST = Lenient(wire.ListAnswer, loosely=True)
_ACCOUNT = Lenient(wire.CardRow)
_LIMIT = Lenient(wire.CardLimitRow)
_BILL = Lenient(wire.BillRow)
_TRANSACTION = Lenient(wire.CardTransactionRow)


def accounts(body: bytes) -> Rows[Account]:
    """ResponseCreditCardAccountsList."""
    page = envelope(_LIST, body)
    listed = rows_in(page.data)
    found, rejected = sift(listed, _ACCOUNT.of_page(listed), _account)
    return Rows(found, rejected, following(page.links))


def _account(row: wire.CardRow, raw: bytes) -> Account:
    resource_id = text.handle(row.credit_card_account_id)
    if resource_id is None:
        raise BrokenRow("creditCardAccountId is missing")
    network = _word(row.credit_card_network, row.network_additional_info)
    product = _word(row.product_type, row.product_additional_info)
    return Account(
        resource_id=resource_id,
        currency=CURRENCY,
        type=AccountType.CARD,
        name=text.clean(row.name),
        product=" ".join(one for one in (network, product) if one) or None,
        # immutable within the bank by the standard; a card's last digits change with the plastic
        identifiers=(Identifier(Scheme.OTHER, resource_id),),
        raw=raw,
    )


def _word(word: str | None, free: str | None) -> str | None:
    """An enumeration's word as people read it; its free text where the word says only that there is one."""
    if (word or "") in _FREE_TEXT and (said := text.clean(free)):
        return said
    return text.clean(word.replace("_", " ")) if word else None


def limits(body: bytes) -> Rows[wire.CardLimitRow]:
    """ResponseCreditCardAccountsLimits. An empty list says that the bank does not tell."""
    page = envelope(_LIST, body)
    listed = rows_in(page.data)
    found, rejected = sift(listed, _LIMIT.of_page(listed), lambda row, _: row)
    return Rows(found, rejected, following(page.links))


def balances_of_limits(rows: Iterable[wire.CardLimitRow]) -> tuple[Balance, ...]:
    """What is used and what is left of the limit of the whole account. Limits of single ways to pay are parts of it.

    One that the cards share (CONSOLIDADO) comes once or once for each card, and is one; those of single cards
    (INDIVIDUAL) are added up. Nothing where shared ones disagree: which is meant cannot be told.
    """
    total = [row for row in rows if row.credit_line_limit_type == "LIMITE_CREDITO_TOTAL" and row.used_amount]
    shared = [row for row in total if row.consolidation_type != "INDIVIDUAL"]
    told = {_sums([row]) for row in shared} if shared else ({_sums(total)} if total else set())
    if len(told) != 1:
        return ()
    used, limit, left = told.pop()
    found = []
    if used is not None:
        found.append(Balance(BalanceType.EXPECTED, Money(-used, CURRENCY), source_label="usedAmount"))
    if left is not None:
        granted = None if limit is None else Money(limit, CURRENCY)
        found.append(
            Balance(
                BalanceType.INTERIM_AVAILABLE,
                Money(left, CURRENCY),
                credit_line_included=True,
                source_label="availableAmount",
                credit_limit=granted,
            )
        )
    return tuple(found)


def _sums(rows: list[wire.CardLimitRow]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Used, granted and left; None for one that a row does not state, or states in another currency."""
    return (
        _sum([row.used_amount for row in rows], "usedAmount"),
        _sum([row.limit_amount for row in rows], "limitAmount"),
        _sum([row.available_amount for row in rows], "availableAmount"),
    )


def _sum(given: list[wire.Amount | None], place: str) -> Decimal | None:
    found = Decimal(0)
    for one in given:
        try:
            number, currency = (Decimal(0), "") if one is None else stated(one, place)
        except BrokenRow:
            return None
        if currency != CURRENCY:
            return None
        found += number
    return found


def bills(body: bytes, *, zone: tzinfo = UTC) -> Rows[Statement]:
    """ResponseCreditCardAccountsBills: those that are closed. What is owed is negative, what was paid positive."""
    page = envelope(_LIST, body)
    listed = rows_in(page.data)
    found, rejected = sift(listed, _BILL.of_page(listed), partial(_bill, zone=zone))
    return Rows(found, rejected, following(page.links))


def _bill(row: wire.BillRow, raw: bytes, *, zone: tzinfo) -> Statement:
    total = row.bill_total_amount
    lines = [
        StatementLine(LineKind.AMOUNT, "billTotalAmount", _money(total.amount, total.currency, "billTotalAmount", -1))
    ]
    least = row.bill_minimum_amount
    with suppress(BrokenRow):
        if least is not None:
            owed = _money(least.amount, least.currency, "billMinimumAmount", -1)
            lines.append(StatementLine(LineKind.AMOUNT, "billMinimumAmount", owed))
    for charge in row.finance_charges:
        with suppress(BrokenRow):
            owed = _money(charge.amount, charge.currency, "financeCharges.amount", -1)
            said = text.clean(charge.additional_info)
            lines.append(StatementLine(LineKind.FEE, charge.type or "financeCharges", owed, description=said))
    # A payment that cannot be read would leave the bill looking more open than it is
    for payment in row.payments:
        paid = _money(payment.amount, payment.currency, "payments.amount", 1)
        lines.append(StatementLine(LineKind.AMOUNT, payment.value_type or "payments", paid))
    moments = {} if (due := _due(row.due_date)) is None else {"PaymentDue": datetime.combine(due, time(), zone)}
    return Statement(
        id=row.bill_id,
        reference=row.bill_id,
        lines=tuple(lines),
        moments={name: moment.astimezone(UTC) for name, moment in moments.items()},
        raw=raw,
    )


def balance_of_bills(given: Iterable[Statement]) -> tuple[Balance, ...]:
    """What is open of the last closed bill, for a bank that tells nothing of its limits."""
    dated = [one for one in given if "PaymentDue" in one.moments]
    if not dated:
        return ()
    last = max(dated, key=lambda one: one.moments["PaymentDue"])
    asides = {"billMinimumAmount"}
    parts = [line.money for line in last.lines if line.kind is LineKind.AMOUNT and line.type not in asides]
    if {part.currency for part in parts} != {CURRENCY}:
        return ()
    open_ = sum((part.number for part in parts), Decimal(0))
    return (Balance(BalanceType.CLOSING_BOOKED, Money(open_, CURRENCY), source_label="billTotalAmount less payments"),)


def _due(given: str | None) -> date | None:
    with suppress(BrokenRow):
        return dates.calendar_day(given, "dueDate")
    return None


def _money(given: msgspec.Raw, currency: str | None, place: str, sign: int) -> Money:
    number, named = amount.stated(given, currency, place)
    return amount.money(sign * number, named or CURRENCY, f"{place}.currency")


def transactions(body: bytes, *, account: Account | None = None, rules: Rules = NO_RULES, zone: tzinfo = UTC) -> Page:
    """ResponseCreditCardAccountsTransactions, of the history and of the last days."""
    page = envelope(_LIST, body)
    listed = rows_in(page.data)
    make = partial(_transaction, engine=Engine(rules, account, zone=zone), zone=zone)
    good, rejected = sift(listed, _TRANSACTION.of_page(listed), make)
    return Page(good, following(page.links), rejected)


def _transaction(row: wire.CardTransactionRow, raw: bytes, *, engine: Engine, zone: tzinfo) -> Transaction:
    return engine.transaction(_told(row, raw, zone))


def _told(row: wire.CardTransactionRow, raw: bytes, zone: tzinfo) -> Told:
    number, currency = stated(row.brazilian_amount, "brazilianAmount")
    direction = direction_of(row.credit_debit_type)
    is_on_a_bill = row.bill_post_date != NO_BILL_YET
    kind = row.transaction_type or ""
    return Told(
        raw=raw,
        status=Status.BOOKED if is_on_a_bill else Status.PENDING,
        status_place="billPostDate",
        number=number.copy_abs(),
        currency=currency,
        money_place="brazilianAmount with creditDebitType",
        direction=direction,
        booking=(
            local("transactionDateTime", row.transaction_date_time, zone),
            ("transactionDate", row.transaction_date),
        ),
        value=(("billPostDate", row.bill_post_date),) if is_on_a_bill else (),
        moment=(("transactionDateTime", row.transaction_date_time),),
        unstructured=(row.transaction_name, _instalment(row)),
        unstructured_place="transactionName with chargeIdentificator",
        additional=row.transactional_additional_info,
        additional_place="transactionalAdditionalInfo",
        bank_ids={"transactionId": row.transaction_id},
        code=_CODES.get(kind, (None, None))[direction < 0],
        code_place="transactionType",
        proprietary_code=row.fee_type if kind == "TARIFA" and row.fee_type else row.transaction_type,
        proprietary_place="transactionType",
        merchant_category_code=row.payee_mcc,
        merchant_category_place="payeeMCC",
        card=_card(row.identification_number),
        exchange=_exchange(row, direction),
        is_reversal=kind == "ESTORNO",
        statement_references=(row.bill_id,) if row.bill_id else (),
        places={
            "card": "identificationNumber",
            "exchange": "amount",
            "is_reversal": "transactionType",
            "statement_references": "billId",
        },
        unread=row.unread,
    )


def _instalment(row: wire.CardTransactionRow) -> str | None:
    """Which instalment of how many; None for what is paid at once."""
    at, of = row.charge_identificator, row.charge_number
    if at is None or of is None or not 1 <= at <= of or of == 1:
        return None
    return f"Parcela {at}/{of}"


def _card(number: str | None) -> Card | None:
    """The last four digits; businesses have another name for the card there, which is none of its number."""
    if number is None or len(number) != 4 or not number.isascii() or not number.isdigit():
        return None
    return Card(masked_pan=f"****{number}")


def _exchange(row: wire.CardTransactionRow, direction: int) -> Exchange | None:
    """What it cost where it was made, if that was abroad."""
    given, owed = row.amount, row.brazilian_amount.currency or CURRENCY
    if given is None or given.currency is None or given.currency == owed:
        return None
    with suppress(BrokenRow, ContractBroken):
        number, currency = stated(given, "amount")
        instructed = amount.money(number.copy_abs() * direction, currency, "amount.currency")
        return Exchange(source_currency=instructed.currency, target_currency=owed, instructed=instructed)
    return None
