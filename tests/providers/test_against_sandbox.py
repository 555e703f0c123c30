"""Every adapter against its sandbox bank, over real sockets, through the bank's own pages."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from providers import conformance
from providers.au_cdr.adapter import AuCdrAdapter
from providers.balances import choose
from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.br_openfinance.adapter import BrOpenFinanceAdapter
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account, AccountType, BalanceType, Money, Page, Scheme, Status
from providers.port import Access, Adapter, Psu
from providers.registry import BUILT_IN_INSTITUTIONS, Institution, load_institutions
from providers.stet.adapter import StetAdapter
from providers.tpp import Tpp
from providers.transport import Limits
from providers.uk_obie.adapter import UkObieAdapter
from tests.providers import tpp
from tests.providers.misbehaving import answer, running, say
from tests.providers.sandbox_banks import PSU, TODAY, SandboxDriver, bank_process

QUICK = Limits(read_s=1.0, total_s=3.0, pause_s=0.0)


def moved(institution: Institution, url: str) -> Institution:
    """The built-in institution, at the port that its bank got."""
    api = re.sub(r"http://127\.0\.0\.1:[0-9]+", url, json.dumps(institution.api))
    return msgspec.structs.replace(institution, api=json.loads(api))


def known_amounts(driver: SandboxDriver, amount_of: Callable[[dict[str, Any]], Money]) -> dict[str, Money]:
    """One row of each sign, read from the bank's own JSON by hand."""
    found: dict[bool, tuple[str, Money]] = {}
    access = link(driver)
    for page in read_all(driver, access):
        for row in page.transactions:
            raw = json.loads(row.raw)
            row_id = raw.get("TransactionId") or raw.get("transactionId") or raw.get("resourceId")
            if row_id:
                money = amount_of(raw)
                found.setdefault(money.number > 0, (row_id, money))
    return dict(found.values())


def uk_amount(raw: dict[str, Any]) -> Money:
    sign = -1 if raw["CreditDebitIndicator"] == "Debit" else 1
    return Money(sign * Decimal(raw["Amount"]["Amount"]), raw["Amount"]["Currency"])


def berlin_amount(raw: dict[str, Any]) -> Money:
    return Money(Decimal(raw["transactionAmount"]["amount"]), raw["transactionAmount"]["currency"])


def stet_amount(raw: dict[str, Any]) -> Money:
    sign = -1 if raw["creditDebitIndicator"] == "DBIT" else 1
    return Money(sign * Decimal(str(raw["transactionAmount"]["amount"])), raw["transactionAmount"]["currency"])


@pytest.fixture(scope="module")
def albion() -> Iterator[SandboxDriver]:
    institution = load_institutions([BUILT_IN_INSTITUTIONS])["albion"]
    jwks = answer(json.dumps(tpp.tpp().jwks()).encode())
    with running(say(jwks)) as hub, bank_process("sandbox.uk", "--client-jwks-uri", f"{hub.url}/jwks") as url:
        adapter = UkObieAdapter(moved(institution, url), tpp.tpp(), limits=QUICK)
        driver = SandboxDriver(adapter, url, "alice-at-albion", False, {})
        driver.known_amounts = known_amounts(driver, uk_amount)
        yield driver


@pytest.fixture(scope="module")
def lorelei() -> Iterator[SandboxDriver]:
    institution = load_institutions([BUILT_IN_INSTITUTIONS])["lorelei"]
    with bank_process("sandbox.berlin") as url:
        adapter = BerlinGroupAdapter(moved(institution, url), tpp.tpp(), limits=QUICK)
        driver = SandboxDriver(adapter, url, "alice-at-lorelei", True, {})
        driver.known_amounts = known_amounts(driver, berlin_amount)
        yield driver


def au_amount(raw: dict[str, Any]) -> Money:
    return Money(Decimal(raw["amount"]), raw["currency"])


def br_amount(raw: dict[str, Any]) -> Money:
    sign = -1 if raw["creditDebitType"] == "DEBITO" else 1
    money = raw.get("transactionAmount") or raw["brazilianAmount"]
    return Money(sign * Decimal(money["amount"]), money["currency"])


