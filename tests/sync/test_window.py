"""How far back an account is read: the whole history while the bank shows it, no further than it shows later."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import msgspec
import pytest

from hub.connections.state import Status
from hub.sync.run import Result
from hub.sync.window import Past, Reach, reach
from providers.errors import Refused
from providers.listing import History
from tests.connections.world import BANK, PRESENT, World, one_store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LINKED = NOW - timedelta(minutes=4)
LONG_AGO = NOW - timedelta(days=40)
NEVER = Past(None, None, LINKED)


def back(days: int) -> date:
    return (NOW - timedelta(days=days)).date()


FIVE_MINUTES = History(window_s=300, days_after=60)
TABLE = [
    # history, what is known, days back, whole, fallback
    (History(), NEVER, 730, True, 89),
    (History(days=364), NEVER, 364, True, 89),
    (History(days=80), NEVER, 80, True, None),
    (FIVE_MINUTES, NEVER, 730, True, 60),
    (FIVE_MINUTES, Past(None, None, NOW - timedelta(minutes=5)), 60, True, None),
    (FIVE_MINUTES, Past(None, None, None), 60, True, None),
    (History(window_s=300), Past(None, None, LONG_AGO), 89, True, None),  # nobody wrote down what is left then
    (History(window_s=300), NEVER, 730, True, 89),
    (History(days_after=90), Past(None, None, LONG_AGO), 730, True, 89),  # a window of unknown length: tried once
    # read before: the last reading less the overlap
    (FIVE_MINUTES, Past(NOW - timedelta(days=1), back(730), LONG_AGO), 15, False, None),
    (History(), Past(NOW - timedelta(days=300), back(730), LONG_AGO), 314, False, 89),
    # but never beyond what the bank shows by then
    (FIVE_MINUTES, Past(NOW - timedelta(days=300), back(730), NOW - timedelta(days=301)), 60, False, None),
    (History(days_after=90), Past(NOW - timedelta(days=300), back(730), NOW - timedelta(days=301)), 90, False, 89),
    # the person is back: what was missed meanwhile, and nothing twice
    (FIVE_MINUTES, Past(NOW - timedelta(days=300), back(900), LINKED), 314, False, 60),
    # the window was missed the first time: the whole history now
    (FIVE_MINUTES, Past(NOW - timedelta(days=2), back(62), LINKED), 730, True, 60),
    (FIVE_MINUTES, Past(NOW - timedelta(minutes=1), back(62), LINKED), 14, False, None),  # once for each visit
    (FIVE_MINUTES, Past(NOW - timedelta(days=2), back(62), LONG_AGO), 16, False, None),
    (
        History(),
        Past(NOW - timedelta(days=2), back(62), LINKED),
        16,
        False,
        None,
    ),  # no window known
]


@pytest.mark.parametrize(("history", "past", "days", "whole", "fallback"), TABLE, ids=range(len(TABLE)))
def test_an_account_is_read_as_far_back_as_the_bank_shows_it(
    history: History, past: Past, days: int, whole: bool, fallback: int | None
) -> None:
    expected = Reach(back(days), is_whole=whole, fallback=None if fallback is None else back(fallback))
    assert reach(history, past, most_days=730, now=NOW) == expected


def with_history(world: World, history: History) -> World:
    """The same world, whose bank's file says this."""
    institution = world.hub.institutions[BANK]
    told = msgspec.structs.replace(institution, listing=msgspec.structs.replace(institution.listing, history=history))
    return replace(world, hub=replace(world.hub, institutions=MappingProxyType({**world.hub.institutions, BANK: told})))


@one_store
def test_a_bank_that_shows_all_for_five_minutes_is_never_asked_for_it_later(world: World) -> None:
    world = with_history(world, FIVE_MINUTES)
    world.fill()

    def refuse_too_much(step: str, _key: str) -> None:
        if step == "transactions" and world.bank.windows[-1][1] < world.clock().date() - timedelta(days=days_shown):
            raise Refused("too long ago")

    days_shown = 730
    world.bank.hook = refuse_too_much
    connection_id = world.synced()
    today = world.clock().date()
    assert {first for _, first, _ in world.bank.windows} == {today - timedelta(days=730)}
    days_shown = 60
    world.clock.advance(days=200)
    world.until_due(connection_id)
    world.bank.windows.clear()
    assert world.sync(connection_id, psu=None).result is Result.SYNCED
    assert len(world.bank.windows) == 2  # no call was wasted on a refusal
    assert {first for _, first, _ in world.bank.windows} == {world.clock().date() - timedelta(days=60)}


@one_store
def test_a_window_that_was_missed_is_made_up_for_at_the_next_visit(world: World) -> None:
    world = with_history(world, FIVE_MINUTES)
    world.fill()
    connection_id = world.linked()
    world.clock.advance(seconds=301)
    world.sync(connection_id)
    assert {first for _, first, _ in world.bank.windows} == {world.clock().date() - timedelta(days=60)}
    world.clock.advance(days=30)
    world.come_back(world.begin(renew=connection_id))
    assert world.row(connection_id).status == Status.READY
    world.bank.windows.clear()
    for _ in range(2):
        world.sync(connection_id, psu=PRESENT)
        world.clock.advance(seconds=60)
    whole, later = world.bank.windows[0][1], world.bank.windows[2][1]
    assert whole == world.clock().date() - timedelta(days=730)
    assert later == world.clock().date() - timedelta(days=14)
    assert world.transactions() == 8
