"""The risk policy: what the usual one says, what any other can and cannot do, and what it is told."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import select

from hub.context import Hub, build
from hub.identity import risk
from hub.identity.admission import LoggedIn
from hub.identity.assurance import ACRS, ONE_FACTOR, PHISHING_RESISTANT, TWO_FACTOR
from hub.identity.origin import Origin
from hub.identity.risk import Facts, Risk, UsualPolicy
from hub.models.factor import KnownDevice
from hub.models.psu import PsuSession
from hub.settings import Settings, SettingsError
from hub.sweeping import sweep_all
from tests.conftest import TestClock
from tests.identity.steps import HERE, activity_of, attempt, elsewhere
from tests.people import PASSWORD, alice

pytestmark = pytest.mark.usefixtures("_cheap_hashes")
GUIDE = Path(__file__).parents[2] / "docs/operating/login.md"
FACTS = Facts(
    is_known_device=True,
    is_known_network=True,
    failures_lately=0,
    has_second_factor=False,
    reached=ONE_FACTOR,
    ceiling=ONE_FACTOR,
    renews=False,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Risk(ONE_FACTOR, tell=False)),
        ({"is_known_network": False, "failures_lately": 50}, Risk(ONE_FACTOR, tell=False)),
        ({"is_known_device": False}, Risk(ONE_FACTOR, tell=True)),
        ({"is_known_device": False, "renews": True}, Risk(ONE_FACTOR, tell=False)),
        ({"has_second_factor": True}, Risk(TWO_FACTOR, tell=False)),
        ({"has_second_factor": True, "is_known_device": False}, Risk(TWO_FACTOR, tell=False)),
    ],
)
def test_the_usual_policy(changes: dict[str, object], expected: Risk) -> None:
    assert UsualPolicy().assess(replace(FACTS, **changes)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", [*ACRS, "unheard-of"])
@pytest.mark.parametrize(("floor", "ceiling"), [(0, 0), (1, 1), (1, 2)])
def test_a_policy_makes_a_login_harder_never_easier_and_never_impossible(wanted: str, floor: int, ceiling: int) -> None:
    needs = ACRS.index(risk.needed(Risk(wanted), floor=ACRS[floor], ceiling=ACRS[ceiling]))
    asked = ACRS.index(wanted) if wanted in ACRS else ACRS.index(PHISHING_RESISTANT)
    assert needs == min(max(asked, floor), ceiling)


class Recorder:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[Facts] = []

    def assess(self, facts: Facts) -> Risk:
        self.seen.append(facts)
        return Risk()


def test_what_a_policy_is_told(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    told = Recorder()
    watched = replace(hub, risk=told)

    def log_in(origin: Origin) -> Facts:
        assert isinstance(attempt(watched, "alice@people.example", PASSWORD, origin), LoggedIn)
        return told.seen[-1]

    first = log_in(HERE)
    assert (first.is_known_device, first.is_known_network, first.failures_lately) == (True, False, 0)
    again = log_in(HERE)
    assert (again.is_known_device, again.is_known_network) == (True, True)
    attempt(watched, "alice@people.example", "not the password", elsewhere(1))
    travelling = log_in(Origin("203.0.113.9", "Firefox", HERE.device))
    assert (travelling.is_known_device, travelling.is_known_network, travelling.failures_lately) == (True, False, 1)
    foreign = log_in(Origin(HERE.ip_address, "Firefox", "f" * 43))
    assert (foreign.is_known_device, foreign.is_known_network) == (False, True)
    clock.advance(days=1, seconds=1)
    assert log_in(HERE).failures_lately == 0


def test_a_login_on_an_unknown_device_is_told_once_per_device(hub: Hub) -> None:
    psu_id = alice(hub)
    attempt(hub, "alice@people.example", PASSWORD, HERE)
    assert "new_device" not in activity_of(hub, psu_id)
    answer = attempt(hub, "alice@people.example", PASSWORD, elsewhere(1))
    assert isinstance(answer, LoggedIn)
    assert activity_of(hub, psu_id).count("new_device") == 1
    known = replace(elsewhere(1), device=answer.device_secret)
    attempt(hub, "alice@people.example", PASSWORD, known)
    assert activity_of(hub, psu_id).count("new_device") == 1


def test_a_device_is_kept_as_a_hash_and_forgotten_with_its_cookie(hub: Hub, clock: TestClock) -> None:
    alice(hub)
    answer = attempt(hub, "alice@people.example", PASSWORD, elsewhere(1))
    assert isinstance(answer, LoggedIn)
    assert len(answer.device_secret) == 43
    with hub.db.read() as session:
        stored = session.scalars(select(KnownDevice)).one()
    assert answer.device_secret not in {stored.id_hash, stored.psu_id}
    clock.advance(days=399)
    list(sweep_all(hub, clock()))
    with hub.db.read() as session:
        assert len(session.scalars(select(KnownDevice)).all()) == 1
    clock.advance(days=1)
    list(sweep_all(hub, clock()))
    with hub.db.read() as session:
        assert session.scalars(select(KnownDevice)).all() == []


def test_the_operator_names_a_policy_of_their_own(settings: Settings) -> None:
    own = build(replace(settings, risk_policy="tests.identity.test_risk:Recorder"))
    assert isinstance(own.risk, Recorder)
    own.close()
    usual = build(settings)
    assert isinstance(usual.risk, UsualPolicy)
    usual.close()


@pytest.mark.parametrize("name", ["no.such.module:X", "tests.identity.test_risk:Nothing", "hub", "hub.clock:now", ":"])
def test_a_policy_that_cannot_be_made_stops_the_hub_from_starting(settings: Settings, name: str) -> None:
    with pytest.raises(SettingsError, match="RIALTO_RISK_POLICY"):
        build(replace(settings, risk_policy=name))


def test_a_policy_that_raises_lets_nobody_in(hub: Hub) -> None:
    psu_id = alice(hub)

    class Broken:
        def assess(self, facts: Facts) -> Risk:
            raise ZeroDivisionError(facts.failures_lately)

    with pytest.raises(ZeroDivisionError):
        attempt(replace(hub, risk=Broken()), "alice@people.example", PASSWORD, HERE)
    with hub.db.read() as session:
        assert session.scalars(select(PsuSession).where(PsuSession.psu_id == psu_id)).all() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Risk(TWO_FACTOR)),
        ({"is_known_device": False}, Risk(TWO_FACTOR, tell=True)),
        ({"is_known_device": False, "is_known_network": False}, Risk(PHISHING_RESISTANT, tell=True)),
        ({"failures_lately": 10}, Risk(PHISHING_RESISTANT, tell=True)),
    ],
)
def test_the_policy_of_the_guide_works_as_it_stands_there(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], expected: Risk
) -> None:
    example = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert example
    module = ModuleType("of_the_operator")
    exec(compile(example[1], str(GUIDE), "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "of_the_operator", module)
    policy = risk.load("of_the_operator:Cautious")
    assert policy.assess(replace(FACTS, **changes)) == expected  # type: ignore[arg-type]
