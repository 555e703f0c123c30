"""CSV by a declared profile: rows of text into rows of the ledger. Nothing is guessed here (guess.py does)."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import structs

from providers.amount import is_currency
from providers.errors import ContractBroken
from providers.files import accounts, days, numbers
from providers.files.decode import decoded_as
from providers.files.extract import Extract, Format, Read
from providers.files.names import MONEY_IN, MONEY_OUT, PENDING, REJECTED, is_balance
from providers.files.profile import MAX_COLUMNS, Profile, Role
from providers.files.reading import Reading
from providers.files.rows import MAX_ROWS, Taken, must_be_few
from providers.model import Account, AccountType, Identifier, Money, Status
from providers.rows import BrokenRow
from providers.rules.engine import Engine
from providers.rules.told import Named, Told

MAX_ROW_LENGTH = 32_768


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table and the text that it was read from, which may be several lines."""

    cells: list[str]
    raw: str


def read(raw: bytes, profile: Profile) -> Read:
    """Raises ContractBroken for a profile that cannot be used, and for more rows than a file may have."""
    if profile.faults:
        raise ContractBroken(profile.faults[0])
    text = decoded_as(raw, profile.encoding)
    if text.count("\n") + text.count("\r") > MAX_ROWS:
        deque(lines(text, profile), maxlen=0)  # counted before they are read, which takes fifty times as long
    rows = lines(text, profile)
    places, texts = _places(profile)
    held: dict[tuple[tuple[Identifier, ...], str], _Held] = {}
    for line in rows:
        if not any(cell.strip() for cell in line.cells):
            continue
        row = _Row(line, places, texts, profile)
        identifiers = accounts.named(row.say(Role.ACCOUNT) or "")[0]
        one = held.setdefault((identifiers, row.currency), _Held(identifiers, row.currency))
        one.taken.take(one.engine, row.raw, row.told)
    return Read(Format.CSV, "", tuple(one.extract(profile) for one in _real(list(held.values()))))


def told(raw: bytes, profile: Profile) -> Told:
    """A row that was kept. Raises BrokenRow."""
    whole = structs.replace(profile, skip_lines=0, has_header=False)
    (line, *others) = lines(raw.decode("utf-8", "replace"), whole)
    if others:
        raise BrokenRow("it is more than one row")
    return _Row(line, *_places(profile), profile).told()


def _places(profile: Profile) -> tuple[dict[Role, int], list[int]]:
    """The column of each role, and the columns of text."""
    places: dict[Role, int] = {role: place for place, role in profile.columns.items() if role is not Role.TEXT}
    return places, [place for place, role in sorted(profile.columns.items()) if role is Role.TEXT]


@dataclass(slots=True)
class _Held:
    """The rows of one account in one currency."""

    identifiers: tuple[Identifier, ...]
    currency: str
    taken: Taken = field(default_factory=Taken)
    account: Account = field(init=False)
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        number = self.identifiers[0].value if self.identifiers else ""
        key = f"{number}:{self.currency}"
        self.account = Account(key, self.currency, AccountType.CURRENT, identifiers=self.identifiers)
        self.engine = Engine(account=self.account)

    def extract(self, profile: Profile) -> Extract:
        rows, rejected = tuple(self.taken.transactions), tuple(self.taken.rejected)
        return Extract(self.account, rows, rejected, reading=Reading(profile=profile))


def _real(held: list[_Held]) -> list[_Held]:
    """Without accounts of which no row could be read (a total, a footer): those rows are rejected with the first's."""
    kept = [one for one in held if one.taken.transactions] or held[:1]
    for one in held:
        if one not in kept:
            kept[0].taken.rejected.extend(one.taken.rejected)
    return kept


