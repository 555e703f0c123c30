"""The world of the API's tests."""

import pytest
from flask import Flask

from hub.context import Hub
from tests.api.world import World


@pytest.fixture
def world(hub: Hub, app: Flask) -> World:
    return World(hub, app)
