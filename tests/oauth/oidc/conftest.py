import pytest

from hub.context import Hub
from tests.oauth.world import World


@pytest.fixture
def world(hub: Hub) -> World:
    return World(hub)
