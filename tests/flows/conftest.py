"""A whole hub as `make serve` runs it: web processes, worker and the sandbox banks that a module names, over real
sockets. ``SANDBOX_BANKS`` of the module says which; each costs a process and a second."""

from collections.abc import Iterator

import pytest

from hub.stack import Stack


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(
        data_dir=tmp_path_factory.mktemp("hub"),
        sandbox=request.module.SANDBOX_BANKS,
        sandbox_flags=("--control",),
        environ={"RIALTO_LOG_LEVEL": "DEBUG"},
    )
    with made.up():
        yield made