@contextmanager
def bank_that_knows_us(
    name: str, module: str, make: Callable[..., Adapter], amount_of: Callable[[dict[str, Any]], Money], us: Tpp
) -> Iterator[SandboxDriver]:
    institution = load_institutions([BUILT_IN_INSTITUTIONS])[name]
    jwks = answer(json.dumps(us.jwks()).encode())
    with running(say(jwks)) as hub, bank_process(module, "--client-jwks-uri", f"{hub.url}/jwks") as url:
        adapter = make(moved(institution, url), us, limits=QUICK)
        driver = SandboxDriver(adapter, url, f"alice-at-{name}", True, {}, answers={"cpf": "123.456.789-09"})
        driver.known_amounts = known_amounts(driver, amount_of)
        yield driver


@pytest.fixture(scope="module")
def melusine() -> Iterator[SandboxDriver]:
    with bank_that_knows_us("melusine", "sandbox.stet", StetAdapter, stet_amount, tpp.tpp()) as driver:
        yield driver


@pytest.fixture(scope="module")
def bunyip() -> Iterator[SandboxDriver]:
    with bank_that_knows_us("bunyip", "sandbox.au", AuCdrAdapter, au_amount, tpp.tpp()) as driver:
        yield driver


@pytest.fixture(scope="module")
def iara() -> Iterator[SandboxDriver]:
    """With a key of ours that the bank encrypts ID tokens with."""
    us = replace(tpp.tpp(), opening_keys=lambda: (tpp.opening_key(),))
    with bank_that_knows_us("iara", "sandbox.br", BrOpenFinanceAdapter, br_amount, us) as driver:
        yield driver


@pytest.fixture(params=["albion", "lorelei", "melusine", "bunyip", "iara"])
def driver(request: pytest.FixtureRequest) -> Iterator[SandboxDriver]:
    found: SandboxDriver = request.getfixturevalue(request.param)
    yield found
    found.control(fault=None)


def link(driver: SandboxDriver) -> Access:
    start = driver.start()
    access = driver.adapter.finish(start.state, driver.allow(start), now=datetime.now(UTC), psu=PSU)
    assert isinstance(access, Access)
    return access


def pages(driver: SandboxDriver, access: Access, at: int = 0, psu: Psu | None = PSU) -> Iterator[Page]:
    account = driver.adapter.accounts(access, psu=PSU)[at]
    return driver.adapter.transactions(access, account, date_from=TODAY - timedelta(400), date_to=TODAY, psu=psu)


def read_all(driver: SandboxDriver, access: Access) -> Iterator[Page]:
    for at in range(len(driver.adapter.accounts(access, psu=PSU))):
        yield from pages(driver, access, at)


@pytest.mark.parametrize("check", conformance.checks_for(SandboxDriver), ids=lambda check: check.__name__)
def test_the_adapter_conforms(driver: SandboxDriver, check: conformance.Check) -> None:
    check(driver)


def test_a_whole_history_adds_up_to_the_balance_the_bank_shows(driver: SandboxDriver) -> None:
    access = link(driver)
    for at, account in enumerate(driver.adapter.accounts(access, psu=PSU)):
        rows = [row for page in pages(driver, access, at) for row in page.transactions]
        counted = {Status.BOOKED}
        balances = {one.type: one.money for one in driver.adapter.balances(access, account, psu=PSU)}
        kinds: tuple[BalanceType, ...] = (
            BalanceType.INTERIM_BOOKED,
            BalanceType.CLOSING_BOOKED,
            BalanceType.INTERIM_AVAILABLE,
            BalanceType.OTHER,
        )
        if BalanceType.EXPECTED in balances and not balances.keys() & {*kinds[:2]}:  # what is under way counts too
            kinds, counted = (BalanceType.EXPECTED,), {Status.BOOKED, Status.PENDING}
        shown = next(balances[kind] for kind in kinds if kind in balances)
        assert (
            Money(sum((row.money.number for row in rows if row.status in counted), Decimal(0)), account.currency)
            == shown
        )


