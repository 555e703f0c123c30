"""Syncing plays in the same world as linking."""

from tests.connections.conftest import bank, world

__all__ = ["bank", "world"]
