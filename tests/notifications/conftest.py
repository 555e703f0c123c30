"""Notifications are told of the world of linking and syncing, and read on the pages of a whole hub."""

from tests.connections.conftest import bank, world

__all__ = ["bank", "world"]
