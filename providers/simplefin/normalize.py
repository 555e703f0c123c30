"""SimpleFIN answers into the hub's words. Pure: bytes in, values out. Places are those of protocol 1.0.7."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from providers import amount, dates, text
from providers.amount import is_currency
from providers.model import (
    Account,
    AccountType,
    Balance,
    BalanceType,
    Exchange,
    Identifier,
    Money,
    Scheme,
    Status,
    Transaction,
)
from providers.rows import BrokenRow, Lenient, Rows, envelope, rows_in, sift
from providers.rules.engine import Engine
from providers.rules.told import Named, Told
from providers.simplefin import wire

VERSION = 2  # of these rules; stored beside what they made
NO_CURRENCY = "XXX"  # ISO 4217: no currency is involved. Miles and points are told apart by their accounts
_NOTICE_LENGTH, _NOTICES = 200, 10
_PENDING = frozenset({"true", "1", "yes"})
_IN_MILLISECONDS = 100_000_000_000  # no second since 1970 is so far away
_SET = Lenient(wire.AccountSet)
_ACCOUNT = Lenient(wire.Account)
_ACCOUNT_ROWS = Lenient(wire.AccountRows)
_TRANSACTION = Lenient(wire.Transaction)
_CURRENCY = msgspec.json.Decoder(wire.Currency)


def accounts(body: bytes, currencies: Mapping[str, str] = {}) -> Rows[Account]:
    """Account Set. ``currencies`` are the names of custom ones by their URL."""
    page = envelope(_SET, body)
    found, rejected = sift(rows_in(page.accounts), _ACCOUNT, partial(_account, currencies=currencies))
    return Rows(found, rejected)


def custom_currencies(body: bytes) -> tuple[str, ...]:
    """The URLs of currencies that are not ISO 4217, each once."""
    page = envelope(_SET, body)
    found, _ = sift(rows_in(page.accounts), _ACCOUNT, lambda row, _: row.currency)
    return tuple(dict.fromkeys(one for one in found if one.lower().startswith("https://")))


def currency_name(body: bytes) -> str:
    """ "Example Airline Miles (miles)". Raises ContractBroken."""
    found = envelope(_CURRENCY, body)
    name, short = text.clean(found.name) or "", text.clean(found.abbr) or ""
    return f"{name[:60]} ({short[:20]})" if short and short != name else name[:60]


def notices(body: bytes) -> tuple[str, ...]:
    """What the server wants the person to read, made plain and short: it comes from strangers."""
    errors = envelope(_SET, body).errors or ()
    given = (errors,) if isinstance(errors, str) else errors
    said = (text.clean(_message(one)) for one in given[:_NOTICES])
    return tuple(dict.fromkeys(one[:_NOTICE_LENGTH] for one in said if one))


def _message(one: Any) -> str | None:
    if isinstance(one, dict):
        one = one.get("msg") or one.get("message")
    return one if isinstance(one, str) else None


def _account(row: wire.Account, raw: bytes, currencies: Mapping[str, str]) -> Account:
    """Known again by the institution and the name: the protocol has a person's account names differ, while the ids are
    new with every token."""
    currency, product = _code(row.currency), None
    if not is_currency(currency):
        if not currency.lower().startswith(("https://", "http://")):
            raise BrokenRow("currency is neither a code nor a URL")
        currency, product = NO_CURRENCY, currencies.get(row.currency)
    name = text.clean(row.name)
    resource_id = text.handle(row.id)
    if resource_id is None or name is None:
        raise BrokenRow("id or name is empty")
    org = row.org if isinstance(row.org, wire.Organization) else wire.Organization(name=row.org)
    bank = text.handle(org.domain or org.name or org.sfin_url) or ""
    return Account(
        resource_id=resource_id,
        currency=currency,
        type=AccountType.OTHER,
        name=name,
        product=product or text.clean(org.name),
        identifiers=(Identifier(Scheme.OTHER, f"{bank} {name}".strip()[:200]),),
        raw=raw,
    )


def _code(currency: str) -> str:
    """A code in capitals; a URL as it is."""
    code = currency.strip().upper()
    return code if is_currency(code) else currency


def balances(raw: bytes) -> tuple[Balance, ...]:
    """The balances that came with the account. Signed: what is owed on a card or a loan is negative."""
    found, rejected = sift([msgspec.Raw(raw)], _ACCOUNT, lambda row, _: _balances(row))
    if rejected:
        raise BrokenRow(rejected[0].reason)
    return found[0]


def _balances(row: wire.Account) -> tuple[Balance, ...]:
    currency = _code(row.currency) if is_currency(_code(row.currency)) else NO_CURRENCY
    as_of = _moment(row.balance_date)
    given = (
        ("balance", BalanceType.INTERIM_BOOKED, row.balance),
        ("available-balance", BalanceType.INTERIM_AVAILABLE, row.available_balance),
    )
    return tuple(
        Balance(kind, Money(amount.stated(value, currency, label)[0], currency), as_of, source_label=label)
        for label, kind, value in given
        if bytes(value) != bytes(wire.NOTHING)
    )


def transactions(body: bytes, account: Account) -> Rows[Transaction] | None:
    """The rows of ``account``; None where the answer does not show it."""
    page = envelope(_SET, body)
    shown, _ = sift(rows_in(page.accounts), _ACCOUNT_ROWS, lambda row, _: row)
    mine = [row for row in shown if text.handle(row.id) == account.resource_id]
    if not mine:
        return None
    engine = Engine(account=account)
    found, rejected = sift(
        [row for one in mine for row in rows_in(one.transactions)],
        _TRANSACTION,
        lambda row, raw: engine.transaction(_told(row, raw, account.currency)),
    )
    return Rows(found, rejected)


def transaction(raw: bytes, account: Account) -> Transaction:
    """One row that was kept, read again. Raises BrokenRow."""
    found, rejected = sift(
        [msgspec.Raw(raw)],
        _TRANSACTION,
        lambda row, kept: Engine(account=account).transaction(_told(row, kept, account.currency)),
    )
    if rejected:
        raise BrokenRow(rejected[0].reason)
    return found[0]


def _told(row: wire.Transaction, raw: bytes, currency: str) -> Told:
    """``posted`` 0 means pending; a settled row may lack it all the same, and is booked on the day it happened."""
    number, _ = amount.stated(row.amount, currency, "amount")
    posted, happened = _moment(row.posted), _moment(row.transacted_at)
    is_pending = str(row.pending).strip().lower() in _PENDING or row.posted in (0, "0")
    booked = None if is_pending else posted or happened
    if not is_pending and booked is None:
        raise BrokenRow("a settled transaction has neither posted nor transacted_at")
    party = Named("payee", row.payee)
    stated = (row.currency or "").upper()
    return Told(
        raw=raw,
        status=Status.PENDING if is_pending else Status.BOOKED,
        status_place="pending" if row.pending is not None else "posted",
        number=number,
        currency=currency,
        money_place="amount",
        booking=(("posted" if posted else "transacted_at", booked.date().isoformat() if booked else None),),
        moment=(("transacted_at", happened.isoformat() if happened else None),),
        creditor=party if number < 0 else None,
        debtor=party if number >= 0 else None,
        unstructured=[row.description, row.memo],
        unstructured_place="description",
        bank_ids={"transactionId": row.id},
        merchant_category_code=row.mcc,
        merchant_category_place="mcc",
        exchange=Exchange(source_currency=stated) if is_currency(stated) and stated != currency else None,
        unread=row.unread,
    )


def _moment(seconds: int | float | str | None) -> datetime | None:
    """Seconds since 1970, or milliseconds, or a day as others write it; nothing for what is no time of this century or
    the last."""
    try:
        given = Decimal(str(seconds)) if seconds not in (None, "") else Decimal(0)
        given = given / 1000 if given >= _IN_MILLISECONDS else given
        return datetime.fromtimestamp(int(given), UTC) if 0 < given < 4_102_444_800 else None
    except (ArithmeticError, ValueError, OverflowError):
        return _written(str(seconds))


def _written(day: str) -> datetime | None:
    with suppress(BrokenRow):
        return dates.moment(day, "posted", zone=UTC)
    return None
