"""The conformance checks pass a sound adapter and catch each way of being unsound."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from providers import conformance
from providers.driving import FaultKind, NotConformant, linked
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.model import Account, Balance, BalanceType, Identifier, Money, Page, Scheme, Status, Transaction
from providers.port import (
    Access,
    Ask,
    Capabilities,
    Field,
    LinkRequest,
    LinkStart,
    LinkState,
    Psu,
    Redirect,
    Resource,
)
from providers.resources import Instalment, StandingOrder
from tests.providers import tpp

DEBIT = Transaction(
    Status.BOOKED,
    Money(Decimal("-5.00"), "EUR"),
    date(2026, 3, 1),
    None,
    bank_ids={"id": "out"},
    provenance={"money": "amount", "booking_date": "day"},
    raw=b'{"id":"out"}',
)
CREDIT = structs.replace(DEBIT, money=Money(Decimal("7.00"), "EUR"), bank_ids={"id": "in"}, raw=b'{"id":"in"}')
ACCOUNT = Account("1", "EUR", identifiers=(Identifier(Scheme.IBAN, "DE02120300000000202051"),), raw=b'{"a":1}')
RENT = StandingOrder("so-1", next=Instalment(date(2026, 4, 1), Money(Decimal("-900.00"), "EUR")), raw=b'{"id":"so-1"}')
BALANCE = Balance(BalanceType.EXPECTED, Money(Decimal(2), "EUR"), source_label="expected")


@dataclass
class Sound:
    """The smallest adapter that keeps the contract; tests break one thing each."""

    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities("fake", resources=frozenset({Resource.STANDING_ORDERS}))
    )
    alive: set[str] = field(default_factory=set)
    count: int = 0
    fault: str = ""

    def start(self, request: LinkRequest) -> LinkStart:
        self.count += 1
        consent = f"consent-{self.count}"
        state = LinkState(consent, "", request.state, "", {"secret": "hush-hush"})
        return LinkStart(Redirect("https://bank.example/"), state)

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        if callback["state"] != state.state:
            raise ContractBroken("state", institution_id="fake", step="finish")
        if "error" in callback:
            raise Refused("no", code="access_denied", institution_id="fake", step="finish")
        self.alive.add(state.bank_consent_id)
        return Access(state.bank_consent_id, None, None, {"token": "hush-hush"})

    def refresh(self, access: Access, *, now: datetime) -> Access:
        return access

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        self.meet_fault("accounts")
        if access.bank_consent_id not in self.alive:
            raise ReconsentRequired("gone", institution_id="fake", step="accounts")
        return (ACCOUNT,)

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        return (BALANCE,)

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        self.accounts(access, psu=psu)
        if account.resource_id != "1":
            raise Refused("unknown", institution_id="fake", step="transactions")
        yield Page((DEBIT,), "2")
        if self.fault in ("loop", "astray"):
            raise ContractBroken("next", institution_id="fake", step="transactions")
        yield Page((CREDIT,), None)

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        return DEBIT if raw == DEBIT.raw else CREDIT

    def meet_fault(self, step: str) -> None:
        if self.fault in ("down", "busy"):
            raise Transient(self.fault, institution_id="fake", step=step)
        if self.fault == "no_json":
            raise ContractBroken(self.fault, institution_id="fake", step=step)

    def standing_orders(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[StandingOrder, ...]:
        return (RENT,)

    def revoke(self, access: Access) -> None:
        self.alive.discard(access.bank_consent_id)


@dataclass
class FakeDriver:
    adapter: Any
    period: tuple[date, date] = (date(2026, 1, 1), date(2026, 3, 1))
    known_amounts: Mapping[str, Money] = field(default_factory=lambda: {"out": DEBIT.money, "in": CREDIT.money})

    def start(self) -> LinkStart:
        started: LinkStart = self.adapter.start(tpp.link_request())
        return started

    def allow(self, start: LinkStart) -> Mapping[str, str]:
        return {"state": start.state.state}

    def deny(self, start: LinkStart) -> Mapping[str, str]:
        return {"state": start.state.state, "error": "access_denied"}

    @contextmanager
    def fault(self, kind: FaultKind) -> Iterator[None]:
        self.adapter.fault = kind
        yield
        self.adapter.fault = ""


class Twice(Sound):
    """The same, for a bank that wants the PSU twice."""

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Any:
        access = super().finish(state, callback, now=now, psu=psu)
        return access if "again" in state.data else LinkStart(Redirect("https://bank.example/2"), self.next(state))

    def next(self, state: LinkState) -> LinkState:
        return state.onward({**state.data, "again": "1"})


ASK = Ask((Field("key", "Key", "secret"),))


class Asking(Sound):
    """The same, for a bank that gives a key instead of sending anybody anywhere."""

    def start(self, request: LinkRequest) -> LinkStart:
        return replace(super().start(request), step=ASK)

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        if answers["key"] != "right":
            return LinkStart(replace(ASK, error="Not that one."), state)
        return self.finish(state, {"state": state.state}, now=now, psu=psu)


@dataclass
class AskedDriver:
    adapter: Any
    period: tuple[date, date] = (date(2026, 1, 1), date(2026, 3, 1))
    known_amounts: Mapping[str, Money] = field(default_factory=lambda: {"out": DEBIT.money, "in": CREDIT.money})

    def start(self) -> LinkStart:
        started: LinkStart = self.adapter.start(tpp.link_request())
        return started

    def answers(self, ask: Ask) -> Mapping[str, str]:
        return {"key": "right"}

    def wrong_answers(self, ask: Ask) -> Mapping[str, str]:
        return {"key": "wrong"}


def gives(*rows: Transaction) -> Callable[..., Iterator[Page]]:
    return lambda *_, **__: iter((Page(rows, None),))


def raises(error: Exception) -> Callable[..., Any]:
    def broken(*_: Any, **__: Any) -> Any:
        raise error

    return broken


def constantly(value: Any) -> Callable[..., Any]:
    return lambda *_, **__: value


NAIVE = replace(BALANCE, as_of=datetime.fromisoformat("2026-01-01"))
WRONG_WAY = structs.replace(DEBIT, money=Money(Decimal(5), "EUR"))
NAMELESS = structs.replace(DEBIT, provenance={"money": "amount"})
COMING_IN = Instalment(date(2026, 4, 1), Money(Decimal("900.00"), "EUR"))
UNSOUND = [
    ("accounts_can_be_recognised", "accounts", constantly((replace(ACCOUNT, identifiers=()),))),
    ("accounts_can_be_recognised", "accounts", constantly((ACCOUNT, ACCOUNT))),
    ("accounts_can_be_recognised", "accounts", constantly(())),
    ("balances_say_what_they_are", "balances", constantly((replace(BALANCE, source_label=""),))),
    ("balances_say_what_they_are", "balances", constantly((NAIVE,))),
    ("transactions_are_exact_and_explained", "transactions", gives(NAMELESS)),
    ("transactions_are_exact_and_explained", "transactions", gives()),
    (
        "signs_are_the_account_holders",
        "transactions",
        gives(structs.replace(DEBIT, money=Money(Decimal(5), "EUR")), CREDIT),
    ),
    ("offered_resources_are_sound", "standing_orders", None),
    ("offered_resources_are_sound", "standing_orders", raises(Refused("no", institution_id="f", step="s"))),
    ("offered_resources_are_sound", "standing_orders", constantly((replace(RENT, raw=b"[]"),))),
    ("offered_resources_are_sound", "standing_orders", constantly((replace(RENT, next=COMING_IN),))),
    ("pages_end", "transactions", constantly([Page((DEBIT,), "more")])),
    ("pages_end", "transactions", constantly([Page((DEBIT,), None), Page((), None)])),
    ("a_foreign_callback_is_refused", "finish", constantly(Access("c", None, None))),
    ("a_no_at_the_bank_gives_no_access", "finish", raises(Refused("no", institution_id="f", step="finish"))),
    ("a_no_at_the_bank_gives_no_access", "finish", raises(Refused("no", code="access_denied"))),
    ("secrets_are_not_shown", "finish", constantly(Access("shown", None, None, {"token": "shown"}))),
    ("revoking_ends_the_access", "revoke", constantly(None)),
    ("what_was_never_given_cannot_be_read", "transactions", gives(DEBIT)),
    ("capabilities_are_sound", "capabilities", Capabilities("fake", time_zone="Moon/Tranquility")),
    ("capabilities_are_sound", "capabilities", Capabilities("fake", max_history_days=0)),
    ("kept_rows_are_read_again_alike", "reread", constantly(DEBIT)),
    ("a_refreshed_access_reads_the_same", "refresh", constantly(Access("c", None, None, {"token": 7}))),  # type: ignore[dict-item]
    ("pages_that_lead_astray_are_not_followed", "transactions", gives(DEBIT)),
]
TWICE = Ask((Field("key", "Key"), Field("key", "Key again")))
MUTE = Ask((Field("key", ""),))
NO_CHOICE = Ask((Field("key", "Key", "choice"),))
PLAIN_HELP = replace(ASK, help_url="http://bank.example/")


@pytest.mark.parametrize("check", conformance.checks_for(FakeDriver), ids=lambda check: check.__name__)
def test_a_sound_adapter_passes(check: conformance.Check) -> None:
    check(FakeDriver(Sound()))


@pytest.mark.parametrize("check", conformance.checks_for(AskedDriver), ids=lambda check: check.__name__)
def test_a_sound_adapter_that_asks_passes(check: conformance.Check) -> None:
    check(AskedDriver(Asking()))


@pytest.mark.parametrize("check", conformance.checks_for(FakeDriver), ids=lambda check: check.__name__)
def test_a_sound_adapter_that_wants_the_psu_twice_passes(check: conformance.Check) -> None:
    check(FakeDriver(Twice()))


@pytest.mark.parametrize("known", [lambda one: one, lambda one: replace(one.onward({}), state="2")])
def test_a_second_visit_under_a_state_that_somebody_may_know_is_caught(known: Callable[[LinkState], LinkState]) -> None:
    adapter = Twice()
    adapter.next = lambda state: replace(known(state), data={**state.data, "again": "1"})  # type: ignore[method-assign]
    with pytest.raises(NotConformant, match="state"):
        conformance.accounts_can_be_recognised(FakeDriver(adapter))


def test_a_driver_is_asked_for_what_it_can_play_and_no_more() -> None:
    everything = {*conformance.CHECKS, *(check for more in conformance.MORE_CHECKS.values() for check in more)}
    redirects, asks = set(conformance.checks_for(FakeDriver)), set(conformance.checks_for(AskedDriver(Asking())))
    assert redirects | asks == everything
    assert redirects & asks == set(conformance.CHECKS)


@pytest.mark.parametrize("ask", [TWICE, MUTE, NO_CHOICE, PLAIN_HELP])
def test_a_question_that_cannot_be_shown_is_caught(ask: Ask) -> None:
    adapter = Asking()
    start = adapter.start(tpp.link_request())
    adapter.start = constantly(replace(start, step=ask))  # type: ignore[method-assign]
    with pytest.raises(NotConformant):
        conformance.questions_can_be_answered(AskedDriver(adapter))


@pytest.mark.parametrize(
    "gone_on",
    [
        Access("c", None, None),
        LinkStart(ASK, LinkState("c", "", "state", "")),
        LinkStart(replace(ASK, error="'wrong' is wrong"), LinkState("c", "", "state", "")),
    ],
)
def test_wrong_answers_that_are_taken_unsaid_or_shown_again_are_caught(gone_on: Access | LinkStart) -> None:
    adapter = Asking()
    adapter.advance = constantly(gone_on)  # type: ignore[method-assign]
    with pytest.raises(NotConformant):
        conformance.questions_can_be_answered(AskedDriver(adapter))


def test_a_link_that_asks_for_ever_is_caught() -> None:
    adapter = Asking()
    adapter.advance = lambda state, answers, **_: LinkStart(ASK, state)  # type: ignore[method-assign]
    with pytest.raises(NotConformant, match="no end"):
        linked(AskedDriver(adapter))


@pytest.mark.parametrize(
    ("kind", "error"), [("down", ContractBroken), ("busy", ContractBroken), ("no_json", Transient)]
)
def test_the_wrong_error_for_a_bad_day_is_caught(kind: str, error: type[ProviderError]) -> None:
    adapter = Sound()
    right = adapter.meet_fault

    def wrong(step: str) -> None:
        if adapter.fault == kind:
            raise error("wrong", institution_id="fake", step=step)
        right(step)

    adapter.meet_fault = wrong  # type: ignore[method-assign]
    with pytest.raises(NotConformant):
        conformance.a_bad_day_of_the_bank_is_a_named_error(FakeDriver(adapter))


@pytest.mark.parametrize(("name", "method", "broken"), UNSOUND)
def test_each_unsoundness_is_caught_by_its_check(name: str, method: str, broken: Any) -> None:
    adapter = Sound()
    setattr(adapter, method, broken)
    with pytest.raises(NotConformant):
        getattr(conformance, name)(FakeDriver(adapter))


def test_an_error_that_is_not_ours_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Sound()
    monkeypatch.setattr(adapter, "revoke", raises(KeyError("bug")))
    with pytest.raises(KeyError):
        conformance.revoking_ends_the_access(FakeDriver(adapter))
