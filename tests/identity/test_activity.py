"""The list of recent activity."""

import pytest
from sqlalchemy.exc import IntegrityError

from hub.context import Hub
from hub.identity import activity
from hub.identity.activity import Kind
from hub.models.psu import Psu
from tests.conftest import TestClock
from tests.identity.steps import HERE, activity_of
from tests.people import alice, charlie

pytestmark = pytest.mark.usefixtures("_cheap_hashes")


def test_the_newest_entries_come_first_and_only_the_persons_own(hub: Hub, clock: TestClock) -> None:
    hers, his = alice(hub), charlie(hub)
    for number in range(5):
        with hub.db.write() as session:
            now = clock.advance(seconds=1)
            activity.write(session, hers, Kind.CONSENT_REVOKED, origin=HERE, now=now, detail={"number": number})
            activity.write(session, his, Kind.LOGIN, origin=HERE, now=now)
    with hub.db.read() as session:
        found = activity.recent(session, hers, limit=3)
    assert [(entry.kind, entry.detail["number"]) for entry in found] == [("consent_revoked", n) for n in (4, 3, 2)]
    assert (found[0].at, found[0].ip_address, found[0].user_agent) == (clock(), "192.0.2.10", "Firefox")


def test_an_entry_for_a_person_who_does_not_exist_is_a_bug(hub: Hub, clock: TestClock) -> None:
    with pytest.raises(IntegrityError), hub.db.write() as session:
        activity.write(session, "nobody", Kind.LOGIN, origin=HERE, now=clock())


def test_an_entry_for_an_address_is_written_only_if_somebody_has_it(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    with hub.db.write() as session:
        for email in ("alice@people.example", "nobody@people.example", ""):
            activity.write_where(session, Psu.email == email, Kind.LOGIN_FAILED, origin=HERE, now=clock())
    assert activity_of(hub, psu_id) == ["login_failed"]
    with hub.db.read() as session:
        entry = activity.recent(session, psu_id)[0]
    assert (entry.at, entry.detail, entry.ip_address) == (clock(), {}, "192.0.2.10")


def test_an_attempt_is_amended_or_withdrawn(hub: Hub, clock: TestClock) -> None:
    psu_id = alice(hub)
    who = Psu.id == psu_id
    with hub.db.write() as session:
        first, second, _third = (
            activity.write_where(session, who, Kind.LOGIN_FAILED, origin=HERE, now=clock()) for _ in range(3)
        )
        activity.amend(session, first, Kind.LOGIN)
        activity.withdraw(session, second)
    assert activity_of(hub, psu_id) == ["login", "login_failed"]


def test_every_kind_fits_its_column() -> None:
    assert all(len(kind) <= 40 for kind in Kind)
    assert frozenset(Kind) > activity.ALARMING
