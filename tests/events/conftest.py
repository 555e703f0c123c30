"""Events are told of the world of linking and syncing."""

from tests.connections.conftest import bank, world

__all__ = ["bank", "world"]
