"""A profile for a CSV file, proposed by looking at it: the person confirms or corrects it."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from providers.amount import is_currency
from providers.errors import ContractBroken
from providers.files import accounts, days, numbers
from providers.files.decode import decoded
from providers.files.names import MONEY_IN, MONEY_OUT, known
from providers.files.profile import MAX_COLUMNS, Profile, Role

LOOKED_AT = 200  # rows
MOST_LINES = 1000
_LONGEST_ROW = 20  # lines
_NEAR = 4  # rows from a header on
_DELIMITERS = (";", ",", "\t", "|")


@dataclass(frozen=True, slots=True)
class Guess:
    """``confidence``: 0 to 1, the share of rows that the profile reads, less for each thing that could be otherwise.

    ``header`` are the names of the columns, or "Column 1" and so on; ``sample`` the first rows as they stand.
    ``doubts`` are sentences for the person.
    """

    profile: Profile
    confidence: float
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    doubts: tuple[str, ...] = ()


def look_at(raw: bytes) -> Guess:
    """Raises ContractBroken where nothing like a table is found."""
    text, encoding = decoded(raw)
    lines = _lines(text)
    delimiter, rows = _table(lines)
    start, has_header = _start(rows)
    width = max(len(row) for row in rows[start:])
    names = [cell.strip() for cell in rows[start]] if has_header else []
    data = [row for row in rows[start + has_header :] if len(row) * 2 > width and sum(map(bool, row)) > 1][:LOOKED_AT]
    if not data:
        raise ContractBroken("The file has a header and no rows.")
    cells = [_column(data, place) for place in range(min(width, MAX_COLUMNS))]
    columns, doubts = _columns(names, cells)
    order, order_doubt = _order(columns, cells)
    decimal, decimal_doubt = _decimal(columns, cells)
    doubts += [one for one in (order_doubt, decimal_doubt) if one]
    profile = Profile(
        columns=columns,
        delimiter=delimiter,
        encoding=encoding,
        decimal=decimal,
        order=order,
        skip_lines=sum(line.count("\n") + 1 for line in lines[:start]),
        has_header=has_header,
        currency=_currency(columns, names),
    )
    if profile.faults:
        raise ContractBroken("The file is a table without days and amounts that can be read.")
    return Guess(
        profile,
        round(_share(profile, cells) * 0.8 ** len(doubts), 2),
        header_of(profile, rows),
        tuple(tuple(row) for row in data[:8]),
        tuple(doubts),
    )


def _column(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place].strip(" \t'") if place < len(row) else "" for row in rows]


def header_of(profile: Profile, rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    width = min(max((len(row) for row in rows[profile.skip_lines :]), default=0), MAX_COLUMNS)
    names = rows[profile.skip_lines] if profile.has_header and profile.skip_lines < len(rows) else ()
    given = [names[place].strip() if place < len(names) else "" for place in range(width)]
    return tuple(name or f"Column {place + 1}" for place, name in enumerate(given))


def split(text: str, delimiter: str) -> list[list[str]]:
    """The first rows: to look at, not to read."""
    return [_cells(line, delimiter) for line in _lines(text)]


def _lines(text: str) -> list[str]:
    """The first rows of the file, each with its own line breaks. A quotation mark that is not closed soon is one that
    was never meant to be."""
    found: list[str] = []
    held: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES)[:MOST_LINES]:
        held.append(line)
        if sum(part.count('"') for part in held) % 2 == 0:
            found.append("\n".join(held))
            held = []
        elif len(held) > _LONGEST_ROW:
            found += held
            held = []
    return (found + held)[: LOOKED_AT + 60]


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line[:8192]], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def _table(lines: Sequence[str]) -> tuple[str, list[list[str]]]:
    """(delimiter, rows): the delimiter that makes the most rows of one width, and the widest."""
    best: tuple[int, str, list[list[str]]] = (0, "", [])
    for delimiter in _DELIMITERS:
        rows = [_cells(line, delimiter) for line in lines]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, count = max(widths.items(), key=_weight)
        if count >= 2 and count * min(width, 12) > best[0]:
            best = count * min(width, 12), delimiter, rows
    if not best[1]:
        raise ContractBroken("The file is no format that is read here, and no table of rows and columns either.")
    return best[1], best[2]


def _holds_rows(rows: Sequence[Sequence[str]]) -> bool:
    """Whether one of them has a day and a number: what stands before the table has not both."""
    return any(any(map(_is_day, row)) and any(map(_is_number, row)) for row in rows)


def _weight(counted: tuple[int, int]) -> tuple[int, int]:
    """Of (width, how many rows have it): a few wide rows are the table, many narrow ones what stands around it."""
    width, count = counted
    return count * min(width, 12), width


def _start(rows: Sequence[Sequence[str]]) -> tuple[int, bool]:
    """(place of the header or of the first row, whether it is a header)."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    usual = max(widths.items(), key=_weight)[0]
    for place, row in enumerate(rows):
        if len(row) < max(2, usual - 1) or not _holds_rows(rows[place : place + _NEAR]):
            continue
        if any(_is_day(cell) for cell in row) and any(_is_number(cell) for cell in row):
            return place, False
        named = sum(1 for cell in row if known(cell))
        filled = sum(1 for cell in row if cell.strip())
        if named >= 2 or (filled >= max(2, usual // 2) and not any(_is_number(cell) for cell in row)):
            return place, True
    raise ContractBroken("The file is a table without days and amounts.")


def _columns(names: Sequence[str], cells: Sequence[Sequence[str]]) -> tuple[dict[int, Role], list[str]]:
    """Roles by name where what stands below agrees; then by what stands there."""
    found: dict[int, Role] = {}
    doubts: list[str] = []
    called = [
        (not any(cells[place]), rank, place, role)
        for place, name in enumerate(names[: len(cells)])
        for role, rank in known(name)
    ]
    for _is_empty, _rank, place, role in sorted(called):
        if place not in found and _agrees(role, cells[place]) and (role is Role.TEXT or role not in found.values()):
            found[place] = role
    taken = set(found.values())
    if not taken & {Role.DATE, Role.VALUE_DATE}:
        _first(found, Role.DATE, cells, _is_day)
        doubts.append("No column is called a date; the first that holds days was taken.")
    if Role.DATE not in found.values() and Role.VALUE_DATE in found.values():
        _first(found, Role.DATE, cells, _is_day)
    if {Role.DEBIT, Role.CREDIT} <= set(found.values()):
        found = {place: role for place, role in found.items() if role not in {Role.AMOUNT, Role.INDICATOR}}
    elif Role.AMOUNT in found.values():
        found = {place: role for place, role in found.items() if role not in {Role.DEBIT, Role.CREDIT}}
    elif not set(found.values()) & {Role.DEBIT, Role.CREDIT}:
        _first(found, Role.AMOUNT, cells, _is_number)
        doubts.append("No column is called an amount; the first that holds numbers was taken.")
    if Role.AMOUNT in found.values() and Role.INDICATOR not in found.values():
        _find_indicator(found, cells)
    if not set(found.values()) & {Role.TEXT, Role.PAYEE, Role.CREDITOR}:
        longest = max(
            (place for place in range(len(cells)) if place not in found),
            key=lambda place: sum(map(len, cells[place])),
            default=None,
        )
        if longest is not None:
            found[longest] = Role.TEXT
    return dict(sorted(found.items())), doubts


def _find_indicator(found: dict[int, Role], cells: Sequence[Sequence[str]]) -> None:
    """Where no amount has a sign, the column that says in or out, whatever it is called."""
    amounts = [cell for place, role in found.items() if role is Role.AMOUNT for cell in cells[place] if cell]
    if any(sign in cell for cell in amounts for sign in "-\u2212("):
        return
    for place, column in enumerate(cells):
        words = {cell.casefold() for cell in column if cell}
        if words & MONEY_IN and words & MONEY_OUT and words <= MONEY_IN | MONEY_OUT:
            found[place] = Role.INDICATOR
            return


def _first(found: dict[int, Role], role: Role, cells: Sequence[Sequence[str]], fits: Callable[[str], bool]) -> None:
    """The first free column in which every cell that says something fits."""
    for place, column in enumerate(cells):
        filled = [cell for cell in column if cell]
        if place not in found and filled and all(fits(cell) for cell in filled):
            found[place] = role
            return


def _agrees(role: Role, column: Sequence[str]) -> bool:
    """Whether most of what stands in the column can be that."""
    filled = [cell for cell in column if cell]
    if not filled:
        return role not in {Role.DATE, Role.AMOUNT}
    match role:
        case Role.DATE | Role.VALUE_DATE:
            return _most((_is_day(cell) for cell in filled), of_ten=6)  # "offen" and "--" while it is pending
        case Role.AMOUNT | Role.DEBIT | Role.CREDIT | Role.BALANCE:
            return _most(_is_number(cell) for cell in filled)
        case Role.CURRENCY:
            return _most(is_currency(cell.upper()) for cell in filled)
        case Role.INDICATOR:
            return _most(cell.casefold() in MONEY_IN | MONEY_OUT for cell in filled)
        case Role.ACCOUNT:
            return len(set(filled)) <= max(3, len(filled) // 4) and _most(any(map(str.isdigit, one)) for one in filled)
        case Role.PAYEE_ACCOUNT:
            return _most(_is_account(cell) for cell in filled)
        case Role.PAYEE | Role.DEBTOR | Role.CREDITOR:
            return not _most(_is_account(cell) for cell in filled)
        case Role.ID:
            return len(set(filled)) == len(filled)
        case Role.CATEGORY_CODE:
            return _most(len(cell) == 4 and cell.isdigit() for cell in filled)
        case _:
            return True


def _most(given: Iterable[bool], of_ten: int = 8) -> bool:
    answers = list(given)
    return sum(answers) * 10 >= len(answers) * of_ten


def _is_account(cell: str) -> bool:
    plain = "".join(cell.split())
    return accounts.is_iban(plain) or (len(plain) >= 5 and sum(map(str.isdigit, plain)) * 2 > len(plain))


def _is_day(cell: str) -> bool:
    return any(days.is_day(cell, order) for order in days.ORDERS)


def _is_number(cell: str) -> bool:
    return len(cell) <= 30 and (numbers.is_amount(cell, ",") or numbers.is_amount(cell, "."))


def _filled(columns: Mapping[int, Role], cells: Sequence[Sequence[str]], *roles: Role) -> list[str]:
    return [cell for place, role in columns.items() if role in roles for cell in cells[place] if cell]


def _order(columns: Mapping[int, Role], cells: Sequence[Sequence[str]]) -> tuple[days.Order, str]:
    given = _filled(columns, cells, Role.DATE, Role.VALUE_DATE)
    readable = [cell for cell in given if _is_day(cell)]
    orders = days.orders_of(readable)
    if len(orders) == 1:
        return orders[0], ""
    return (orders[0] if orders else "dmy"), "Days can be read in two ways: look whether day and month are right below."


def _decimal(columns: Mapping[int, Role], cells: Sequence[Sequence[str]]) -> tuple[numbers.Mark, str]:
    given = _filled(columns, cells, Role.AMOUNT, Role.DEBIT, Role.CREDIT, Role.BALANCE)
    mark = numbers.mark_of(given)
    if mark is not None:
        return mark, ""
    grouped = any("," in cell or "." in cell for cell in given)
    return ".", "Amounts can be read in two ways: look whether they are right below." if grouped else ""


def _currency(columns: Mapping[int, Role], names: Sequence[str]) -> str:
    """The one in the name of the amount's column ("Betrag (EUR)", "Amount in €"), where no column holds it."""
    for place, role in columns.items():
        if role in {Role.AMOUNT, Role.DEBIT, Role.CREDIT} and place < len(names):
            codes = [str(word) for word in re.findall(r"[A-Z]{3}", names[place]) if word in _KNOWN]
            codes += [code for sign, code in _SIGNS.items() if sign in names[place]]
            if codes:
                return codes[0]
    return ""


_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD"}
_KNOWN = {
    *("AUD", "BGN", "BRL", "CAD", "CHF", "CZK", "DKK", "EUR", "GBP", "HUF"),
    *("ISK", "JPY", "NOK", "NZD", "PLN", "RON", "SEK", "TRY", "UAH", "USD"),
}


def _share(profile: Profile, cells: Sequence[Sequence[str]]) -> float:
    """How many of the rows looked at have a day and an amount under the profile."""
    count = len(cells[0])
    dates = [place for place, role in profile.columns.items() if role in {Role.DATE, Role.VALUE_DATE}]
    amounts = [place for place, role in profile.columns.items() if role in {Role.AMOUNT, Role.DEBIT, Role.CREDIT}]
    good = sum(
        any(days.is_day(cells[place][row], profile.order) for place in dates)
        and any(numbers.is_amount(cells[place][row], profile.decimal) for place in amounts)
        for row in range(count)
    )
    return good / count
