"""Consumer Data Standards answers into the hub's words. Pure: bytes in, values out.

Places are schemas of the standards' banking API 1.36: BankingAccountV3, BankingBalance, BankingTransactionV2. Moments
are mostly in UTC there; a day is the day on which it was that moment where the bank is.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, tzinfo
from functools import partial

import msgspec

from providers import amount, dates, text
from providers.au_cdr import wire
from providers.errors import ContractBroken
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
CURRENCY = "AUD"  # "assumed if not present"

# BankingProductCategoryV2. A travel card is the holder's own money in purses, and no credit; regulated trust accounts,
# and whatever comes after this version, are of no kind that we know.
_ACCOUNT_TYPES = {
    "TRANS_AND_SAVINGS_ACCOUNTS": AccountType.CURRENT,
    "TERM_DEPOSITS": AccountType.SAVINGS,
    "CRED_AND_CHRG_CARDS": AccountType.CARD,
    "TRAVEL_CARDS": AccountType.WALLET,
    "RESIDENTIAL_MORTGAGES": AccountType.MORTGAGE,
    "PERS_LOANS": AccountType.LOAN,
    "BUSINESS_LOANS": AccountType.LOAN,
    "MARGIN_LOANS": AccountType.LOAN,
    "LEASES": AccountType.LOAN,
    "OVERDRAFTS": AccountType.LOAN,
    "TRADE_FINANCE": AccountType.LOAN,
    "BUY_NOW_PAY_LATER": AccountType.LOAN,
}
_OWED = frozenset({AccountType.LOAN, AccountType.MORTGAGE})

# BankingTransactionV2.type; a sub-family that the type does not tell is not available (ISO 20022: NTAV)
_CODES = {
    "DIRECT_DEBIT": "PMNT-RDDT-NTAV",
    "FEE": "ACMT-MDOP-FEES",
    "INTEREST_CHARGED": "ACMT-MDOP-INTR",
    "INTEREST_PAID": "ACMT-MCOP-INTR",
    "TRANSFER_INCOMING": "PMNT-RCDT-NTAV",
    "TRANSFER_OUTGOING": "PMNT-ICDT-NTAV",
}

_ACCOUNT_PAGE = Lenient(wire.AccountPage, loosely=True)
_ACCOUNT = Lenient(wire.AccountRow)
_BALANCE_ANSWER = Lenient(wire.BalanceAnswer, loosely=True)
_BALANCE = Lenient(wire.BalanceRow)
_PURSE = Lenient(wire.Purse)
_TRANSACTION_PAGE = Lenient(wire.TransactionPage, loosely=True)
_TRANSACTION = Lenient(wire.TransactionRow)


def accounts(body: bytes) -> Rows[Account]:
    """ResponseBankingAccountListV3. A closed account is left out."""
    page = envelope(_ACCOUNT_PAGE, body)
    listed = _there(page.data.accounts, "accounts", body)
    found, rejected = sift(listed, _ACCOUNT.of_page(listed), _account)
    return Rows(tuple(one for one in found if one is not None), rejected, following(page.links))


def _account(row: wire.AccountRow, raw: bytes) -> Account | None:
    if row.open_status == "CLOSED":
        return None
    resource_id = text.handle(row.account_id)
    if resource_id is None:
        raise BrokenRow("accountId is missing")
    masked = text.meaningful(row.masked_number)
    # The id comes first: it outlives the arrangement (ID Permanence), and many numbers look alike once masked.
    names = [Identifier(Scheme.OTHER, resource_id)]
    names += [Identifier(Scheme.MASKED_PAN, "".join(masked.split()))] if masked else []
    return Account(
        resource_id=resource_id,
        currency=CURRENCY,
        type=_ACCOUNT_TYPES.get(row.product_category or "", AccountType.OTHER),
        name=text.clean(row.nickname) or text.clean(row.display_name),
        product=text.clean(row.product_name),
        identifiers=tuple(names),
        raw=raw,
    )


def balances(body: bytes, *, account: Account | None = None) -> Rows[Balance]:
    """ResponseBankingAccountsBalanceById: one object with all of them, and purses in other currencies.

    A loan without currentBalance is broken: what may be redrawn is no debt, and would be taken for one.
    """
    answer = envelope(_BALANCE_ANSWER, body)
    is_owed = account is not None and account.type in _OWED
    found, rejected = sift((answer.data,), _BALANCE, lambda row, _: _balances(row, is_owed=is_owed))
    return Rows(tuple(one for some in found for one in some), rejected)


def _balances(row: wire.BalanceRow, *, is_owed: bool) -> list[Balance]:
    currency = (text.word(row.currency) or CURRENCY).upper()
    limit = None
    with suppress(BrokenRow):
        if wire.is_there(row.credit_limit):
            granted = _money(row.credit_limit, "creditLimit", currency)
            limit = Money(granted.number.copy_abs(), granted.currency) if granted.number else None
    made = [
        Balance(
            type=kind,
            money=_money(raw, place, currency),
            source_label=place,
            credit_limit=limit,
        )
        for kind, place, raw in (
            (BalanceType.INTERIM_BOOKED, "currentBalance", row.current_balance),
            (BalanceType.INTERIM_AVAILABLE, "availableBalance", row.available_balance),
        )
        if wire.is_there(raw)
    ]
    if not made:
        raise BrokenRow("currentBalance and availableBalance are missing")
    if is_owed and not wire.is_there(row.current_balance):
        raise BrokenRow("currentBalance is missing")
    purses, _ = sift(row.purses or (), _PURSE, lambda purse, _: _purse(purse))
    return [*made, *(Balance(BalanceType.INTERIM_AVAILABLE, money, source_label="purses") for money in purses)]


def _money(raw: msgspec.Raw, place: str, currency: str) -> Money:
    number, named = amount.stated(raw, None, place)
    return amount.money(number, named or currency, "currency")


def _purse(row: wire.Purse) -> Money:
    number, currency = amount.stated(row.amount, row.currency, "purses.amount", row.unread)
    return amount.money(number, currency or CURRENCY, "purses.currency")


def transactions(body: bytes, *, account: Account | None = None, rules: Rules = NO_RULES, zone: tzinfo = UTC) -> Page:
    """ResponseBankingTransactionList. ``zone`` is where the bank's days begin."""
    page = envelope(_TRANSACTION_PAGE, body)
    listed = _there(page.data.transactions, "transactions", body)
    make = partial(_transaction, engine=Engine(rules, account, zone=zone), zone=zone)
    good, rejected = sift(listed, _TRANSACTION.of_page(listed), make)
    return Page(good, following(page.links), rejected)


