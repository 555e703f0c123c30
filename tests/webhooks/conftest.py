"""Apps that listen to the world of linking and syncing."""

from collections.abc import Iterator

import pytest

from tests.connections.conftest import bank, world
from tests.webhooks.receiver import Receiver, receiving

__all__ = ["bank", "receiver", "world"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as here:
        yield here
