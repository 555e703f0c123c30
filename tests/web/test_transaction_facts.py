"""What a person reads of a card, an exchange and the party behind the party."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from hub.web.present.transaction import transaction_page
from hub.web.viewmodels import AccountRow, Bank, TransactionRow
from providers.model import Money

USD = {"amount": "-120.00", "currency": "USD"}
TABLE: list[tuple[Mapping[str, Any], list[tuple[str, str]]]] = [
    ({"ultimate_name": "Shop"}, [("On behalf of", "Shop")]),
    (
        {"card": {"masked_pan": "XXXX1234", "scheme": "VISA", "merchant_name": "Gelateria", "city": "Venezia"}},
        [("Paid at", "Gelateria, Venezia"), ("Card", "VISA XXXX1234")],
    ),
    (
        {"exchange": {"source_currency": "USD", "target_currency": "EUR", "unit_currency": "USD", "rate": "0.92"}},
        [("Exchange", "1 USD = 0.92 EUR")],
    ),
    (
        {"exchange": {"source_currency": "USD", "target_currency": "EUR", "unit_currency": "EUR", "rate": "1.09"}},
        [("Exchange", "1 EUR = 1.09 USD")],
    ),
    ({"exchange": {"rate": "0.92"}}, [("Exchange", "rate 0.92")]),
    ({"exchange": {"source_currency": "USD", "target_currency": "EUR"}}, [("Exchange", "USD to EUR")]),
    ({"exchange": {"unit_currency": "USD"}}, []),
    (
        {"batch_size": 12, "is_reversal": True},
        [("Reversal", "This takes back an earlier booking"), ("Sums up", "12 payments")],
    ),
    ({}, []),
]


@pytest.mark.parametrize(("details", "expected"), TABLE)
def test_details_are_told_plainly(details: Mapping[str, Any], expected: list[tuple[str, str]]) -> None:
    assert facts(details) == expected


def test_amounts_of_details_carry_their_currency() -> None:
    told = facts({"exchange": {"instructed": USD}, "charges": USD})
    assert told == [("Exchange", "−US$120.00"), ("Charges", "−US$120.00")]


def facts(details: Mapping[str, Any]) -> list[tuple[str, str]]:
    row = TransactionRow("t", None, "Shop", "", Money(Decimal("-1"), "EUR"))
    page = transaction_page({"details": details}, row, AccountRow("a", "Giro", "", ""), Bank("b", "Bank"), None)
    return [(one.label, one.value) for one in page.facts if one.label != "Amount"]
