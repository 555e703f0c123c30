"""Berlin Group NextGenPSD2 answers into the hub's words. Pure: bytes in, values out.

Places are schemas of psd2-api 1.3.11 (the OpenAPI file beside the Implementation Guidelines): accountDetails,
cardAccountDetails, balance, accountReport, cardAccountReport. How a row becomes the hub's words is providers.rules.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from decimal import Decimal
from functools import partial

from providers import amount, text
from providers.berlin_group import directions, envelope, wire
from providers.berlin_group import report as reports
from providers.berlin_group import transaction_wire as rows
from providers.berlin_group.balances import NO_CURRENCY, of_account
from providers.berlin_group.balances import balances as balances  # as in every standard, normalize is the door
from providers.berlin_group.parties import identifiers, owners
from providers.berlin_group.told import told
from providers.errors import ContractBroken
from providers.identify import identifier
from providers.model import (
    Account,
    AccountType,
    AccountUsage,
    Identifier,
    Page,
    RejectedRow,
    Scheme,
    Status,
    Transaction,
)
from providers.rows import BrokenRow, Lenient, Rows, core, sift
from providers.rules.engine import INVERTED_BY_ANSWER, Engine
from providers.rules.profile import NO_RULES, Rules

VERSION = 7  # of these rules; stored beside what they made

log = logging.getLogger(__name__)

# cashAccountType is ExternalCashAccountType1Code already, or a word for it
_ACCOUNT_TYPES = {kind.value.lower(): kind for kind in AccountType} | {
    **dict.fromkeys(("tran", "current", "currentaccount", "checking", "giro"), AccountType.CURRENT),
    **dict.fromkeys(("savings", "savingsaccount"), AccountType.SAVINGS),
    **dict.fromkeys(("creditcard", "cardaccount"), AccountType.CARD),
    **dict.fromkeys(("loans", "loanaccount"), AccountType.LOAN),
    "mortgage": AccountType.MORTGAGE,
    "wallet": AccountType.WALLET,
}
_USAGES = {"PRIV": AccountUsage.PRIVATE, "ORGA": AccountUsage.ORGANISATION}

_ACCOUNT = Lenient(wire.AccountRow)
_ACCOUNT_LOOSELY = Lenient(wire.AccountRow, loosely=True)
_TRANSACTION = Lenient(rows.TransactionRow)
_STATUSES = {
    envelope.BOOKED: Status.BOOKED,
    envelope.PENDING: Status.PENDING,
    envelope.INFORMATION: Status.INFORMATION,
    envelope.REJECTED: Status.REJECTED,
}


def accounts(body: bytes, *, rules: Rules = NO_RULES, zone: tzinfo = UTC) -> Rows[Account]:
    """accountList and cardAccountList, with their balances where the bank gives them. An account whose status is
    ``deleted`` can no longer be read and is left out."""
    listed = envelope.accounts(body)
    if listed.texts:
        raise ContractBroken("accounts is no list", raw=body)
    found: list[Account] = []
    rejected: list[RejectedRow] = []
    for part in listed.parts:
        make = partial(_account, rules=rules, zone=zone, kind=AccountType.CARD if part.is_card else AccountType.OTHER)
        read, broken = sift(part.rows, _ACCOUNT.of_page(part.rows), make)
        found.extend(one for one in read if one is not None)
        rejected.extend(broken)
    return Rows(tuple(found), tuple(rejected), listed.next)


def _account(row: wire.AccountRow, raw: bytes, *, rules: Rules, zone: tzinfo, kind: AccountType) -> Account | None:
    if (row.status or "").lower() == "deleted":
        return None
    found = identifiers(row) or _numbers(row)
    named = None if isinstance(row.account_id, wire.AccountReference) else row.account_id
    given = (text.handle(one) for one in (row.resource_id, row.id, named, row.uid))
    resource_id = next(filter(None, given), None) or text.handle(wire.id_in_links(row)) or _iban(found)
    if resource_id is None:
        raise BrokenRow("resourceId is missing")
    currency = amount.money(Decimal(0), (text.word(row.currency) or NO_CURRENCY).upper(), "currency").currency
    if found and found[0].scheme is Scheme.MASKED_PAN:
        kind = AccountType.CARD  # known by its card's number only, in whatever field (American Express: iban)
    kind = _ACCOUNT_TYPES.get(core(row.cash_account_type or row.account_type or "").strip(), kind)
    balances = of_account(row, currency, kind, rules=rules, zone=zone)
    return Account(
        resource_id=resource_id,
        currency=currency,
        type=kind,
        name=text.meaningful(row.display_name) or text.meaningful(row.name),
        product=text.meaningful(row.product),
        owner_name=owners(row),
        identifiers=found,
        bic=text.meaningful(row.bic),
        usage=_USAGES.get((row.usage or "").upper()),
        balances=balances or None,
        raw=raw,
    )


def told_apart(listed: Iterable[Account]) -> tuple[Account, ...]:
    """Each account once, whatever pages overlap. Several that have one id between them are asked about by what their
    links call them, or by their IBANs where the id says nothing; of those that still have one address the first is
    kept, for what is read of it would be booked on each of them."""
    shown = {(one.resource_id, one.currency, one.identifiers): one for one in listed}.values()
    times = Counter(one.resource_id for one in shown)
    found: dict[str, Account] = {}
    for one in shown:
        own = one if times[one.resource_id] == 1 else replace(one, resource_id=_own_id(one))
        if found.setdefault(own.resource_id, own) is not own:
            log.warning("an account was set aside: another one has its id")
    return tuple(found.values())


def _own_id(account: Account) -> str:
    by_link = text.handle(wire.id_in_links(_ACCOUNT_LOOSELY.decode(account.raw)))
    if by_link is not None and by_link != account.resource_id:
        return by_link
    says_nothing = text.meaningful(account.resource_id) is None
    return (_iban(account.identifiers) if says_nothing else None) or account.resource_id


def _iban(found: Iterable[Identifier]) -> str | None:
    """Of an account that has neither id nor link: there are banks that have it in the path."""
    return next((one.value for one in found if one.scheme is Scheme.IBAN), None)


def _numbers(row: wire.AccountRow) -> tuple[Identifier, ...]:
    """The account's number where it does not stand in a field of its own."""
    reference = row.account_reference
    for one in (reference, row.account_id):
        if isinstance(one, wire.AccountReference):
            return identifiers(one)
    value = text.word(reference or row.account_number)
    return (identifier(Scheme.IBAN, value),) if value else ()


