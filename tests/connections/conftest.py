"""The world of linking and syncing: a hub whose banks are scripted."""

from dataclasses import fields

import pytest

from hub.context import Hub
from tests.conftest import TestClock
from tests.connections.scripted import HubWithBanks, ScriptedBank
from tests.connections.world import BANK, OTHER_BANK, World, person


@pytest.fixture
def bank() -> ScriptedBank:
    return ScriptedBank()


@pytest.fixture
def world(hub: Hub, bank: ScriptedBank, clock: TestClock) -> World:
    parts = {field.name: getattr(hub, field.name) for field in fields(Hub)}
    scripted = HubWithBanks(**parts, banks={BANK: bank, OTHER_BANK: ScriptedBank()})
    return World(scripted, bank, clock, person(scripted, "Alice"))
