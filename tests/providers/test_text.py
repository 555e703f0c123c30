"""Placeholders say nothing, control characters go, headers cannot be forged, card numbers are masked."""

import pytest

from providers.identify import best_first, identifier
from providers.model import Identifier, Scheme
from providers.text import clean, header_value, identifiers, lines, meaningful, same

PLACEHOLDERS = ["NOTPROVIDED", "Not Provided", "not-provided", "", "  ", "0000000000000", "N/A", "None", "---", None]


@pytest.mark.parametrize("value", PLACEHOLDERS)
def test_a_placeholder_is_no_identifier(value: str | None) -> None:
    assert meaningful(value) is None
    assert identifiers({"transactionId": value}) == {}


def test_a_number_is_kept_as_the_identifier_it_is() -> None:
    assert identifiers({"transactionId": 42, "entryReference": "R 7"}) == {
        "transactionId": "42",
        "entryReference": "R 7",
    }


def test_control_characters_never_reach_the_store() -> None:
    assert clean("a\x00b\r\nc\u2028d") == "a b c d"
    assert clean("\x00\x01") is None


def test_remittance_keeps_its_order_without_blanks_nulls_and_repeats() -> None:
    assert lines(["b", None, "", "a", "NOTPROVIDED", "b"]) == ("b", "a")


@pytest.mark.parametrize(
    ("given", "sent"),
    [("Mozilla/5.0\r\nAuthorization: x", "Mozilla/5.0Authorization: x"), ("Zoë", "Zo"), ("\n", None), (None, None)],
)
def test_what_a_browser_claims_cannot_break_out_of_a_header(given: str | None, sent: str | None) -> None:
    assert header_value(given) == sent


@pytest.mark.parametrize(("given", "equal"), [("state", True), ("State", False), ("", False), ("\ud800", False)])
def test_a_proof_is_compared_whatever_comes(given: str, equal: bool) -> None:
    assert same(given, "state") is equal


def test_a_header_is_bounded() -> None:
    assert len(header_value("x" * 5000) or "") == 512


IDENTIFIERS = [
    (Scheme.IBAN, "gb33 bukb 2020 1555 5555 55", Identifier(Scheme.IBAN, "GB33BUKB20201555555555")),
    (Scheme.IBAN, "XXXXXXXXXXX1234", Identifier(Scheme.MASKED_PAN, "***********1234")),
    (Scheme.IBAN, "pocket-7", Identifier(Scheme.OTHER, "pocket-7")),
    (Scheme.UK_SORT_CODE_ACCOUNT, "20-00-00 55779911", Identifier(Scheme.UK_SORT_CODE_ACCOUNT, "20000055779911")),
    (Scheme.UK_SORT_CODE_ACCOUNT, "5577", Identifier(Scheme.OTHER, "5577")),
    (Scheme.MASKED_PAN, "4929420573595709", Identifier(Scheme.MASKED_PAN, "************5709")),
    (Scheme.MASKED_PAN, "4929 **** **** 5709", Identifier(Scheme.MASKED_PAN, "************5709")),
]


@pytest.mark.parametrize(("scheme", "value", "expected"), IDENTIFIERS)
def test_an_identifier_has_its_schemes_one_shape(scheme: Scheme, value: str, expected: Identifier) -> None:
    assert identifier(scheme, value) == expected


def test_the_best_identifier_comes_first() -> None:
    worst, middle, best = (Identifier(s, "1") for s in (Scheme.OTHER, Scheme.UK_SORT_CODE_ACCOUNT, Scheme.IBAN))
    assert best_first([worst, middle, best, worst]) == (best, middle, worst)
