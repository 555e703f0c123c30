"""Signs that are written twice, and lines that never end."""

import pytest

from providers.errors import ContractBroken
from providers.files import numbers, ofx, qif, read, rows, table
from providers.files.profile import Profile
from providers.rows import BrokenRow


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5.00 DR", "-5.00"),
        ("-5.00 DR", "-5.00"),
        ("(5.00)", "-5.00"),
        ("-5.00 S", "-5.00"),
        ("+5.00 CR", "5.00"),
        ("5.00-", "-5.00"),
        ("-0.00", "0.00"),
    ],
)
def test_a_sign_that_is_said_twice_is_one_sign(text: str, number: str) -> None:
    assert str(numbers.exact(text, ".", "amount")) == number


@pytest.mark.parametrize("text", ["-5.00 CR", "+5.00 DR"])
def test_signs_that_contradict_are_none(text: str) -> None:
    with pytest.raises(BrokenRow, match="in and out"):
        numbers.exact(text, ".", "amount")


def test_a_cell_of_empty_lines_ends_where_a_row_must() -> None:
    with pytest.raises(ContractBroken, match="never ends"):
        list(table.lines('a;b\n1;"' + "\n" * 100_000 + '"\n', Profile(columns={}, delimiter=";")))


def test_rows_and_statements_are_counted_over_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 3)
    section = b"!Type:Bank\nD01/02/2024\nT-1.00\n^\nD01/03/2024\nT-1.00\n^\n"
    assert qif.read(section)
    with pytest.raises(ContractBroken, match="rows"):
        qif.read(section * 2)
    row = "<STMTTRN><TRNAMT>1<DTPOSTED>20240101</STMTTRN>"
    statement = f"<STMTRS><CURDEF>EUR<BANKTRANLIST>{row * 2}</BANKTRANLIST></STMTRS>"
    assert ofx.read(f"<OFX>{statement}</OFX>".encode())
    with pytest.raises(ContractBroken, match="rows"):
        ofx.read(f"<OFX>{statement * 2}</OFX>".encode())


def test_more_accounts_than_anybody_looks_through_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    named = "".join(f"!Account\nN{name}\nTBank\n^\n!Type:Bank\nD01/02/2024\nT-1.00\n^\n" for name in "abc")
    found = qif.read(named.encode())
    assert len(read.by_account(found)) == 3
    monkeypatch.setattr(read, "MAX_ACCOUNTS", 2)
    with pytest.raises(ContractBroken, match="accounts"):
        read.by_account(found)


def test_a_reference_of_many_digits_is_text() -> None:
    row = f"<STMTTRN><TRNAMT>1<DTPOSTED>20240101<MEMO>&#{'1' * 5000};</STMTTRN>"
    statement = f"<STMTRS><CURDEF>EUR<BANKTRANLIST>{row}</BANKTRANLIST></STMTRS>"
    assert ofx.read(f"<OFX>{statement}</OFX>".encode()).extracts
