"""STET PSD2 answers into the hub's words. Pure: bytes in, values out.

Places are schemas of STET PSD2 1.5.0: AccountResource, BalanceResource, Transaction, Beneficiary, Identity. The status
of a row is its own; OTHR, which the standard does not explain, is a pending row at every bank that sends it.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

import msgspec

from providers import amount, dates, text
from providers.balances import balance_type
from providers.errors import ContractBroken
from providers.links import following, target
from providers.model import (
    Account,
    AccountType,
    AccountUsage,
    Balance,
    BalanceType,
    Identifier,
    Page,
    Party,
    RejectedRow,
    Scheme,
    Status,
    Transaction,
)
from providers.resources import Beneficiary, PartyOfAccount
from providers.rows import BrokenRow, Lenient, Rows, sift
from providers.rules.engine import Engine
from providers.rules.profile import NO_RULES, Rules
from providers.stet import wire
from providers.stet.envelope import listed
from providers.stet.told import directed, direction_of, identifiers, named, told

CURRENCY = "EUR"  # where neither a row nor its account names one: STET is France's and Monaco's
VERSION = 3  # of these rules; stored beside what they made

_ACCOUNT_TYPES = {kind.value: kind for kind in AccountType}
_USAGES = {kind.value: kind for kind in AccountUsage}

# "Solde comptable au 06/11/2019": banks that date a balance nowhere else
_DAY_IN_NAME = re.compile(r"\b(?:au|du|le) ([0-9]{2}[/.-][0-9]{2}[/.-][0-9]{4})\b", re.ASCII)
_TEMPLATE_PART = re.compile(r"\{+[^{}]*\}+")
_ACCOUNT_IN_LINK = re.compile(r"/accounts/([^/?#]+)/(?:balances|transactions)")

_ACCOUNT = Lenient(wire.AccountRow)
_BALANCE = Lenient(wire.BalanceRow)
_TRANSACTION = Lenient(wire.TransactionRow)
_BENEFICIARY = Lenient(wire.BeneficiaryRow)
_HOLDER = Lenient(wire.HolderRow)


def accounts(body: bytes, *, currency: str = CURRENCY) -> Rows[Account]:
    """HalAccounts. ``currency`` is what an account has that names none, neither itself nor in its balances.

    A deferred-debit card is an account of its own (cashAccountType CARD) and hangs on its cash account.
    """
    page = listed(body, "accounts")
    found, rejected = sift(page.rows, _ACCOUNT.of_page(page.rows), lambda row, raw: _account(row, raw, currency))
    return Rows(_hung(found), rejected, _next(page.links))


def _account(row: wire.AccountRow, raw: bytes, currency: str) -> Account:
    found = identifiers(row.account_id)
    resource_id = _resource_id(row) or (found[0].value if found else None)
    if resource_id is None:
        raise BrokenRow("resourceId and accountId are missing")
    money = next((one for one in _currencies(row) if amount.is_currency(one)), currency)
    return Account(
        resource_id=resource_id,
        currency=money,
        type=_ACCOUNT_TYPES.get((row.cash_account_type or "").upper(), AccountType.OTHER),
        name=text.meaningful(row.name) or text.meaningful(row.details),
        product=text.clean(row.product),
        identifiers=found or (Identifier(Scheme.OTHER, resource_id),),
        bic=text.meaningful(row.bic_fi),
        usage=_USAGES.get((row.usage or "").upper()),
        parent_id=_linked(row.linked_account),
        raw=raw,
    )


def _resource_id(row: wire.AccountRow) -> str | None:
    """resourceId, or the id in the account's own links where a bank gives only those."""
    if (given := text.handle(row.resource_id)) is not None:
        return given
    for name in ("transactions", "balances"):
        found = _ACCOUNT_IN_LINK.search(target(row.links, name) or "")
        if found is not None:
            return text.handle(found[1])
    return None


def _currencies(row: wire.AccountRow) -> Iterable[str]:
    yield row.currency or ""
    if isinstance(row.account_id, wire.AccountId):
        yield row.account_id.currency or ""
    for raw in row.balances or ():
        with suppress(msgspec.MsgspecError):
            yield _BALANCE.decode(bytes(raw)).balance_amount.currency or ""


def _linked(value: wire.AccountId | str | int | None) -> str | None:
    if isinstance(value, wire.AccountId):
        found = identifiers(value)
        return found[0].value if found else None
    return text.meaningful(value)


def _hung(found: tuple[Account, ...]) -> tuple[Account, ...]:
    """linkedAccount is a resource id in the standard, and an IBAN or a link at some banks: made the resource id."""
    known = {one.resource_id: one.resource_id for one in found}
    for one in found:
        for known_as in one.identifiers:
            known.setdefault(known_as.value, one.resource_id)
    return tuple(replace(one, parent_id=_parent(one, known)) for one in found)


