import pytest

from hub.context import Hub
from tests.conftest import TestClock
from tests.oauth.oidc.provider import Provider
from tests.oauth.world import World


@pytest.fixture
def world(hub: Hub) -> World:
    return World(hub)


@pytest.fixture
def op(hub: Hub, clock: TestClock) -> Provider:
    return Provider(hub, clock)
