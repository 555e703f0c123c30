"""The pages of a whole hub whose banks are scripted."""

from dataclasses import fields

import pytest

from hub.app import create_app
from hub.context import Hub
from tests.conftest import TestClock
from tests.connections.scripted import HubWithBanks, ScriptedBank
from tests.web.pages.world import World


@pytest.fixture
def bank() -> ScriptedBank:
    """Lorelei Bank."""
    return ScriptedBank()


@pytest.fixture
def world(hub: Hub, bank: ScriptedBank, clock: TestClock) -> World:
    parts = {field.name: getattr(hub, field.name) for field in fields(Hub)}
    scripted = HubWithBanks(**parts, banks={"lorelei": bank, "albion": ScriptedBank()})
    return World(scripted, create_app(scripted), clock)
