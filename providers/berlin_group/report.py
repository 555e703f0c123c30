"""An account report that is no JSON: camt.052, 053 or 054, MT940 or MT942, or a zip of reports. Pure.

psd2-api 1.3.11, getTransactionList: the report comes in the format that Accept asks for and the bank has. It is known
by what stands in it, since banks send camt as text/plain and JSON as XML. The readers are those for files
(providers.files); the rows are the bank's all the same, and its rules read them, except those about signs: here the
direction of every amount is told.
"""

from collections.abc import Iterator, Mapping
from datetime import tzinfo

from msgspec import structs

from providers.errors import ContractBroken
from providers.files import archive, camt, mt940
from providers.files.decode import decoded
from providers.files.extract import Format
from providers.files.rows import read_row
from providers.model import Account, Page, Scheme, Status, Transaction
from providers.rules.engine import Engine
from providers.rules.profile import Amounts, Rules

_HEAD_BYTES = 8192
_ADVICE = b"camt.054"
_IN_CURRENCY = "61/5, in "  # in the provenance of an amount whose entry does not say its currency


def unpacked(body: bytes) -> Iterator[bytes]:
    """The reports in a zip; the body itself where it is none. Raises ContractBroken."""
    if not archive.is_archive(body):
        yield body
        return
    held = list(archive.files(body))
    if not held:
        raise ContractBroken("an archive without a report")
    if any(archive.is_archive(one) for one in held):
        raise ContractBroken("an archive in an archive")
    whole = [one for one in held if _ADVICE not in one[:_HEAD_BYTES]]
    yield from whole or held  # an advice (054) tells more of an entry that the statement beside it books


def is_report(body: bytes) -> bool:
    """Whether this is one of the formats that are read here."""
    head = body.lstrip()[:_HEAD_BYTES]
    if head.startswith((b"{", b"[")):
        return False
    return camt.is_camt(head) or mt940.is_mt940(decoded(head)[0])


def read(body: bytes, *, account: Account | None, rules: Rules, zone: tzinfo) -> Page:
    """Raises ContractBroken, also for a report about another account than ``account``."""
    engine = _engine(account, rules, zone)
    found = (camt if camt.is_camt(body.lstrip()[:_HEAD_BYTES]) else mt940).read(body, engine)
    for one in found.extracts:
        if account is not None and _is_another(one.account, account):
            raise ContractBroken("the report is about another account", raw=body)
    rows = tuple(_with_currency(row, found.format, engine) for one in found.extracts for row in one.transactions)
    return Page(rows, None, tuple(row for one in found.extracts for row in one.rejected))


def _is_another(told: Account, asked: Account) -> bool:
    theirs, ours = (
        {one.value for one in account.identifiers if one.scheme is Scheme.IBAN} for account in (told, asked)
    )
    return bool(theirs and ours) and theirs.isdisjoint(ours)


def _with_currency(row: Transaction, kind: Format, engine: Engine) -> Transaction:
    """An entry of MT940 is in the currency of its message, which is not kept with it."""
    if kind is Format.CAMT or row.money.currency == engine.currency:
        return row
    return structs.replace(row, provenance={**row.provenance, "money": f"{_IN_CURRENCY}{row.money.currency}"})


def is_row(raw: bytes) -> bool:
    """Whether a row that was kept came in one of these formats."""
    return raw.startswith((b"<", b":61:"))


def reread(
    raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str], rules: Rules, zone: tzinfo
) -> Transaction:
    """One row that was kept. Raises BrokenRow and ContractBroken."""
    engine = _engine(account, rules, zone)
    if raw.startswith(b"<"):
        return read_row(engine, camt.told(raw, status))
    place = trace.get("money", "")
    currency = place.removeprefix(_IN_CURRENCY) if place.startswith(_IN_CURRENCY) else account.currency
    row = read_row(engine, mt940.told(raw, currency, status))
    return _with_currency(row, Format.MT940, engine)


def _engine(account: Account | None, rules: Rules, zone: tzinfo) -> Engine:
    return Engine(structs.replace(rules, amounts=Amounts()), account, zone=zone)
