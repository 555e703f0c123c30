"""Where the rows of a NextGenPSD2 answer stand, at banks that put them elsewhere: none of them is lost in silence."""

import json
from datetime import date
from typing import Any

import pytest
import responses

from providers.berlin_group import normalize
from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken
from providers.model import AccountType, Status
from providers.port import Access
from tests.providers import tpp
from tests.providers.files import test_camt
from tests.providers.pages import BERLIN_ACCOUNT

ROW: dict[str, Any] = {"bookingDate": "2026-03-10", "transactionAmount": {"amount": "-12.10", "currency": "EUR"}}
B, P, N, R = Status.BOOKED, Status.PENDING, Status.INFORMATION, Status.REJECTED
ACCESS = Access("consent-1", None, None)
V1 = f"{tpp.BERLIN}/v1"


def page(content: Any) -> Any:
    return normalize.transactions(json.dumps(content).encode())


ANSWERS: list[tuple[Any, list[Status]]] = [
    ({"transactions": {"BOOKED": [ROW], "Pending": [ROW]}}, [B, P]),
    ({"transactions": {"bookedTransactions": [ROW], "authorised": [ROW]}}, [B, P]),
    ({"bookedTransactions": [ROW], "pendingTransactions": [ROW]}, [B, P]),
    ({"transactions": {"posted": [ROW], "rejected": [ROW]}}, [B, R]),
    ({"transactions": {"transactions": [ROW]}}, [B]),
    ({"transactions": {"items": [ROW], "totalCount": 1}}, [B]),
    ({"transactions": {"transaction": ROW}}, [B]),
    ({"transactions": ROW}, [B]),
    ({"transactions": ROW | {"pending": True}}, [P]),
    ({"transactions": [{"booked": [ROW]}, {"booked": [ROW], "pending": [ROW]}]}, [B, B, P]),
    ({"transactions": {"booked": {"0": ROW, "3": ROW}}}, [B, B]),
    ({"transactions": {"booked": [{"0": ROW, "1": ROW}]}}, [B, B]),
    ({"transactions": {"booked": [[ROW], [ROW]]}}, [B, B]),
    ({"transactions": {"booked": {}, "pending": ""}}, []),
    ({"transactions": {"booked": [], "_links": {}}}, []),
    ({"transactionList": {"booked": [ROW]}}, [B]),
    ({"items": [ROW], "total": 1}, [B]),
    ({"_embedded": {"transactions": {"booked": [ROW]}}}, [B]),
    ({"response": {"body": {"transactions": [ROW]}}}, [B]),
    ({"transactions": {"booked": [ROW], "info": "as of today"}, "balances": [{"amount": "5"}]}, [B]),
    ({"transactions": {"info": [ROW]}}, [N]),
]


@pytest.mark.parametrize(("content", "statuses"), ANSWERS)
def test_rows_are_found_wherever_they_stand(content: Any, statuses: list[Status]) -> None:
    found = page(content)
    assert ([row.status for row in found.transactions], found.rejected) == (statuses, ())


def test_rows_in_a_list_that_nobody_knows_are_kept_and_the_others_are_read() -> None:
    found = page({"transactions": {"booked": [ROW], "standby": [ROW, ROW]}, "cards": [ROW]})
    assert len(found.transactions) == 1
    assert [row.reason for row in found.rejected] == [
        "a list that is unknown: standby",
        "a list that is unknown: standby",
        "a list that is unknown: cards",
    ]
    assert json.loads(found.rejected[0].raw) == ROW


@pytest.mark.parametrize(
    "content", [{"transactions": {"booked": False}}, {"transactions": "none"}, {"account": {}}, {}]
)
def test_what_is_no_list_of_rows_is_a_broken_answer(content: Any) -> None:
    with pytest.raises(ContractBroken):
        page(content)


def test_a_row_that_nothing_can_be_made_of_is_kept() -> None:
    assert [row.raw for row in page({"transactions": {"booked": {"x": 1}}}).rejected] == [b'{"x": 1}']


def test_a_rejected_row_is_one_when_it_is_read_again() -> None:
    (row,) = page({"transactions": {"declined": [ROW]}}).transactions
    again = normalize.transactions(normalize.page_of(row.raw, row.status, row.provenance))
    assert [one.status for one in again.transactions] == [Status.REJECTED]


def test_a_statement_that_stands_as_a_text_in_the_answer_is_read() -> None:
    camt = test_camt.statement(test_camt.entry()).decode()
    for content in ({"transactions": camt}, {"transactions": {"booked": camt}}):
        assert len(page(content).transactions) == 1


ACCOUNT = {"resourceId": "7", "iban": "DE02120300000000202051", "currency": "EUR"}
LISTED: list[Any] = [
    {"Accounts": [ACCOUNT]},
    {"accounts": ACCOUNT},
    {"accounts": {"account": [ACCOUNT]}},
    {"accounts": {"1": ACCOUNT}},
    {"accounts": [[ACCOUNT]]},
    {"account": ACCOUNT},
    {"items": [ACCOUNT]},
    {"data": {"Account": [ACCOUNT]}},
    {"_embedded": {"accountList": [ACCOUNT]}},
    [ACCOUNT],
]


@pytest.mark.parametrize("content", LISTED)
def test_accounts_are_found_wherever_they_stand(content: Any) -> None:
    found = normalize.accounts(json.dumps(content).encode())
    assert ([one.resource_id for one in found.values], found.rejected) == (["7"], ())