def test_no_row_of_the_sandbox_is_rejected_and_pages_are_many(driver: SandboxDriver) -> None:
    found = list(pages(driver, link(driver)))
    assert len(found) > 1
    assert [page.rejected for page in found if page.rejected] == []
    assert any(row.status is Status.PENDING for page in found for row in page.transactions)


def test_an_unattended_read_says_so(driver: SandboxDriver) -> None:
    access = link(driver)
    next(pages(driver, access, psu=None))
    assert [call["psu_present"] for call in driver.calls()][-2:] == [True, False]


def test_a_refreshed_access_reads_on(driver: SandboxDriver) -> None:
    access = driver.adapter.refresh(link(driver), now=datetime.now(UTC))
    assert driver.adapter.accounts(access, psu=PSU)
    assert access.valid_until is not None


def test_a_consent_withdrawn_at_the_bank_needs_the_psu(driver: SandboxDriver) -> None:
    access = link(driver)
    driver.control("/revoke")
    with pytest.raises(ReconsentRequired):
        driver.adapter.accounts(access, psu=None)
    with pytest.raises(ReconsentRequired):
        driver.adapter.refresh(access, now=datetime.now(UTC))


FAULTS: list[tuple[str, type[ProviderError]]] = [
    ("http_500", Transient),
    ("http_503", Transient),
    ("rate_limited", Transient),
    ("hang", Transient),
    ("html", ContractBroken),
    ("truncated_json", ContractBroken),
    ("consent_expired", ReconsentRequired),
]


@pytest.mark.parametrize(("fault", "kind"), FAULTS)
def test_what_fails_on_page_two_leaves_page_one(driver: SandboxDriver, fault: str, kind: type[ProviderError]) -> None:
    access = link(driver)
    driver.control(fault=fault, on="transactions", after=1)
    reading = pages(driver, access)
    assert next(reading).transactions
    with pytest.raises(kind) as caught:
        next(reading)
    assert caught.value.step == "transactions"
    if fault in ("http_503", "rate_limited"):
        assert isinstance(caught.value, Transient)
        assert caught.value.retry_after_s == 2


# What strikes a whole reading, and what comes of it; None: it is read as if nothing had been.
STRUCK: list[tuple[str, str, type[ProviderError] | None]] = [
    ("slow", "balances", Transient),  # slower than QUICK waits
    ("hang", "accounts", Transient),
    ("http_500", "accounts", Transient),
    ("http_503", "balances", Transient),
    ("rate_limited", "balances", Transient),
    ("html", "balances", ContractBroken),
    ("truncated_json", "accounts", ContractBroken),
    ("wrong_content_type", "accounts", None),
    ("wrong_content_type", "balances", None),
    ("wrong_content_type", "transactions", None),
    ("consent_expired", "accounts", ReconsentRequired),
    ("consent_expired", "balances", ReconsentRequired),
    ("duplicate_pages", "balances", None),
    ("id_churn", "transactions", None),
    ("vanishing_pending", "transactions", None),
]


@pytest.mark.parametrize(("fault", "area", "kind"), STRUCK)
def test_a_fault_is_a_named_error_or_does_no_harm(
    driver: SandboxDriver, fault: str, area: str, kind: type[ProviderError] | None
) -> None:
    access = link(driver)
    before = booked_money(driver, access) if kind is None else None
    driver.control(fault=fault, on=area)
    if kind is None:
        assert booked_money(driver, access) == before
        return
    with pytest.raises(kind) as caught:
        booked_money(driver, access)
    assert caught.value.institution_id
    assert caught.value.step == area


def booked_money(driver: SandboxDriver, access: Access) -> list[tuple[object, Money]]:
    """The first account's balances and booked rows: what they are, and how much."""
    account = driver.adapter.accounts(access, psu=PSU)[0]
    rows = [row for page in pages(driver, access) for row in page.transactions if row.status is Status.BOOKED]
    balances = driver.adapter.balances(access, account, psu=PSU)
    return [(one.type, one.money) for one in balances] + [(row.booking_date, row.money) for row in rows]


