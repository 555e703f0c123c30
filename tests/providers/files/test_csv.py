"""CSV: a profile that is guessed and one that is declared; nothing taken for what it is not."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import msgspec
import pytest

from providers.errors import ContractBroken
from providers.files import guess, rows, table
from providers.files.extract import Format
from providers.files.profile import Profile, Role
from providers.files.read import format_of, read
from providers.model import Status
from tests.providers.files.exports import EXPORTS, Export

DECLARED = Profile(columns={0: Role.DATE, 1: Role.AMOUNT, 2: Role.TEXT}, has_header=False)


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_a_bank_export_is_read_by_the_profile_that_is_guessed(export: Export) -> None:
    assert format_of(export.raw) is Format.CSV
    guessed = guess.look_at(export.raw)
    found = table.read(export.raw, guessed.profile)
    (extract,) = found.extracts
    rows = [row for row in extract.transactions if row.status is not Status.REJECTED]
    seen = [(row.booking_date, row.money.number, row.counterparty.name) for row in rows]
    assert seen == [(day, Decimal(amount), name) for day, amount, name in export.rows]
    assert extract.account.currency == export.currency
    assert [one.value for one in extract.account.identifiers] == list(export.accounts)
    texts = " ".join(" ".join((*row.remittance, row.details.additional or "")) for row in rows)
    assert export.says in texts
    declined = sum(row.status is Status.REJECTED for row in extract.transactions)
    assert len(extract.rejected) + declined == export.rejected
    assert bool(guessed.doubts) is export.doubts, guessed.doubts
    assert guessed.confidence > 0.6


def test_what_can_be_read_in_two_ways_is_a_doubt_and_costs_confidence() -> None:
    raw = b'Date,Description,Amount\n03/04/2024,Shop,"1,234"\n05/06/2024,Shop,"2,345"\n'
    guessed = guess.look_at(raw)
    assert any("Days" in one for one in guessed.doubts)
    assert any("Amounts" in one for one in guessed.doubts)
    assert guessed.confidence < 0.7


@pytest.mark.parametrize(("order", "expected"), [("dmy", date(2024, 4, 3)), ("mdy", date(2024, 3, 4))])
def test_the_order_of_day_and_month_is_the_declared_one(order: str, expected: date) -> None:
    profile = msgspec.convert(msgspec.to_builtins(DECLARED) | {"order": order}, Profile, strict=False)
    (extract,) = table.read(b"03/04/2024;1,00;x\n", profile).extracts
    assert extract.transactions[0].booking_date == expected


def test_a_day_that_cannot_be_in_the_declared_order_breaks_its_row_and_no_other() -> None:
    (extract,) = table.read(b"31.12.2024;1,00;a\n12.31.2024;2,00;b\n01.01.2025;3,00;c\n", DECLARED).extracts
    assert [row.remittance for row in extract.transactions] == [("a",), ("c",)]
    assert [row.reason for row in extract.rejected] == ["date is not a day of the calendar"]
    assert extract.rejected[0].raw == b"12.31.2024;2,00;b"


def test_a_row_of_several_lines_keeps_its_own_text() -> None:
    raw = b'31.12.2024;1,00;"a\nb;c"\n01.01.2025;2,00;d\n'
    (extract,) = table.read(raw, DECLARED).extracts
    assert [row.raw for row in extract.transactions] == [b'31.12.2024;1,00;"a\nb;c"', b"01.01.2025;2,00;d"]
    assert extract.transactions[0].remittance == ("a", "b;c")


def test_rows_of_several_lines_are_a_table_too() -> None:
    rows = "".join(f'2024-03-{day:02},"Shop\nBerlin",-{day}.50,EUR\n' for day in range(1, 8))
    stray = '2024-03-09,A 5" pipe,-1.50,EUR\n'
    found = read(f"Exported\n\nDate,Description,Amount,Currency\n{rows}{stray}".encode())
    (extract,) = found.extracts
    assert len(extract.transactions) == 8
    assert extract.transactions[0].remittance == ("Shop", "Berlin")


@pytest.mark.parametrize("words", ["Opening balance", "ENDSALDO", "Solde initial", "Saldo inicial", "Nieuw saldo"])
def test_a_balance_that_stands_between_the_rows_is_no_row(words: str) -> None:
    rows = "".join(f"2024-03-{day:02};Shop {day};-{day},50;EUR\n" for day in range(1, 4))
    found = read(f"Date;Description;Amount;Currency\n2024-03-01;{words};100,00;EUR\n{rows}".encode())
    (extract,) = found.extracts
    assert ([row.reason for row in extract.rejected], len(extract.transactions)) == (
        ["it is a balance and no entry"],
        3,
    )


def test_a_payment_to_somebody_is_an_entry_whatever_its_text_is() -> None:
    rows = "".join(f"2024-03-{day:02};Bank {day};Saldo final;-{day},50;EUR\n" for day in range(1, 4))
    (extract,) = read(f"Date;Payee;Description;Amount;Currency\n{rows}".encode()).extracts
    assert (len(extract.transactions), extract.rejected) == (3, ())


def test_a_file_of_two_accounts_is_two_extracts() -> None:
    columns = {0: Role.DATE, 1: Role.AMOUNT, 2: Role.ACCOUNT, 3: Role.CURRENCY}
    one, other = b"DE89370400440532013000", b"DE02120300000000202051"
    raw = b"".join(b"31.12.2024;1,00;%s;EUR\n" % account for account in (one, other, one))
    profile = msgspec.structs.replace(DECLARED, columns=columns)
    found = table.read(raw, profile)
    assert [len(one.transactions) for one in found.extracts] == [2, 1]
    assert [one.account.identifiers[0].value for one in found.extracts] == [
        "DE89370400440532013000",
        "DE02120300000000202051",
    ]


def test_money_out_and_money_in_at_once_is_no_row() -> None:
    profile = msgspec.structs.replace(DECLARED, columns={0: Role.DATE, 1: Role.DEBIT, 2: Role.CREDIT})
    (extract,) = table.read(b"31.12.2024;1,00;2,00\n31.12.2024;;\n31.12.2024;0,00;5,00\n", profile).extracts
    assert [row.money.number for row in extract.transactions] == [Decimal("5.00")]
    assert [row.reason for row in extract.rejected] == ["money out and money in are both there", "amount is missing"]


def test_an_inverted_file_is_turned_to_the_holders_side() -> None:
    profile = msgspec.structs.replace(DECLARED, inverted=True)
    (extract,) = table.read(b"31.12.2024;6,75;coffee\n", profile).extracts
    assert extract.transactions[0].money.number == Decimal("-6.75")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({1: Role.AMOUNT}, "date"),
        ({0: Role.DATE}, "amount"),
        ({0: Role.DATE, 1: Role.AMOUNT, 2: Role.DEBIT}, "not both"),
        ({0: Role.DATE, 1: Role.AMOUNT, 2: Role.AMOUNT}, "both be"),
    ],
)
def test_a_profile_that_cannot_work_says_why(columns: dict[int, Role], says: str) -> None:
    profile = msgspec.structs.replace(DECLARED, columns=columns)
    assert says in profile.faults[0]
    with pytest.raises(ContractBroken, match=says):
        table.read(b"a;b;c\n", profile)


def test_a_quotation_mark_that_never_closes_does_not_swallow_the_file() -> None:
    raw = b'31.12.2024;1,00;"a\n' + b"31.12.2024;1,00;b\n" * 5000
    with pytest.raises(ContractBroken, match="quotation mark"):
        table.read(raw, DECLARED)


def test_more_rows_than_a_file_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS", 10)
    with pytest.raises(ContractBroken, match="more than 10 rows"):
        list(table.lines("31.12.2024;1,00;a\n" * 20, DECLARED))  # before they are given to their accounts


def test_rows_are_counted_before_any_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        pytest.fail("a row was read")

    monkeypatch.setattr(rows, "MAX_ROWS", 10)
    monkeypatch.setattr(table, "MAX_ROWS", 10)
    monkeypatch.setattr(rows.Taken, "take", never)
    with pytest.raises(ContractBroken, match="more than 10 rows"):
        table.read(b"31.12.2024;1,00;a\r" * 20, DECLARED)


@pytest.mark.parametrize(
    "raw", [b"hello world", b"a;b\n", b"a;b;c\n1;2;3\n", b"\x00" * 500, b"Name;City\nAlice;Venice\nBob;Rome\n"]
)
def test_what_is_no_table_of_days_and_amounts_is_refused_politely(raw: bytes) -> None:
    with pytest.raises(ContractBroken):
        guess.look_at(raw)


def test_a_profile_goes_through_json_and_back_and_takes_nothing_else() -> None:
    encoded = msgspec.json.encode(DECLARED)
    assert msgspec.json.decode(encoded, type=Profile) == DECLARED
    for broken in (b'{"columns":{"0":"owner"}}', b'{"columns":{},"delimiter":"##"}', b'{"columns":{},"shell":"x"}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(broken, type=Profile)


def test_the_same_text_in_another_encoding_is_the_same_rows() -> None:
    export = EXPORTS["a German savings bank"]
    text = export.raw.decode("cp1252")
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        other = replace(export, raw=text.encode(encoding))
        found = table.read(other.raw, guess.look_at(other.raw).profile).extracts[0]
        assert found.transactions[0].counterparty.name == "Stadtwerke Köln"
