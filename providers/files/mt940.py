"""SWIFT MT940 (statement) and MT942 (interim report), and what banks make of them.

Fields begin at the start of a line: ``:61:``. A line of somebody's text may begin like one (a time that was wrapped,
``:26:37``), so a field counts only where the message can have it. The block envelope ``{1:...}{4:`` and whatever stands
between two messages is passed over.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from providers.amount import is_currency
from providers.errors import ContractBroken
from providers.files import accounts, mt_entry
from providers.files.decode import decoded
from providers.files.extract import Extract, Format, Read
from providers.files.rows import Taken, must_be_few, must_be_few_statements
from providers.model import Account, AccountType, Balance, BalanceType, Money, Status
from providers.rows import BrokenRow
from providers.rules.engine import Engine
from providers.rules.told import Told

_FIELD = re.compile(r"[ \t]*:([0-9]{2}[A-Z]?|NS):(.*)", re.ASCII)
_TORN = re.compile(r"(?m)^:[ \t]*\n(?=[0-9]{2}[A-Z]?:)")  # the colon of a field on a line of its own
_NOISE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_END = re.compile(r"-\}?[ \t]*(?:XXX)?[ \t]*|\{.*|\$\$.*")
_KEPT = re.compile(r"(?m)^:(?:61|86):", re.ASCII)
_HEAD = frozenset({"20", "21", "25", "25P", "28", "28C"})
_BODY = frozenset({"61", "86", "NS", "34F", "13", "13D", "60F", "60M"})
_TAIL = frozenset({"62F", "62M", "64", "65", "86", "90C", "90D", "NS"})
_BALANCES = {
    "60F": BalanceType.OPENING_BOOKED,
    "60M": BalanceType.OPENING_BOOKED,
    "62F": BalanceType.CLOSING_BOOKED,
    "62M": BalanceType.INTERIM_BOOKED,
    "64": BalanceType.CLOSING_AVAILABLE,
    "65": BalanceType.FORWARD_AVAILABLE,
}
_BALANCE = re.compile(r"R?([CD])([0-9]{6})([A-Z]{3})([0-9]{0,15})(?:[,.]([0-9]{0,18}))?(?![ ]?[0-9]|[.,])", re.ASCII)
_LOOKS = re.compile(r"(?m)^[ \t]*:(?:20|25|60F|60M|61|62F|62M|86):", re.ASCII)
_INTERIM = re.compile(r"(?m)^[ \t]*:(?:34F|13D|90[CD]):", re.ASCII)
_COUNTED = re.compile(r"(?m)^[ \t]*:(20|61):")


@dataclass(slots=True)
class _Field:
    tag: str
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(slots=True)
class _Message:
    fields: list[_Field] = field(default_factory=list)

    def first(self, *tags: str) -> str:
        return next((one.text.strip() for one in self.fields if one.tag in tags), "")


def is_mt940(head: str) -> bool:
    return len(_LOOKS.findall(head)) >= 2


def read(raw: bytes, engine: Engine | None = None) -> Read:
    """``engine`` reads the rows instead of one that knows only what the file says of its account; its currency is that
    of a message which names none. Raises ContractBroken where no field of such a message is found."""
    text, _encoding = decoded(raw)
    text = _TORN.sub(":", _NOISE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    counts = Counter(found[1] for found in _COUNTED.finditer(text))  # of all statements together
    must_be_few(counts["61"])
    must_be_few_statements(counts["20"])
    messages = list(_messages(text))
    if not messages:
        raise ContractBroken("The file holds no MT940 or MT942 message.")
    kind = Format.MT940 if any(one.first("60F", "60M", "62F", "62M") for one in messages) else Format.MT942
    kind = kind if _INTERIM.search(text) or kind is Format.MT940 else Format.MT940
    return Read(kind, "", tuple(_extract(one, kind, engine) for one in messages))


def _messages(text: str) -> Iterator[_Message]:
    message, part = _Message(), _HEAD
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _END.fullmatch(line) or (not line.strip() and part is _TAIL):
            continue
        found = _FIELD.fullmatch(line)
        tag = found[1] if found else ""
        if found and tag == "20" and (part is not _BODY or _begins(lines, number)) and message.fields:
            yield message
            message, part = _Message(), _HEAD
        if found and (moved := _part(tag, part)) is not None:
            part = moved
            message.fields.append(_Field(tag, [found[2]]))
        elif message.fields and not _is_envelope(line):
            message.fields[-1].lines.append(line)
    if message.fields:
        yield message


def _part(tag: str, part: frozenset[str]) -> frozenset[str] | None:
    """The part of the message that a field with this tag stands in; None where it cannot stand."""
    if part is _HEAD and tag in _HEAD:
        return _HEAD
    if tag in _TAIL and (tag not in _BODY or part is _TAIL):
        return _TAIL
    if tag in _BODY:
        return _BODY
    return None


def _begins(lines: Sequence[str], number: int) -> bool:
    """Whether the line after says that a message begins here: the one before was cut off."""
    following = _FIELD.fullmatch(lines[number + 1]) if number + 1 < len(lines) else None
    return following is not None and following[1] in {"21", "25", "25P", "28", "28C"}


def _is_envelope(line: str) -> bool:
    return line.startswith(("{1:", "{2:", "{4:", "{5:", "-}")) or line.strip() == "-"


def _extract(message: _Message, kind: Format, engine: Engine | None) -> Extract:
    identifiers, currency = accounts.named(message.first("25", "25P").split("\n")[0])
    taken = _balances(message)
    balances = taken.balances
    for one in balances:
        currency = currency or one.money.currency
    if kind is Format.MT942:
        currency = currency or message.first("34F")[:3]
    currency = currency or (engine and engine.currency) or ""
    currency = currency if is_currency(currency) else ""
    account = Account(
        resource_id=f"{identifiers[0].value if identifiers else ''}:{currency}",
        currency=currency,
        type=AccountType.CURRENT,
        identifiers=identifiers,
    )
    _take_entries(message, taken, engine or Engine(account=account), currency or "XXX", kind)
    opening, closing = _day_of(balances, "60F", "60M"), _day_of(balances, "62F", "62M")
    return Extract(
        account=account,
        transactions=tuple(taken.transactions),
        rejected=tuple(taken.rejected),
        balances=tuple(balances),
        period=(opening, closing) if opening and closing and opening <= closing else None,
        adds_up=_adds_up(taken, balances),
    )


def _take_entries(message: _Message, taken: Taken, engine: Engine, currency: str, kind: Format) -> None:
    status = Status.BOOKED if kind is Format.MT940 else Status.PENDING
    entry: _Field | None = None
    texts: list[str] = []

    def finish() -> None:
        if entry is not None:
            line, said = entry.text, list(texts)
            raw = "\n".join((f":61:{line}", *(f":86:{one}" for one in said))).encode()
            taken.take(engine, raw, lambda: mt_entry.told(line, said, raw, currency=currency, status=status))

    for one in message.fields:
        if one.tag == "61":
            finish()
            entry, texts = one, []
        elif one.tag in {"86", "NS"} and entry is not None:
            texts.append(one.text)
        elif one.tag in _TAIL:
            finish()
            entry = None
    finish()


def told(raw: bytes, currency: str, status: Status) -> Told:
    """An entry that was kept, its field 61 and its fields 86. Raises BrokenRow."""
    line, *texts = _KEPT.split(raw.decode("utf-8", "replace"))[1:] or [""]
    return mt_entry.told(
        line.removesuffix("\n"), [one.removesuffix("\n") for one in texts], raw, currency=currency, status=status
    )


def _balances(message: _Message) -> Taken:
    taken = Taken()
    for one in message.fields:
        if one.tag in _BALANCES:
            try:
                taken.keep(_balance(one))
            except BrokenRow as error:
                taken.reject(str(error), f":{one.tag}:{one.text}".encode())
    return taken


def _balance(one: _Field) -> Balance:
    match = _BALANCE.match(one.text.strip())
    if match is None or not (match[4] or match[5]):
        raise BrokenRow(f"field {one.tag} is not a balance")
    number = Decimal(f"{match[4] or 0}.{match[5] or 0}")
    on = mt_entry.day(match[2]) if match[2] != "000000" else None
    return Balance(
        type=_BALANCES[one.tag],
        money=Money(-number if match[1] == "D" and number else number, match[3]),
        as_of=datetime(on.year, on.month, on.day, tzinfo=UTC) if on else None,
        source_label=one.tag,
    )


def _day_of(balances: Sequence[Balance], *tags: str) -> date | None:
    moments = [one.as_of for one in balances if one.source_label in tags and one.as_of]
    return moments[0].date() if moments else None


def _adds_up(taken: Taken, balances: Sequence[Balance]) -> bool | None:
    opening = next((one.money for one in balances if one.source_label in {"60F", "60M"}), None)
    closing = next((one.money for one in balances if one.source_label in {"62F", "62M"}), None)
    if opening is None or closing is None or opening.currency != closing.currency:
        return None
    return opening.number + sum((row.money.number for row in taken.transactions), Decimal(0)) == closing.number