def _parent(one: Account, known: dict[str, str]) -> str | None:
    if one.parent_id is None:
        return None
    tail = one.parent_id.rstrip("/").rsplit("/", 1)[-1]
    compact = one.parent_id.replace(" ", "")
    parent = known.get(one.parent_id) or known.get(compact) or known.get(tail) or one.parent_id
    return None if parent == one.resource_id else parent


def balances(body: bytes, *, currency: str = CURRENCY, zone: tzinfo = UTC) -> Rows[Balance]:
    """HalBalances. CLBD is the accounting balance, XPCD the instant one, VALU counts by value date. ``currency`` is the
    account's, for balances that name none."""
    page = listed(body, "balances")
    found, rejected = sift(page.rows, _BALANCE.of_page(page.rows), partial(_balance, currency=currency, zone=zone))
    return Rows(found, rejected, _next(page.links))


def _balance(row: wire.BalanceRow, _: bytes, *, currency: str, zone: tzinfo) -> Balance:
    given = row.balance_amount
    number, named_currency = amount.stated(given.amount, given.currency, "balanceAmount", given.unread)
    direction = direction_of(row.credit_debit_indicator, row.unread, number)
    label = text.clean(row.balance_type) or ""
    return Balance(
        type=balance_type(label),
        money=amount.money(
            number if direction is None else directed(number, direction),
            named_currency or currency.upper(),
            "balanceAmount.currency",
        ),
        as_of=_as_of(row, zone),
        source_label=label or text.clean(row.name) or BalanceType.OTHER.value,
    )


def _as_of(row: wire.BalanceRow, zone: tzinfo) -> datetime | None:
    dated = _DAY_IN_NAME.search(row.name or "")
    for place, given in (
        ("lastChangeDateTime", row.last_change_date_time),
        ("referenceDate", row.reference_date),
        ("name", dated[1] if dated else None),
    ):
        with suppress(BrokenRow):
            moment = dates.moment(given, place, zone=zone)
            if moment is not None:
                return moment
    return None


def transactions(body: bytes, *, account: Account | None = None, rules: Rules = NO_RULES, zone: tzinfo = UTC) -> Page:
    """HalTransactions. ``account`` is the one that was asked for: its identifiers are the holder's own side, its
    currency that of rows that name none."""
    page = listed(body, "transactions")
    engine = Engine(rules, account, zone=zone)
    good: list[Transaction] = []
    rejected: list[RejectedRow] = []
    for word, rows in page.parts:
        status = Status.PENDING if word == "pending" else Status.BOOKED
        make = partial(_transaction, status=status, engine=engine, rules=rules)
        found, broken = sift(rows, _TRANSACTION.of_page(rows), make)
        good.extend(found)
        rejected.extend(broken)
    return Page(tuple(good), _next(page.links), tuple(rejected))


def page_of(raw: bytes, status: Status, _trace: Mapping[str, str]) -> bytes:
    """A page with this one row. Its own status counts, if it has one; else the list that it stands in."""
    return b'{"transactions":{"%s":[%s]}}' % (b"pending" if status is Status.PENDING else b"booked", raw)


def _transaction(row: wire.TransactionRow, raw: bytes, *, status: Status, engine: Engine, rules: Rules) -> Transaction:
    alone = rules.amounts.sign == "both"
    return engine.transaction(told(row, raw, status, currency=engine.currency or CURRENCY, indicator_decides=alone))


def beneficiaries(body: bytes) -> Rows[Beneficiary]:
    """HalBeneficiaries."""
    page = listed(body, "beneficiaries", "trustedBeneficiaries")
    found, rejected = sift(page.rows, _BENEFICIARY.of_page(page.rows), _beneficiary)
    return Rows(found, rejected, _next(page.links))


def _beneficiary(row: wire.BeneficiaryRow, raw: bytes) -> Beneficiary:
    one = named("creditor", row.creditor, row.creditor_account, row.creditor_agent)
    creditor = Party(text.meaningful(one.name), one.account, one.agent) if one else Party()
    return Beneficiary(id=text.meaningful(row.id), creditor=creditor, trusted=row.is_trusted, raw=raw)


def parties(body: bytes) -> Rows[PartyOfAccount]:
    """HalOwners: the persons who hold the account, or the company; HalEndUserIdentity: the PSU."""
    pages = []
    for name in ("identities", "identity", "company"):
        with suppress(ContractBroken):
            pages.append(listed(body, name))
    if not pages:
        raise ContractBroken("no list of identities", raw=body)
    rows = [row for page in pages for row in page.rows]
    found, rejected = sift(rows, _HOLDER.of_page(rows), _holder)
    return Rows(found, rejected, _next(pages[0].links))


def _holder(row: wire.HolderRow, raw: bytes) -> PartyOfAccount:
    joined = " ".join(part for part in (row.first_name, row.last_name) if part)
    return PartyOfAccount(
        id=text.meaningful(row.identification),
        name=text.meaningful(row.full_name) or text.meaningful(joined),
        type=text.meaningful(row.scheme_name),
        raw=raw,
    )


def _next(links: Any) -> str | None:
    """The next page's link without what only a template needs."""
    return _TEMPLATE_PART.sub("", following(links) or "") or None
