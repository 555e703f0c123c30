"""Answers that a bank cut otherwise than its standard, in every standard but Berlin Group's (test_berlin_envelopes)."""

import json
from typing import Any

import pytest

from providers.au_cdr import normalize as au_cdr
from providers.br_openfinance import normalize as br_openfinance
from providers.errors import ContractBroken
from providers.model import Account, Status
from providers.simplefin import normalize as simplefin
from providers.stet import normalize as stet
from providers.uk_obie import normalize as uk_obie

STET = {"creditDebitIndicator": "DBIT", "transactionAmount": {"amount": "12.10", "currency": "EUR"}}
UK = {"CreditDebitIndicator": "Debit", "Amount": {"Amount": "12.10", "Currency": "GBP"}}
CDR = {"amount": "-12.10"}
BR = {"creditDebitType": "DEBITO", "transactionAmount": {"amount": "12.10", "currency": "BRL"}}

PAGES: list[tuple[Any, Any, int]] = [
    (stet, {"transactions": ""}, 0),
    (stet, {"transactions": {"0": STET, "2": STET}}, 2),
    (stet, {"transactions": [[STET], [STET]]}, 2),
    (stet, {"data": [STET]}, 1),
    (stet, {"Transactions": [STET], "_links": []}, 1),
    (uk_obie, {"Data": {"Data": {"Transaction": [UK]}}}, 1),
    (uk_obie, {"Data": {"Transaction": ""}}, 0),
    (uk_obie, {"Data": {"Transaction": {"0": UK, "1": UK}}}, 2),
    (uk_obie, {"data": {"transactions": [[UK]]}, "links": "none"}, 1),
    (au_cdr, {"data": {"transactions": CDR}, "links": []}, 1),
    (au_cdr, {"Data": {"Transactions": [CDR]}, "links": "none"}, 1),
    (au_cdr, {"data": {"transactions": [[CDR]]}, "links": None, "meta": None}, 1),
    (br_openfinance, {"data": BR, "links": []}, 1),
    (br_openfinance, {"Data": [BR, None], "links": "none"}, 1),
    (br_openfinance, {"data": [[BR]]}, 1),
]


@pytest.mark.parametrize(("standard", "content", "count"), PAGES)
def test_rows_are_found_however_the_answer_is_cut(standard: Any, content: Any, count: int) -> None:
    page = standard.transactions(json.dumps(content).encode())
    assert (len(page.transactions), page.rejected) == (count, ())
    assert all(str(row.money.number) == "-12.10" for row in page.transactions)


NO_PAGES: list[tuple[Any, Any]] = [
    (stet, {}),
    (uk_obie, {"Data": {"Booked": [UK]}}),
    (uk_obie, {"Links": {}}),
    (au_cdr, {"data": {}}),
    (au_cdr, {"data": {"transactions": None}}),
    (br_openfinance, {"data": None}),
    (br_openfinance, {}),
]


@pytest.mark.parametrize(("standard", "content"), NO_PAGES)
def test_an_answer_without_its_list_is_a_broken_one(standard: Any, content: Any) -> None:
    with pytest.raises(ContractBroken):
        standard.transactions(json.dumps(content).encode())


BALANCES: list[tuple[Any, Any, str]] = [
    (stet, {"balances": [{"balanceType": {"code": "CLBD"}, "balanceAmount": "5.00"}]}, "5.00 EUR"),
    (stet, {"balances": [{"balanceAmount": {"amount": "5 CHF"}, "creditDebitIndicator": {"code": "DBIT"}}]}, "-5 CHF"),
    (au_cdr, {"data": {"currentBalance": {"amount": "5.00", "currency": "NZD"}}}, "5.00 NZD"),
    (au_cdr, {"data": {"currentBalance": 5.0, "currency": "nzd"}}, "5.0 NZD"),
    (au_cdr, {"data": {"currentBalance": "5.00", "currency": "null"}}, "5.00 AUD"),
    (br_openfinance, {"data": {"availableAmount": "R$ 5,00"}}, "5.00 BRL"),
]


@pytest.mark.parametrize(("standard", "content", "money"), BALANCES)
def test_a_balance_in_whatever_shape(standard: Any, content: Any, money: str) -> None:
    (found,) = standard.balances(json.dumps(content).encode()).values
    assert f"{found.money.number} {found.money.currency}" == money


def test_a_balance_whose_sign_cannot_be_read_is_none() -> None:
    row = {"balanceAmount": {"amount": "5", "currency": "EUR"}, "creditDebitIndicator": {"iso": "DBIT"}}
    found = stet.balances(json.dumps({"balances": [row]}).encode())
    assert ([one.reason for one in found.rejected], found.values) == (["creditDebitIndicator cannot be read"], ())


def test_a_name_that_says_nothing_is_none() -> None:
    row = {
        "AccountId": 7,
        "Currency": "gbp",
        "Nickname": "null",
        "Description": "Classic",
        "Status": {"Code": "Enabled"},
    }
    (account,) = uk_obie.accounts(json.dumps({"Data": {"Account": [row]}}).encode()).values
    assert (account.resource_id, account.currency, account.name) == ("7", "GBP", "Classic")


ACCOUNT = {"id": "1", "name": "Checking", "currency": "USD", "balance": "5.00", "org": {"domain": "b.example"}}
ROW = {"id": "t", "posted": 1710457200, "amount": "-12.10", "description": "Rent"}
SETS: list[dict[str, Any]] = [
    {"accounts": ACCOUNT},
    {"accounts": [ACCOUNT | {"id": 1}]},
    {"accounts": [ACCOUNT | {"currency": "usd"}], "errors": "The bank is slow."},
    {"accounts": [ACCOUNT | {"org": None, "balance-date": {}}]},
    {"accounts": [ACCOUNT | {"org": "Bank"}]},
]


@pytest.mark.parametrize("content", SETS)
def test_an_account_of_a_bridge_in_whatever_shape(content: dict[str, Any]) -> None:
    (found,) = simplefin.accounts(json.dumps(content).encode()).values
    assert (found.resource_id, found.currency, found.name) == ("1", "USD", "Checking")
    assert [f"{one.money.number} {one.money.currency}" for one in simplefin.balances(found.raw)] == ["5.00 USD"]


ROWS: list[tuple[dict[str, Any], Status, str | None]] = [
    ({"pending": "true"}, Status.PENDING, None),
    ({"pending": 1}, Status.PENDING, None),
    ({"pending": "no"}, Status.BOOKED, "2024-03-14"),
    ({"posted": 1710457200000}, Status.BOOKED, "2024-03-14"),
    ({"posted": "2024-03-15T10:00:00Z"}, Status.BOOKED, "2024-03-15"),
    ({"id": 7, "memo": 5, "payee": {"name": "Shop"}, "mcc": []}, Status.BOOKED, "2024-03-14"),
    ({"amount": "-12.10 USD"}, Status.BOOKED, "2024-03-14"),
]


@pytest.mark.parametrize(("fields", "status", "day"), ROWS)
def test_a_row_of_a_bridge_in_whatever_shape(fields: dict[str, Any], status: Status, day: str | None) -> None:
    content = {"accounts": [{"id": "1", "balance": None, "transactions": [ROW | fields, None]}]}
    found = simplefin.transactions(json.dumps(content).encode(), Account("1", "USD"))
    assert found is not None
    assert found.rejected == ()
    (row,) = found.values
    assert (row.status, row.booking_date and row.booking_date.isoformat()) == (status, day)
    assert str(row.money.number) == "-12.10"
