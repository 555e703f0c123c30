"""Answers that say a thing twice, say half of it or mix it with another: no money is made of it, none turned by it."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import responses

from providers.au_cdr import normalize as au_cdr
from providers.berlin_group import normalize as berlin_group
from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.berlin_group.transaction_wire import TransactionRow
from providers.br_openfinance import cards
from providers.br_openfinance import normalize as br_openfinance
from providers.model import Account, AccountType, Page, Status
from providers.port import Access
from providers.rows import Lenient
from providers.simplefin import normalize as simplefin
from providers.stet import normalize as stet
from providers.uk_obie import normalize as uk_obie
from tests.providers import tpp

MONEY = {"amount": "12.10", "currency": "EUR"}
ROW: dict[str, Any] = {"bookingDate": "2026-03-10", "transactionAmount": MONEY}
OTHER = ROW | {"bookingDate": "2026-03-11"}
EUR = Account("1", "EUR", AccountType.CURRENT)
CARD = Account("1", "EUR", AccountType.CARD, raw=b'{"resourceId":"1","debitAccounting":true}')
IBAN, SECOND = "DE89370400440532013000", "DE02120300000000202051"
B, P = Status.BOOKED, Status.PENDING
ACCESS = Access("consent-1", None, None)


def page(content: Any, account: Account = EUR) -> Page:
    return berlin_group.transactions(json.dumps(content).encode(), account=account)


LISTS: list[tuple[Any, list[Status]]] = [
    ({"transactions": {"booked": [ROW, OTHER], "transactions": [ROW, OTHER]}}, [B, B]),
    ({"transactions": {"booked": [ROW, ROW], "transactions": [ROW]}}, [B, B]),
    ({"transactions": {"booked": [ROW], "transactions": [ROW, ROW]}}, [B, B]),
    ({"transactions": {"booked": [ROW], "pending": [ROW]}}, [B, P]),
    ({"transactions": {"booked": [ROW, ROW]}}, [B, B]),
    ({"transactions": {"booked": [ROW], "amount": 3}}, [B]),
    ({"transactions": {"booked": [ROW], "pending": [], "amount": MONEY}}, [B]),
]


@pytest.mark.parametrize(("content", "statuses"), LISTS)
def test_a_row_in_two_lists_of_one_answer_and_a_sum_beside_rows_are_no_more_money(
    content: Any, statuses: list[Status]
) -> None:
    found = page(content)
    assert ([row.status for row in found.transactions], found.rejected) == (statuses, ())
    assert {str(row.money.number) for row in found.transactions} == {"12.10"}


@pytest.mark.parametrize(
    "name", ["completed", "settled", "posted", "rejected", "authorised", "reserved", "transaction"]
)
@pytest.mark.parametrize("said", [True, 0, "2026-03-10", "none"])
def test_what_is_said_of_an_answer_under_the_name_of_a_list_is_no_list(name: str, said: Any) -> None:
    for content in ({"transactions": {"booked": [ROW], name: said}}, {"transactions": {"booked": [ROW]}, name: said}):
        found = page(content)
        assert ([row.status for row in found.transactions], found.rejected) == ([B], ())


def test_what_could_not_be_read_is_named_as_the_standard_does_however_the_bank_spells_it() -> None:
    (row,) = page({"transactions": {"booked": [ROW | {"Value__________Date": [1]}]}}).transactions
    assert row.provenance["unread"] == "valueDate"


def test_no_list_where_one_is_known_is_an_empty_one() -> None:
    assert page({"bookedTransactions": None, "pendingTransactions": ""}) == Page((), None, ())


@pytest.mark.parametrize("name", ["pending", "reserved", "transactions"])
def test_what_the_rows_of_a_list_come_to_is_kept_and_is_no_row(name: str) -> None:
    found = page({"transactions": {"booked": [ROW], name: MONEY}})
    assert [row.status for row in found.transactions] == [B]
    assert "a list that is unknown" in found.rejected[0].reason


def test_booked_and_pending_rows_in_two_objects_are_all_read() -> None:
    row = {"Amount": {"Amount": "1", "Currency": "GBP"}, "CreditDebitIndicator": "Debit", "Status": "Booked"}
    parts = {"Booked": {"Transaction": [row]}, "Pending": {"Transaction": [row | {"Status": "Pending"}]}}
    found = uk_obie.transactions(json.dumps({"Data": parts}).encode()).transactions
    assert [one.status for one in found] == [B, P]


@pytest.mark.parametrize("more", [{"links": []}, {"links": None}, {"links": {}}])
def test_a_second_member_for_links_that_holds_nothing_hides_no_page(more: dict[str, Any]) -> None:
    assert page({"transactions": {"booked": [ROW]}, "_links": {"next": {"href": "/2"}}} | more).next == "/2"


def test_a_row_that_begins_with_a_flag_is_no_report() -> None:
    found = page({"transactions": [{"booked": True, "bookingDate": "2026-03-10"}, ROW]})
    assert (len(found.transactions), len(found.rejected)) == (1, 1)


@pytest.mark.parametrize("flag", [{"pending": "true"}, {"isPending": 1}, {"booked": "False"}, {"is_booked": 0}])
def test_a_flag_that_is_no_boolean_is_one_all_the_same(flag: dict[str, Any]) -> None:
    assert [row.status for row in page({"transactions": [ROW | flag]}).transactions] == [P]


@pytest.mark.parametrize(("word", "number"), [("DBIT", "-12.10"), ("CRDT", "12.10"), (None, "-12.10")])
@pytest.mark.parametrize(("account", "said"), [(CARD, {}), (EUR, {"debitAccounting": True})])
def test_positive_debits_turn_only_what_does_not_say_itself_which_way_it_went(
    account: Account, said: dict[str, Any], word: str | None, number: str
) -> None:
    row = ROW | {"creditDebitIndicator": word}
    found = page({"transactions": {"booked": [row]}} | said, account).transactions
    assert [str(one.money.number) for one in found] == [number]
    again = berlin_group.page_of(found[0].raw, B, found[0].provenance)
    (reread,) = berlin_group.transactions(again, account=account).transactions
    assert reread.money == found[0].money
    balance = {"balanceType": "closingBooked", "balanceAmount": MONEY, "creditDebitIndicator": word}
    body = json.dumps({"balances": [balance]} | said).encode()
    assert [str(one.money.number) for one in berlin_group.balances(body, account=account).values] == [number]


SIGNS: list[tuple[dict[str, Any], str | None]] = [
    ({"amount": "£12.10"}, "GBP"),
    ({"amount": "12,10 €", "currency": "EUR"}, "EUR"),
    ({"amount": "R$ 12,10"}, "BRL"),
    ({"amount": "£12.10", "currency": "EUR"}, None),
    ({"amount": {"amount": "12.10", "currencyCode": "USD"}}, "USD"),
]


@pytest.mark.parametrize(("given", "currency"), SIGNS)
def test_an_amount_with_a_sign_of_a_currency_is_in_no_other(given: dict[str, Any], currency: str | None) -> None:
    found = page({"transactions": {"booked": [ROW | {"transactionAmount": given}]}}).transactions
    assert [(row.money.number, row.money.currency) for row in found] == (
        [] if currency is None else [(Decimal("12.10"), currency)]
    )


def test_balances_are_found_beside_the_account_that_they_are_of() -> None:
    body = json.dumps({"account": {"iban": IBAN}, "data": [{"balanceAmount": MONEY}]}).encode()
    assert [str(one.money.number) for one in berlin_group.balances(body, account=EUR).values] == ["12.10"]


def test_lists_that_are_spelled_alike_share_one_decoder() -> None:
    """One was made for each list: an answer of 300 kB in 9000 lists took 13 seconds."""
    decoder, rows = Lenient(TransactionRow), [msgspec.Raw(b'{"transaction_id":"1"}')]
    assert decoder.of_page(rows) is decoder.of_page(rows) is not decoder


ACCOUNTS: list[tuple[Any, dict[str, Any]]] = [
    (berlin_group, {"accounts": [{"resourceId": "a\x00b", "iban": IBAN, "currency": "EUR", "name": "Gi\x00ro"}]}),
    (stet, {"accounts": [{"resourceId": "a\x00b", "accountId": {"iban": IBAN}, "name": "Gi\x00ro"}]}),
    (uk_obie, {"Data": {"Account": [{"AccountId": "a\x00b", "Currency": "GBP", "Nickname": "Gi\x00ro"}]}}),
    (au_cdr, {"data": {"accounts": [{"accountId": "a\x00b", "displayName": "Gi\x00ro"}]}}),
    (br_openfinance, {"data": [{"accountId": "a\x00b", "brandName": "B\x00", "number": "1\x002"}]}),
    (cards, {"data": [{"creditCardAccountId": "a\x00b", "name": "Gi\x00ro"}]}),
    (simplefin, {"accounts": [{"id": "a\x00b", "name": "G\x00", "currency": "EUR", "balance": "1", "org": "B\x00"}]}),
]


@pytest.mark.parametrize(("standard", "content"), ACCOUNTS)
def test_an_account_is_read_as_if_no_nul_were_in_it(standard: Any, content: dict[str, Any]) -> None:
    (account,) = standard.accounts(json.dumps(content).encode()).values
    assert account.resource_id == "ab"
    texts = (account.resource_id, account.name, account.product, *(one.value for one in account.identifiers))
    assert not any("\x00" in (text or "") for text in texts)


NO_IDS: list[tuple[Any, dict[str, Any]]] = [
    (uk_obie, {"Data": {"Account": [{"AccountId": "\x00", "Currency": "GBP"}]}}),
    (au_cdr, {"data": {"accounts": [{"accountId": "null", "displayName": "Giro"}]}}),
    (br_openfinance, {"data": [{"accountId": "", "brandName": "B"}]}),
    (cards, {"data": [{"creditCardAccountId": "undefined", "name": "Card"}]}),
    (simplefin, {"accounts": [{"id": "\x00", "name": "Giro", "currency": "EUR", "balance": "1"}]}),
]


@pytest.mark.parametrize(("standard", "content"), NO_IDS)
def test_an_account_of_which_nothing_is_the_id_is_set_aside_by_name(standard: Any, content: dict[str, Any]) -> None:
    found = standard.accounts(json.dumps(content).encode())
    assert found.values == ()
    assert "id" in found.rejected[0].reason.lower()


def listed(*rows: dict[str, Any]) -> list[tuple[str, str]]:
    """Resource id and IBAN of the accounts that the adapter gives."""
    with responses.RequestsMock() as bank:
        bank.get(f"{tpp.BERLIN}/v1/accounts", json={"accounts": rows})
        adapter = BerlinGroupAdapter(tpp.lorelei(), tpp.tpp())
        return [(one.resource_id, one.identifiers[0].value) for one in adapter.accounts(ACCESS, psu=None)]


def shown(resource_id: str, iban: str, at: str = "") -> dict[str, Any]:
    links = {"_links": {"transactions": {"href": f"/v1/accounts/{at}/transactions"}}} if at else {}
    return {"resourceId": resource_id, "iban": iban, "currency": "EUR"} | links


@pytest.mark.parametrize("placeholder", ["NOTPROVIDED", "null", "\x00", "0", "0000"])
def test_two_accounts_with_one_placeholder_for_an_id_are_asked_about_by_their_own(placeholder: str) -> None:
    own = [(IBAN, IBAN), (SECOND, SECOND)]
    assert listed(shown(placeholder, IBAN), shown(placeholder, SECOND)) == own
    own = [("x", IBAN), ("y", SECOND)]
    assert listed(shown(placeholder, IBAN, "x"), shown(placeholder, SECOND, "y")) == own


def test_of_two_accounts_with_one_address_only_the_first_is_read() -> None:
    """What the bank answers there would be booked on both."""
    assert listed(shown("17", IBAN), shown("17", SECOND)) == [("17", IBAN)]
    assert listed(shown("17", IBAN), shown("17", IBAN), shown("18", SECOND)) == [("17", IBAN), ("18", SECOND)]


def test_a_zero_that_is_one_accounts_alone_is_its_id() -> None:
    assert listed(shown("0", IBAN), shown("1", SECOND)) == [("0", IBAN), ("1", SECOND)]
