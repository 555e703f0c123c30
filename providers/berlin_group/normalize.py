"""Berlin Group NextGenPSD2 answers into the hub's words. Pure: bytes in, values out.

Places are schemas of psd2-api 1.3.11 (the OpenAPI file beside the Implementation Guidelines): accountDetails,
cardAccountDetails, balance, accountReport, cardAccountReport. How a row becomes the hub's words is providers.rules.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from functools import partial

import msgspec

from providers import amount, text
from providers.berlin_group import report as reports
from providers.berlin_group import transaction_wire as rows
from providers.berlin_group import wire
from providers.berlin_group.balances import NO_CURRENCY, of_account
from providers.berlin_group.balances import balances as balances  # as in every standard, normalize is the door
from providers.berlin_group.parties import identifiers, owners
from providers.berlin_group.told import told
from providers.errors import ContractBroken
from providers.identify import identifier
from providers.links import following, target
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
from providers.rows import BrokenRow, Lenient, Rows, core, envelope, rows_in, sift
from providers.rules.engine import INVERTED_BY_ANSWER, Engine
from providers.rules.profile import NO_RULES, Rules

VERSION = 5  # of these rules; stored beside what they made

# cashAccountType is ExternalCashAccountType1Code already
_ACCOUNT_TYPES = {kind.value: kind for kind in AccountType} | {"TRAN": AccountType.CURRENT}
_USAGES = {"PRIV": AccountUsage.PRIVATE, "ORGA": AccountUsage.ORGANISATION}

_ACCOUNT_PAGE = Lenient(wire.AccountPage)
_ACCOUNT = Lenient(wire.AccountRow)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TRANSACTION_PAGE = Lenient(wire.TransactionPage)
_LOOSE_PAGE = Lenient(wire.TransactionPage, loosely=True)
_LISTS = frozenset(
    "transactions cardTransactions booked pending information info accounts accountList cardAccounts".lower().split()
)
_TRANSACTION = Lenient(rows.TransactionRow)
_WRAPPERS = frozenset({"data", "accountreport", "cardaccountreport", "response", "result", "payload", "content"})
_MOST_WRAPPED = 2
_LIST_OF_OBJECTS = re.compile(rb"\s*\[\s*\{")


def accounts(body: bytes, *, rules: Rules = NO_RULES, zone: tzinfo = UTC) -> Rows[Account]:
    """accountList and cardAccountList, with their balances where the bank gives them. An account whose status is
    ``deleted`` can no longer be read and is left out."""
    page = envelope(_ACCOUNT_PAGE, _named(body, b"accounts"))
    if _has_no_accounts(page) and (inside := _wrapped(body)) is not None:
        page = envelope(_ACCOUNT_PAGE, _named(inside, b"accounts"))
    _must_be_lists(page.unread, body)
    if _has_no_accounts(page):
        raise ContractBroken("no list of accounts", raw=body)
    rows = [*(page.accounts or page.account_list or ()), *([page.account] if page.account is not wire.NOTHING else ())]
    make = partial(_account, rules=rules, zone=zone)
    found, rejected = sift(rows_in(rows), _ACCOUNT.of_page(rows), make)
    make = partial(_account, rules=rules, zone=zone, kind=AccountType.CARD)
    cards, broken = sift(rows_in(page.card_accounts), _ACCOUNT.of_page(page.card_accounts or ()), make)
    kept = tuple(one for one in (*found, *cards) if one is not None)
    return Rows(kept, (*rejected, *broken), following(page.links or page.plain_links))


def _has_no_accounts(page: wire.AccountPage) -> bool:
    listed = (page.accounts, page.account_list, page.card_accounts)
    return all(one is None for one in listed) and page.account is wire.NOTHING


def _named(body: bytes, name: bytes) -> bytes:
    """A list of objects that came alone, under its name. An empty one could be anything's."""
    return b'{"%s":%s}' % (name, body) if _LIST_OF_OBJECTS.match(body) else body


def _account(
    row: wire.AccountRow, raw: bytes, *, rules: Rules, zone: tzinfo, kind: AccountType = AccountType.OTHER
) -> Account | None:
    if (row.status or "").lower() == "deleted":
        return None
    found = identifiers(row) or _numbers(row)
    resource_id = str(row.resource_id or row.id or row.account_id or "") or wire.id_in_links(row) or _iban(found)
    if resource_id is None:
        raise BrokenRow("resourceId is missing")
    currency = (row.currency or NO_CURRENCY).strip().upper()
    if not amount.is_currency(currency):
        raise BrokenRow("currency is not a currency code")
    if found and found[0].scheme is Scheme.MASKED_PAN:
        kind = AccountType.CARD  # known by its card's number only, in whatever field (American Express: iban)
    kind = _ACCOUNT_TYPES.get((row.cash_account_type or "").strip().upper(), kind)
    balances = of_account(row.balances, currency, kind, rules=rules, zone=zone)
    return Account(
        resource_id=resource_id,
        currency=currency,
        type=kind,
        name=text.clean(row.display_name) or text.clean(row.name),
        product=text.clean(row.product),
        owner_name=owners(row),
        identifiers=found,
        bic=text.meaningful(row.bic),
        usage=_USAGES.get(row.usage or ""),
        balances=balances or None,
        raw=raw,
    )


