"""Amounts are what the bank wrote, digit for digit."""

from decimal import Decimal

import msgspec
import pytest

from providers.amount import exact, money
from providers.rows import BrokenRow

EXACT = [
    (b'"0.1"', "0.1"),
    (b"0.1", "0.1"),
    (b'"3.7000"', "3.7000"),
    (b"3.7000", "3.7000"),
    (b"5.10", "5.10"),
    (b"1e2", "100"),
    (b"1.5E1", "15"),
    (b'"-12.0"', "-12.0"),
    (b'"+7"', "7"),
    (b'"-0.00"', "0.00"),
    (b"0.30000000000000004", "0.30000000000000004"),
    (b"999999999999999999.99", "999999999999999999.99"),
    (b'"1,50"', "1.50"),
    (b'"-1.234,56"', "-1234.56"),
    (b'"1,234.56"', "1234.56"),
    (b'"12.00-"', "-12.00"),
    (b'" 5"', "5"),
    (b'".5"', "0.5"),
    (b'"1 234,56"', "1234.56"),
    (b'"1 234.56"', "1234.56"),
    (b'"-12 345 678"', "-12345678"),
    ('"1\u00a0234,56"'.encode(), "1234.56"),
    ('"1\u202f234,56"'.encode(), "1234.56"),
    (b'"1\\u00A0234,56"', "1234.56"),
    (b'"1\'234.50"', "1234.50"),
    ('"-12\u2019345\u2019678"'.encode(), "-12345678"),
    (b'"0,500"', "0.500"),
    (b'"-0,05"', "-0.05"),
    (b'"-85000,"', "-85000"),
    (b'"12,5000"', "12.5000"),
    (b'"-1.234,5600"', "-1234.5600"),
    (b'"1.234,560"', "1234.560"),
    (b'"1234,560"', "1234.560"),
]

NOT_AMOUNTS = [
    b'"NaN"', b'"Infinity"', b'"1_000"', b'"1,500"', b'"1.234.567"', b'""', b'"5 GBP"', b'"1e999999999"', b'"\\u0031"',
    b'"1 23"', b'"1  234"', b'"12,500"', b'","', b'"1,234,5"', b'"1.234.567,89.0"',
    b'"\xd9\xa3"', b"null", b"true", b"{}", b"[]", b'"--1"', b"1e19", b"1e-19", b'"' + b"9" * 40 + b'"',
]  # fmt: skip


@pytest.mark.parametrize(("raw", "number"), EXACT)
def test_an_amount_is_read_from_its_text_and_never_through_a_float(raw: bytes, number: str) -> None:
    found = exact(msgspec.Raw(raw), "Amount")
    assert str(found) == number
    assert found == Decimal(number)


@pytest.mark.parametrize("raw", NOT_AMOUNTS)
def test_what_is_no_plain_number_is_refused_by_field_and_not_by_value(raw: bytes) -> None:
    with pytest.raises(BrokenRow, match=r"^Amount is (not an amount|out of range)$"):
        exact(msgspec.Raw(raw), "Amount")


@pytest.mark.parametrize("currency", ["", "gbp", "GB", "POUND", "$", "kr", "000", "G\u0042P "])
def test_a_currency_has_the_form_of_iso_4217(currency: str) -> None:
    with pytest.raises(BrokenRow):
        money(Decimal(1), currency, "Currency")


@pytest.mark.parametrize(
    ("written", "code"), [("978", "EUR"), ("€", "EUR"), ("756", "CHF"), (" £ ", "GBP"), ("036", "AUD")]
)
def test_a_number_or_a_sign_of_one_meaning_is_a_currency_too(written: str, code: str) -> None:
    assert money(Decimal(1), written, "Currency").currency == code
