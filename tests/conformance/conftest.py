"""One hub for all of these tests, as the conformance suite meets one server: every test brings a client of its own.

SQLite only: what depends on the store has its tests in tests/oauth, on both.
"""

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

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
VARIANTS = {
    "private_key_jwt+dpop": ("private_key_jwt", DPOP),
    "private_key_jwt+mtls": ("private_key_jwt", MTLS),
    "mtls+dpop": (MTLS, DPOP),
    "mtls+mtls": (MTLS, MTLS),
}


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
    hub.access_log.close()
    hub.replay.close()
    hub.db.dispose()


@pytest.fixture
def clock(provider: Provider) -> TestClock:
    """The hub's own: it only ever moves on."""
    return provider.clock


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> tuple[str, str]:
    """How a FAPI 2.0 client authenticates, and how its tokens are bound."""
    return VARIANTS[request.param]


@pytest.fixture
def bank(provider: Provider, variant: tuple[str, str]) -> Client:
    """A FAPI 2.0 client of each variant in turn."""
    return bank_client(provider, *variant)


@pytest.fixture(params=["query", "form_post"])
def mode(request: pytest.FixtureRequest) -> str:
    """The plan oidcc-formpost-basic is oidcc-basic with its answers by form_post."""
    return str(request.param)


@pytest.fixture
def rp(provider: Provider, mode: str) -> Client:
    """A client that signs people in, answered in either way."""
    return shop(provider, mode=mode)