def page_of(raw: bytes, _status: Status, _trace: Mapping[str, str]) -> bytes:
    """A page with this one row."""
    return b'{"data":{"transactions":[%s]}}' % raw


def _transaction(row: wire.TransactionRow, raw: bytes, *, engine: Engine, zone: tzinfo) -> Transaction:
    return engine.transaction(_told(row, raw, zone))


def _told(row: wire.TransactionRow, raw: bytes, zone: tzinfo) -> Told:
    biller = Named("billerName", row.biller_name) if row.biller_name else None
    number, currency = amount.stated(row.amount, row.currency, "amount", row.unread)
    return Told(
        raw=raw,
        status=Status.BOOKED,
        status_place="status (unknown word)",
        status_word=("status", row.status) if row.status else None,
        number=number,
        currency=currency or CURRENCY,
        money_place="amount",
        booking=(_local("postingDateTime", row.posting_date_time, zone),),
        value=(_local("valueDateTime", row.value_date_time, zone),),
        moment=(("executionDateTime", row.execution_date_time),),
        creditor=biller,
        merchant=Named("merchantName", row.merchant_name) if row.merchant_name else None,
        unstructured=(row.description,),
        unstructured_place="description",
        structured=tuple(None if one is None else str(one) for one in (row.reference, row.crn)),
        structured_place="reference",
        bank_ids={"transactionId": row.transaction_id, "crn": row.crn, "billerCode": row.biller_code},
        code=_CODES.get(row.type or ""),
        code_place="type",
        proprietary_code=row.type,
        proprietary_place="type",
        merchant_category_code=row.merchant_category_code,
        merchant_category_place="merchantCategoryCode",
        unread=row.unread,
    )


def _local(place: str, given: str | None, zone: tzinfo) -> Placed:
    """The day where the bank is; what is no moment stays as it came, for the engine to name."""
    with suppress(BrokenRow):
        moment = dates.moment(given, place, zone=zone)
        if moment is not None and given is not None and len(given.strip()) > len("yyyy-mm-dd"):
            return place, moment.astimezone(zone).date().isoformat()
    return place, given


def _there(rows: list[msgspec.Raw] | None, what: str, body: bytes) -> list[msgspec.Raw]:
    if rows is None:
        raise ContractBroken(f"no list of {what}", raw=body)
    return rows_in(rows)
