"""UK Open Banking 3.1 and 4.0 answers into the hub's words. Pure: bytes in, values out.

Places are those of the Account and Transaction API specification, resource by resource: Accounts, Balances and
Transactions v3.1.11 (schemas OBReadAccount6, OBReadBalance1, OBReadTransaction6), and their version 4.0, which replaced
most words by ISO 20022 codes. Both are understood whichever version a bank claims to speak.
"""

from collections.abc import Mapping
from datetime import UTC, tzinfo
from decimal import Decimal

from providers import amount, text
from providers.balances import balance_type
from providers.identify import best_first
from providers.links import following
from providers.model import Account, AccountType, AccountUsage, Balance, Page, Status
from providers.rows import BrokenRow, Lenient, Rows, envelope, sift
from providers.rules.engine import Engine
from providers.rules.profile import NO_RULES, Rules
from providers.uk_obie import wire
from providers.uk_obie.told import told
from providers.uk_obie.values import (
    each,
    key,
    last_word,
    rows_of,
    said,
    signed,
    told_account,
    told_bic,
    told_moment,
    told_money,
)

VERSION = 4  # of these rules; stored beside what they made

# OBExternalAccountSubType1Code of version 3, ExternalCashAccountType1Code of version 4.
_ACCOUNT_TYPES = {
    word: kind
    for kind, listed in {
        AccountType.CURRENT: "currentaccount current cacc tran slry nrex odft",
        AccountType.CARD: "chargecard creditcard prepaidcard card",
        AccountType.SAVINGS: "savings savingsaccount svgs llsv moma ondp",
        AccountType.LOAN: "loan loans",
        AccountType.MORTGAGE: "mortgage mort",
        AccountType.WALLET: "emoney wallet walt",
    }.items()
    for word in listed.split()
}
_USAGES = {"personal": AccountUsage.PRIVATE, "business": AccountUsage.ORGANISATION}

# Which line of credit is the limit of the account; what is left of it (Available) is none.
_LIMITS = ("credit", "preagreed", "", "temporary", "emergency")

_PAGE = Lenient(wire.Page, loosely=True)
_ACCOUNT = Lenient(wire.AccountRow)
_SCHEME = Lenient(wire.Scheme)
_BALANCE = Lenient(wire.BalanceRow)
_LINE = Lenient(wire.CreditLine)
_TRANSACTION = Lenient(wire.TransactionRow)


def accounts(body: bytes, *, currency: str | None = None) -> Rows[Account]:
    """OBReadAccount6. An account whose Status is Deleted can no longer be read and is left out.

    ``currency`` is that of accounts that name none.
    """
    page = envelope(_PAGE, body)
    rows = rows_of(page, "Account", body)

    def make(row: wire.AccountRow, raw: bytes) -> Account | None:
        return None if key(row.status) == "deleted" else _account(row, raw, currency)

    found, rejected = sift(rows, _ACCOUNT.of_page(rows), make)
    return Rows(tuple(one for one in found if one is not None), rejected, following(page.links))


def _account(row: wire.AccountRow, raw: bytes, fallback: str | None) -> Account:
    resource_id = text.handle(row.account_id)
    if resource_id is None:
        raise BrokenRow("AccountId is missing")
    currency = (said(row.currency) or fallback or "").upper()
    amount.money(Decimal(0), currency, "Currency")
    schemes = tuple(each(row.account, _SCHEME))
    identifiers = {found for one in schemes if (found := told_account(one)) is not None}
    kinds = (row.account_type_code, row.account_sub_type, row.account_type)
    usages = (row.account_category, row.account_type)
    return Account(
        resource_id=resource_id,
        currency=currency,
        type=next((kind for word in kinds if (kind := _ACCOUNT_TYPES.get(key(word)))), AccountType.OTHER),
        name=said(row.nickname) or said(row.description),
        product=said(row.description),
        owner_name=next((name for one in schemes if (name := said(one.name))), None),
        # several of one scheme come in no fixed order (Revolut), and the first is what an account is known by
        identifiers=best_first(sorted(identifiers, key=lambda one: one.value)),
        bic=told_bic(row.servicer),
        usage=next((usage for word in usages if (usage := _USAGES.get(key(word)))), None),
        raw=raw,
    )


def balances(body: bytes, *, account_id: str, zone: tzinfo = UTC, currency: str | None = None) -> Rows[Balance]:
    """OBReadBalance1, the rows of ``account_id`` only. A bank that calls the account by another name throughout an
    answer about nothing else has answered all the same. ``currency`` is that of amounts that name none."""
    page = envelope(_PAGE, body)
    rows = rows_of(page, "Balance", body)

    def make(row: wire.BalanceRow, _: bytes) -> tuple[str, Balance]:
        return text.handle(row.account_id) or account_id, _balance(row, zone, currency)

    found, rejected = sift(rows, _BALANCE.of_page(rows), make)
    names = {name for name, _ in found}
    asked = next(iter(names)) if len(names) == 1 else account_id
    mine = [one for name, one in found if name == asked]
    labels = {one.source_label for one in mine}
    # Where a bank gives both, booked is the balance of that type; cleared stands in only where it is alone.
    kept = tuple(
        one for one in mine if one.source_label.replace("Cleared", "Booked") not in labels - {one.source_label}
    )
    return Rows(kept, rejected, following(page.links))


def _balance(row: wire.BalanceRow, zone: tzinfo, currency: str | None) -> Balance:
    label = text.clean(row.type) or "untyped"
    money = signed(row.amount, row.credit_debit_indicator, fallback=currency)
    lines = tuple(each(row.credit_line, _LINE))
    limits = {key(line.type): limit for line in lines if (limit := told_money(line.amount, fallback=money.currency))}
    return Balance(
        type=balance_type(last_word(label)),
        money=money,
        as_of=told_moment(row.date_time, zone),
        credit_line_included=any(line.included is True for line in lines) if lines else None,
        source_label=label,
        credit_limit=next((limits[kind] for kind in _LIMITS if kind in limits), None),
    )


def transactions(body: bytes, *, account: Account | None = None, rules: Rules = NO_RULES, zone: tzinfo = UTC) -> Page:
    """OBReadTransaction6. ``account`` is the one that was asked for: its identifiers are the holder's own side, its
    currency that of amounts that name none. ``zone`` is the bank's, for moments without an offset."""
    page = envelope(_PAGE, body)
    rows = rows_of(page, "Transaction", body)
    engine = Engine(rules, account, zone=zone)
    good, rejected = sift(
        rows,
        _TRANSACTION.of_page(rows),
        lambda row, raw: engine.transaction(told(row, raw, account_currency=engine.currency)),
    )
    return Page(good, following(page.links), rejected)


def page_of(raw: bytes, _status: Status, _trace: Mapping[str, str]) -> bytes:
    """A page with this one row."""
    return b'{"Data":{"Transaction":[%s]}}' % raw
