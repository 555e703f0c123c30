"""OFX 1.0 to 2.3 (Open Financial Exchange; also QFX and QBO): bank, card and loan statements. OFX 2.3, 11.3 and 11.4.

Values that the standard does not know (a kind of transaction, a date with a strange zone) cost at most their own row:
banks invent them.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from providers import text as texts
from providers.amount import exact_text, is_currency
from providers.errors import ContractBroken
from providers.files import accounts, ofx_tree
from providers.files.decode import decoded
from providers.files.extract import Extract, Format, Read
from providers.files.ofx_tree import Node
from providers.files.rows import Taken, must_be_few, must_be_few_statements
from providers.identify import identifier
from providers.model import Account, AccountType, Balance, BalanceType, Exchange, Identifier, Money, Scheme, Status
from providers.rows import BrokenRow
from providers.rules.engine import Engine
from providers.rules.told import Named, Told

_HEADER = re.compile(r"(?m)^\s*(ENCODING|CHARSET|VERSION)\s*:\s*([A-Za-z0-9-]{1,20})", re.ASCII)
_HEADER_XML = re.compile(r"<\?OFX\s[^>]{0,300}?VERSION=[\"']([0-9]{3})", re.IGNORECASE)
_CHARSETS = {"1252": "cp1252", "ISO-8859-1": "iso-8859-1", "8859-1": "iso-8859-1", "ISO-8859-15": "iso-8859-15"}
_MOMENT = re.compile(
    r"(?P<day>[0-9]{8})(?P<time>[0-9]{4,6})?(?:\.[0-9]{1,6})?(?:\[(?P<zone>[+-]?[0-9]{1,2}(?:\.[0-9]{1,2})?)[^\]]{0,20}\]?)?",
    re.ASCII,
)
_ACCOUNT_TYPES = {
    "CHECKING": AccountType.CURRENT,
    "SAVINGS": AccountType.SAVINGS,
    "MONEYMRKT": AccountType.SAVINGS,
    "CD": AccountType.SAVINGS,
    "CREDITLINE": AccountType.LOAN,
}
_STATEMENTS = {"STMTRS": AccountType.OTHER, "CCSTMTRS": AccountType.CARD, "LOANSTMTRS": AccountType.LOAN}
_ROWS = ("STMTTRN", "STMTTRNP")
_CATEGORY = re.compile(r"[0-9]{4}", re.ASCII)


def is_ofx(head: str) -> bool:
    return re.search(r"OFXHEADER\s*[:=]|<OFX>", head, re.IGNORECASE) is not None


def read(raw: bytes) -> Read:
    """Raises ContractBroken where there is no statement, or only the bank's word that it failed."""
    header = dict(_HEADER.findall(raw[:2000].decode("ascii", "replace")))
    charset = _CHARSETS.get(header.get("CHARSET", "").upper())
    text, _encoding = decoded(raw, (charset,) if charset else ())
    root = ofx_tree.read(text)
    statements = root.anywhere(*_STATEMENTS)
    must_be_few_statements(len(statements))
    must_be_few(len(root.anywhere(*_ROWS)))  # of all statements together
    if not statements:
        codes = {one.text for one in root.anywhere("CODE")} - {"0"}
        why = "The file is OFX without a statement."
        if codes:
            why = "The bank wrote an error into the file instead of a statement."
        if root.anywhere("INVSTMTRS"):
            why = "The file is an investment statement, which is not read."
        raise ContractBroken(why)
    found = _HEADER_XML.search(text[:2000])
    version = found[1] if found else header.get("VERSION", "")
    return Read(Format.OFX, version, tuple(_extract(one, text) for one in statements))


def _extract(statement: Node, text: str) -> Extract:
    currency = (statement.say("CURDEF") or "").upper()
    currency = currency if is_currency(currency) else ""
    account = _account(statement, currency)
    taken, engine = Taken(), Engine(account=account)
    lists = [*statement.all("BANKTRANLIST"), *statement.all("BANKTRANLISTP")]
    for one in (child for held in lists for child in held.children if child.name in _ROWS):
        raw = text[one.start : one.end].strip().encode()
        taken.take(engine, raw, lambda one=one, raw=raw: _told(one, raw, currency or "XXX"))  # type: ignore[misc]
    first, last = (_day_or_none(statement.say("BANKTRANLIST", name)) for name in ("DTSTART", "DTEND"))
    _take_balances(statement, currency, taken)
    return Extract(
        account=account,
        transactions=tuple(taken.transactions),
        rejected=tuple(taken.rejected),
        balances=tuple(taken.balances),
        period=(first, last) if first and last and first <= last else None,
    )


def _account(statement: Node, currency: str) -> Account:
    holders = (statement.all(name) for name in ("BANKACCTFROM", "CCACCTFROM", "LOANACCTFROM"))
    given = next((one for found in holders for one in found), None)
    number = (given.say("ACCTID") if given else None) or statement.say("ACCTID") or ""
    kind = _STATEMENTS[statement.name]
    identifiers, _ = accounts.named(number)
    if given is not None and identifiers and identifiers[0].scheme is not Scheme.IBAN:
        if kind is AccountType.CARD:
            identifiers = (identifier(Scheme.MASKED_PAN, number),)
        else:
            parts = (given.say("BANKID"), given.say("BRANCHID"), number)
            identifiers = (
                Identifier(
                    Scheme.BBAN, "/".join("".join((texts.clean(part) or "").split()) for part in parts if part)[:60]
                ),
            )
    if kind is AccountType.OTHER:
        kind = _ACCOUNT_TYPES.get((given.say("ACCTTYPE") if given else None) or "", AccountType.CURRENT)
    return Account(
        resource_id=f"{identifiers[0].value if identifiers else ''}:{currency}",
        currency=currency,
        type=kind,
        identifiers=identifiers,
    )


