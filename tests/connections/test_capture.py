"""An operator has exchanges written down: of one connection, for a while, up to a size, sealed, and removed again."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from hub.cli import main
from hub.connections import capture
from hub.models.capture import CapturedExchange
from hub.sweeping import sweep_all
from providers.transport import Transport
from tests.connections.world import World, person
from tests.providers.misbehaving import answer, running, say

NAME = "Alice Adams"


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """The bank's balances come from a socket."""
    with running(say(answer(json.dumps({"name": NAME, "currency": "EUR"}).encode()))) as bank:
        door = Transport("lorelei", [bank.url])

        def ask(step: str, _key: str) -> None:
            if step == "balances":
                door.call("GET", f"{bank.url}/balances", headers={"Authorization": "Bearer hush"})

        world.bank.hook = ask
        yield world


@pytest.fixture
def rialto(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr("hub.commands.connections.hub_of_environ", lambda: world.hub)
    return lambda *words: CliRunner().invoke(main, ["connections", *words])


def captured(world: World, connection_id: str) -> list[dict[str, Any]]:
    with world.hub.db.read() as session:
        return list(capture.captured(world.hub, session, connection_id))


def begin(world: World, connection_id: str, *, most_bytes: int = 100_000) -> None:
    capture.start(world.hub, connection_id, length=timedelta(hours=1), most_bytes=most_bytes, now=world.clock())


def test_nothing_is_written_down_before_somebody_asks_for_it_and_of_no_other_connection(world: World) -> None:
    alices, bobs = world.synced(), world.linked(person(world.hub, "Bob"))
    assert captured(world, alices) == []
    begin(world, alices)
    world.sync(bobs)
    assert captured(world, bobs) == []
    world.sync(alices)
    assert [(one["method"], one["status"]) for one in captured(world, alices)] == [("GET", 200)] * 2
    assert "connection.capture_begun" in world.events(alices)


def test_what_is_written_down_is_redacted_and_sealed(world: World) -> None:
    connection_id = world.linked()
    begin(world, connection_id)
    world.sync(connection_id)
    first = captured(world, connection_id)[0]
    assert first["response_body"] == {"name": "xxxxx xxxxx", "currency": "EUR"}
    assert "hush" not in json.dumps(first)
    with world.hub.db.read() as session:
        stored = session.scalars(select(CapturedExchange.content_sealed)).all()
    assert stored
    assert not [one for one in stored if b"balances" in one or b"EUR" in one]


def test_it_ends_by_itself_after_its_time(world: World) -> None:
    connection_id = world.linked()
    begin(world, connection_id)
    world.clock.advance(seconds=3601)
    world.sync(connection_id)
    assert captured(world, connection_id) == []


def test_it_ends_by_itself_after_its_size(world: World) -> None:
    connection_id = world.linked()
    begin(world, connection_id, most_bytes=1500)
    for _ in range(5):
        world.sync(connection_id)
    size = sum(len(json.dumps(one)) for one in captured(world, connection_id))
    assert 0 < size < 2500


def test_nobody_can_ask_for_more_than_a_day(world: World) -> None:
    connection_id = world.linked()
    given = {"length": timedelta(days=30), "most_bytes": 10**9}
    assert capture.start(world.hub, connection_id, **given, now=world.clock()) == world.clock() + timedelta(days=1)  # type: ignore[arg-type]


def test_housekeeping_removes_it_after_a_week(world: World) -> None:
    connection_id = world.linked()
    begin(world, connection_id)
    world.sync(connection_id)
    world.clock.advance(days=6)
    list(sweep_all(world.hub, world.clock()))
    assert captured(world, connection_id)
    world.clock.advance(days=2)
    list(sweep_all(world.hub, world.clock()))
    assert captured(world, connection_id) == []


def test_the_operator_begins_reads_and_forgets_it_by_command(world: World, rialto: Callable[..., Result]) -> None:
    connection_id = world.linked()
    assert rialto("capture", "nobody").exit_code == 1
    assert rialto("capture", connection_id, "--minutes", "30").exit_code == 0
    world.sync(connection_id)
    shown = rialto("captured", connection_id)
    assert [json.loads(line)["status"] for line in shown.output.splitlines()] == [200, 200]
    assert NAME not in shown.output
    assert rialto("forget", connection_id).exit_code == 0
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(CapturedExchange)) == 0
    world.sync(connection_id)
    assert rialto("captured", connection_id).output == ""


def test_the_operator_sees_how_often_a_bank_was_asked(world: World, rialto: Callable[..., Result]) -> None:
    connection_id = world.synced()
    world.until_due(connection_id)
    world.sync(connection_id, psu=None)
    lines = [line.split() for line in rialto("quota", connection_id).output.splitlines()[1:]]
    assert {line[2] for line in lines} == {"1/4"}
    assert sorted(line[1] for line in lines) == ["accounts", *["balances"] * 2, *["transactions"] * 2]
    assert rialto("quota", "nobody").exit_code == 1
