"""What only some banks tell of a transaction: kept, shown, and no more of it than the consent allows."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from hub.ledger import history
from hub.ledger.details import details_text, without_parties
from hub.ledger.history import HistoryQuery
from hub.ledger.ingest import Applied
from providers.model import Card, Details, Exchange, Identifier, Money, Party, Scheme
from tests.ledger.bank import Home, row

FULL = Details(
    ultimate=Party("Shop behind the wallet", Identifier(Scheme.IBAN, "DE02120300000000202051")),
    purpose="SALA",
    additional="Kasse 7\x00\ud800",
    card=Card("XXXX1234", "VISA", "Gelateria", "Venezia", "IT"),
    exchange=Exchange("USD", "EUR", "USD", Decimal("0.9200"), Money(Decimal("-120.00"), "USD")),
    charges=Money(Decimal("-1.5E-1"), "EUR"),
    is_reversal=True,
    batch_size=12,
    statement_references=("2026/11",),
    is_mutable=False,
)
SHOWN = {
    "ultimate_name": "Shop behind the wallet",
    "ultimate_account": "DE02120300000000202051",
    "purpose": "SALA",
    "additional": "Kasse 7?",
    "card": {
        "masked_pan": "XXXX1234",
        "scheme": "VISA",
        "merchant_name": "Gelateria",
        "city": "Venezia",
        "country": "IT",
    },
    "exchange": {
        "source_currency": "USD",
        "target_currency": "EUR",
        "unit_currency": "USD",
        "rate": "0.9200",
        "instructed": {"amount": "-120.00", "currency": "USD"},
    },
    "charges": {"amount": "-0.15", "currency": "EUR"},
    "is_reversal": True,
    "batch_size": 12,
    "statement_references": ["2026/11"],
    "is_mutable": False,
}


def shown(home: Home, **how: Any) -> Any:
    with home.db.read() as session:
        (found,) = history.transactions(session, home.allowed(**how), HistoryQuery()).items
    return found["details"]


def test_all_that_a_bank_tells_is_shown(home: Home) -> None:
    home.sync([structs.replace(row(), details=FULL)])
    assert shown(home, with_parties=True) == SHOWN


def test_the_account_of_somebody_else_needs_parties_read(home: Home) -> None:
    home.sync([structs.replace(row(), details=FULL)])
    assert shown(home) == {name: value for name, value in SHOWN.items() if name != "ultimate_account"}


def test_details_that_are_nothing_but_an_account_are_nothing_without_parties_read() -> None:
    only = details_text(Details(ultimate=Party(account=Identifier(Scheme.IBAN, "DE02120300000000202051"))))
    assert without_parties(only) is None


@pytest.mark.parametrize("silent", [Details(), Details(card=Card()), Details(exchange=Exchange(), ultimate=Party())])
def test_details_that_say_nothing_are_none(silent: Details) -> None:
    assert details_text(silent) is None


def test_details_that_a_bank_adds_later_change_the_row_and_nothing_else(home: Home) -> None:
    home.sync([row()])
    assert home.sync([structs.replace(row(), details=FULL)]) == Applied(modified=1)
    assert home.sync([structs.replace(row(), details=FULL)]) == Applied()
