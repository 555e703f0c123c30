"""One hub for all of these tests, as the conformance suite meets one server: every test brings a client of its own.

SQLite only: what depends on the store has its tests in tests/oauth, on both.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from hub.app import create_app
from hub.context import build
from hub.settings import Settings
from tests.api.world import World
from tests.conformance.provider import Provider
from tests.conformance.rp import DPOP, MTLS, Client, bank_client, shop
from tests.conftest import TestClock
from tests.people import person

BASE = "https://localhost:8443"
MANY = 1_000_000
JWT = "private_key_jwt"
FAPI2, SIGNED = False, True
ALL = ((JWT, DPOP, FAPI2), (JWT, MTLS, FAPI2), (MTLS, DPOP, FAPI2), (MTLS, MTLS, FAPI2), (JWT, DPOP, SIGNED))
TWO = ((JWT, DPOP, FAPI2), (MTLS, MTLS, SIGNED))


def variants(*chosen: tuple[str, str, bool]) -> Any:
    """Fixture parameters: authentication, binding, and whether requests and answers are signed."""
    return [pytest.param(one, id=f"{one[0]}+{one[1]}{'+signed' * one[2]}") for one in chosen]


@pytest.fixture(scope="session")
def provider(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """A hub on loopback, with TLS ended by a proxy that shows client certificates; Alice has two accounts."""
    folder, clock = tmp_path_factory.mktemp("conformance"), TestClock()
    copy(_sqlite_template, folder / "rialto.db")
    settings = Settings(
        base_url=BASE,
        database_url=f"sqlite:///{folder / 'rialto.db'}",
        data_dir=folder,
        trusted_proxy_hops=1,
        rate_limit_per_minute=MANY,
        registrations_per_minute=MANY,
    )
    hub = build(settings, clock=clock)
    flask = create_app(hub)
    alice, _bob = person(hub, "Alice"), person(hub, "Bob")
    World(hub, flask).link(alice, "albion", {"GB33BUKB20201555555555": "GBP", "GB94BARC10201530093459": "GBP"})
    yield Provider(flask, clock, BASE, "alice@people.example")
    hub.close()


@pytest.fixture
def clock(provider: Provider) -> TestClock:
    """The hub's own: it only ever moves on."""
    return provider.clock


@pytest.fixture(params=variants(*ALL))
def bank(provider: Provider, request: pytest.FixtureRequest) -> Client:
    """A FAPI 2.0 client of every variant in turn, for what authentication or binding have a part in."""
    auth, bound, signing = request.param
    return bank_client(provider, auth, bound, signing=signing)


@pytest.fixture(params=variants(*TWO))
def app(provider: Provider, request: pytest.FixtureRequest) -> Client:
    """One that pushes its requests plainly, then one that signs them, for what only the request matters to."""
    auth, bound, signing = request.param
    return bank_client(provider, auth, bound, signing=signing)


@pytest.fixture(params=variants(ALL[0], ALL[2]))
def dpop(provider: Provider, request: pytest.FixtureRequest) -> Client:
    """One whose tokens are bound by DPoP."""
    auth, bound, _signing = request.param
    return bank_client(provider, auth, bound)


@pytest.fixture(params=variants(ALL[0], ALL[1]))
def asserting(provider: Provider, request: pytest.FixtureRequest) -> Client:
    """One that authenticates with private_key_jwt."""
    auth, bound, _signing = request.param
    return bank_client(provider, auth, bound)


@pytest.fixture(params=["query", "form_post"])
def mode(request: pytest.FixtureRequest) -> str:
    """The plan oidcc-formpost-basic is oidcc-basic with its answers by form_post."""
    return str(request.param)


@pytest.fixture
def rp(provider: Provider, mode: str) -> Client:
    """A client that signs people in, answered in either way."""
    return shop(provider, mode=mode)
