"""Open Finance Brasil's answers about accounts into the hub's words. Pure: bytes in, values out.

Places are schemas of the accounts API 2.4: AccountData, AccountBalancesData, AccountTransactionsData. A movement has
one moment and no booking day of its own: its day is the one that it was where the bank is.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time, tzinfo
from decimal import Decimal
from functools import partial

from providers import amount, dates, text
from providers.br_openfinance import wire
from providers.links import following
from providers.model import (
    Account,
    AccountType,
    Balance,
    BalanceType,
    Identifier,
    Money,
    Page,
    Scheme,
    Status,
    Transaction,
)
from providers.rows import BrokenRow, Lenient, Rows, envelope, rows_in, sift
from providers.rules.engine import Engine
from providers.rules.profile import NO_RULES, Rules
from providers.rules.told import Named, Placed, Told

VERSION = 2  # of these rules; stored beside what they made
CURRENCY = "BRL"
_NO_TIME = time(tzinfo=UTC)

# EnumAccountType
_ACCOUNT_TYPES = {
    "CONTA_DEPOSITO_A_VISTA": AccountType.CURRENT,
    "CONTA_POUPANCA": AccountType.SAVINGS,
    "CONTA_PAGAMENTO_PRE_PAGA": AccountType.WALLET,
}
_STATUSES = {
    "TRANSACAO_EFETIVADA": Status.BOOKED,
    "TRANSACAO_PROCESSANDO": Status.PENDING,
    "LANCAMENTO_FUTURO": Status.FUTURE,
}
# EnumCreditDebitIndicator, with its accent, and as other standards have it
_DIRECTIONS = {
    **dict.fromkeys(("CREDITO", "CRÉDITO", "CREDIT", "CRDT", "C"), 1),
    **dict.fromkeys(("DEBITO", "DÉBITO", "DEBIT", "DBIT", "D"), -1),
}

# EnumTransactionTypes -> ISO 20022 code of a credit and of a debit; a Pix is a real-time credit transfer
_CODES = {
    "PIX": ("PMNT-RRCT-NTAV", "PMNT-IRCT-NTAV"),
    "TED": ("PMNT-RCDT-DMCT", "PMNT-ICDT-DMCT"),
    "DOC": ("PMNT-RCDT-DMCT", "PMNT-ICDT-DMCT"),
    "TRANSFERENCIA_MESMA_INSTITUICAO": ("PMNT-RCDT-BOOK", "PMNT-ICDT-BOOK"),
    "BOLETO": ("PMNT-RCDT-NTAV", "PMNT-ICDT-NTAV"),
    "CONVENIO_ARRECADACAO": ("PMNT-RCDT-NTAV", "PMNT-ICDT-NTAV"),
    "FOLHA_PAGAMENTO": ("PMNT-RCDT-SALA", "PMNT-ICDT-SALA"),
    "PORTABILIDADE_SALARIO": ("PMNT-RCDT-SALA", "PMNT-ICDT-SALA"),
    "DEPOSITO": ("PMNT-CNTR-CDPT", None),
    "SAQUE": (None, "PMNT-CNTR-CWDL"),
    "CARTAO": ("PMNT-CCRD-RIMB", "PMNT-CCRD-POSD"),
    "PACOTE_TARIFA_SERVICOS": (None, "ACMT-MDOP-FEES"),
    "TARIFA_SERVICOS_AVULSOS": (None, "ACMT-MDOP-FEES"),
    "ENCARGOS_JUROS_CHEQUE_ESPECIAL": (None, "ACMT-MDOP-INTR"),
    "RENDIMENTO_APLIC_FINANCEIRA": ("ACMT-MCOP-INTR", None),
}

_LIST = Lenient(wire.ListAnswer, loosely=True)
_OBJECT = Lenient(wire.ObjectAnswer, loosely=True)
_ACCOUNT = Lenient(wire.AccountRow)
_BALANCE = Lenient(wire.BalanceRow)
_LIMIT = Lenient(wire.LimitRow)
_TRANSACTION = Lenient(wire.TransactionRow)


def accounts(body: bytes) -> Rows[Account]:
    """ResponseAccountList."""
    page = envelope(_LIST, body)
    listed = rows_in(page.data)
    found, rejected = sift(listed, _ACCOUNT.of_page(listed), _account)
    return Rows(found, rejected, following(page.links))


def _account(row: wire.AccountRow, raw: bytes) -> Account:
    resource_id = text.handle(row.account_id)
    if resource_id is None:
        raise BrokenRow("accountId is missing")
    number = _number(row.compe_code, row.branch_code, row.number, row.check_digit)
    return Account(
        resource_id=resource_id,
        currency=row.currency if row.currency and amount.is_currency(row.currency) else CURRENCY,
        type=_ACCOUNT_TYPES.get(row.type or "", AccountType.OTHER),
        product=text.clean(row.brand_name),  # the brand and the number are all that it has of a name
        identifiers=(number,) if number else (Identifier(Scheme.OTHER, resource_id),),
        raw=raw,
    )


def _number(*parts: str | int | None) -> Identifier | None:
    """Bank, branch, account and check digit (compeCode, branchCode, number, checkDigit) as one domestic number."""
    bank, branch, number, check = ((text.handle(one) or "").strip() for one in parts)
    if not number:
        return None
    return Identifier(Scheme.BBAN, "-".join(one for one in (bank, branch, f"{number}{check}") if one))


def balances(body: bytes, *, zone: tzinfo = UTC) -> Rows[Balance]:
    """ResponseAccountBalances: what can be used, and what is held back or invested beside it. Without the first it is
    broken, for neither of the others is the account's balance."""
    answer = envelope(_OBJECT, body)
    found, rejected = sift((answer.data,), _BALANCE, lambda row, _: _balances(row, zone))
    return Rows(tuple(one for some in found for one in some), rejected)


