"""What signals lead to, by the catalogue: events at once, and hints when nothing came between."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jsonschema
import msgspec
import pytest
from sqlalchemy import select

from hub.context import Hub
from hub.events import rules, schema
from hub.events.audience import apps
from hub.events.catalogue import Audience, types
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.jobs.claim import Claims
from hub.jobs.crew import Crew
from hub.models.event import Event
from hub.models.job import Job
from hub.models.signal import Signal
from tests.conftest import TestClock
from tests.connections.world import World
from tests.events.consents import consent
from tests.events.test_dispatcher import events


def say(hub: Hub, kind: str, body: Mapping[str, Any], subject_id: str = "s-1") -> None:
    with hub.db.write() as session:
        emit(session, kind, subject_id, now=hub.clock(), psu_id="alice", body=body)
    dispatch(hub, ())


def kinds(hub: Hub) -> list[str]:
    return [one.kind for one in events(hub)]


def run_out(hub: Hub) -> None:
    Crew(hub, [rules.KIND]).run_once()
    dispatch(hub, ())


def test_a_sync_that_changed_something_is_told_as_an_update_and_one_that_did_not_is_not(hub: Hub) -> None:
    quiet = {"added": 0, "modified": 0, "removed": 0, "accounts_read": 0}
    say(hub, "connection.synced", quiet)
    say(hub, "connection.synced", quiet | {"modified": 2})
    assert kinds(hub) == ["connection.synced", "connection.synced", "transactions.updated"]
    assert events(hub)[-1].body == {"added": 0, "modified": 2, "removed": 0}


@pytest.mark.parametrize("between", [None, "connection.linked", "connection.link_failed"])
def test_a_link_that_was_left_is_hinted_at_unless_something_came_between(
    hub: Hub, clock: TestClock, between: str | None
) -> None:
    say(hub, "connection.begun", {"institution_id": "lorelei"})
    clock.advance(seconds=599)
    run_out(hub)
    if between:
        say(hub, between, {})
    clock.advance(seconds=1)
    run_out(hub)
    hints = [one.body for one in events(hub) if one.kind == "connection.abandoned"]
    assert hints == ([] if between else [{"institution_id": "lorelei", "client_id": None}])


def timers(hub: Hub) -> list[str]:
    with hub.db.read() as session:
        return list(session.scalars(select(Job.key).where(Job.queue == rules.QUEUE)))


def emitted(hub: Hub, kind: str, subject_id: str = "s-1", psu_id: str = "alice") -> None:
    """Not dispatched yet."""
    with hub.db.write() as session:
        emit(session, kind, subject_id, now=hub.clock(), psu_id=psu_id)


def test_what_came_between_ends_a_timer_that_a_dead_worker_holds(hub: Hub, clock: TestClock) -> None:
    say(hub, "connection.begun", {})
    clock.advance(seconds=600)
    assert len(Claims(hub, "dies").take(rules.KIND, 1)) == 1
    say(hub, "connection.linked", {})
    clock.advance(seconds=hub.settings.job_lease_s)
    run_out(hub)
    assert kinds(hub) == ["connection.begun", "connection.linked"]
    assert timers(hub) == []


@pytest.mark.parametrize(
    ("subject_id", "psu_id", "is_told"),
    [("s-1", "alice", False), ("s-2", "alice", True), ("s-1", "bob", True)],
)
def test_what_came_between_and_waits_for_the_dispatcher_ends_a_timer_of_the_same_matter(
    hub: Hub, clock: TestClock, subject_id: str, psu_id: str, is_told: bool
) -> None:
    say(hub, "connection.begun", {})
    clock.advance(seconds=600)
    emitted(hub, "connection.linked", subject_id, psu_id)
    run_out(hub)
    assert ("connection.abandoned" in kinds(hub)) is is_told


def test_what_came_before_a_timer_was_started_does_not_end_it(hub: Hub, clock: TestClock) -> None:
    say(hub, "connection.link_failed", {})
    clock.advance(seconds=1)
    say(hub, "connection.begun", {})
    clock.advance(seconds=600)
    run_out(hub)
    assert kinds(hub)[-1] == "connection.abandoned"


def test_a_week_before_its_end_a_consent_is_told_of_once_and_a_shorter_one_never(hub: Hub, clock: TestClock) -> None:
    ends = clock() + timedelta(days=30)
    say(hub, "consent.valid", {"client_id": "app", "valid_until": ends.isoformat()}, "long")
    say(hub, "consent.valid", {"client_id": "app", "valid_until": (clock() + timedelta(days=3)).isoformat()}, "short")
    say(hub, "consent.valid", {"client_id": "app", "valid_until": ends.isoformat()}, "revoked")
    say(hub, "consent.revoked", {"client_id": "app", "actor": "psu"}, "revoked")
    clock.advance(days=23)
    run_out(hub)
    clock.advance(days=7)
    run_out(hub)
    warned = [(one.subject_id, one.body["valid_until"]) for one in events(hub) if one.kind == "consent.ending"]
    assert warned == [("long", ends.isoformat())]


def test_the_last_hours_of_the_calendar_are_no_moment_anywhere_else(clock: TestClock) -> None:
    ending = types()["consent.ending"]
    assert ending.before is not None
    shortly = msgspec.structs.replace(ending, before=msgspec.structs.replace(ending.before, days=0.5))
    body = {"valid_until": "9999-12-31T23:59:59-23:00"}
    assert rules.due_at(shortly, Signal(kind="consent.valid", at=clock(), body=body)) is None


@pytest.mark.parametrize("end", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "never", 5, None])
def test_a_moment_that_no_calendar_has_stops_nobody(hub: Hub, end: object) -> None:
    say(hub, "consent.valid", {"client_id": "app", "valid_until": end}, "odd")
    assert kinds(hub) == ["consent.valid", "consent.granted"]


def test_every_type_says_whom_it_is_for_and_what_it_holds_in_a_schema() -> None:
    for one in types().values():
        assert one.audience, one.type
        assert one.on, one.type
        jsonschema.Draft202012Validator.check_schema(schema.of(one))


def test_apps_hear_of_the_accounts_that_they_may_read_at_this_moment_and_of_no_others(world: World) -> None:
    """Whose consent does not cover an account, whose permission is another, or whose consent has ended: nothing."""
    world.fill()
    connection_id = world.synced()
    first, second = (one.id for one in world.accounts())
    consent(world, "reads-one", {first: ["transactions:read"]})
    consent(world, "balances-only", {first: ["balances:read"], second: ["balances:read"]})
    consent(world, "ended", {first: ["transactions:read"]}, status="revoked")
    consent(world, "over", {first: ["transactions:read"]}, days=-1)
    body = {"added": 1, "modified": 0, "removed": 0, "accounts_read": 2}
    with world.hub.db.write() as session:
        emit(session, "connection.synced", connection_id, now=world.clock(), psu_id=world.alice, body=body)
    dispatch(world.hub, ())
    with world.hub.db.read() as session:
        told = session.scalars(select(Event).where(Event.subject_id == connection_id).order_by(Event.position)).all()
        found = [(one.type.type, one.client_id, one.data) for one in apps(session, told[-3:], world.clock())]
    updated = {"added": 1, "modified": 0, "removed": 0, "account_ids": [first]}
    both = {"account_ids": sorted([first, second])}
    assert found == [("balances.updated", "balances-only", both), ("transactions.updated", "reads-one", updated)]
    for name, _, data in found:
        jsonschema.validate(data, schema.of(types()[name]))
    assert Audience.APPS in types()["transactions.updated"].audience