def test_a_bank_whose_clock_is_fast_ends_tokens_early_and_says_so(driver: SandboxDriver) -> None:
    access = link(driver)
    right = booked_money(driver, access)
    driver.control(fault="clock_skew", on="transactions")
    if "lorelei" in driver.password:  # a consent of months has no token of minutes
        assert booked_money(driver, access) == right
    else:
        with pytest.raises(ReconsentRequired) as caught:
            booked_money(driver, access)
        assert caught.value.step == "transactions"
    driver.control(fault=None)
    assert booked_money(driver, driver.adapter.refresh(access, now=datetime.now(UTC))) == right


FIRST_ACCOUNTS = {
    "albion": "albion.alice.current",
    "lorelei": "lorelei.alice.giro",
    "melusine": "melusine.alice.courant",
    "bunyip": "bunyip.alice.everyday",
    "iara": "iara.alice.corrente",
}


def test_a_transaction_that_a_developer_adds_is_read(driver: SandboxDriver) -> None:
    access = link(driver)
    key = FIRST_ACCOUNTS[driver.password.removeprefix("alice-at-")]
    driver.control("/transactions", account=key, amount="-98765.43", counterparty="Corner Shop", pending=True)
    assert statuses_of(driver, access, Decimal("-98765.43")) == [Status.PENDING]
    driver.control("/book-pending")
    assert statuses_of(driver, access, Decimal("-98765.43")) == [Status.BOOKED]


def statuses_of(driver: SandboxDriver, access: Access, amount: Decimal) -> list[Status]:
    return [row.status for page in pages(driver, access) for row in page.transactions if row.money.number == amount]


@pytest.mark.parametrize("fault", ["foreign_link", "same_page"])
def test_a_bank_that_leads_astray_is_not_followed(driver: SandboxDriver, fault: str) -> None:
    access = link(driver)
    driver.control(fault=fault, on="transactions")
    reading = pages(driver, access)
    assert next(reading).transactions
    with pytest.raises(ContractBroken):
        list(reading)


@pytest.mark.parametrize("fault", ["http_500", "html", "truncated_json"])
@pytest.mark.parametrize("bank", ["albion", "lorelei", "bunyip"])
def test_a_link_that_fails_to_start_is_one_of_our_errors(request: pytest.FixtureRequest, bank: str, fault: str) -> None:
    driver: SandboxDriver = request.getfixturevalue(bank)
    driver.control(fault=fault, on="consents", times=1)
    with pytest.raises(ProviderError) as caught:
        driver.start()
    assert caught.value.step == "start"


@pytest.mark.parametrize(("bank", "says"), [("lorelei", "ACCESS_EXCEEDED"), ("melusine", "429")])
def test_the_fifth_unattended_read_of_a_day_waits(request: pytest.FixtureRequest, bank: str, says: str) -> None:
    driver: SandboxDriver = request.getfixturevalue(bank)
    access = link(driver)
    driver.adapter.accounts(access, psu=PSU)
    for _ in range(4):
        driver.adapter.accounts(access, psu=None)
    with pytest.raises(Transient, match=says) as caught:
        driver.adapter.accounts(access, psu=None)
    assert (caught.value.retry_after_s or 0) > 2  # until the day is over, and not a pause
    assert driver.adapter.accounts(access, psu=PSU)


def test_a_deferred_debit_card_hangs_on_its_cash_account(melusine: SandboxDriver) -> None:
    accounts = melusine.adapter.accounts(link(melusine), psu=PSU)
    (card,) = [one for one in accounts if one.type is AccountType.CARD]
    (cash,) = [one for one in accounts if one.product == "Compte de dépôt"]
    assert card.parent_id == cash.resource_id
    assert card.identifiers[0].scheme is Scheme.MASKED_PAN


def test_a_bank_that_answers_two_months_at_once_is_asked_in_pieces(melusine: SandboxDriver) -> None:
    institution = moved(load_institutions([BUILT_IN_INSTITUTIONS])["melusine"], melusine.bank_url)
    api = {**institution.api, "max_days": 60, "day_format": "date", "date_type": "bookingDate"}
    in_pieces = StetAdapter(msgspec.structs.replace(institution, api=api), tpp.tpp(), limits=QUICK)
    access = link(melusine)
    account = melusine.adapter.accounts(access, psu=PSU)[0]
    whole, pieces = (
        list(one.transactions(access, account, date_from=TODAY - timedelta(200), date_to=TODAY, psu=PSU))
        for one in (melusine.adapter, in_pieces)
    )
    rows = [sorted(row.raw for page in pages for row in page.transactions) for pages in (whole, pieces)]
    assert rows[0] == rows[1]
    assert [page.next is None for page in pieces] == [False] * (len(pieces) - 1) + [True]