def _balances(row: wire.BalanceRow, zone: tzinfo) -> list[Balance]:
    as_of: datetime | None = None
    with suppress(BrokenRow):
        as_of = dates.moment(row.update_date_time, "updateDateTime", zone=zone)
    made = [
        Balance(kind, _money(given, place), as_of, source_label=place)
        for kind, place, given in (
            (BalanceType.INTERIM_AVAILABLE, "availableAmount", row.available_amount),
            (BalanceType.OTHER, "blockedAmount", row.blocked_amount),
            (BalanceType.OTHER, "automaticallyInvestedAmount", row.automatically_invested_amount),
        )
        if given is not None
    ]
    if row.available_amount is None:
        raise BrokenRow("availableAmount is missing")
    return made


def with_limit(given: tuple[Balance, ...], body: bytes) -> tuple[Balance, ...]:
    """ResponseAccountOverdraftLimits beside the balances: the contracted limit is not counted into any of them."""
    answer = envelope(_OBJECT, body)
    found, _ = sift((answer.data,), _LIMIT, lambda row, _: row.overdraft_contracted_limit)
    limit = None
    with suppress(BrokenRow):
        limit = next((_money(one, "overdraftContractedLimit") for one in found if one is not None), None)
    if limit is None or not limit.number:
        return given
    return tuple(
        replace(one, credit_limit=limit, credit_line_included=False)
        if one.type is BalanceType.INTERIM_AVAILABLE
        else one
        for one in given
    )


def _money(given: wire.Amount, place: str) -> Money:
    number, currency = stated(given, place)
    return amount.money(number, currency, f"{place}.currency")


def stated(given: wire.Amount, place: str, currency: str = CURRENCY) -> tuple[Decimal, str]:
    """``currency`` is that of an amount that names none. Raises BrokenRow."""
    number, named = amount.stated(given.amount, given.currency, place, given.unread)
    return number, named or currency


def direction_of(word: str | None) -> int:
    """1 for a credit, -1 for a debit. BrokenRow for anything else: amounts are never signed here, and money whose
    direction is not known is neither spent nor paid."""
    written = (word or "").strip().upper()
    found = _DIRECTIONS.get(written)
    if found is None:
        raise BrokenRow("creditDebitType is unknown" if written else "creditDebitType is missing")
    return found


def transactions(body: bytes, *, account: Account | None = None, rules: Rules = NO_RULES, zone: tzinfo = UTC) -> Page:
    """ResponseAccountTransactions, of the history and of the last days."""
    page = envelope(_LIST, body)
    listed = rows_in(page.data)
    make = partial(_transaction, engine=Engine(rules, account, zone=zone), zone=zone)
    good, rejected = sift(listed, _TRANSACTION.of_page(listed), make)
    return Page(good, following(page.links), rejected)


def page_of(raw: bytes, _status: Status, _trace: Mapping[str, str]) -> bytes:
    """A page with this one row."""
    return b'{"data":[%s]}' % raw


def _transaction(row: wire.TransactionRow, raw: bytes, *, engine: Engine, zone: tzinfo) -> Transaction:
    return engine.transaction(_told(row, raw, engine.currency or CURRENCY, zone))


def _told(row: wire.TransactionRow, raw: bytes, currency: str, zone: tzinfo) -> Told:
    word = row.completed_authorised_payment_type
    number, named = stated(row.transaction_amount, "transactionAmount", currency)
    direction = -1 if number < 0 and not row.credit_debit_type else direction_of(row.credit_debit_type)
    is_debit = direction < 0
    other = _number(row.partie_compe_code, row.partie_branch_code, row.partie_number, row.partie_check_digit)
    party = Named("partie", None, other, account_place="partieNumber") if other else None
    return Told(
        raw=raw,
        status=_STATUSES.get(word or "", Status.BOOKED),
        status_place="completedAuthorisedPaymentType",
        status_word=("completedAuthorisedPaymentType", word) if word else None,
        number=number.copy_abs(),
        currency=named,
        money_place="transactionAmount with creditDebitType",
        direction=direction,
        booking=(
            local("transactionDateTime", row.transaction_date_time, zone),
            ("transactionDate", row.transaction_date),
        ),
        moment=(("transactionDateTime", row.transaction_date_time),),
        creditor=party if is_debit else None,
        debtor=None if is_debit else party,
        unstructured=(row.transaction_name,),
        unstructured_place="transactionName",
        bank_ids={"transactionId": row.transaction_id},
        code=_CODES.get(row.type or "", (None, None))[is_debit],
        code_place="type",
        proprietary_code=row.type,
        proprietary_place="type",
        unread=row.unread,
    )


def local(place: str, given: str | None, zone: tzinfo) -> Placed:
    """The day where the bank is. A midnight in UTC is a day without its time, which is that day everywhere; what is no
    moment stays as it came, for the engine to name."""
    with suppress(BrokenRow):
        moment = dates.moment(given, place, zone=zone)
        if moment is not None and moment.timetz() != _NO_TIME:
            return place, moment.astimezone(zone).date().isoformat()
    return place, given
