"""The door: a file is what stands in it, and what cannot be read is refused in words that hold nothing of it."""

import gzip
import io
import struct
import tracemalloc
import zipfile
from datetime import date

import pytest

from providers.errors import ContractBroken
from providers.files import archive, rows
from providers.files import read as door
from providers.files.extract import Format
from providers.files.read import Said, by_account, format_of, read
from tests.providers.files import test_camt, test_mt940, test_ofx, test_qif

CAMT = test_camt.statement(test_camt.entry())
MT940 = test_mt940.statement(":61:240315D12,50NTRFNONREF")
OFX = test_ofx.sgml(f"<STMTTRN>{test_ofx.ROW}</STMTTRN>")
QIF = test_qif.BANK.encode()
CSV = b"Date;Amount;Text\n15.03.2024;-12,50;Shop\n14.03.2024;1.000,00;Wage\n"
EACH = {Format.CAMT: CAMT, Format.MT940: MT940, Format.OFX: OFX, Format.QIF: QIF, Format.CSV: CSV}


def zipped(*held: bytes, names: tuple[str, ...] = (), method: int = zipfile.ZIP_DEFLATED) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", method) as made:
        for number, one in enumerate(held):
            made.writestr(names[number] if names else f"statement-{number}", one)
    return into.getvalue()


@pytest.mark.parametrize("kind", EACH)
def test_a_file_is_what_stands_in_it(kind: Format) -> None:
    for front in (b"", b"\r\n\r\n", b"\xef\xbb\xbf"):
        assert format_of(front + EACH[kind]) is kind
    found = read(EACH[kind])
    assert found.format is kind
    assert found.extracts[0].transactions


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"  \r\n ", "empty"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (gzip.compress(CAMT), "compressed"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office"),
        (b"<html><body>Please log in</body></html>", "HTML"),
        (b"<?xml version='1.0'?><rss/>", "XML"),
        (b"just words", "no table"),
        (bytes(range(256)) * 50, "The file"),
    ],
)
def test_what_is_no_statement_is_refused_politely(raw: bytes, says: str) -> None:
    with pytest.raises(ContractBroken, match=says):
        read(raw)


def test_a_file_beyond_the_limit_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_BYTES", 100)
    with pytest.raises(ContractBroken, match="larger"):
        read(CAMT)


def test_a_zip_of_daily_statements_is_read_as_one_account() -> None:
    days = [CAMT.replace(b"2024-03-15", b"2024-03-%02d" % day) for day in (17, 15, 16)]
    found = read(zipped(*days, b"\x00", names=("a.xml", "b.xml", "c.xml", "__MACOSX/._a.xml")))
    (group,) = by_account(found)
    assert [one.transactions[0].booking_date for one in group] == [date(2024, 3, day) for day in (15, 16, 17)]


def _bomb() -> bytes:
    return zipped(b"\x00" * (archive.MAX_BYTES + 1))


def _liar() -> bytes:
    """Says that it unpacks to one byte."""
    raw = bytearray(zipped(b"\x00" * 5_000_000))
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (1).to_bytes(4, "little")
    return bytes(raw)


def _encrypted() -> bytes:
    raw = bytearray(zipped(CAMT))
    raw[6] |= 1
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def _nameless() -> bytes:
    """The name of its entry is said to be empty, and the letter of it to be something else."""
    raw = bytearray(zipped(CAMT, names=("a",)))
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 28 : at + 32] = b"\x00\x00\x01\x00"
    return bytes(raw)


def test_a_zip_bomb_dies_politely() -> None:
    with pytest.raises(ContractBroken, match="unpacks to more"):
        read(_bomb())


def test_a_bomb_of_another_method_is_not_lit() -> None:
    """zipfile unpacks bzip2 whole before it hands out a piece: a hundred bytes would take hundreds of megabytes."""
    raw = zipped(b"\x00" * (3 * archive.MAX_BYTES), method=zipfile.ZIP_BZIP2)
    tracemalloc.start()
    try:
        with pytest.raises(ContractBroken, match="rare way"):
            read(raw)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1024 * 1024