@pytest.mark.parametrize("content", [{"accounts": None}, {"accounts": ""}, {}, {"accounts": "none"}, {"accounts": 7}])
def test_no_list_of_accounts_is_not_an_empty_one(content: Any) -> None:
    """Every account that is not listed is gone."""
    with pytest.raises(ContractBroken):
        normalize.accounts(json.dumps(content).encode())
    assert normalize.accounts(b'{"accounts":[]}').values == ()


WORDS: list[tuple[dict[str, Any], str, AccountType, str | None]] = [
    ({"cashAccountType": "SAVINGS", "name": "null"}, "EUR", AccountType.SAVINGS, None),
    ({"accountType": "CREDIT_CARD", "name": "Visa"}, "EUR", AccountType.CARD, "Visa"),
    ({"cashAccountType": "svgs", "currency": "978"}, "EUR", AccountType.SAVINGS, None),
    ({"currency": "null"}, "XXX", AccountType.OTHER, None),
    ({"currency": {"code": "chf"}}, "CHF", AccountType.OTHER, None),
]


@pytest.mark.parametrize(("fields", "currency", "kind", "name"), WORDS)
def test_what_an_account_is_in_other_words(
    fields: dict[str, Any], currency: str, kind: AccountType, name: str | None
) -> None:
    (found,) = normalize.accounts(json.dumps({"accounts": [ACCOUNT | fields]}).encode()).values
    assert (found.currency, found.type, found.name) == (currency, kind, name)


MONEY = {"amount": "5", "currency": "EUR"}
BALANCES: list[tuple[Any, str]] = [
    ({"account": {"iban": "x", "balances": [{"balanceAmount": MONEY}]}}, "5"),
    ({"_embedded": {"balances": [{"balanceAmount": MONEY}]}}, "5"),
    ({"balances": [[{"balanceAmount": MONEY}]]}, "5"),
    ({"balances": [{"balanceAmount": [MONEY]}]}, "5"),
    ({"balances": [{"balanceAmount": {"amount": MONEY}}]}, "5"),
    ({"balances": [{"balanceAmount": "5 EUR"}]}, "5"),
    ({"balances": [{"balanceAmount": MONEY, "creditDebitIndicator": {"code": "DBIT"}}]}, "-5"),
]
NO_BALANCES: list[tuple[Any, str]] = [
    ([MONEY, {"amount": "6", "currency": "USD"}], "balanceAmount is not an amount"),
    ({"amount": "5", "currency": {"iso": "USD"}}, "balanceAmount.currency is not a currency code"),
    (MONEY | {"creditDebitIndicator": {"iso": "D"}}, "creditDebitIndicator cannot be read"),
]


@pytest.mark.parametrize(("content", "number"), BALANCES)
def test_a_balance_wherever_it_stands(content: Any, number: str) -> None:
    (found,) = normalize.balances(json.dumps(content).encode()).values
    assert (str(found.money.number), found.money.currency) == (number, "EUR")


@pytest.mark.parametrize(("given", "why"), NO_BALANCES)
def test_a_balance_that_could_be_two_is_none(given: Any, why: str) -> None:
    found = normalize.balances(json.dumps({"balances": [{"balanceAmount": given}]}).encode())
    assert ([row.reason for row in found.rejected], found.values) == ([why], ())


@responses.activate
def test_a_bank_that_says_nothing_has_nothing_but_no_bank_has_no_account() -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(), tpp.tpp())
    responses.get(f"{V1}/accounts", json={"accounts": [BERLIN_ACCOUNT, BERLIN_ACCOUNT]})
    responses.get(f"{V1}/accounts/acc-1/balances", status=204)
    responses.get(f"{V1}/accounts/acc-1/transactions", status=204)
    (account,) = adapter.accounts(ACCESS, psu=None)  # listed twice
    assert adapter.balances(ACCESS, account, psu=None) == ()
    days = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
    assert [one.transactions for one in adapter.transactions(ACCESS, account, psu=None, **days)] == [()]
    responses.replace(responses.GET, f"{V1}/accounts", status=204)
    with pytest.raises(ContractBroken):
        adapter.accounts(ACCESS, psu=None)


@pytest.mark.parametrize(("said", "number"), [({}, "12.10"), ({"debitAccounting": False}, "-12.10")])
def test_a_card_whose_account_says_that_debits_are_positive_is_turned(said: dict[str, Any], number: str) -> None:
    row = ACCOUNT | {"debitAccounting": True, "balances": [{"balanceAmount": MONEY}]}
    (card,) = normalize.accounts(json.dumps({"cardAccounts": [row]}).encode()).values
    found = normalize.transactions(json.dumps({"cardTransactions": {"booked": [ROW]}} | said).encode(), account=card)
    assert [str(one.money.number) for one in found.transactions] == [number]
    balances = normalize.balances(json.dumps({"balances": [{"balanceAmount": MONEY}]} | said).encode(), account=card)
    assert [str(one.money.number) for one in balances.values] == ["5" if said else "-5"]
    assert card.balances is not None
    assert [str(one.money.number) for one in card.balances] == ["-5"]
    again = normalize.page_of(found.transactions[0].raw, Status.BOOKED, found.transactions[0].provenance)
    assert [str(one.money.number) for one in normalize.transactions(again).transactions] == [number]
