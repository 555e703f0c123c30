"""A row that was kept as its bank wrote it is read again just as it was read on its page."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from providers.berlin_group import normalize as berlin
from providers.errors import ContractBroken
from providers.model import Account, AccountType, Identifier, Page, Scheme, Status, Transaction
from providers.rows import BrokenRow, only_row
from providers.stet import normalize as stet
from providers.uk_obie import normalize as uk
from tests.providers.pages import BERLIN_TRANSACTION, UK_TRANSACTION

ACCOUNT = Account("r", "EUR", identifiers=(Identifier(Scheme.IBAN, "DE89370400440532013000"),))
CARD = Account("c", "EUR", AccountType.CARD)
STET_ROW = {
    "transactionAmount": {"amount": "12.25", "currency": "EUR"},
    "creditDebitIndicator": "DBIT",
    "status": "PDNG",
    "expectedBookingDate": "2026-03-01",
    "remittanceInformation": {"unstructured": ["CARTE BOULANGERIE"]},
}

Read = Callable[..., Page]
PageOf = Callable[[bytes, Status, Mapping[str, str]], bytes]


def berlin_page(**lists: Any) -> dict[str, Any]:
    return {"transactions": lists}


PAGES: list[tuple[str, Any, Any, dict[str, Any]]] = [
    ("booked", berlin, ACCOUNT, berlin_page(booked=[BERLIN_TRANSACTION])),
    ("pending", berlin, ACCOUNT, berlin_page(pending=[BERLIN_TRANSACTION])),
    ("information", berlin, ACCOUNT, berlin_page(information=[BERLIN_TRANSACTION])),
    ("turned signs", berlin, CARD, berlin_page(booked=[BERLIN_TRANSACTION]) | {"debitAccounting": True}),
    ("uk", uk, ACCOUNT, {"Data": {"Transaction": [UK_TRANSACTION]}}),
    ("stet", stet, ACCOUNT, {"transactions": [STET_ROW]}),
    ("stet lists", stet, ACCOUNT, {"transactions": {"pending": [{**STET_ROW, "status": None}]}}),
]


@pytest.mark.parametrize(("standard", "account", "page"), [one[1:] for one in PAGES], ids=[one[0] for one in PAGES])
def test_a_row_alone_says_what_it_said_on_its_page(standard: Any, account: Account, page: dict[str, Any]) -> None:
    read: Read = standard.transactions
    (was,) = read(json.dumps(page).encode(), account=account).transactions
    assert again(standard, was, account) == was


def again(standard: Any, was: Transaction, account: Account) -> Transaction:
    page_of: PageOf = standard.page_of
    found: Page = standard.transactions(page_of(was.raw, was.status, was.provenance), account=account)
    return only_row(found.transactions, found.rejected)


def read_alone(raw: bytes) -> Transaction:
    page = berlin.transactions(berlin.page_of(raw, Status.BOOKED, {}))
    return only_row(page.transactions, page.rejected)


def test_a_row_that_cannot_be_read_says_why() -> None:
    with pytest.raises(BrokenRow, match="not an amount"):
        read_alone(b'{"transactionAmount":{"amount":"x","currency":"EUR"}}')


@pytest.mark.parametrize("raw", [b"", b"7]}}", b'{}],"pending":[{}'])
def test_what_is_no_single_row_is_none(raw: bytes) -> None:
    with pytest.raises((BrokenRow, ContractBroken)):
        read_alone(raw)
