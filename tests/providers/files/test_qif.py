"""QIF: days and amounts whose writing only the rows, or the person, can tell."""

from datetime import date
from decimal import Decimal

import pytest

from providers.errors import ContractBroken
from providers.files import qif
from providers.files.days import Order
from providers.files.extract import Format
from providers.files.read import format_of
from providers.model import AccountType

BANK = "!Type:Bank\nD15/03/2024\nT-12.50\nPShop\nMOrder 4711\nN77\nLFood\n^\nD14/03/2024\nT1,000.00\nPLagune GmbH\n^\n"


def test_rows_of_an_account() -> None:
    assert format_of(BANK.encode()) is Format.QIF
    found = qif.read(BANK.encode(), currency="EUR")
    (extract,) = found.extracts
    one, two = extract.transactions
    assert (one.booking_date, one.money.number, one.money.currency) == (date(2024, 3, 15), Decimal("-12.50"), "EUR")
    assert (one.counterparty.name, one.remittance, one.bank_ids) == ("Shop", ("Order 4711",), {"checkId": "77"})
    assert two.money.number == Decimal("1000.00")
    assert (extract.account.type, extract.account.currency) == (AccountType.CURRENT, "EUR")
    assert found.warnings == ()
    assert one.raw.startswith(b"D15/03/2024")


def test_a_file_without_a_currency_does_not_pretend_to_one() -> None:
    (extract,) = qif.read(BANK.encode()).extracts
    assert extract.account.currency == ""
    assert extract.transactions[0].money.currency == "XXX"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("D3/15'24", date(2024, 3, 15)),
        ("D15.03.24", date(2024, 3, 15)),
        ("D 3/15' 4", date(2004, 3, 15)),
        ("D2024-03-15", date(2024, 3, 15)),
        ("D15 Mar 2024", date(2024, 3, 15)),
    ],
)
def test_days_are_read_as_the_rows_tell(written: str, expected: date) -> None:
    found = qif.read(BANK.replace("D15/03/2024", written).replace("D14/03/2024", written).encode())
    assert found.extracts[0].transactions[0].booking_date == expected
    assert found.warnings == ()


@pytest.mark.parametrize(("order", "expected"), [("dmy", date(2024, 4, 3)), ("mdy", date(2024, 3, 4))])
def test_days_that_can_be_two_are_what_the_person_says(order: Order, expected: date) -> None:
    raw = BANK.replace("15/03/2024", "03/04/2024").replace("14/03/2024", "05/06/2024").encode()
    assert qif.AMBIGUOUS in qif.read(raw).warnings
    said = qif.read(raw, order=order)
    assert said.warnings == ()
    assert said.extracts[0].transactions[0].booking_date == expected


def test_amounts_with_a_decimal_comma() -> None:
    raw = BANK.replace("-12.50", "-12,50").replace("1,000.00", "1.000,00").encode()
    assert [one.money.number for one in qif.read(raw).extracts[0].transactions] == [
        Decimal("-12.50"),
        Decimal("1000.00"),
    ]


def test_several_accounts_have_their_names_and_kinds() -> None:
    raw = f"!Option:AutoSwitch\n!Account\nNGiro\nTBank\n^\n{BANK}!Account\nNVisa\nTCCard\n^\n" + BANK.replace(
        "!Type:Bank", "!Type:CCard"
    )
    found = qif.read(raw.encode())
    assert [(one.account.name, one.account.type) for one in found.extracts] == [
        ("Giro", AccountType.CURRENT),
        ("Visa", AccountType.CARD),
    ]


def test_lists_that_are_no_account_are_passed_over_and_said() -> None:
    found = qif.read(f"!Type:Cat\nNFood\n^\n{BANK}!Type:Invst\nD15/03/2024\nNBuy\n^\n".encode())
    assert len(found.extracts) == 1
    assert qif.NOT_READ in found.warnings
    with pytest.raises(ContractBroken):
        qif.read(b"!Type:Invst\nD15/03/2024\nNBuy\n^\n")


@pytest.mark.parametrize(
    "broken", ["D99/99/2024\nT1.00\n^\n", "D15/03/2024\nTten\n^\n", "D15/03/2024\n^\n", "PShop\n^\n"]
)
def test_a_broken_row_costs_itself_alone(broken: str) -> None:
    (extract,) = qif.read((BANK + broken).encode()).extracts
    assert len(extract.transactions) == 2
    assert len(extract.rejected) == 1


def test_a_transfer_without_a_payee_names_the_account() -> None:
    (extract,) = qif.read(b"!Type:Bank\nD15/03/2024\nT-1.00\nL[Savings]\n").extracts
    assert extract.transactions[0].counterparty.name == "Savings"
