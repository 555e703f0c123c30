"""The process may die anywhere: between any two steps, in the middle of a commit, right after it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from hub.connections.state import Status
from hub.sync.run import Result
from tests.connections.world import PRESENT, World, person


class Killed(BaseException):
    """Not an Exception: nothing of ours catches it, as nothing survives kill -9."""


class Executioner:
    """Counts the moments of a run and strikes at one of them."""

    def __init__(self, strike_at: int | None) -> None:
        self.strike_at = strike_at
        self.moments = 0

    def moment(self, *_: object) -> None:
        self.moments += 1
        if self.moments - 1 == self.strike_at:
            raise Killed

    @contextmanager
    def watching(self, world: World) -> Iterator[None]:
        """Every call of the bank, every page, every commit before and after is a moment."""
        world.bank.hook = self.moment
        for name in ("before_commit", "after_commit"):
            event.listen(Session, name, self.moment)
        try:
            yield
        finally:
            world.bank.hook = lambda _step, _key: None
            for name in ("before_commit", "after_commit"):
                event.remove(Session, name, self.moment)


def moments_of_a_whole_sync(world: World) -> int:
    connection_id = world.linked(person(world.hub, "Alice"))
    watcher = Executioner(None)
    with watcher.watching(world):
        assert world.sync(connection_id).result is Result.SYNCED
    return watcher.moments


def test_a_first_sync_killed_at_any_moment_is_completed_later_without_doubles(world: World) -> None:
    world.fill()
    moments = moments_of_a_whole_sync(world)
    assert moments > 25
    for strike_at in range(moments):
        psu_id = person(world.hub, "Alice")
        connection_id = world.linked(psu_id)
        with pytest.raises(Killed), Executioner(strike_at).watching(world):
            world.sync(connection_id)

        held = world.row(connection_id).sync_until
        if held is not None:
            assert world.sync(connection_id).result is Result.NOT_CLAIMED, strike_at
            world.clock.at = held
        expected = Result.NOT_CLAIMED if strike_at == moments - 1 else Result.SYNCED  # the last moment: all was done
        assert world.sync(connection_id, psu=None).result is expected, strike_at
        assert world.row(connection_id).status == Status.READY
        assert (world.transactions(psu_id), world.balances(psu_id), len(world.accounts(psu_id))) == (8, 2, 2), strike_at
        assert all(one.synced_at for one in world.accounts(psu_id))


def test_a_later_sync_killed_at_any_moment_loses_and_doubles_nothing(world: World) -> None:
    world.fill()
    psu_id = person(world.hub, "Alice")
    connection_id = world.synced(psu_id)
    watcher = Executioner(None)
    with watcher.watching(world):
        world.sync(connection_id)
    for strike_at in range(watcher.moments):
        with pytest.raises(Killed), Executioner(strike_at).watching(world):
            world.sync(connection_id)
        world.clock.advance(seconds=world.hub.settings.sync_lease_s)
    assert world.sync(connection_id, psu=PRESENT).result is Result.SYNCED
    assert world.transactions(psu_id) == 8
