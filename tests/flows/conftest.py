"""A whole hub as `make serve` runs it: web processes, worker and both sandbox banks, over real sockets."""

from collections.abc import Iterator

import pytest

from hub.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(
        data_dir=tmp_path_factory.mktemp("hub"),
        sandbox_flags=("--control",),
        environ={"RIALTO_LOG_LEVEL": "DEBUG"},
    )
    with made.up():
        yield made
