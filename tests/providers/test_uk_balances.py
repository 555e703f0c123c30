"""Which of a British bank's balances is the balance, by the rules of banks whose ways are known."""

from decimal import Decimal

import pytest

from providers.balances import choose
from providers.model import AccountType
from providers.registry import known_rules
from providers.uk_obie import normalize
from tests.providers.pages import UK_BALANCE, but, uk

CHOICES = [
    ("aib_gb", AccountType.CURRENT, {"OpeningAvailable": "10", "InterimAvailable": "30"}, "10", "30"),
    (
        "barclays_gb",
        AccountType.CURRENT,
        {"Expected": "10", "ClosingBooked": "20", "InterimAvailable": "30"},
        "10",
        "10",
    ),
    ("barclays_gb", AccountType.CURRENT, {"ClosingBooked": "20", "InterimAvailable": "30"}, "20", "30"),
    ("barclays_gb", AccountType.CARD, {"InterimCleared": "-20", "Expected": "5"}, "-20", None),
    ("permanent_tsb_ie", AccountType.CURRENT, {"ClosingBooked": "10", "Information": "15"}, "10", "15"),
    ("santander_gb", AccountType.CURRENT, {"InterimBooked": "10", "InterimAvailable": "15"}, "10", "15"),
    ("santander_gb", AccountType.CARD, {"OpeningCleared": "-70", "ForwardAvailable": "900"}, "-70", None),
    ("tsb_gb", AccountType.CARD, {"InterimAvailable": "-70"}, "-70", None),
    ("nationwide_gb", AccountType.CARD, {"ClosingAvailable": "-70", "InterimAvailable": "900"}, "-70", None),
    ("nationwide_gb", AccountType.CARD, {"InterimCleared": "-70", "InterimAvailable": "900"}, "-70", None),
]


@pytest.mark.parametrize(("bank", "kind", "told", "current", "available"), CHOICES)
def test_the_balance_of_a_known_bank(
    bank: str, kind: AccountType, told: dict[str, str], current: str, available: str | None
) -> None:
    rows = [
        but(
            UK_BALANCE,
            Type=word,
            CreditLine=...,
            Amount={"Amount": number.removeprefix("-"), "Currency": "GBP"},
            CreditDebitIndicator="Debit" if number.startswith("-") else "Credit",
        )
        for word, number in told.items()
    ]
    balances = normalize.balances(uk("Balance", *rows), account_id="22289").values
    found = choose(balances, account_type=kind, rules=known_rules(bank).balances, currency="GBP")
    assert found.current is not None
    assert found.current.money.number == Decimal(current)
    assert (found.available and found.available.money.number) == (None if available is None else Decimal(available))
