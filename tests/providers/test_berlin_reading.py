"""Banks that list cards apart, and banks that tell what is booked and what is pending one at a time."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
import responses

from providers import paging
from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account, AccountType, Status
from providers.port import Access, LinkRequest
from providers.registry import BUILT_IN_INSTITUTIONS, load_institutions
from tests.providers import tpp
from tests.providers.pages import BERLIN_ACCOUNT, BERLIN_BALANCE, BERLIN_TRANSACTION, berlin
from tests.providers.sandbox_banks import SandboxDriver, bank_process
from tests.providers.test_against_sandbox import QUICK, link, moved, read_all

ACCESS = Access("consent-1", None, None)
V1 = f"{tpp.BERLIN}/v1"
DAYS = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
CARD = {"resourceId": "acc-1", "maskedPan": "525412******3241", "currency": "EUR"}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def with_cards(bank: responses.RequestsMock) -> BerlinGroupAdapter:
    bank.get(f"{V1}/accounts", json={"accounts": [BERLIN_ACCOUNT | {"resourceId": "acc-1"}]})
    return BerlinGroupAdapter(tpp.lorelei(card_accounts=True), tpp.tpp())


def test_a_card_with_the_id_of_an_account_is_read_where_cards_are(
    bank: responses.RequestsMock, with_cards: BerlinGroupAdapter
) -> None:
    bank.get(f"{V1}/card-accounts", json={"cardAccounts": [CARD]})
    account, card = with_cards.accounts(ACCESS, psu=None)
    assert account.resource_id != card.resource_id
    assert card.type is AccountType.CARD
    for kind, of in (("accounts", account), ("card-accounts", card)):
        bank.get(f"{V1}/{kind}/acc-1/balances", json={"balances": [BERLIN_BALANCE]})
        bank.get(f"{V1}/{kind}/acc-1/transactions", body=berlin(BERLIN_TRANSACTION))
        with_cards.balances(ACCESS, of, psu=None)
        assert len(list(with_cards.transactions(ACCESS, of, psu=None, **DAYS))) == 1
        assert all(f"/v1/{kind}/acc-1/" in str(call.request.url) for call in list(bank.calls)[-2:])


REFUSALS: list[tuple[int, str, type[ProviderError] | None]] = [
    (404, "RESOURCE_UNKNOWN", None),
    (405, "SERVICE_INVALID", None),
    (401, "CONSENT_EXPIRED", ReconsentRequired),
    (503, "", Transient),
]


@pytest.mark.parametrize(("status", "code", "kind"), REFUSALS)
def test_who_has_no_cards_keeps_their_accounts(
    bank: responses.RequestsMock,
    with_cards: BerlinGroupAdapter,
    status: int,
    code: str,
    kind: type[ProviderError] | None,
) -> None:
    bank.get(f"{V1}/card-accounts", json={"tppMessages": [{"category": "ERROR", "code": code}]}, status=status)
    if kind is None:
        assert len(with_cards.accounts(ACCESS, psu=None)) == 1
        return
    with pytest.raises(kind):
        with_cards.accounts(ACCESS, psu=None)


def test_an_id_that_looks_like_a_cards_is_an_accounts_where_no_cards_are_listed(bank: responses.RequestsMock) -> None:
    bank.get(f"{V1}/accounts/card%3A1/balances", json={"balances": [BERLIN_BALANCE]})
    adapter = BerlinGroupAdapter(tpp.lorelei(), tpp.tpp())
    assert len(adapter.balances(ACCESS, Account("card:1", "EUR"), psu=None)) == 1


def test_what_is_booked_comes_first_and_only_the_last_page_is_the_last(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(booking_status="separate"), tpp.tpp())
    url = f"{V1}/accounts/acc-1/transactions"
    for status, body in (("booked", berlin(BERLIN_TRANSACTION)), ("pending", berlin(pending=(BERLIN_TRANSACTION,)))):
        asked = {"bookingStatus": status, "dateFrom": "2026-01-01", "dateTo": "2026-02-01"}
        bank.get(url, body=body, match=[responses.matchers.query_param_matcher(asked)])
    pages = list(adapter.transactions(ACCESS, Account("acc-1", "EUR"), psu=None, **DAYS))
    assert [page.transactions[0].status for page in pages] == [Status.BOOKED, Status.PENDING]
    assert [page.next is None for page in pages] == [False, True]
    assert adapter.capabilities.pending is True


def test_what_is_known_of_the_booked_list_leads_to_the_pending_one_again(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(booking_status="separate"), tpp.tpp())
    for status, body in (("booked", berlin(BERLIN_TRANSACTION)), ("pending", berlin(pending=(BERLIN_TRANSACTION,)))):
        asked = [responses.matchers.query_param_matcher({"bookingStatus": status}, strict_match=False)]
        bank.get(f"{V1}/accounts/acc-1/transactions", body=body, match=asked)
    account = Account("acc-1", "EUR")
    first = list(adapter.transactions(ACCESS, account, psu=None, **DAYS))
    assert [page.link for page in first] == [None, None], "the bank named no next page"
    with paging.knowing({page.digest: page.link for page in first}):
        again = list(adapter.transactions(ACCESS, account, psu=None, **DAYS))
    assert [page.digest for page in again] == [page.digest for page in first]
    assert all(page.unread for page in again)


def test_a_link_that_is_no_text_is_a_broken_answer(bank: responses.RequestsMock) -> None:
    links = b'{"consentStatus":"received","consentId":"c1","_links":{%s"info":{"href":"/f\xfcr"}}}'
    asks_for_a_password = b'"startAuthorisationWithPsuAuthentication":{"href":"/v1/consents/c1/authorisations"},'
    bank.post(f"{V1}/consents", body=links % asks_for_a_password, status=201)
    adapter = BerlinGroupAdapter(tpp.lorelei(), tpp.tpp())
    request = LinkRequest(
        "https://hub.example/cb", "state", "nonce", datetime(2026, 6, 1, tzinfo=UTC), date(2026, 9, 1)
    )
    with pytest.raises(ContractBroken):
        adapter.start(request)


def test_a_pending_list_that_is_refused_costs_no_booked_row(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(tpp.lorelei(booking_status="separate"), tpp.tpp())
    url = f"{V1}/accounts/acc-1/transactions"
    booked = [responses.matchers.query_param_matcher({"bookingStatus": "booked"}, strict_match=False)]
    bank.get(url, body=berlin(BERLIN_TRANSACTION), match=booked)
    bank.get(url, status=400)
    pages = adapter.transactions(ACCESS, Account("acc-1", "EUR"), psu=None, **DAYS)
    assert len(next(pages).transactions) == 1
    with pytest.raises(Refused):
        next(pages)


def test_two_calls_say_what_one_does() -> None:
    def rows(url: str, **api: Any) -> list[bytes]:
        institution = moved(load_institutions([BUILT_IN_INSTITUTIONS])["lorelei"], url)
        institution = msgspec.structs.replace(institution, api={**institution.api, **api})
        adapter = BerlinGroupAdapter(institution, tpp.tpp(), limits=QUICK)
        driver = SandboxDriver(adapter, url, "alice-at-lorelei", True, {})
        return sorted(row.raw for page in read_all(driver, link(driver)) for row in page.transactions)

    with bank_process("sandbox.berlin") as url:
        whole = rows(url)
        assert rows(url, booking_status="separate") == whole
        booked = rows(url, booking_status="booked")
        assert 0 < len(booked) < len(whole)


@pytest.mark.parametrize("asked", [True, False])
def test_balances_that_come_with_the_list_count_where_they_were_asked_for(
    bank: responses.RequestsMock, asked: bool
) -> None:
    rows = [BERLIN_ACCOUNT | {"balances": [BERLIN_BALANCE, {"balanceType": "x"}]}, BERLIN_ACCOUNT | {"resourceId": "2"}]
    query = {"withBalance": "true"} if asked else {}
    bank.get(f"{V1}/accounts", json={"accounts": rows}, match=[responses.matchers.query_param_matcher(query)])
    adapter = BerlinGroupAdapter(tpp.lorelei(balances_with_accounts=asked), tpp.tpp())
    first, second = adapter.accounts(ACCESS, psu=None)
    bank.get(f"{V1}/accounts/{first.resource_id}/balances", json={"balances": [BERLIN_BALANCE]})
    assert second.balances is None
    assert first.balances == (adapter.balances(ACCESS, first, psu=None) if asked else None)
