"""Whatever a file holds, only values and ContractBroken come out of it: no other error, and not in a week."""

import contextlib

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.db import scaled
from providers.errors import ContractBroken
from providers.files import camt, guess, mt940, ofx, qif, table
from providers.files.extract import Read
from providers.files.profile import Profile, Role
from providers.files.read import read
from tests.providers.files.exports import EXPORTS
from tests.providers.files.test_read import CAMT, CSV, MT940, OFX, QIF

SEEDS = (CAMT, MT940, OFX, QIF, CSV, *(one.raw for one in EXPORTS.values()))
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sound file with pieces cut out, doubled, moved, or replaced by bytes of any kind."""
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, max(len(raw) - 1, 0)))
        last = min(len(raw), first + draw(st.integers(0, 80)))
        match draw(st.integers(0, 3)):
            case 0:
                del raw[first:last]
            case 1:
                raw[first:first] = raw[first:last]
            case 2:
                raw[first:last] = draw(st.binary(max_size=30))
            case _:
                piece = draw(
                    st.sampled_from([b"\x00", b"<", b"]]>", b":61:", b"^\n", b'"', b"9" * 40, b"-", b"?20", b"\xff"])
                )
                raw[first:first] = piece * draw(st.integers(1, 20))
    return bytes(raw)


def sound(found: Read) -> None:
    """What the ledger and its columns take for granted."""
    for extract in found.extracts:
        assert extract.account.currency == "" or len(extract.account.currency) == 3
        for one in extract.transactions:
            assert one.booking_date or one.value_date
            assert one.money.number.is_finite()
            scaled(one.money.number)  # the ledger's columns
            assert all(day is None or 1900 <= day.year < 2200 for day in (one.booking_date, one.value_date))
            assert one.raw
        for balance in extract.balances:
            scaled(balance.money.number)
        if extract.days is not None:
            assert 1900 <= extract.days[0].year <= extract.days[1].year < 2200
        for row in extract.rejected:
            assert row.reason


@given(mutated())
@QUICK
@example(b"\xef\xbb\xbf")
@example(b":20:\n:25:\n:61:\n:86:")
@example(b"!Type:Bank\n^\n^\nT\n")
@example(b"<OFX><STMTRS><STMTTRN></STMTRS>")
def test_a_damaged_file_is_read_or_refused(raw: bytes) -> None:
    try:
        found = read(raw)
    except ContractBroken:
        return
    sound(found)


@pytest.mark.parametrize("reader", [camt.read, mt940.read, ofx.read, qif.read], ids=["camt", "mt940", "ofx", "qif"])
@given(raw=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace"))))
@QUICK
def test_each_reader_stands_anything(reader: object, raw: bytes) -> None:
    assert callable(reader)
    try:
        found = reader(raw)
    except ContractBroken:
        return
    sound(found)


profiles = st.builds(
    Profile,
    columns=st.dictionaries(st.integers(0, 8), st.sampled_from(list(Role)), max_size=8),
    delimiter=st.sampled_from([";", ",", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "cp1252", "utf-16", "klingon"]),
    decimal=st.sampled_from([",", "."]),
    order=st.sampled_from(["ymd", "dmy", "mdy"]),
    skip_lines=st.integers(0, 5),
    has_header=st.booleans(),
    inverted=st.booleans(),
    currency=st.sampled_from(["", "EUR"]),
)


@given(profiles, st.one_of(mutated(), st.binary(max_size=300)))
@QUICK
def test_a_table_stands_any_profile(profile: Profile, raw: bytes) -> None:
    try:
        found = table.read(raw, msgspec.json.decode(msgspec.json.encode(profile), type=Profile))
    except ContractBroken:
        return
    sound(found)


@given(st.one_of(mutated(), st.binary(max_size=300)))
@QUICK
def test_a_guess_is_a_profile_that_can_be_used(raw: bytes) -> None:
    try:
        guessed = guess.look_at(raw)
    except ContractBroken:
        return
    assert guessed.profile.faults == ()
    assert 0 <= guessed.confidence <= 1


HOSTILE = {
    "one long line": b"9," * 400_000,
    "quotation marks": b'"' * 500_000,
    "open tags": b"<OFX>" + b"<a" * 300_000,
    "cdata that never ends": b"<OFX><STMTRS><STMTTRN>" + b"<NAME><![CDATA[" * 50_000,
    "subfields": MT940.replace(b"NONREF", b"NONREF\r\n:86:166" + b"?20x" * 60_000),
    "continued lines": MT940.replace(b"NONREF", b"NONREF" + b"\r\nx" * 60_000),
    "spaces": b"!Type:Bank\nD" + b" " * 400_000 + b"\nT1\n^\n",
    "digits": CSV.replace(b"-12,50", b"1" * 20_000),
    "groups": CSV.replace(b"-12,50", b"1.111" * 8_000),
    "tags of a text": MT940.replace(b"NONREF", b"NONREF\r\n:86:" + b"/REMI/" * 30_000),
    "attributes": CAMT.replace(b"<Stmt>", b"<Stmt " + b" ".join(b'a%d="x"' % n for n in range(20_000)) + b">"),
    "short entries": CAMT.replace(b"<Ntry>", b"<Ntry/>" * 50_000 + b"<Ntry>"),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_no_file_of_a_megabyte_costs_more_than_seconds(raw: bytes) -> None:
    with contextlib.suppress(ContractBroken):
        sound(read(raw))
