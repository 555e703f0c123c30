"""One entry of an MT940: field 61 and the field 86 that explains it, in neutral words. SWIFT User Handbook, Category 9;
DFÜ-Abkommen Anlage 3, 8.2 for the German subfields of field 86.
"""

import calendar
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from providers.files import accounts, mt_text
from providers.model import Status
from providers.rows import BrokenRow
from providers.rules.told import Named, Told

# value date, entry date, mark, funds code (third letter of the currency), amount, type, reference, bank's reference
_ENTRY = re.compile(
    r"(?P<value>[0-9]{6})(?P<entry>[0-9]{4})?[ ]?(?P<mark>R?[CD]|E[CD])(?P<funds>[A-Z])?"
    r"(?P<whole>[0-9]{1,15})(?:[,.](?P<part>[0-9]{0,18}))?(?![ ]?[0-9]|[.,])"
    r"(?P<type>[NFS][A-Z0-9 ]{3})?(?P<rest>.{0,200})",
    re.ASCII | re.DOTALL,
)
_MONEY_IN = {"C": True, "D": False, "RC": False, "RD": True, "EC": True, "ED": False}
_NO_REFERENCE = frozenset({"NONREF", "NOREF", "NREF", "EREF", "EREF+", "KREF", "KREF+", "NICHT ANGEGEBEN"})
# ``166?00GUTSCHRIFT?20...`` German, with ? or another sign that no text needs
_SUBFIELDS = re.compile(r"\s*([0-9]{3})([?>~^+@§$&=*])(?=[0-9]{2})")
_PURPOSE = (*range(20, 30), *range(60, 64))
_TAG = re.compile(r"(?:EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|COAM|OAMT)[+:]")
_NAME_ROOM = 27  # a subfield's; a name that fills it goes on in the next one without a space
_LONGEST_TEXT = 8_000


def told(line: str, texts: Sequence[str], raw: bytes, *, currency: str, status: Status) -> Told:
    """Raises BrokenRow for an entry without a sound date, direction or amount."""
    found = _ENTRY.match(line) or _ENTRY.match(line.replace("\n", "", 1))
    if found is None:
        raise BrokenRow("field 61 is not an entry")
    value = day(found["value"])
    booked = _entry_day(found["entry"], value) if found["entry"] else value
    is_in = _MONEY_IN[found["mark"]]
    number = Decimal(f"{found['whole']}.{found['part'] or 0}")
    customer, bank, more = _references(found["rest"])
    row = Told(
        raw=raw,
        status=status,
        status_place="the kind of message",
        number=number,
        direction=1 if is_in else -1,
        currency=currency,
        money_place="61/5",
        booking=(("61/2" if found["entry"] else "61/1", booked.isoformat()),),
        value=(("61/1", value.isoformat()),),
        bank_ids={"accountServicerReference": bank, "transactionReference": customer},
        is_reversal=found["mark"].startswith("R"),
        proprietary_code=(found["type"] or "").strip() or None,
        proprietary_place="61/6",
    )
    text = "\n".join(texts)[:_LONGEST_TEXT]
    if structured := _SUBFIELDS.match(text):
        _tell_subfields(row, text[structured.end() - 1 :], structured[2], structured[1], is_in=is_in)
    else:
        _tell_text(row, mt_text.read(text), is_in=is_in)
    if row.creditor is None and row.debtor is None and accounts.is_iban(more):  # Rabobank's place for it
        party = Named("61/9", account=accounts.other_party(more), account_place="61/9")
        row.debtor, row.creditor, more = (party, None, "") if is_in else (None, party, "")
    row.additional = row.additional or more or None
    row.additional_place = row.additional_place or "61/9"
    return row


def _tell_text(row: Told, said: mt_text.Said, *, is_in: bool) -> None:
    row.unstructured, row.unstructured_place = said.lines, "86"
    for name, value in said.ids.items():
        row.bank_ids[name] = row.bank_ids.get(name) or value
    if said.name or said.account:
        party = Named("86", said.name, said.account, said.bic, "86")
        row.debtor, row.creditor = (party, None) if is_in else (None, party)


def day(text: str) -> date:
    """YYMMDD. Banks that count interest by months of thirty days write the 30th of February: its last day is meant."""
    year, month, number = int(text[:2]), int(text[2:4]), int(text[4:6])
    year += 1900 if year >= 80 else 2000
    if not 1 <= month <= 12 or not 1 <= number <= 31:
        raise BrokenRow("field 61 holds a day that no calendar has")
    return date(year, month, min(number, calendar.monthrange(year, month)[1]))


def _entry_day(text: str, value: date) -> date:
    """MMDD without a year: the one that is nearest to the value date."""
    candidates = []
    for year in (value.year - 1, value.year, value.year + 1):
        candidates.append(day(f"{year % 100:02d}{text}"))
    return min(candidates, key=lambda one: abs(one - value))


def _references(rest: str) -> tuple[str | None, str | None, str]:
    """(the customer's, the bank's, what stands on the next line)."""
    first, _, more = rest.partition("\n")
    customer, _, bank = first.partition("//")
    return _reference(customer), _reference(bank), " ".join(more.split())


def _reference(text: str) -> str | None:
    plain = text.strip()
    return None if plain.upper() in _NO_REFERENCE or len(plain) < 2 else plain


def _tell_subfields(row: Told, text: str, sign: str, code: str, *, is_in: bool) -> None:
    """``text`` begins with the sign. A line may break anywhere, also within a subfield's number."""
    values: dict[int, str] = {}
    pieces = re.split(re.escape(sign) + r"(?=[0-9]{2})", text.replace("\n", ""))
    for piece in pieces[1:]:
        number = int(piece[:2])
        values[number] = values.get(number, "") + piece[2:]
    row.unstructured, row.unstructured_place = _purpose(values), "86/20-29,60-63"
    row.proprietary_code, row.proprietary_place = code, "86"
    row.additional, row.additional_place = (values.get(0) or "").strip() or None, "86/00"
    name = "".join(values.get(number, "").ljust(_NAME_ROOM) for number in (32, 33)).strip()
    at = (values.get(31) or "").strip() or (values.get(38) or "").strip()
    bank = (values.get(30) or "").strip()
    account = accounts.other_party(f"{bank}/{at}" if bank.isdigit() and at and not at[:2].isalpha() else at)
    if name or account:
        party = Named("86/32", " ".join(name.split()) or None, account, bank if _is_bic(bank) else None, "86/31")
        row.debtor, row.creditor = (party, None) if is_in else (None, party)


def _purpose(values: dict[int, str]) -> list[str]:
    """The purpose subfields. With SEPA keywords they are one text cut into pieces; without, each is a line."""
    parts = [values[number] for number in _PURPOSE if number in values]
    whole = "".join(parts)
    return [whole] if _TAG.search(whole) else [part.strip() for part in parts]


def _is_bic(text: str) -> bool:
    return len(text) in (8, 11) and text.isalnum() and text[:6].isalpha()
