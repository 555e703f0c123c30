"""What is kept of a file's row suffices: read again it is the row that it was."""

import json
import re
from functools import partial

import msgspec
import pytest

from providers.errors import ContractBroken
from providers.files.extract import Format
from providers.files.kept import NOT_KEPT, KeptRows
from providers.files.profile import Profile, Role
from providers.files.read import Said, read
from providers.files.reading import NEEDS_NOTHING, Reading
from providers.model import Account, AccountType, Status
from providers.rows import BrokenRow
from tests.providers.files import test_camt, test_mt940, test_ofx, test_qif
from tests.providers.files.exports import EXPORTS
from tests.providers.files.specs import SPECS

UMLAUT = test_camt.entry(test_camt.payment("<RmtInf><Ustrd>Bäckerei &amp; Söhne</Ustrd></RmtInf>"))
DECLARED = '<?xml version="1.0" encoding="{}"?>'
MADE = {
    "camt": test_camt.statement(test_camt.entry(), UMLAUT),
    "camt.052": test_camt.statement(test_camt.entry()).replace(b"Stmt>", b"Rpt>"),
    "camt with a prefix": re.sub(rb"<(/?)(?=\w)", rb"<\1n:", test_camt.statement(UMLAUT)).replace(b"xmlns", b"xmlns:n"),
    "mt940": test_mt940.statement(
        *(":61:240315D12,50NTRFNONREF//B1\nmore", ":86:166?00KAUF?20EREF+77?32Shop"),
        *(":61:240316C1,NMSC", ":86:plain\nwords"),
    ),
    "ofx 1": test_ofx.sgml(f"<STMTTRN>{test_ofx.ROW}</STMTTRN><STMTTRN>{test_ofx.ROW}"),
    "ofx 2": test_ofx.sgml(f"<STMTTRN>{test_ofx.closed(test_ofx.ROW)}</STMTTRN>"),
    "ofx pending": test_ofx.sgml("", more=f"<BANKTRANLISTP><STMTTRNP>{test_ofx.ROW}</STMTTRNP></BANKTRANLISTP>"),
    "qif": test_qif.BANK.encode(),
    "qif of a country with a comma": b"!Type:Bank\nD03/04/24\nT-1.012,50\nPShop\n^\nD13/04/24\nT-1,50\n^\n",
    **{name: export.raw for name, export in EXPORTS.items()},
}
for codec in ("utf-16", "iso-8859-1"):
    body = test_camt.statement(UMLAUT).decode()
    MADE[f"camt in {codec}"] = (DECLARED.format(codec) + body[body.index("<Document") :]).encode(codec)


def samples() -> list[object]:
    found: list[object] = [pytest.param(raw, id=name) for name, raw in MADE.items()]
    paths = [
        path for path in sorted(SPECS.rglob("*")) if path.suffix.lower() in {".sta", ".xml", ".ofx", ".qif", ".csv"}
    ]
    return found + [pytest.param(path.read_bytes(), id=path.name) for path in paths]


@pytest.mark.parametrize("raw", samples())
def test_a_row_that_is_read_again_is_the_row_that_it_was(raw: bytes) -> None:
    try:
        found = read(raw, Said(currency="EUR"))
    except ContractBroken as error:
        pytest.skip(f"no statement: {error}")
    assert raw not in MADE.values() or any(one.transactions for one in found.extracts)
    for one in found.extracts:
        kept = Reading.of(json.loads(json.dumps(one.reading.builtins())))
        assert kept.digest == one.reading.digest
        again = partial(KeptRows(found.format, kept).reread, account=one.account, trace={})
        assert [again(row.raw, row.status) for row in one.transactions] == list(one.transactions)


@pytest.mark.parametrize("raw", [b"", b"<Ntry>", b"\xff\xfe", b"^", b":61:", b'"', b";;;\n;;;"])
@pytest.mark.parametrize("kind", Format)
def test_what_is_no_row_is_a_broken_one(kind: Format, raw: bytes) -> None:
    reading = Reading(profile=Profile(columns={0: Role.DATE, 1: Role.AMOUNT}), order="dmy", mark=",")
    with pytest.raises(BrokenRow):
        KeptRows(kind, reading).reread(raw, Status.BOOKED, Account("1", "EUR", AccountType.CURRENT), trace={})


@pytest.mark.parametrize("kind", [Format.QIF, Format.CSV])
def test_a_row_whose_reading_was_not_kept_says_so(kind: Format) -> None:
    for reading in (None, NEEDS_NOTHING):
        with pytest.raises(BrokenRow, match=NOT_KEPT):
            KeptRows(kind, reading).reread(b"x", Status.BOOKED, Account("1", "EUR", AccountType.CURRENT), trace={})


def test_two_ways_of_writing_have_two_names() -> None:
    one = Reading(profile=Profile(columns={0: Role.DATE, 1: Role.AMOUNT}))
    assert one.profile is not None
    other = Reading(profile=msgspec.structs.replace(one.profile, decimal="."))
    assert len({NEEDS_NOTHING.digest, one.digest, other.digest}) == 3
