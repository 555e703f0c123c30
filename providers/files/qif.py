"""Quicken Interchange Format: bank, cash, card, asset and liability accounts.

It names no currency, and writes days as the program's country does: what cannot be told from the rows is asked of the
person.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from providers import text as text_of
from providers.errors import ContractBroken
from providers.files import days, numbers
from providers.files.decode import decoded
from providers.files.extract import Extract, Format, Read
from providers.files.reading import Reading
from providers.files.rows import Taken, must_be_few, must_be_few_statements
from providers.model import Account, AccountType, Status
from providers.rules.engine import Engine
from providers.rules.told import Named, Told

_KINDS = {
    "BANK": AccountType.CURRENT,
    "CASH": AccountType.WALLET,
    "CCARD": AccountType.CARD,
    "OTH A": AccountType.OTHER,
    "OTH L": AccountType.LOAN,
}
_TYPE = re.compile(r"!TYPE:(.{1,30})", re.IGNORECASE)
AMBIGUOUS = "Days could be read in two ways (day first or month first). Check the rows below."
NOT_READ = "Parts of the file that are no bank, cash or card account are not read (categories, investments)."


@dataclass(slots=True)
class _Section:
    kind: AccountType
    name: str | None
    records: list[list[str]] = field(default_factory=list)


def is_qif(head: str) -> bool:
    return re.search(r"(?m)^\s*!(?:Type:|Account|Option:)", head, re.IGNORECASE) is not None


def read(raw: bytes, *, currency: str = "", order: days.Order | None = None) -> Read:
    """``currency`` is ISO 4217, "" for not known; ``order`` None for what the rows tell. Raises ContractBroken where
    there is no account in it."""
    text, _encoding = decoded(raw)
    others = [0]
    sections = list(_sections(text, others))
    if not sections:
        raise ContractBroken("The file is QIF without a bank, cash or card account.")
    records = [record for section in sections for record in section.records]
    must_be_few_statements(len(sections))
    must_be_few(len(records))  # of all sections together
    orders = days.orders_of(_values(records, "D"))
    is_guess = order is None and len(orders) != 1
    order = order or (orders[0] if orders else "dmy")
    mark = numbers.mark_of(_values(records, "T") or _values(records, "U")) or "."
    warnings = (*([AMBIGUOUS] if is_guess else []), *([NOT_READ] if others[0] else []))
    extracts = tuple(_extract(section, currency, order, mark) for section in sections)
    return Read(Format.QIF, "", extracts, warnings)


def _values(records: list[list[str]], sign: str) -> list[str]:
    return [line[1:] for record in records for line in record if line.startswith(sign)]


def _sections(text: str, others: list[int]) -> Iterator[_Section]:
    """Each ``!Type:`` list; the ``!Account`` in front of it names it."""
    section: _Section | None = None
    name: str | None = None
    is_account = False
    record: list[str] = []
    for line in text.splitlines():
        line = line.rstrip()
        if line.startswith("!"):
            if section is not None and (section.records or record):
                section.records += [record] if record else []
                yield section
            section, record = None, []
            is_account = line.upper().startswith("!ACCOUNT")
            found = _TYPE.match(line)
            if found is not None:
                kind = _KINDS.get(found[1].strip().upper())
                section = _Section(kind, name) if kind is not None else None
                others[0] += kind is None
        elif line == "^":
            if section is not None and record:
                section.records.append(record)
            record = []
        elif is_account:
            name = text_of.clean(line[1:100]) or name if line.startswith("N") else name
        elif section is not None and line:
            record.append(line)
    if section is not None and (section.records or record):
        section.records += [record] if record else []
        yield section


def _extract(section: _Section, currency: str, order: days.Order, mark: numbers.Mark) -> Extract:
    account = Account(f"{section.name or ''}:{currency}", currency, section.kind, section.name)
    taken, engine = Taken(), Engine(account=account)
    for record in section.records:
        raw = "\n".join((*record, "^")).encode()
        taken.take(engine, raw, lambda record=record, raw=raw: _told(record, raw, currency, order, mark))  # type: ignore[misc]
    reading = Reading(order=order, mark=mark)
    return Extract(account, tuple(taken.transactions), tuple(taken.rejected), reading=reading)


def told(raw: bytes, currency: str, order: days.Order, mark: numbers.Mark) -> Told:
    """A record that was kept. Raises BrokenRow."""
    return _told(
        [line for line in raw.decode("utf-8", "replace").split("\n") if line not in ("", "^")],
        raw,
        currency,
        order,
        mark,
    )


def _told(record: list[str], raw: bytes, currency: str, order: days.Order, mark: numbers.Mark) -> Told:
    values: dict[str, str] = {}
    for line in record:
        values.setdefault(line[0], line[1:].strip())
    number = numbers.exact(values.get("T") or values.get("U") or "", mark, "T")
    booked = days.day(values.get("D", ""), order, "D")
    category = values.get("L", "")
    transfer = category[1:-1] if category.startswith("[") and category.endswith("]") else None
    party = Named("P", values.get("P") or transfer)
    return Told(
        raw=raw,
        status=Status.BOOKED,
        status_place="the list that holds the row",
        number=number,
        currency=currency or "XXX",
        money_place="T",
        booking=(("D", booked.isoformat()),),
        creditor=party if number < 0 else None,
        debtor=party if number >= 0 else None,
        unstructured=[values.get("M")],
        unstructured_place="M",
        bank_ids={"checkId": number_ if (number_ := values.get("N", "")).isdigit() else None},
    )