def told(raw: bytes, currency: str) -> Told:
    """A row that was kept. Raises BrokenRow."""
    rows = ofx_tree.read(raw.decode("utf-8", "replace")).anywhere(*_ROWS)
    if len(rows) != 1:
        raise BrokenRow("it is not one STMTTRN")
    return _told(rows[0], raw, currency)


def _told(row: Node, raw: bytes, currency: str) -> Told:
    number = exact_text((row.say("TRNAMT") or "").replace(" ", ""), "TRNAMT")
    stated = (row.say("CURRENCY", "CURSYM") or "").upper()
    name = row.say("NAME") or row.say("PAYEE", "NAME") or row.say("EXTDNAME")
    other = next(iter([*row.all("BANKACCTTO"), *row.all("CCACCTTO")]), None)
    account = accounts.other_party(other.say("ACCTID")) if other else None
    party = Named("NAME", name, account, account_place="BANKACCTTO")
    posted = _day(row.say("DTPOSTED"), "DTPOSTED")
    is_pending = row.name == "STMTTRNP"
    value, done = _day_or_none(row.say("DTAVAIL")), row.say("DTUSER") or row.say("DTTRAN")
    category = row.say("SIC")
    return Told(
        raw=raw,
        status=Status.PENDING if is_pending else Status.BOOKED,
        status_place="the list that holds the row",
        number=number,
        currency=stated if is_currency(stated) else currency,
        money_place="TRNAMT",
        booking=() if is_pending else (("DTPOSTED", posted.isoformat()),),
        value=(("DTAVAIL", value.isoformat() if value else None),),
        moment=(("DTUSER", _moment(done)),),
        creditor=party if number < 0 else None,
        debtor=party if number >= 0 else None,
        unstructured=[row.say("MEMO")],
        unstructured_place="MEMO",
        bank_ids={
            "transactionId": row.say("FITID"),
            "checkId": row.say("CHECKNUM"),
            "transactionReference": row.say("REFNUM"),
        },
        proprietary_code=row.say("TRNTYPE"),
        proprietary_place="TRNTYPE",
        merchant_category_code=category if category and _CATEGORY.fullmatch(category) else None,
        merchant_category_place="SIC",
        exchange=_exchange(row),
    )


def _exchange(row: Node) -> Exchange | None:
    """ORIGCURRENCY: the amount was converted from that currency; the rate is CURDEF for one of it (OFX 5.2)."""
    original = (row.say("ORIGCURRENCY", "CURSYM") or "").upper()
    if not is_currency(original):
        return None
    try:
        rate: Decimal | None = exact_text(row.say("ORIGCURRENCY", "CURRATE") or "", "CURRATE")
    except BrokenRow:
        rate = None
    return Exchange(source_currency=original, unit_currency=original, rate=rate)


def _day(text: str | None, field: str) -> date:
    """The day as it is written, whatever zone follows: it is the bank's."""
    found = _MOMENT.match((text or "").replace("-", "") if text and text[4:5] == "-" else text or "")
    if found is None:
        raise BrokenRow(f"{field} is not a date")
    try:
        return datetime.strptime(found["day"], "%Y%m%d").date()  # noqa: DTZ007  # a calendar day has no zone
    except ValueError:
        raise BrokenRow(f"{field} is not a day of the calendar") from None


def _day_or_none(text: str | None) -> date | None:
    try:
        return _day(text, "")
    except BrokenRow:
        return None


def _moment(text: str | None) -> str | None:
    """An ISO moment where a time is given; midnight and noon are what banks write for a bare day."""
    found = _MOMENT.match(text or "")
    if found is None or found["time"] is None or found["time"].ljust(6, "0") in {"000000", "120000"}:
        return None
    day, time = found["day"], found["time"].ljust(6, "0")
    zone = _offset(found["zone"])
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}{zone}"


def _offset(zone: str | None) -> str:
    """``-5``, ``5.5`` or ``-3.30`` hours: a fraction, or minutes where it has two digits (OFX 3.2.8.2)."""
    if zone is None:
        return "Z"
    hours, _, part = zone.lstrip("+-").partition(".")
    minutes = 0 if not part else int(part) if len(part) == 2 and int(part) < 60 else int(float(f"0.{part}") * 60)
    return f"{'-' if zone.startswith('-') else '+'}{int(hours):02d}:{minutes:02d}"


def _take_balances(statement: Node, currency: str, taken: Taken) -> None:
    for name, kind in (("LEDGERBAL", BalanceType.CLOSING_BOOKED), ("AVAILBAL", BalanceType.INTERIM_AVAILABLE)):
        for one in statement.all(name)[:1]:
            on = _day_or_none(one.say("DTASOF"))
            as_of = datetime(on.year, on.month, on.day, tzinfo=UTC) if on else None
            try:
                number = exact_text((one.say("BALAMT") or "").replace(" ", ""), f"{name}/BALAMT")
                taken.keep(Balance(kind, Money(number, currency or "XXX"), as_of, source_label=name))
            except BrokenRow as error:
                taken.reject(str(error), b"")
