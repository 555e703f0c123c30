"""What the status ``information`` lists are standing orders, and no movements."""

import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.berlin_group import normalize
from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.berlin_group.standing_orders import standing_orders
from providers.errors import ContractBroken, Refused
from providers.model import Account, Money, Status
from providers.port import Access, Resource
from providers.registry import BUILT_IN_INSTITUTIONS, load_institutions
from providers.resources import Frequency, Schedule, StandingOrder
from tests.providers import tpp
from tests.providers.sandbox_banks import PSU, SandboxDriver, bank_process
from tests.providers.test_against_sandbox import QUICK, link, moved

ROW = {
    "transactionAmount": {"currency": "EUR", "amount": "-256.67"},
    "creditorName": "Landlord",
    "creditorAccount": {"iban": "DE02120300000000202051"},
    "remittanceInformationUnstructured": "Rent",
}


def one(structured: Any, **more: Any) -> StandingOrder:
    row = ROW | {"additionalInformationStructured": structured} | more
    body = json.dumps({"transactions": {"information": [row]}}).encode()
    (found,) = standing_orders(normalize.transactions(body, account=Account("1", "EUR")))
    return found


def details(**given: Any) -> dict[str, Any]:
    return {"standingOrderDetails": {"startDate": "2018-03-01", **given}}


SCHEDULES = [
    (details(frequency="Monthly", dayOfExecution="2"), Schedule(Frequency.MONTHLY, 1, 2, source_label="Monthly")),
    (details(frequency="Monthly", dayOfExecution="31"), Schedule(Frequency.MONTHLY, 1, -1, source_label="Monthly")),
    (details(frequency="EveryTwoWeeks"), Schedule(Frequency.WEEKLY, 2, source_label="EveryTwoWeeks")),
    (details(frequency="Weekly", multiplicator=3), Schedule(Frequency.WEEKLY, 3, source_label="Weekly")),
    (details(frequency="Weekly", dayOfExecution="24"), Schedule(Frequency.WEEKLY, 1, source_label="Weekly")),
    (details(frequency="QURT", dayOfExecution=5), Schedule(Frequency.QUARTERLY, 1, 5, source_label="QURT")),
    # the example of the standard itself
    (
        {**details(), "frequency": "monthly", "dayOfExecution": "24"},
        Schedule(Frequency.MONTHLY, 1, 24, source_label="monthly"),
    ),
    (details(frequency="now and then"), None),
    (details(frequency=7, multiplicator="x"), None),
    (None, None),
    ("monthly", None),
]


@pytest.mark.parametrize(("structured", "schedule"), SCHEDULES)
def test_an_order_says_when_it_is_paid(structured: Any, schedule: Schedule | None) -> None:
    assert one(structured).schedule == schedule


@pytest.mark.parametrize("amount", ["-256.67", "256.67"])
def test_the_money_of_an_order_leaves_the_account(amount: str) -> None:
    found = one(details(), transactionAmount={"currency": "EUR", "amount": amount})
    assert found.next is not None
    assert found.next.money == Money(Decimal("-256.67"), "EUR")


def test_an_order_says_who_is_paid_and_since_when() -> None:
    found = one(details(endDate="9999-12-31"))
    assert found.first is not None
    assert found.first.on == date(2018, 3, 1)
    assert (found.final, found.creditor.name, found.remittance) == (None, "Landlord", ("Rent",))
    later = one(details(endDate="2030-06-01"))
    assert later.final is not None
    assert later.final.on == date(2030, 6, 1)


def test_only_a_bank_that_lists_them_is_asked() -> None:
    access, account = Access("consent-1", None, None), Account("1", "EUR")
    adapter = BerlinGroupAdapter(tpp.lorelei(), tpp.tpp())
    assert adapter.capabilities.resources == frozenset()
    with pytest.raises(Refused), responses.RequestsMock() as bank:
        adapter.standing_orders(access, account, psu=None)
    assert len(bank.calls) == 0


def test_orders_over_sockets_are_what_the_bank_pays_every_month() -> None:
    with bank_process("sandbox.berlin") as url:
        institution = moved(load_institutions([BUILT_IN_INSTITUTIONS])["lorelei"], url)
        institution = msgspec.structs.replace(institution, api={**institution.api, "standing_orders": True})
        adapter = BerlinGroupAdapter(institution, tpp.tpp(), limits=QUICK)
        assert Resource.STANDING_ORDERS in adapter.capabilities.resources
        driver = SandboxDriver(adapter, url, "alice-at-lorelei", True, {})
        access = link(driver)
        days = {"date_from": driver.period[0], "date_to": driver.period[1]}
        orders, paid = set(), set()
        for account in adapter.accounts(access, psu=PSU):
            for order in adapter.standing_orders(access, account, psu=PSU):
                assert order.next is not None
                assert order.schedule is not None
                assert order.schedule.frequency is Frequency.MONTHLY
                orders.add((order.creditor.name, order.next.money))
            for page in adapter.transactions(access, account, psu=PSU, **days):
                assert Status.INFORMATION not in {row.status for row in page.transactions}
                paid |= {(row.counterparty.name, row.money) for row in page.transactions}
    assert orders
    assert orders <= paid


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["Monthly", "9999-12-31", "31"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["standingOrderDetails", "startDate", "endDate", "frequency", "multiplicator", "dayOfExecution"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(structured=JSON)
def test_whatever_stands_there_an_order_comes_of_it(structured: Any) -> None:
    with suppress(ContractBroken):
        found = one(structured)
        assert found.creditor.name == "Landlord"
