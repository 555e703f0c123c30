"""ISO 20022 bank-to-customer reports: camt.052 (in the day), .053 (statement), .054 (advice), versions 02 to 14.

By element names alone: what changed between the versions is read both ways, and a report may stand in an envelope.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from decimal import Decimal

from providers import dates
from providers.amount import is_currency
from providers.errors import ContractBroken
from providers.files import accounts, camt_entry, xml
from providers.files.extract import Extract, Format, Read
from providers.files.rows import Taken, must_be_few
from providers.files.xml import Element
from providers.model import Account, AccountType, Balance, BalanceType, Identifier, Money, Status
from providers.rows import BrokenRow
from providers.rules.engine import Engine
from providers.rules.told import Told

MAX_REPORTS = 20_000  # fifty years of days
_VERSION = re.compile(rb"camt\.(05[234])\.001\.([0-9]{2})")
_REPORTS = {"Stmt": Status.BOOKED, "Rpt": Status.PENDING, "Ntfctn": Status.BOOKED}
_OPENING = (BalanceType.OPENING_BOOKED, BalanceType.PREVIOUSLY_CLOSED_BOOKED)
_BALANCES = {kind.value: kind for kind in BalanceType}
_TYPES = {kind.value: kind for kind in AccountType} | {"TRAN": AccountType.CURRENT}


def is_camt(head: bytes) -> bool:
    """Whether the beginning of a file looks like one of these; UTF-16 too, and with any prefix."""
    plain = head.replace(b"\x00", b"")
    return b"<" in plain[:64] and (
        _VERSION.search(plain) is not None or any(name in plain for name in (b"BkToCstmr", b"CstmrStmt"))
    )


@dataclass(slots=True)
class _Report:
    """One Stmt, Rpt or Ntfctn while it is read."""

    engine: Engine
    account: Account
    taken: Taken = field(default_factory=Taken)


def read(raw: bytes, engine: Engine | None = None) -> Read:
    """``engine`` reads the rows instead of one that knows only what the file says of its account. Raises ContractBroken
    for what is not well-formed or is no such report."""
    raw = raw.lstrip()
    open_: dict[int, _Report] = {}
    found: list[tuple[Element, _Report]] = []
    seen = itertools.count(1)

    def take(entry: Element, parent: Element) -> None:
        if parent.name not in _REPORTS:
            return
        must_be_few(next(seen))  # of all reports together
        report = open_.get(id(parent))
        if report is None:
            account = _account(parent, _currency_of(entry))
            report = open_[id(parent)] = _Report(engine or Engine(account=account), account)
            found.append((parent, report))
        row = _written(raw, entry, encoding)
        by_default = _REPORTS[parent.name]
        report.taken.take(report.engine, row, lambda: camt_entry.told(entry, row, by_default=by_default))

    encoding = xml.encoding_of(raw)
    root = xml.read(raw, row="Ntry", take=take)
    reports = _reports(root)
    if len(reports) > MAX_REPORTS:
        raise ContractBroken(f"The file holds more than {MAX_REPORTS} statements; divide it.")
    if not reports:
        raise ContractBroken("The file is XML, but no camt.052, camt.053 or camt.054 statement.")
    rows = {id(element): report for element, report in found}
    version = _VERSION.search(raw[:4096].replace(b"\x00", b""))
    return Read(
        Format.CAMT,
        b".".join((b"camt", version[1], b"001", version[2])).decode() if version else "",
        tuple(_extract(element, rows.get(id(element))) for element in reports),
    )


def told(raw: bytes, status: Status) -> Told:
    """An entry that was kept. Raises BrokenRow."""
    entries: list[Element] = []
    xml.read(b"<Stmt>" + raw + b"</Stmt>", row="Ntry", take=lambda entry, _parent: entries.append(entry))
    if len(entries) != 1:
        raise BrokenRow("it is not one Ntry")
    return camt_entry.told(entries[0], raw, by_default=status)


def _written(raw: bytes, entry: Element, encoding: str) -> bytes:
    """The entry as it stands in the file, but in UTF-8: it is kept without the line that names the encoding."""
    end = ">".encode(encoding)
    found = raw[entry.start : raw.find(end, entry.end) + len(end)]
    return found if encoding == "utf-8" else found.decode(encoding, "replace").encode()


def _reports(root: Element) -> list[Element]:
    found, waiting = [], [root]
    while waiting:
        element = waiting.pop()
        if element.name in _REPORTS:
            found.append(element)
        else:
            waiting.extend(reversed(element.children))
    return found


def _extract(element: Element, report: _Report | None) -> Extract:
    account = report.account if report else _account(element, "")
    taken = report.taken if report else Taken()
    for one in element.all("Bal"):
        try:
            taken.keep(_balance(one))
        except BrokenRow as error:
            taken.reject(str(error), b"")
    return Extract(
        account=account,
        transactions=tuple(taken.transactions),
        rejected=tuple(taken.rejected),
        balances=tuple(taken.balances),
        period=_period(element),
        adds_up=_adds_up(taken, taken.balances, account.currency),
    )


def _currency_of(element: Element) -> str:
    money = element.first("Amt")
    return money.attributes.get("Ccy", "") if money is not None else ""


def _account(element: Element, currency: str) -> Account:
    given = element.first("Acct") or Element("Acct", {}, 0)
    number = given.say("Id", "Othr", "Id") or given.say("Id", "PrtryAcct", "Id")
    number = number or given.say("Id", "BBAN") or ""
    identifiers = accounts.stated(given.say("Id", "IBAN")) or accounts.named(number)[0]
    for balance in element.all("Bal"):
        currency = currency or _currency_of(balance)
    currency = given.say("Ccy") or currency
    currency = currency if is_currency(currency) else ""
    return Account(
        resource_id=_key(identifiers, currency),
        currency=currency,
        type=_TYPES.get(given.say("Tp", "Cd") or "", AccountType.CURRENT),
        name=given.say("Nm"),
        owner_name=given.say("Ownr", "Nm") or given.say("Ownr", "Pty", "Nm"),
        identifiers=identifiers,
        bic=given.say("Svcr", "FinInstnId", "BICFI") or given.say("Svcr", "FinInstnId", "BIC"),
    )


def _key(identifiers: Sequence[Identifier], currency: str) -> str:
    return f"{identifiers[0].value if identifiers else ''}:{currency}"


def _balance(element: Element) -> Balance:
    number, currency = camt_entry.amount_of(element.first("Amt"), "Bal/Amt")
    sign = camt_entry.direction_of(element, "CdtDbtInd")
    if not is_currency(currency):
        raise BrokenRow("Bal/Amt has no currency")
    said = (element.say("Tp", "CdOrPrtry", name) for name in ("Cd", "Prtry"))
    label = next(filter(None, said), None) or element.say("Tp", "Cd") or ""
    moment = dates.moment(element.say("Dt", "DtTm") or element.say("Dt", "Dt"), "Bal/Dt", zone=UTC)
    return Balance(
        type=_BALANCES.get(label, BalanceType.OTHER),
        money=Money(number if sign > 0 or number.is_zero() else -number, currency),
        as_of=moment,
        credit_line_included=_said(element.say("CdtLine", "Incl")),
        source_label=label,
        credit_limit=_credit_limit(element),
    )


def _said(word: str | None) -> bool | None:
    return None if word is None else word in ("true", "1")


def _credit_limit(element: Element) -> Money | None:
    line = element.first("CdtLine", "Amt")
    if line is None:
        return None
    try:
        number, currency = camt_entry.amount_of(line, "CdtLine/Amt")
    except BrokenRow:
        return None
    return Money(number, currency) if is_currency(currency) else None


def _period(element: Element) -> tuple[date, date] | None:
    first, last = (_day(element.say("FrToDt", name)) for name in ("FrDtTm", "ToDtTm"))
    return (first, last) if first and last and first <= last else None


def _day(text: str | None) -> date | None:
    try:
        return dates.calendar_day(text, "FrToDt")
    except BrokenRow:
        return None


def _adds_up(taken: Taken, balances: Sequence[Balance], currency: str) -> bool | None:
    """The opening balance and what was booked make the closing one: nothing is missing."""
    opening = next((one for kind in _OPENING for one in balances if one.type is kind), None)
    closing = next((one for one in balances if one.type is BalanceType.CLOSING_BOOKED), None)
    if opening is None or closing is None or {opening.money.currency, closing.money.currency} != {currency}:
        return None
    booked = [row.money for row in taken.transactions if row.status is Status.BOOKED]
    if any(money.currency != currency for money in booked):
        return None
    return opening.money.number + sum((money.number for money in booked), Decimal(0)) == closing.money.number