@pytest.mark.parametrize("zip64", [False, True])
def test_a_directory_without_end_is_refused_unread(zip64: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    read_entries: list[str] = []
    made = zipfile.ZipInfo

    def counted(name: str) -> zipfile.ZipInfo:
        read_entries.append(name)
        return made(name)

    raw = _directory(100_000, zip64=zip64)
    monkeypatch.setattr(zipfile, "ZipInfo", counted)
    with pytest.raises(ContractBroken, match="more than"):
        read(raw)
    assert read_entries == []


def _directory(entries: int, *, zip64: bool) -> bytes:
    """An archive that is nothing else: entries of no bytes and one letter, and an end that names one of them."""
    head, entry = b"PK\x03\x04", b"PK\x01\x02" + b"\0" * 24 + b"\x01" + b"\0" * 17 + b"a"
    size, at = len(entry) * entries, len(head)
    if not zip64:
        return head + entry * entries + b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, size, at, 0)
    record = b"PK\x06\x06" + struct.pack("<Q2H2L4Q", 44, 45, 45, 0, 0, 1, 1, size, at)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, at + size, 1)
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return head + entry * entries + record + locator + end


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (_liar(), "unpack"),
        (_encrypted(), "encrypted"),
        (zipped(zipped(CAMT)), "another archive"),
        (zipped(CAMT, MT940), "several formats"),
        (zipped(), "is empty"),
        (zipped(CAMT)[:-30], "cut off"),
        (zipped(CAMT, method=zipfile.ZIP_BZIP2), "rare way"),
        (zipped(CAMT, method=zipfile.ZIP_LZMA), "rare way"),
        (zipped(*[b"x"] * (archive.MAX_FILES + 1), method=zipfile.ZIP_STORED), "more than"),
        (_nameless(), "cut off"),
        (b"PK\x03\x04" + b"\xff" * 60, "cut off"),
    ],
)
def test_a_bad_archive_is_refused_politely(raw: bytes, says: str) -> None:
    with pytest.raises(ContractBroken, match=says):
        read(raw)


def test_many_files_may_not_unpack_to_more_than_one() -> None:
    half = b"\x00" * (archive.MAX_BYTES // 2 + 1)
    with pytest.raises(ContractBroken, match="unpacks to more"):
        list(archive.files(zipped(half, half)))


def test_many_files_may_not_hold_more_rows_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    assert len(read(zipped(CAMT, CAMT)).extracts) == 2
    with pytest.raises(ContractBroken, match="rows"):
        read(zipped(CAMT, CAMT, CAMT))


@pytest.mark.parametrize(
    ("raw", "before", "row"),
    [
        (MT940, b":61:", b":61:240315D12,50NTRFNONREF\r\n"),
        (QIF, b"D15", b"D15/03/2024\nT1\n^\n"),
        (OFX, b"<STMTTRN>", f"<STMTTRN>{test_ofx.ROW}</STMTTRN>".encode()),
    ],
)
def test_a_file_may_not_hold_more_rows_than_are_read(
    monkeypatch: pytest.MonkeyPatch, raw: bytes, before: bytes, row: bytes
) -> None:
    many = raw.replace(before, row * 20 + before, 1)
    assert len(read(many).extracts[0].transactions) >= 21
    monkeypatch.setattr(rows, "MAX_ROWS", 10)
    with pytest.raises(ContractBroken, match="rows"):
        read(many)


def test_what_the_person_says_reaches_the_format_that_needs_it() -> None:
    found = read(QIF, Said(currency="CHF", order="dmy"))
    assert found.extracts[0].account.currency == "CHF"


@pytest.mark.parametrize(
    "row",
    [
        b"15.03.2024;999999999999999999,99;x",
        b"15.03.2024;1,123456789012345678;x",
        b"31.12.9999;1,00;x",
        b"01.01.1066;1,00;x",
    ],
)
def test_what_no_ledger_can_hold_costs_its_row(row: bytes) -> None:
    (found,) = read(CSV + row + b"\n").extracts
    assert len(found.transactions) == 2
    assert len(found.rejected) == 1


def test_an_impossible_period_is_no_period() -> None:
    (found,) = read(OFX.replace(b"<DTEND>20240331", b"<DTEND>99991231")).extracts
    assert found.days == (date(2024, 3, 1), date(2024, 3, 15))


def test_reasons_hold_nothing_of_the_file() -> None:
    secret = b"DE89370400440532013000"
    for raw in (b"<html>%b</html>" % secret, secret, CAMT.replace(b"</Stmt>", b"")):
        with pytest.raises(ContractBroken) as caught:
            read(raw)
        assert secret.decode() not in caught.value.reason