def lines(text: str, profile: Profile) -> Iterator[Line]:
    """The data rows: what stands before them, and the header, passed over."""
    source = _Source(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for _ in range(profile.skip_lines):
        next(source, None)
    source.let_go()
    reader = csv.reader(source, delimiter=profile.delimiter, strict=False)
    for number, cells in enumerate(_bounded(reader)):
        raw = source.let_go()
        if number == 0 and profile.has_header:
            continue
        must_be_few(number)
        yield Line(cells[:MAX_COLUMNS], raw)


def _bounded(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        raise ContractBroken("A row of the file never ends: a quotation mark may be missing.") from None


class _Source(Iterator[str]):
    """Lines, remembering which of them the reader took for its row."""

    def __init__(self, given: list[str]) -> None:
        self._lines = iter(given)
        self.taken: list[str] = []
        self._length = 0

    def let_go(self) -> str:
        """The text of the row, which has ended."""
        raw, self.taken, self._length = "\n".join(self.taken), [], 0
        return raw

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken.append(line)
        self._length += len(line) + 1  # an empty line counts too
        if self._length > MAX_ROW_LENGTH:
            raise ContractBroken("A row of the file never ends: a quotation mark may be missing.")
        return line + "\n"


@dataclass(slots=True)
class _Row:
    line: Line
    places: dict[Role, int]
    texts: list[int]
    profile: Profile

    @property
    def raw(self) -> bytes:
        return self.line.raw.encode(errors="replace")

    @property
    def currency(self) -> str:
        stated = (self.say(Role.CURRENCY) or "").upper()
        return stated if is_currency(stated) else self.profile.currency

    def say(self, role: Role) -> str | None:
        place = self.places.get(role)
        if place is None or place >= len(self.line.cells):
            return None
        return self.line.cells[place].strip(" \t'") or None

    def told(self) -> Told:
        """Raises BrokenRow."""
        number, place = self._number()
        texts = [self.line.cells[one] for one in self.texts if one < len(self.line.cells)]
        payee = self.say(Role.PAYEE) or ""
        if is_balance(payee) or (not payee and any(map(is_balance, texts))):
            raise BrokenRow("it is a balance and no entry")
        booked, value = self._day(Role.DATE), self._day(Role.VALUE_DATE)
        if booked is None and value is None:
            raise BrokenRow("date is missing")
        is_out = number < 0
        party = self._party(Role.CREDITOR if is_out else Role.DEBTOR)
        return Told(
            raw=self.raw,
            status=self._status(),
            status_place=self._place(Role.STATUS) or "the file",
            number=number,
            currency=self.currency or "XXX",
            money_place=place,
            booking=((self._place(Role.DATE), booked),),
            value=((self._place(Role.VALUE_DATE), value),),
            creditor=party if is_out else None,
            debtor=None if is_out else party,
            unstructured=texts,
            unstructured_place=", ".join(f"column {one + 1}" for one in self.texts),
            bank_ids={
                "transactionId": self.say(Role.ID),
                "endToEndId": self.say(Role.REFERENCE),
                "mandateId": self.say(Role.MANDATE),
                "creditorId": self.say(Role.CREDITOR_ID),
            },
            proprietary_code=self.say(Role.KIND),
            proprietary_place=self._place(Role.KIND),
            merchant_category_code=self.say(Role.CATEGORY_CODE),
            merchant_category_place=self._place(Role.CATEGORY_CODE),
            balance_after=self._balance(),
            balance_after_place=self._place(Role.BALANCE),
        )

    def _party(self, role: Role) -> Named:
        """The other side: a column of its own for each direction, or one for both."""
        named = role if self.say(role) else Role.PAYEE
        return Named(
            self._place(named),
            self.say(named),
            accounts.other_party(self.say(Role.PAYEE_ACCOUNT)),
            self.say(Role.PAYEE_BIC),
            self._place(Role.PAYEE_ACCOUNT),
        )

    def _place(self, role: Role) -> str:
        return f"column {self.places[role] + 1}" if role in self.places else ""

    def _day(self, role: Role) -> str | None:
        text = self.say(role)
        return days.day(text, self.profile.order, role.value).isoformat() if text else None

    def _number(self) -> tuple[Decimal, str]:
        """(signed from the holder's side, place)."""
        mark = self.profile.decimal
        if Role.AMOUNT in self.places:
            number = numbers.exact(self.say(Role.AMOUNT) or "", mark, "amount")
            if Role.INDICATOR in self.places:
                word = (self.say(Role.INDICATOR) or "").casefold().strip(" .")
                if word not in MONEY_IN and word not in MONEY_OUT:
                    raise BrokenRow("indicator says neither in nor out")
                number = abs(number) if word in MONEY_IN else -abs(number)
            return (-number if self.profile.inverted else number), self._place(Role.AMOUNT)
        found = []
        for role, sign in ((Role.DEBIT, -1), (Role.CREDIT, 1)):
            text = self.say(role)
            number = numbers.exact(text, mark, role.value) if text else Decimal(0)
            if number:
                found.append((sign * abs(number), self._place(role)))
        if len(found) != 1:
            raise BrokenRow("money out and money in are both there" if found else "amount is missing")
        return found[0]

    def _status(self) -> Status:
        word = (self.say(Role.STATUS) or "").casefold()
        return Status.PENDING if word in PENDING else Status.REJECTED if word in REJECTED else Status.BOOKED

    def _balance(self) -> Money | None:
        text = self.say(Role.BALANCE)
        if text is None:
            return None
        try:
            return Money(numbers.exact(text, self.profile.decimal, "balance"), self.currency or "XXX")
        except BrokenRow:
            return None
