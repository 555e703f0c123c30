"""Event types that an operator declares: told as those that are shipped, and refused where they could not be."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from hub.api import asyncapi
from hub.app import create_app
from hub.cli import main
from hub.context import Hub, build
from hub.duties import ROUTES
from hub.events import audience, catalogue, rules
from hub.events.catalogue import types
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.models.event import Event
from hub.models.job import Job
from hub.notifications import inbox
from hub.settings import Settings, SettingsError, from_environ
from hub.webhooks.endpoints import told_to_apps
from tests.conftest import TestClock
from tests.connections.world import World
from tests.events.consents import consent
from tests.notifications.telling import person

ENDING: dict[str, Any] = {
    "type": "loyalty.expiring",
    "version": 1,
    "title": "Points end soon",
    "description": "Collected points end on a day.",
    "audience": ["person", "every_client"],
    "on": ["partner.loyalty.points_expire"],
    "data": {"points": {"from": "points", "schema": {"type": "integer", "description": "how many"}}},
    "notice": {
        "topic": "occasions",
        "title": "{points} points end soon",
        "text": "Use them before they are gone.",
        "path": "/connections",
    },
}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    catalogue.declare(())


def declared(folder: Path, *files: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for one in files:
        (folder / f"{one['type']}.json").write_text(json.dumps(one))
    return folder


@pytest.fixture
def own(settings: Settings, clock: TestClock, tmp_path: Path) -> Iterator[Hub]:
    told = replace(settings, event_type_dirs=(declared(tmp_path / "types", ENDING),))
    made = build(told, clock=clock)
    yield made
    made.close()


def test_people_and_developers_hear_of_it_as_of_any_other(own: Hub, clock: TestClock) -> None:
    alice = person(own, "alice")
    clock.advance(seconds=1)
    with own.db.write() as session:
        emit(session, "partner.loyalty.points_expire", "card-1", now=clock(), psu_id=alice, body={"points": 250})
    dispatch(own, ROUTES)
    with own.db.read() as session:
        (item,) = inbox.page(own, session, alice).items
    assert (item.words.title, item.words.text) == ("250 points end soon", "Use them before they are gone.")
    assert "loyalty.expiring" in asyncapi.document(own.settings)["channels"]["webhooks"]["messages"]
    assert "Points end soon" in create_app(own).test_client().get("/docs/events").text


OURS, THEIRS = "connection.begun", "partner.loyalty.joined"


@pytest.mark.parametrize(("on", "unless"), [(OURS, THEIRS), (THEIRS, OURS)])
def test_a_timer_that_one_side_starts_is_ended_by_the_other_for_the_same_person(
    settings: Settings, clock: TestClock, tmp_path: Path, on: str, unless: str
) -> None:
    hint = ENDING | {"type": "loyalty.hint", "on": [on], "after": {"minutes": 10, "unless": [unless]}}
    hub = build(replace(settings, event_type_dirs=(declared(tmp_path / "types", hint),)), clock=clock)

    def say(kind: str, psu_id: str) -> None:
        with hub.db.write() as session:
            emit(session, kind, "card-1", now=clock(), psu_id=psu_id, body={})
        dispatch(hub, ())

    def waiting() -> list[str]:
        with hub.db.read() as session:
            mine = select(Job.key).where(Job.queue == rules.QUEUE, Job.key.startswith("loyalty.hint:"))
            return list(session.scalars(mine.order_by(Job.key)))

    for one in ("alice", "bob"):
        say(on, one)
    assert waiting() == ["loyalty.hint:card-1:alice", "loyalty.hint:card-1:bob"]
    say(unless, "alice")
    assert waiting() == ["loyalty.hint:card-1:bob"]
    hub.close()


def test_a_hub_without_them_knows_nothing_of_them(own: Hub, settings: Settings, clock: TestClock) -> None:
    assert "loyalty.expiring" in types()
    build(settings, clock=clock).close()
    assert "loyalty.expiring" not in types()
    assert catalogue.concerned("partner.loyalty.points_expire") == []


def test_what_is_shipped_would_be_taken_from_an_operator_too() -> None:
    assert {one.type: catalogue._unfit(one) for one in types().values() if catalogue._unfit(one)} == {}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"type": "consent.ended"}, "name already"),
        ({"type": "partner.own"}, "its name"),
        ({"type": "Loyalty"}, "its name"),
        ({"type": "a." + "b" * 60}, "its name"),
        ({"on": []}, "no signal"),
        ({"audience": []}, "notice"),
        ({"audience": ["apps", "person"]}, "permission"),
        ({"audience": ["persons_apps", "person"]}, "permission"),
        ({"audience": ["persons_apps", "apps", "person"], "permission": "accounts:read"}, "not both"),
        ({"surprise": 1}, "surprise"),
        ({"data": {"points": {"from": "points", "schema": {}}}}, "without a type"),
        ({"notice": ENDING["notice"] | {"title": "{payee} waits"}}, "payee"),
        ({"notice": ENDING["notice"] | {"title": "{points.__class__}"}}, "notice.title"),
        ({"notice": ENDING["notice"] | {"title": ""}}, "notice.title"),
        ({"notice": ENDING["notice"] | {"text": "{unknown}"}}, "unknown"),
        ({"notice": ENDING["notice"] | {"title": "{bank} gives points"}}, "institution_id"),
        ({"notice": ENDING["notice"] | {"path": "https://elsewhere.example"}}, "notice.path"),
        ({"notice": ENDING["notice"] | {"path": "//elsewhere.example"}}, "notice.path"),
        ({"notice": ENDING["notice"] | {"path": "/\\elsewhere.example"}}, "notice.path"),
    ],
)
def test_a_file_that_is_wrong_stops_the_start_and_is_named(tmp_path: Path, wrong: dict[str, Any], why: str) -> None:
    one = ENDING | wrong
    folder = declared(tmp_path / "types", one)
    settings = from_environ({"RIALTO_EVENT_TYPES": str(folder), "RIALTO_DATA_DIR": str(tmp_path / "var")})
    with pytest.raises(SettingsError, match=f"RIALTO_EVENT_TYPES: {one['type']}.json.*{why}"):
        build(settings)
    assert set(types()) & {one["type"]} <= {"consent.ended"}


def test_the_command_lists_them_beside_those_that_are_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIALTO_EVENT_TYPES", str(declared(tmp_path / "types", ENDING)))
    monkeypatch.setenv("RIALTO_DATA_DIR", str(tmp_path / "var"))
    listed = CliRunner().invoke(main, ["events", "types"]).output
    assert "loyalty.expiring" in listed
    assert "consent.ended" in listed


def test_one_name_in_two_folders_and_a_folder_that_is_not_there(tmp_path: Path) -> None:
    first, second = declared(tmp_path / "a", ENDING), declared(tmp_path / "b", ENDING)
    with pytest.raises(ValueError, match="name already"):
        catalogue.declare([first, second])
    with pytest.raises(ValueError, match="no folder"):
        catalogue.declare([tmp_path / "c"])


def test_the_apps_of_the_person_hear_of_what_is_about_them_under_the_consents_that_hold(
    world: World, tmp_path: Path
) -> None:
    apps = {"audience": ["persons_apps"], "permission": "balances:read"}
    catalogue.declare([declared(tmp_path / "types", {**ENDING, **apps, "notice": None})])
    world.synced()
    first, second = (one.id for one in world.accounts())
    consent(world, "sees-two", {first: ["balances:read"], second: ["balances:read"]})
    consent(world, "sees-names", {first: ["accounts:read"]})
    consent(world, "was-ended", {first: ["balances:read"]}, status="revoked")
    consent(world, "is-over", {first: ["balances:read"]}, days=-1)
    about = (world.alice, person(world.hub, "bob"), None)
    with world.hub.db.write() as session:
        for one in about:
            emit(session, "partner.loyalty.points_expire", "card-1", now=world.clock(), psu_id=one, body={"points": 3})
    dispatch(world.hub, ())
    with world.hub.db.read() as session:
        events = session.scalars(select(Event).where(Event.kind == "loyalty.expiring")).all()
        assert len(events) == len(about)
        (told,) = audience.apps(session, events, world.clock())
        assert (told.client_id, told.event.psu_id, told.data) == ("sees-two", world.alice, {"points": 3})
        for event in events:
            event.at -= timedelta(days=1)  # before the consent was given
        assert list(audience.apps(session, events, world.clock(), is_past=True)) == []
    assert "loyalty.expiring" in told_to_apps()
