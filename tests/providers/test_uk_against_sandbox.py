"""The UK adapter against both British sandbox banks, over real sockets: 3.1 with a code, 3.1 hybrid, 4.0 with JARM."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from providers import conformance
from providers.errors import ContractBroken, ReconsentRequired, Refused
from providers.model import Identifier, Money, Scheme, Status
from providers.port import LinkRequest, Redirect, Resource
from providers.registry import BUILT_IN_INSTITUTIONS, Institution, load_institutions
from providers.resources import Frequency, MandateStatus
from providers.uk_obie.adapter import UkObieAdapter
from tests.providers import tpp
from tests.providers.misbehaving import answer, running, say
from tests.providers.sandbox_banks import PSU, TODAY, SandboxDriver, bank_process
from tests.providers.test_against_sandbox import QUICK, known_amounts, link, moved, pages, uk_amount

SECRET = "cambria-gave-us-this"
ALL = [one.value for one in Resource]


def built_in(name: str, **api: Any) -> Institution:
    found = load_institutions([BUILT_IN_INSTITUTIONS])[name]
    return msgspec.structs.replace(found, api=found.api | api)


def driver_for(institution: Institution, url: str, who: str) -> SandboxDriver:
    adapter = UkObieAdapter(moved(institution, url), tpp.tpp(), limits=QUICK)
    driver = SandboxDriver(adapter, url, who, False, {})
    driver.known_amounts = known_amounts(driver, uk_amount)
    return driver


def request_now() -> LinkRequest:
    now = datetime.now(UTC)
    return replace(tpp.link_request(), now=now, valid_until=now.date() + timedelta(days=30))


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    with running(say(answer(json.dumps(tpp.tpp().jwks()).encode()))) as listening:
        yield f"{listening.url}/jwks"


@pytest.fixture(scope="module")
def hybrid(hub: str) -> Iterator[SandboxDriver]:
    with bank_process("sandbox.uk", "--client-jwks-uri", hub) as url:
        institution = built_in("albion", authorize={"response_type": "code id_token"})
        yield driver_for(institution, url, "alice-at-albion")


@pytest.fixture(scope="module")
def cambria_url(hub: str) -> Iterator[str]:
    flags = ("--bank", "cambria", "--client-jwks-uri", hub, "--client-secret", SECRET)
    with bank_process("sandbox.uk", *flags) as url:
        yield url


@pytest.fixture(scope="module")
def jarm(cambria_url: str) -> SandboxDriver:
    return driver_for(built_in("cambria", resources=ALL), cambria_url, "alice-at-cambria")


@pytest.fixture(params=["hybrid", "jarm"])
def driver(request: pytest.FixtureRequest) -> Iterator[SandboxDriver]:
    found: SandboxDriver = request.getfixturevalue(request.param)
    yield found
    found.control(fault=None)


@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
def test_the_adapter_conforms(driver: SandboxDriver, check: conformance.Check) -> None:
    check(driver)


def test_every_row_is_read_and_adds_up(driver: SandboxDriver) -> None:
    access = link(driver)
    for at, account in enumerate(driver.adapter.accounts(access, psu=PSU)):
        found = list(pages(driver, access, at))
        assert [page.rejected for page in found if page.rejected] == []
        rows = [row for page in found for row in page.transactions]
        booked = sum((row.money.number for row in rows if row.status is Status.BOOKED), Decimal(0))
        balances = {one.type.value: one.money for one in driver.adapter.balances(access, account, psu=PSU)}
        assert Money(booked, account.currency) == balances["ITBD"]
        assert all(row.bank_transaction_code for row in rows)
        assert all(row.provenance["status"] == "Status" for row in rows)


def test_a_browser_that_changes_the_answer_changes_nothing(driver: SandboxDriver) -> None:
    """Whatever is swapped between two links, what the bank signed gives it away before the code is spent."""
    mine, theirs = driver.start(), driver.start()
    yes, other = dict(driver.allow(mine)), dict(driver.allow(theirs))
    mixed = {**other, "state": mine.state.state} if "response" not in yes else other
    with pytest.raises(ContractBroken):
        driver.adapter.finish(mine.state, mixed, now=datetime.now(UTC), psu=PSU)
    assert driver.adapter.finish(theirs.state, other, now=datetime.now(UTC), psu=PSU)


def test_a_hybrid_answer_comes_behind_the_fragment_with_its_id_token(hybrid: SandboxDriver) -> None:
    assert dict(hybrid.allow(hybrid.start())).keys() == {"code", "id_token", "state"}


def test_a_signed_answer_shows_nothing_but_itself_also_where_it_is_a_no(jarm: SandboxDriver) -> None:
    assert dict(jarm.allow(jarm.start())).keys() == {"response"}
    assert dict(jarm.deny(jarm.start())).keys() == {"response"}


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
def test_a_secret_opens_the_bank_and_a_wrong_one_does_not(cambria_url: str, tmp_path: Path, way: str) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    institution = moved(built_in("cambria", token_auth=way, client_secret_file=str(file)), cambria_url)
    driver = SandboxDriver(
        UkObieAdapter(institution, tpp.tpp(), limits=QUICK), cambria_url, "alice-at-cambria", False, {}
    )
    assert len(driver.adapter.accounts(link(driver), psu=PSU)) == 2
    file.write_text("guessed")
    with pytest.raises(Refused, match="invalid_client"):
        UkObieAdapter(institution, tpp.tpp(), limits=QUICK).start(tpp.link_request())


def test_what_hangs_on_an_account_is_read(jarm: SandboxDriver) -> None:
    adapter, access = jarm.adapter, link(jarm)
    assert isinstance(adapter, UkObieAdapter)
    current, savings = sorted(adapter.accounts(access, psu=PSU), key=lambda one: one.type.value)
    orders = {one.remittance[0]: one for one in adapter.standing_orders(access, current, psu=PSU)}
    rowing = orders["ROWING CLUB MEMBER 117"]
    assert (rowing.status, rowing.creditor.name) == (MandateStatus.ACTIVE, "Cardiff Bay Rowing Club")
    assert rowing.schedule is not None
    assert (rowing.schedule.frequency, rowing.schedule.day) == (Frequency.MONTHLY, 5)
    assert rowing.next is not None
    assert rowing.next.on is not None
    assert rowing.next.on > TODAY
    debits = adapter.direct_debits(access, current, psu=PSU)
    assert {one.creditor.name for one in debits} == {"Dwr Cymru", "Principality Insurance"}
    (scheduled,) = adapter.scheduled_payments(access, current, psu=PSU)
    assert scheduled.money == Money(Decimal("-24.00"), "GBP")
    assert [one.trusted for one in adapter.beneficiaries(access, current, psu=PSU)] == [True, False, False]
    statements = adapter.statements(access, current, psu=PSU)
    assert [one.reference for one in statements] == ["2026-02", "2026-01", "2025-12"]
    assert [one.name for one in adapter.parties(access, current, psu=PSU)] == ["Alice O'Connor"]
    assert [one.name for one in adapter.products(access, savings, psu=PSU)] == ["Dragon Saver"]
    assert [one.type for one in adapter.offers(access, current, psu=PSU)] == ["LimitIncrease"]
    assert adapter.standing_orders(access, savings, psu=PSU) == ()


def test_a_statement_ends_in_what_the_rows_add_up_to(jarm: SandboxDriver) -> None:
    adapter, access = jarm.adapter, link(jarm)
    assert isinstance(adapter, UkObieAdapter)
    account = adapter.accounts(access, psu=PSU)[0]
    rows = [row for page in pages(jarm, access) for row in page.transactions if row.status is Status.BOOKED]
    for statement in adapter.statements(access, account, psu=PSU):
        _, last = statement.period
        assert last is not None
        total = sum(row.money.number for row in rows if row.booking_date is not None and row.booking_date <= last)
        assert [line.money.number for line in statement.lines] == [total]


def test_funds_are_confirmed_and_nothing_else_is_read(jarm: SandboxDriver) -> None:
    adapter = jarm.adapter
    assert isinstance(adapter, UkObieAdapter)
    account = adapter.accounts(link(jarm), psu=PSU)[0]
    iban = next(one for one in account.identifiers if one.scheme is Scheme.IBAN)
    start = adapter.start_funds(request_now(), iban)
    now = datetime.now(UTC)
    assert isinstance(start.step, Redirect)
    access = adapter.finish(start.state, jarm.allow(start), now=now, psu=PSU)
    for amount, available in (("1.00", True), ("1000000.00", False)):
        found = adapter.confirm_funds(access, Money(Decimal(amount), "GBP"), reference=f"test-{amount}")
        assert found.available is available
    with pytest.raises((Refused, ReconsentRequired)):
        adapter.accounts(access, psu=PSU)
    again = adapter.refresh(access, now=now)
    assert adapter.confirm_funds(again, Money(Decimal("1.00"), "GBP"), reference="again").available
    adapter.revoke(again)
    with pytest.raises((Refused, ReconsentRequired)):
        adapter.confirm_funds(again, Money(Decimal("1.00"), "GBP"), reference="after")


def test_funds_of_an_account_that_the_bank_has_not_are_refused(jarm: SandboxDriver) -> None:
    adapter = jarm.adapter
    assert isinstance(adapter, UkObieAdapter)
    with pytest.raises(Refused, match="U002"):
        adapter.start_funds(request_now(), Identifier(Scheme.IBAN, "GB33BUKB20201555555555"))
