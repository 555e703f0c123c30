"""A wish on the day, once a year."""

from datetime import UTC, datetime

import pytest

from hub.context import Hub
from hub.errors import BadInput
from hub.jobs.scheduler import Round, tick
from hub.notifications import birthdays
from tests.conftest import TestClock
from tests.notifications.telling import person, told, work


def born(hub: Hub, psu_id: str, day: str, month: str) -> None:
    with hub.db.write() as session:
        birthdays.set_to(session, psu_id, day=day, month=month)


def rounds(hub: Hub, clock: TestClock, *at: datetime) -> None:
    for moment in at:
        clock.at = moment
        tick(hub, [Round(birthdays.QUEUE, birthdays.EVERY)])
        work(hub, birthdays.QUEUE)


def test_a_person_is_wished_well_once_on_the_day_in_each_year(hub: Hub, clock: TestClock) -> None:
    alice, bob = person(hub, "alice"), person(hub, "bob")
    born(hub, alice, "24", "11")
    born(hub, bob, "25", "11")
    day = datetime(2026, 11, 24, 1, tzinfo=UTC)
    rounds(hub, clock, day, day.replace(hour=9), day.replace(hour=23))
    assert [kind for kind, *_ in told(hub, alice)] == ["birthday"]
    assert told(hub, bob) == []
    born(hub, alice, "", "")
    born(hub, alice, "25", "11")  # who moves the day, or takes it back and gives it again, gets no second wish
    rounds(hub, clock, day.replace(day=25))
    assert (len(told(hub, alice)), len(told(hub, bob))) == (1, 1)
    rounds(hub, clock, datetime(2027, 11, 25, 1, tzinfo=UTC))
    assert len(told(hub, alice)) == 2


def test_many_at_once_are_all_told(hub: Hub, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(birthdays, "BATCH", 2)
    people = [person(hub, f"p{number}") for number in range(5)]
    for one in people:
        born(hub, one, "24", "11")
    rounds(hub, clock, datetime(2026, 11, 24, 1, tzinfo=UTC))
    for _ in range(3):
        work(hub, birthdays.QUEUE)
    assert [len(told(hub, one)) for one in people] == [1] * 5


@pytest.mark.parametrize(("year", "day"), [(2027, 28), (2028, 29)])
def test_who_was_born_on_the_leap_day_has_a_birthday_each_year(hub: Hub, clock: TestClock, year: int, day: int) -> None:
    alice = person(hub, "alice")
    born(hub, alice, "29", "2")
    rounds(hub, clock, datetime(year, 2, 27, 1, tzinfo=UTC), datetime(year, 2, 28, 1, tzinfo=UTC))
    rounds(hub, clock, datetime(year, 2, day, 2, tzinfo=UTC), datetime(year, 3, 1, 1, tzinfo=UTC))
    assert len(told(hub, alice)) == 1


@pytest.mark.parametrize(
    ("day", "month"), [("31", "2"), ("0", "1"), ("1", "13"), ("x", "1"), ("1", ""), ("١", "1"), ("1", "9" * 12)]
)
def test_no_day_of_the_year_is_refused(hub: Hub, day: str, month: str) -> None:
    alice = person(hub, "alice")
    with pytest.raises(BadInput):
        born(hub, alice, day, month)
    with hub.db.read() as session:
        assert birthdays.of(session, alice) is None


def test_it_is_forgotten_when_it_is_taken_back(hub: Hub) -> None:
    alice = person(hub, "alice")
    born(hub, alice, "24", "11")
    born(hub, alice, "", "")
    with hub.db.read() as session:
        assert birthdays.of(session, alice) is None
