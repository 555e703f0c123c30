"""What a file is, by what stands in it, and what it says. The name of a file is never asked."""

from dataclasses import dataclass, replace

from msgspec import structs

from providers.errors import ContractBroken
from providers.files import archive, camt, guess, mt940, ofx, qif, table
from providers.files.days import Order
from providers.files.decode import decoded
from providers.files.extract import Extract, Format, Read
from providers.files.profile import Profile
from providers.files.rows import must_be_few
from providers.model import Money, Transaction

MAX_BYTES = 32 * 1024 * 1024
_HEAD_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a file that does not say it: the profile of a CSV; the currency and the order of day and
    month of a QIF."""

    profile: Profile | None = None
    currency: str = ""
    order: Order | None = None


NOTHING_SAID = Said()
MAX_ACCOUNTS = 200
"""Of one file, which a person looks through one by one."""


def format_of(raw: bytes) -> Format:
    """The format of one file, CSV where it is none of the others. Raises ContractBroken for what is plainly no text."""
    head = raw.lstrip()[:_HEAD_BYTES]
    if not head:
        raise ContractBroken("The file is empty.")
    if camt.is_camt(head):
        return Format.CAMT
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise ContractBroken(f"The file is {what}. Ask the bank for camt.053, MT940, OFX or CSV.")
    text, _encoding = decoded(head)
    if ofx.is_ofx(text):
        return Format.OFX
    if mt940.is_mt940(text):
        return Format.MT940
    if qif.is_qif(text):
        return Format.QIF
    if text.startswith("<"):
        raise ContractBroken("The file is XML or HTML, but no statement that is read here.")
    return Format.CSV


_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def read(raw: bytes, said: Said = NOTHING_SAID) -> Read:
    """Everything in a file, or in a zip of files of one format. A CSV is read by ``said.profile``, or by the one that
    guess.look_at proposes. Raises ContractBroken.
    """
    if len(raw) > MAX_BYTES:
        raise ContractBroken("The file is larger than is read at once.")
    if not archive.is_archive(raw):
        return _in_currency(_one(raw, said), said.currency)
    found: Read | None = None
    rows = 0
    for held in archive.files(raw):
        if archive.is_archive(held):
            raise ContractBroken("The archive holds another archive (or an Excel sheet); unpack it first.")
        one = _one(held, said)
        if found is not None and one.format is not found.format:
            raise ContractBroken("The archive holds files of several formats; unpack it and choose one.")
        rows += sum(len(extract.transactions) + len(extract.rejected) for extract in one.extracts)
        must_be_few(rows, of="archive")
        found = one if found is None else _joined(found, one)
    if found is None:
        raise ContractBroken("The archive is empty.")
    return _in_currency(found, said.currency)


def _one(raw: bytes, said: Said) -> Read:
    match format_of(raw):
        case Format.CAMT:
            return camt.read(raw)
        case Format.OFX:
            return ofx.read(raw)
        case Format.MT940 | Format.MT942:
            return mt940.read(raw)
        case Format.QIF:
            return qif.read(raw, currency=said.currency, order=said.order)
        case Format.CSV:
            return table.read(raw, said.profile or guess.look_at(raw).profile)


def _joined(one: Read, other: Read) -> Read:
    warnings = tuple(dict.fromkeys((*one.warnings, *other.warnings)))
    return replace(one, extracts=(*one.extracts, *other.extracts), warnings=warnings)


def _in_currency(found: Read, currency: str) -> Read:
    """What names no currency is in the one that the person said."""
    if not currency:
        return found
    return replace(found, extracts=tuple(_meant(one, currency) for one in found.extracts))


def _meant(one: Extract, currency: str) -> Extract:
    if one.account.currency:
        return one
    rows = tuple(_row(row, currency) for row in one.transactions)
    balances = tuple(replace(balance, money=_money(balance.money, currency)) for balance in one.balances)
    account = replace(one.account, currency=currency, resource_id=f"{one.account.resource_id}{currency}")
    return replace(one, account=account, transactions=rows, balances=balances)


def _row(row: Transaction, currency: str) -> Transaction:
    after = None if row.balance_after is None else _money(row.balance_after, currency)
    return structs.replace(row, money=_money(row.money, currency), balance_after=after)


def _money(money: Money, currency: str) -> Money:
    return Money(money.number, currency) if money.currency == "XXX" else money


def by_account(found: Read) -> tuple[tuple[Extract, ...], ...]:
    """The extracts of each account, in the order of their days: a file may hold a month of daily statements. Raises
    ContractBroken for more accounts than anybody could look through."""
    groups: dict[object, list[Extract]] = {}
    for one in found.extracts:
        account = one.account
        key = (account.identifiers or (account.name, account.type), account.currency)
        groups.setdefault(key, []).append(one)
    if len(groups) > MAX_ACCOUNTS:
        raise ContractBroken(f"The file is of more than {MAX_ACCOUNTS} accounts; divide it.")
    return tuple(tuple(sorted(group, key=_first_day)) for group in groups.values())


def _first_day(one: Extract) -> tuple[bool, object]:
    return (one.days is None, one.days[0] if one.days else None)
