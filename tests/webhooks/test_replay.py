"""One endpoint is told once more: what it missed and what it lost, and nothing that it may not hear."""

from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from hub.cli import main
from hub.errors import Conflict, NotFound
from hub.events.positions import NoSuchPosition
from hub.models.consent import ConsentRow
from hub.models.event import Event
from hub.models.signal import Signal
from hub.webhooks import endpoints, replay
from hub.webhooks.replay import Replayed
from tests.connections.world import World
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_webhooks import APP, deliver_all, endpoint_of, listen, messages, read_once, synced

__all__ = ["read_once"]


class Killed(BaseException):
    """Between two lines."""


def sync_of(world: World, added: int) -> int:
    """The bank was read with so much news; the position of the event that apps hear of."""
    world.clock.advance(seconds=1)
    synced(world, {"added": added, "modified": 0, "removed": 0, "accounts_read": 1})
    deliver_all(world)
    with world.hub.db.read() as session:
        told = select(func.max(Event.position)).where(Event.kind == "transactions.updated")
        return session.scalar(told) or 0


def added(receiver: Receiver) -> list[int]:
    return [got.event["data"]["added"] for got in receiver.got if got.event["type"] == "transactions.updated"]


def switch(world: World, endpoint_id: str, *, on: bool) -> None:
    with world.hub.db.write() as session:
        row = endpoints.owned(session, APP, endpoint_id)
        if on:
            endpoints.enable(session, row, world.clock())
        else:
            endpoints.disable(session, row, "developer", world.clock())


@pytest.mark.parametrize("batch", [1, 500])
def test_what_came_while_it_was_off_and_what_it_lost_comes_in_order_and_once_more_only_when_asked(
    read_once: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(replay, "BATCH", batch)
    world = read_once
    made = listen(world, receiver.url, wanted=["transactions.updated"])
    first = sync_of(world, 1)
    switch(world, made.endpoint.id, on=False)
    sync_of(world, 2)
    switch(world, made.endpoint.id, on=True)
    sync_of(world, 3)
    assert added(receiver) == [1, 3]
    dry = replay.replay(world.hub, made.endpoint.id, first, is_dry=True)
    assert (dry.again, dry.made, dry.wait) == (2, 1, 0)
    deliver_all(world)
    assert added(receiver) == [1, 3]
    assert replay.replay(world.hub, made.endpoint.id, first) == Replayed(2, 1, 0, dry.last)
    again = replay.replay(world.hub, made.endpoint.id, first)
    assert (again.again, again.made, again.wait) == (0, 0, 3)
    deliver_all(world)
    assert added(receiver) == [1, 3, 1, 2, 3]
    assert [receiver.got[0].id, receiver.got[1].id] == [receiver.got[2].id, receiver.got[4].id]
    assert len({got.event["id"] for got in receiver.got}) == 3
    assert all(got.is_signed_by(made.secret) for got in receiver.got)
    assert [one.state for one in messages(world)] == ["taken"] * 3


def test_a_replay_that_died_in_the_middle_is_begun_again_and_nothing_is_lost_or_made_twice(
    read_once: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = read_once
    made = listen(world, receiver.url, wanted=["transactions.updated"])
    switch(world, made.endpoint.id, on=False)
    first = sync_of(world, 1)
    sync_of(world, 2)
    sync_of(world, 3)
    switch(world, made.endpoint.id, on=True)
    write, written = replay._write, []

    def dies(*given: Any) -> None:
        write(*given)
        written.append(given)
        if len(written) == 2:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(replay, "BATCH", 2)
        patched.setattr(replay, "_write", dies)
        with pytest.raises(Killed):
            replay.replay(world.hub, made.endpoint.id, first)
    assert len(messages(world)) == 1
    done = replay.replay(world.hub, made.endpoint.id, first)
    assert (done.again, done.made, done.wait) == (0, 2, 1)
    deliver_all(world)
    assert added(receiver) == [1, 2, 3]


def test_it_hears_nothing_from_before_the_consent_nor_after_its_end(read_once: World, receiver: Receiver) -> None:
    world = read_once
    before = sync_of(world, 1)
    world.clock.advance(seconds=1)
    made = listen(world, receiver.url, wanted=["transactions.updated"])
    sync_of(world, 2)
    done = replay.replay(world.hub, made.endpoint.id, before)
    assert (done.again, done.made) == (1, 0)
    deliver_all(world)
    assert added(receiver) == [2, 2]
    with world.hub.db.write() as session:
        session.execute(update(ConsentRow).where(ConsentRow.client_id == APP).values(status="revoked"))
    done = replay.replay(world.hub, made.endpoint.id, before)
    assert (done.again, done.made, done.wait) == (0, 0, 0)


def test_who_is_off_or_unknown_and_places_that_are_not_there_are_refused(
    read_once: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = read_once
    made = listen(world, receiver.url)
    first = sync_of(world, 1)
    for wrong in (0, -1, first + 1000):
        with pytest.raises(NoSuchPosition):
            replay.replay(world.hub, made.endpoint.id, wrong)
    with pytest.raises(NotFound):
        replay.replay(world.hub, "nobody's", first)
    monkeypatch.setattr("hub.commands.events.hub_of_environ", lambda: world.hub)
    told = ["events", "replay", "--from", str(first), "--endpoint", made.endpoint.id]
    receiver.answer = lambda _got: (500, {})
    world.clock.advance(seconds=1)
    synced(world)
    deliver_all(world)
    lag = CliRunner().invoke(main, ["events", "lag"]).output
    assert f"endpoint {made.endpoint.id} at 127.0.0.1: failing, " in lag
    shown = CliRunner().invoke(main, [*told, "--dry-run"])
    assert (shown.exit_code, "nothing was sent" in shown.output) == (0, True), shown.output
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Signal)) == 0
    assert CliRunner().invoke(main, told).exit_code == 0
    switch(world, made.endpoint.id, on=False)
    with pytest.raises(Conflict):
        replay.replay(world.hub, made.endpoint.id, first)
    assert CliRunner().invoke(main, told).exit_code == 1
    assert CliRunner().invoke(main, ["events", "replay", "--from", "1", "--dry-run"]).output.startswith("positions 1 ")
    told_lag = CliRunner().invoke(main, ["events", "lag"]).output
    assert f"endpoint {made.endpoint.id} at 127.0.0.1: off (developer), " in told_lag
    assert "signals that wait: " in told_lag
    assert endpoint_of(world, made).disabled_why == "developer"
