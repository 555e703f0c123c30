"""MT940 and MT942: the standard's fields, what banks write into them, and the traps that published samples hold."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from providers.errors import ContractBroken
from providers.files import mt940, rows
from providers.files.extract import Extract, Format
from providers.files.read import format_of
from providers.model import BalanceType, Identifier, Money, Scheme, Status, Transaction
from tests.providers.files.specs import SPECS, files


def statement(*lines: str, account: str = "DE89370400440532013000", opening: str = "C240314EUR100,00") -> bytes:
    head = [":20:STARTUMSE", f":25:{account}", ":28C:1/1", f":60F:{opening}"]
    return "\r\n".join([*head, *lines, ":62F:C240315EUR87,50", "-", ""]).encode()


def only(raw: bytes) -> Extract:
    (found,) = mt940.read(raw).extracts
    return found


def row(*lines: str) -> Transaction:
    (found,) = only(statement(*lines)).transactions
    return found


def sample(name: str) -> bytes:
    path = SPECS / "mt940" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there: published samples cannot be read")
    return path.read_bytes()


@pytest.mark.parametrize("path", files("mt940", "*.sta"))
def test_published_samples_are_read_whole(path: Path) -> None:
    raw = path.read_bytes()
    found = mt940.read(raw)
    rows = [one for extract in found.extracts for one in extract.transactions]
    assert len(rows) == raw.count(b":61:")
    assert not [one for extract in found.extracts for one in extract.rejected]
    assert found.format is (Format.MT942 if "942" in path.name else Format.MT940)


def test_one_message_may_follow_another_of_another_account() -> None:
    raw = sample("betterplace_with_binary_character.sta")
    found = mt940.read(raw)
    assert [one.account.identifiers[0].value for one in found.extracts] == [
        "51230800/0000007055",
        "51230800/0000007304",
    ]
    assert [len(one.transactions) for one in found.extracts] == [3, 1]
    assert all(one.adds_up for one in found.extracts)


def test_the_30th_of_february_is_the_last_day_of_february() -> None:
    found = row(":61:1602300301DR6,00N024NONREF", ":86:805?00ENTGELT")
    assert (found.value_date, found.booking_date) == (date(2016, 2, 29), date(2016, 3, 1))


def test_a_time_that_was_wrapped_begins_no_field() -> None:
    for wrapped in (":26:37 Fo", ":20:15 Uhr", ":25:01", ":60:99"):
        found = only(statement(":61:240315D12,50NMSCNONREF", ":86:PAID AT 2024-03-15T16", wrapped))
        assert len(found.transactions) == 1
        assert wrapped.strip(": ").split()[0][-2:] in " ".join(found.transactions[0].remittance)
        assert found.adds_up


def test_a_field_whose_colon_stands_on_a_line_of_its_own_is_a_field() -> None:
    (found,) = only(sample("self-provided_sparkassen.sta")).transactions
    assert (found.money.number, found.remittance) == (Decimal("30.00"), ("Test",))


def test_a_message_without_an_end_is_read_to_its_end() -> None:
    assert only(b":20:1\r\n:25:1\r\n:60F:C240314EUR0,\r\n:62F:C240315EUR42570,04").balances[-1].money == Money(
        Decimal("42570.04"), "EUR"
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("C100318EUR380115,12", "380115.12"),
        ("C100318EUR380115,", "380115"),
        ("C100318EUR00,12", "0.12"),
        ("D100318EUR1,5", "-1.5"),
        ("C100318JPY1500", "1500"),
        ("C100318EUR0,", "0"),
    ],
)
def test_amounts_are_read_as_they_are_written(text: str, number: str) -> None:
    assert only(statement(opening=text)).balances[0].money.number == Decimal(number)


@pytest.mark.parametrize(
    ("mark", "number", "reversal"),
    [
        ("D", "-12.50", False),
        ("C", "12.50", False),
        ("DR", "-12.50", False),
        ("CR", "12.50", False),
        ("RD", "12.50", True),
        ("RC", "-12.50", True),
        ("RDR", "12.50", True),
        ("ED", "-12.50", False),
    ],
)
def test_the_mark_says_the_side_and_a_reversal_the_other_one(mark: str, number: str, reversal: bool) -> None:
    found = row(f":61:2403150315{mark}12,50NTRFNONREF//BANK1")
    assert (found.money.number, found.details.is_reversal) == (Decimal(number), reversal)
    assert found.bank_ids == {"accountServicerReference": "BANK1"}


def test_a_booking_at_the_turn_of_the_year_gets_its_own_year() -> None:
    found = row(":61:2312310102D1,00NTRFNONREF")
    assert (found.value_date, found.booking_date) == (date(2023, 12, 31), date(2024, 1, 2))
    found = row(":61:2401021231D1,00NTRFNONREF")
    assert (found.value_date, found.booking_date) == (date(2024, 1, 2), date(2023, 12, 31))


def test_a_german_field_86_says_who_what_for_and_by_which_mandate() -> None:
    found = row(
        ":61:2403150315D54,90NDDTNONREF//BANK1",
        ":86:105?00FOLGELASTSCHRIFT?109248?20EREF+E-1?21MREF+M-1?22CRED+DE98",
        "ZZZ09999999999?23SVWZ+Strom Maerz Absc?24hlag?30BYLADEM1001?31DE0212",
        "0300000000202051?32Stadtwerke Koeln Energie un?33d Wasser GmbH?34992",
    )
    assert found.counterparty.name == "Stadtwerke Koeln Energie und Wasser GmbH"
    assert found.counterparty.account == Identifier(Scheme.IBAN, "DE02120300000000202051")
    assert found.counterparty.agent == "BYLADEM1001"
    assert found.remittance == ("Strom Maerz Abschlag",)
    assert found.bank_ids["endToEndId"] == "E-1"
    assert found.bank_ids["mandateId"] == "M-1"
    assert found.bank_ids["creditorId"] == "DE98ZZZ09999999999"
    assert (found.proprietary_code, found.details.additional) == ("105", "FOLGELASTSCHRIFT")
    assert found.bank_transaction_code == "PMNT-RDDT-ESDD"


def test_a_german_field_86_without_keywords_is_lines() -> None:
    found = row(":61:240315C5,NMSCNONREF", ":86:051?00UEBERWEISUNG?20Miete?21November?3010020030?311234567?32MUELLER")
    assert found.remittance == ("Miete", "November")
    assert found.counterparty.name == "MUELLER"
    assert found.counterparty.account == Identifier(Scheme.BBAN, "10020030/1234567")


def test_a_dutch_field_86_is_taken_apart() -> None:
    found = row(
        ":61:240315D25,00N102EREF",
        "NL91ABNA0417164300",
        ":86:/EREF/E-1/BENM//NAME/J. DE VRIES/REMI/Huur maart",
    )
    assert found.counterparty.account == Identifier(Scheme.IBAN, "NL91ABNA0417164300")
    assert found.counterparty.name == "J. DE VRIES"
    assert found.remittance == ("Huur maart",)
    assert found.bank_ids["endToEndId"] == "E-1"


@pytest.mark.parametrize(
    ("lines", "name", "account", "text"),
    [
        (
            (
                ":86:/EREF/EV123REP1T1234//MARF/MND-EV01//CSID/NL32ZZZ999999991234//CNTP/NL",
                "91ABNA0417164300/INGBNL2A/ING BANK NV INZAKE WEB///REMI/USTD//EV10001/",
            ),
            "ING BANK NV INZAKE WEB",
            "NL91ABNA0417164300",
            "EV10001",
        ),
        (
            (":86:/CNTP/NL91ABNA0417164300/INGBNL2A/J JANSEN/UTRECHT//REMI/STRD/CUR/9999888877776666/",),
            "J JANSEN",
            "NL91ABNA0417164300",
            "9999888877776666",
        ),
        (
            (
                ":86:SEPA OVERBOEKING                 IBAN: NL91ABNA0417164300",
                "BIC: ABNANL2A                    NAAM: J DE VRIES",
                "OMSCHRIJVING: HUUR MAART",
                "KENMERK: E-1",
            ),
            "J DE VRIES",
            "NL91ABNA0417164300",
            "HUUR MAART",
        ),
        (
            (":86:FACTUUR 201403110", "REK: NL91ABNA0417164300/NAAM: PICQER"),
            "PICQER",
            "NL91ABNA0417164300",
            "FACTUUR 201403110",
        ),
        (
            (
                ":86:911 PRZELEW; ID IPH: XX000000000001; Z RACH.: ",
                "56114010810000267002001001; OD: JAN NOWAK  ",
                "UL. NIJAKA 1 M 2 31-234 KRAKOW; TYT.: CZYNSZ MARZEC   ; ",
                "TNR: 179171073864111.010001",
            ),
            "JAN NOWAK",
            "56114010810000267002001001",
            "CZYNSZ MARZEC",
        ),
        (
            (":86:BEA   NR:XXX1234   21.05.11/12.54 DIRCKIII FIL2500 KATWIJK,PAS999",),
            "DIRCKIII FIL2500 KATWIJK",
            None,
            "BEA NR:XXX1234 21.05.11/12.54 DIRCKIII FIL2500 KATWIJK,PAS999",
        ),
    ],
    ids=["ING", "ING structured", "ABN AMRO", "Knab", "mBank", "a card of ABN AMRO"],
)
def test_a_text_of_a_banks_own_names_the_other_side(
    lines: tuple[str, ...], name: str, account: str | None, text: str
) -> None:
    found = row(":61:240315D25,00NTRFNONREF", *lines)
    assert found.counterparty.name == name
    assert (found.counterparty.account.value if found.counterparty.account else None) == account
    assert found.remittance == (text,)


def test_text_without_structure_stays_as_it_is() -> None:
    found = row(
        ":61:240315D25,00NMSC1234567//8901", "CARD PAYMENT", ":86:BEA NR:XXX", "second line", "", ":62X:no field"
    )
    assert found.remittance[:2] == ("BEA NR:XXX", "second line")
    assert found.details.additional == "CARD PAYMENT"
    assert found.bank_ids == {"transactionReference": "1234567", "accountServicerReference": "8901"}


@pytest.mark.parametrize(
    ("given", "scheme", "value", "currency"),
    [
        ("NL91ABNA0417164300EUR", Scheme.IBAN, "NL91ABNA0417164300", "EUR"),
        ("NL91ABNA0417164300 USD", Scheme.IBAN, "NL91ABNA0417164300", "USD"),
        ("ABNANL2A/NL91ABNA0417164300", Scheme.IBAN, "NL91ABNA0417164300", ""),
        ("37040044/0532013000", Scheme.BBAN, "37040044/0532013000", ""),
        ("UBRTHUHB/1234567891/HUF", Scheme.BBAN, "UBRTHUHB/1234567891", "HUF"),
        ("0532013000", Scheme.BBAN, "0532013000", ""),
    ],
)
def test_the_account_is_found_however_it_is_written(given: str, scheme: Scheme, value: str, currency: str) -> None:
    account = only(statement(account=given)).account
    assert account.identifiers == (Identifier(scheme, value),)
    assert account.currency == (currency or "EUR")


def test_every_balance_keeps_its_kind() -> None:
    raw = statement().replace(b"-\r\n", b":64:C240315EUR80,00\r\n:65:C240316EUR70,00\r\n:86:a word at the end\r\n-\r\n")
    found = only(raw)
    assert [one.type for one in found.balances] == [
        BalanceType.OPENING_BOOKED,
        BalanceType.CLOSING_BOOKED,
        BalanceType.CLOSING_AVAILABLE,
        BalanceType.FORWARD_AVAILABLE,
    ]
    assert found.period == (date(2024, 3, 14), date(2024, 3, 15))


def test_a_statement_of_which_a_row_is_missing_does_not_add_up() -> None:
    assert only(statement(":61:240315D12,50NTRFNONREF")).adds_up is True
    assert only(statement()).adds_up is False


@pytest.mark.parametrize(
    "line",
    [
        ":61:2413150315D1,00NTRF",
        ":61:240315X1,00NTRF",
        ":61:",
        ":61:240315DNTRF",
        ":61:no entry\r\nat all",
        ":61:2403150399D1,",
    ],
)
def test_a_broken_entry_costs_itself_alone(line: str) -> None:
    found = only(statement(":61:240315D1,00NTRFNONREF", line, ":86:text", ":61:240315D2,00NTRFNONREF"))
    assert [one.money.number for one in found.transactions] == [Decimal("-1.00"), Decimal("-2.00")]
    assert len(found.rejected) == 1


def test_an_interim_report_is_pending() -> None:
    raw = b":20:1\n:25:0532013000\n:28C:1\n:34F:EUR0,\n:13D:2403151200+0100\n:61:240315C1,NTRFNONREF\n:90C:1EUR1,\n-"
    found = mt940.read(raw)
    assert found.format is Format.MT942
    (extract,) = found.extracts
    assert (extract.transactions[0].status, extract.account.currency) == (Status.PENDING, "EUR")


def test_a_swift_envelope_is_passed_over() -> None:
    raw = b"{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\r\n" + statement(":61:240315D12,50NTRFX12") + b"-}"
    assert format_of(raw) is Format.MT940
    assert only(raw).adds_up


def test_old_letters_are_read_as_they_were_meant() -> None:
    for encoding in ("utf-8", "cp1252", "cp850"):
        raw = statement(":61:240315D12,50NTRFNONREF", ":86:Überweisung für Bäcker Müller")
        found = only(raw.decode().encode(encoding)).transactions[0]
        assert found.remittance == ("Überweisung für Bäcker Müller",), encoding


def test_a_text_without_fields_is_no_statement() -> None:
    with pytest.raises(ContractBroken):
        mt940.read(b"Dear customer, nothing happened.")


def test_more_statements_or_rows_than_a_file_may_have_are_refused_before_they_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    statement = b":20:A\n:25:DE89370400440532013000\n:28C:1\n:60F:C240101EUR1,00\n:62F:C240101EUR1,00\n-\n"
    monkeypatch.setattr(rows, "MAX_STATEMENTS", 10)
    assert len(mt940.read(statement * 10).extracts) == 10
    with pytest.raises(ContractBroken, match="more than 10 statements"):
        mt940.read(statement * 11)
    monkeypatch.setattr(rows, "MAX_ROWS", 5)
    row = b":61:240101C1,00NTRFNONREF\n"
    with pytest.raises(ContractBroken, match="more than 5 rows"):
        mt940.read(statement.replace(b":62F:", row * 2 + b":62F:") * 3)
    with pytest.raises(ContractBroken, match="more than 5 rows"):
        mt940.read(statement.replace(b":62F:", (b" " + row) * 2 + b":62F:") * 3)
    with pytest.raises(ContractBroken, match="more than 10 statements"):
        mt940.read(statement.replace(b":20:", b" :20:") * 11)


@pytest.mark.parametrize("amount", [b"1.234,56", b"1 234,56", b"1,234.56", b"1,2,3"])
def test_half_an_amount_is_no_amount(amount: bytes) -> None:
    file = b":20:A\n:25:DE89370400440532013000\n:60F:C240101EUR%b\n:61:240101D%bNTRFNONREF\n-\n" % (amount, amount)
    (found,) = mt940.read(file).extracts
    assert (found.transactions, found.balances) == ((), ())
    assert len(found.rejected) == 2
