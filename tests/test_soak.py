"""Three weeks of visits in some seconds: no table, and no file, is larger at the end than it was before."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hub import housekeeping
from hub.context import Hub, build
from hub.events.dispatcher import dispatch
from hub.settings import Settings
from tests import visits
from tests.conftest import TestClock

DAYS, LOGINS, VISITS = 21, 6, 100  # the latter two each day


@pytest.fixture
def hub(settings: Settings, clock: TestClock) -> Iterator[Hub]:
    """Everything ends within days, so that the second week is as full as the third."""
    short = replace(settings, refresh_token_ttl_s=3 * 86_400, event_days=3, activity_days=3, key_rotation_days=10)
    made = build(short, clock=clock)
    yield made
    made.close()


def test_three_weeks_of_visits_leave_the_database_as_large_as_two(hub: Hub, clock: TestClock) -> None:
    world, latest = visits.begin(hub)
    rows: dict[str, list[int]] = defaultdict(list)
    disk: list[int] = []
    for _ in range(DAYS):
        for _ in range(2):
            latest = visits.log_in(world, latest, LOGINS // 2)
            visits.visit(hub, world.alice, VISITS // 2)
            clock.advance(seconds=43_200)
            while dispatch(hub, ()):
                pass
            housekeeping.tidy(hub)
        for table, number in visits.rows_of(hub).items():
            rows[table].append(number)
        disk.append(visits.bytes_on_disk(hub))
    middle, end = slice(DAYS // 3, 2 * DAYS // 3), slice(2 * DAYS // 3, DAYS)
    grown = {name: seen for name, seen in rows.items() if max(seen[end]) > 1.02 * max(seen[middle])}
    assert grown.keys() <= {"signing_key"}, grown  # a record of a few a year
    # PostgreSQL gives room back in its own time, by vacuum; there the rows have to say it.
    assert not hub.db.is_sqlite or max(disk[end]) <= 1.02 * max(disk[middle]), disk
    assert rows["psu_session"][-1] <= 2 * VISITS < DAYS * VISITS / 10, "what came is many times what is left"
    assert rows["oauth_grant"][-1] < DAYS * LOGINS / 2