def transactions(body: bytes, *, account: Account | None = None, rules: Rules = NO_RULES, zone: tzinfo = UTC) -> Page:
    """accountReport and cardAccountReport: the list that a row is in says its status, unless the row says another.

    ``account`` is the one that was asked for: its identifiers are the holder's own side. A report in another format
    than JSON, or in a zip, is read too. One that is only to be downloaded has no rows, and ``next`` leads to it.
    """
    pages = [_report(one, account, rules, zone) for one in reports.unpacked(body)]
    if len(pages) == 1:
        return pages[0]
    return Page(
        tuple(row for page in pages for row in page.transactions),
        next((page.next for page in pages if page.next), None),
        tuple(row for page in pages for row in page.rejected),
    )


def _report(body: bytes, account: Account | None, rules: Rules, zone: tzinfo) -> Page:
    if reports.is_report(body):
        return reports.read(body, account=account, rules=rules, zone=zone)
    listed = envelope.transactions(body)
    engine = Engine(rules, account, zone=zone, inverted=directions.is_turned(listed.debit_accounting, account))
    good: list[Transaction] = []
    rejected: list[RejectedRow] = []
    for part in listed.parts:
        if part.kind == envelope.UNKNOWN:
            rejected.extend(RejectedRow(f"a list that is unknown: {part.name[:40]}", bytes(row)) for row in part.rows)
            continue
        make = partial(_transaction, status=_STATUSES[part.kind], engine=engine, is_card=part.is_card)
        read, broken = sift(part.rows, _TRANSACTION.of_page(part.rows), make)
        good.extend(read)
        rejected.extend(broken)
    for written in listed.texts:
        if not reports.is_report(written):
            raise ContractBroken("transactions is no list", raw=body)
        page = reports.read(written, account=account, rules=rules, zone=zone)
        good.extend(page.transactions)
        rejected.extend(page.rejected)
    onward = listed.next
    return Page(tuple(good), onward if good or rejected or onward else listed.download, tuple(rejected))


def page_of(raw: bytes, status: Status, trace: Mapping[str, str]) -> bytes:
    """A page with this one row, in the list that says ``status``; ``trace`` knows whether its page turned signs."""
    lists = {Status.PENDING: b"pending", Status.INFORMATION: b"information", Status.REJECTED: b"rejected"}
    turned = b"true" if trace.get("money", "").endswith(INVERTED_BY_ANSWER) else b"false"
    return b'{"debitAccounting":%s,"transactions":{"%s":[%s]}}' % (turned, lists.get(status, b"booked"), raw)


def _transaction(row: rows.TransactionRow, raw: bytes, *, status: Status, engine: Engine, is_card: bool) -> Transaction:
    is_card = is_card or engine.reads_card or row.card_transaction_id is not None
    currency = None if engine.currency == NO_CURRENCY else engine.currency
    return engine.transaction(told(row, raw, status, is_card=is_card, account_currency=currency))