@pytest.mark.parametrize(("share", "is_there"), [("0.5", True), ("9000", False)])
def test_funds_are_confirmed_with_a_consent_of_their_own(melusine: SandboxDriver, share: str, is_there: bool) -> None:
    adapter = melusine.adapter
    assert isinstance(adapter, StetAdapter)
    reading = link(melusine)

    def held(account: Account) -> Decimal:
        return min(one.money.number for one in adapter.balances(reading, account, psu=PSU))

    # Time goes on at this bank while other tests play there, so the richest account is the one that is sure to be.
    cash = max((one for one in adapter.accounts(reading, psu=PSU) if one.type is AccountType.CURRENT), key=held)
    asked = Money((held(cash) * Decimal(share)).quantize(Decimal("0.01")), "EUR")
    start = melusine.start_with(lambda request: adapter.start_funds(request, cash.identifiers[0]))
    access = adapter.finish(start.state, melusine.allow(start), now=datetime.now(UTC), psu=PSU)
    assert adapter.confirm_funds(access, asked, reference="ref-1").available is is_there
    with pytest.raises(Refused):
        adapter.accounts(access, psu=PSU)
    with pytest.raises(Refused):
        adapter.confirm_funds(reading, asked, reference="ref-2")


def test_a_brazilian_card_is_read_like_any_card(iara: SandboxDriver) -> None:
    """Debt is negative, what is left of the limit is credit; instalments say so; bills are there."""
    access = link(iara)
    at, card = next(
        (at, one) for at, one in enumerate(iara.adapter.accounts(access, psu=PSU)) if one.type is AccountType.CARD
    )
    chosen = choose(iara.adapter.balances(access, card, psu=PSU), account_type=card.type, currency=card.currency)
    assert chosen.current is not None
    assert chosen.credit_left is not None
    assert chosen.credit_limit is not None
    assert (chosen.current.money.number < 0, chosen.available) == (True, None)
    assert chosen.credit_limit.money.number + chosen.current.money.number == chosen.credit_left.money.number
    rows = [row for page in pages(iara, access, at) for row in page.transactions]
    assert {row.money.number > 0 for row in rows} == {True, False}
    assert any(row.remittance[1:] == ("Parcela 1/3",) for row in rows)
    abroad = next(row for row in rows if row.details.exchange is not None)
    assert abroad.details.exchange is not None
    assert abroad.details.exchange.instructed is not None
    assert (abroad.details.exchange.instructed.currency, abroad.money.currency) == ("USD", "BRL")
    assert isinstance(iara.adapter, BrOpenFinanceAdapter)
    bills = iara.adapter.statements(access, card, psu=PSU)
    assert len(bills) >= 12
    assert all(bill.lines[0].money.number < 0 and "PaymentDue" in bill.moments for bill in bills)
    assert any(line.money.number > 0 for bill in bills for line in bill.lines)


def test_a_bank_that_encrypts_to_a_key_that_was_replaced_is_still_understood(iara: SandboxDriver) -> None:
    """It holds the JWKS of before the rotation; a hub that dropped the key at once cannot read what it says."""
    institution = moved(load_institutions([BUILT_IN_INSTITUTIONS])["iara"], iara.bank_url)
    new, old = tpp.opening_key("new-enc"), tpp.opening_key()
    for opening, is_read in ((lambda: (new, old), True), (lambda: (new,), False)):
        us = replace(tpp.tpp(), opening_keys=opening)
        driver = replace(iara, adapter=BrOpenFinanceAdapter(institution, us, limits=QUICK))
        if is_read:
            assert link(driver).bank_consent_id
        else:
            with pytest.raises(ContractBroken, match="no key of ours"):
                link(driver)
