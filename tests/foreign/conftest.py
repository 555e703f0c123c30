"""A hub over TLS with a person and her bank, once for each library."""

from collections.abc import Iterator

import pytest

from hub.stack import Stack
from tests.foreign.alice import Alice
from tests.web.visit import callback


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(data_dir=tmp_path_factory.mktemp("hub"), tls=True, sandbox=("albion",))
    with made.up():
        yield made


@pytest.fixture(scope="module")
def alice(stack: Stack) -> Alice:
    return Alice(stack)


@pytest.fixture(scope="module")
def redirect_uri() -> Iterator[str]:
    """Where the apps await the person."""
    with callback() as listening:
        yield listening.url