def _iban(found: Iterable[Identifier]) -> str | None:
    """Of an account that has neither id nor link: there are banks that have it in the path."""
    return next((one.value for one in found if one.scheme is Scheme.IBAN), None)


def _numbers(row: wire.AccountRow) -> tuple[Identifier, ...]:
    """The account's number where it does not stand in a field of its own."""
    reference = row.account_reference
    if isinstance(reference, wire.AccountReference):
        return identifiers(reference)
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


def _report(body: bytes, account: Account | None, rules: Rules, zone: tzinfo, *, wrapped: int = 0) -> Page:
    if reports.is_report(body):
        return reports.read(body, account=account, rules=rules, zone=zone)
    body = _named(body, b"transactions")
    page = envelope(_TRANSACTION_PAGE, body)
    found = _reports(page) or _reports(envelope(_LOOSE_PAGE, body))
    _must_be_lists((*page.unread, *(name for report, _ in found for name in report.unread)), body)
    download = _download(page, found)
    if not found and download is None and not _is_null(body):
        inside = _wrapped(body) if wrapped < _MOST_WRAPPED else None
        if inside is None:
            raise ContractBroken("no list of transactions", raw=body)
        inner = _report(inside, account, rules, zone, wrapped=wrapped + 1)
        return replace(inner, next=inner.next or following(page.links or page.plain_links))
    engine = Engine(rules, account, zone=zone, inverted=page.debit_accounting is True)
    good: list[Transaction] = []
    rejected: list[RejectedRow] = []
    onward = None
    for report, is_card in found:
        onward = onward or following(report.links or report.plain_links)
        for status, listed in (
            (Status.BOOKED, report.booked),
            (Status.PENDING, report.pending),
            (Status.INFORMATION, report.information),
            (Status.INFORMATION, report.info),
        ):
            rows = rows_in(listed)
            make = partial(_transaction, status=status, engine=engine, is_card=is_card)
            read, broken = sift(rows, _TRANSACTION.of_page(rows), make)
            good.extend(read)
            rejected.extend(broken)
    onward = onward or following(page.links or page.plain_links)
    if not good and not rejected and onward is None:
        onward = download
    return Page(tuple(good), onward, tuple(rejected))


def _download(page: wire.TransactionPage, found: Iterable[tuple[wire.Report, bool]]) -> str | None:
    """The link to a report that is too large for the answer (transactionsResponse-200, ``_links``)."""
    for links in (page.links, *(report.links for report, _ in found)):
        if link := target(links, "download"):
            return link.partition("#")[0] + wire.DOWNLOAD
    return None


def page_of(raw: bytes, status: Status, trace: Mapping[str, str]) -> bytes:
    """A page with this one row, in the list that says ``status``; ``trace`` knows whether its page turned signs."""
    lists = {Status.PENDING: b"pending", Status.INFORMATION: b"information"}
    turned = b"true" if trace.get("money", "").endswith(INVERTED_BY_ANSWER) else b"false"
    return b'{"debitAccounting":%s,"transactions":{"%s":[%s]}}' % (turned, lists.get(status, b"booked"), raw)


def _wrapped(body: bytes) -> bytes | None:
    """The answer itself, where a gateway of the bank's has put it into an object or a list of one."""
    for name, value in envelope(_MEMBERS, _named(body, b"data")).items():
        if core(name) in _WRAPPERS and bytes(value)[:1] in {b"{", b"["}:
            return bytes(value)
    return None


def _is_null(body: bytes) -> bool:
    """Whether the list is there and null: a bank's word for an empty one."""
    members = envelope(_MEMBERS, body)
    return any(core(name) in _LISTS and bytes(one) == b"null" for name, one in members.items())


def _must_be_lists(unread: Iterable[str], body: bytes) -> None:
    """What should hold rows and does not is no detail that may be left out."""
    for name in unread:
        if core(name) in _LISTS:
            raise ContractBroken(f"{name} is no list", raw=body)


def _reports(page: wire.TransactionPage) -> list[tuple[wire.Report, bool]]:
    found = []
    for given, is_card in ((page.transactions, False), (page.card_transactions, True)):
        if given is not None:
            found.append((wire.Report(booked=given) if isinstance(given, list) else given, is_card))
    if page.booked is not None or page.pending is not None:
        found.append((wire.Report(booked=page.booked, pending=page.pending), False))
    return found


def _transaction(row: rows.TransactionRow, raw: bytes, *, status: Status, engine: Engine, is_card: bool) -> Transaction:
    is_card = is_card or engine.reads_card or row.card_transaction_id is not None
    currency = None if engine.currency == NO_CURRENCY else engine.currency
    return engine.transaction(told(row, raw, status, is_card=is_card, account_currency=currency))
