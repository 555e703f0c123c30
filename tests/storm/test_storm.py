"""A short storm, on both stores; the long one is a command: see tests.storm.storm."""

from pathlib import Path

import pytest

from tests.storm import promises
from tests.storm.storm import storm


@pytest.mark.timeout(420)
def test_workers_and_pages_may_die_at_any_moment_and_every_promise_holds(database_url: str, tmp_path: Path) -> None:
    workers = 1 if database_url.startswith("sqlite") else 3
    with storm(tmp_path / "storm", database_url, workers=workers) as weather:
        weather.settle_people(4)
        weather.start()
        weather.blow(8)
        assert weather.quieten() == []
        assert promises.broken(weather) == []
        assert weather.kills.total() == 8
        assert len(weather.receiver.got) > 8
        assert weather.web.answers > 8
