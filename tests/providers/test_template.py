"""A line with blanks: what fits, what does not, and that no template can hang the hub."""

import time

import pytest

from providers.rules.template import MAX_TEXT_LENGTH, template

FITS: list[tuple[str, str, dict[str, str] | None]] = [
    ("CARTE {date} {payee} CB*{any}", "Carte 03/02/25 BAR CB*1234", {"date": "03/02/25", "payee": "BAR"}),
    ("CARTE {date} {payee}", "CARTE 03/02 BAR", {"date": "03/02", "payee": "BAR"}),
    ("CARTE {date} {payee}", "CARTE BLANCHE", None),
    ("VIR {payee}", "VIREMENT X", None),
    ("{payee} [Betaling met|Overschrijving] {any}", "BAKKER Betaling met Bancontact", {"payee": "BAKKER"}),
    ("{payee} [Betaling met|Overschrijving] {any}", "Betaling met Bancontact", None),
    ("(..{number}) {date} {time} {payee}\\{any}", "(..12) 2025-01-02 09:32 Bar\\Str 3", {
        "date": "2025-01-02", "time": "09:32", "payee": "Bar",
    }),
    ("{any}billed: {amount} {currency}", "USD 3, billed: -1.105,35 SEK", {"amount": "-1.105,35", "currency": "SEK"}),
    ("PIRKUMS {card} {date} {any}", "PIRKUMS 4242 42** **** 4242 28.10.2024 x", {
        "card": "4242 42** **** 4242", "date": "28.10.2024",
    }),
    ("D{ymd}{any}", "D202402100001", {"ymd": "20240210"}),
    ("POSC{date} {payee}", "POSC10FEB  TESCO", {"date": "10FEB", "payee": "TESCO"}),
    ("a.c", "abc", None),
    ("[VIR|VIREMENT] {payee}", "VIREMENT X", {"payee": "X"}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text", "blanks"), FITS)
def test_a_template_fits_or_not(source: str, text: str, blanks: dict[str, str] | None) -> None:
    assert template(source).fill(text) == blanks


@pytest.mark.parametrize(
    "source",
    [
        "",
        " ",
        "{payee}",
        "{any} {text}",
        "a {payee}{text}",
        "{nonsense} a",
        "a {date} {date}",
        "{",
        "a}",
        "[a",
        "x" * 201,
    ],
)
def test_a_template_that_says_nothing_definite_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="template"):
        template(source)


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "ab" * 50_000, "1.1.26 " * 20_000, "ab1.1.26c" * 10_000, "\\" * 50_000]
)
def test_no_template_takes_long_over_any_text(text: str) -> None:
    """The worst for backtracking: many free blanks with short texts between them that come again and again."""
    began = time.process_time()
    for source in (
        "{any}a{text}b{date}c{payee}d{any}e",
        "{any}a{payee}a{any}a{text}a{any}ab",
        "{any}1{any}.{any}26 {any}z",
    ):
        template(source).fill(text)
    assert time.process_time() - began < 2
    assert MAX_TEXT_LENGTH <= 1_000
