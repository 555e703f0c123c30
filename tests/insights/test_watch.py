"""What of new rows is worth telling: nothing of a history, an unusual payment, a new price; each once."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from hub.insights import watch
from hub.insights.movement import Movement
from hub.insights.watch import ENOUGH, FAR_MORE, unusual
from hub.models.signal import Signal
from tests.notifications.telling import say, told, work
from tests.web.pages.conftest import bank, world
from tests.web.pages.world import World

__all__ = ["bank", "world"]
TODAY = date(2026, 11, 23)


def paid(number: int, amount: str, *, day: date = TODAY, account: str = "a", own: bool = False) -> Movement:
    return Movement(
        id=f"t-{number:04}",
        account_id=account,
        day=day,
        amount=Decimal(amount),
        currency="EUR",
        payee=f"Shop {number}",
        is_between_own=own,
    )


def usual(count: int = ENOUGH) -> list[Movement]:
    return [paid(number, "-10", day=TODAY - timedelta(days=number + 1)) for number in range(count)]


def found(history: list[Movement], one: Movement) -> bool:
    return [each.id for each in unusual([*history, one], {one.id})] == [one.id]


def test_a_payment_is_unusual_among_enough_others_alone() -> None:
    assert found(usual(), paid(99, "-50.01"))
    assert not found(usual(), paid(99, "-50"))
    assert not found(usual(ENOUGH - 1), paid(99, "-5000"))
    assert not found([*usual(), paid(98, "-60", day=TODAY - timedelta(days=100))], paid(99, "-55"))
    assert found([*usual(), paid(98, "-60", day=TODAY - timedelta(days=200))], paid(99, "-55"))
    assert not found(usual(), paid(99, "5000"))
    assert not found(usual(), paid(99, "-5000", own=True))
    assert not found(usual(), paid(99, "-5000", account="b"))


@given(st.lists(st.integers(1, 1000), min_size=ENOUGH, max_size=60), st.integers(1, 10_000))
def test_it_is_larger_than_all_before_whatever_their_order(amounts: list[int], amount: int) -> None:
    days = (TODAY - timedelta(days=1 + number % 150) for number in range(len(amounts)))
    history = [paid(number, f"-{one}", day=day) for number, (one, day) in enumerate(zip(amounts, days, strict=True))]
    one = paid(9999, f"-{amount}")
    middle = sorted(amounts)[len(amounts) // 2]
    if found(history, one):
        assert amount > max(amounts)
    elif amount > max(amounts):
        assert amount <= FAR_MORE * middle
    assert found(history, one) is found(history[::-1], one)


def looked(world: World) -> list[tuple[str, str, bool]]:
    say(world.hub, watch.SYNCED, world.alice, {"added": 1}, subject_id=world.albion)
    work(world.hub, watch.QUEUE)
    return told(world.hub, world.alice)


def test_of_a_history_nothing_is_told_and_of_what_comes_later_the_unusual_once(world: World) -> None:
    today = world.clock().date()
    world.pay(world.albion, world.current, "Jeweller", [(today, "-9000.00")])
    assert looked(world) == []
    world.pay(world.albion, world.current, "Corner shop", [(today, "-3.00")])
    assert looked(world) == []
    world.pay(world.albion, world.current, "Boatyard", [(today, "-19000.00")])
    assert [kind for kind, *_ in looked(world)] == ["transaction.unusual"]
    assert len(looked(world)) == 1
    alice = world.browser()
    assert "Boatyard" in alice.get("/notifications").text


def test_what_a_regular_payment_costs_now_is_told(world: World) -> None:
    today = world.clock().date()
    days = [today - timedelta(days=30 * number) for number in (5, 4, 3, 2, 1)]
    world.pay(world.albion, world.current, "Gondola TV", [(day, "-9.99") for day in days])
    assert looked(world) == []
    world.pay(world.albion, world.current, "Gondola TV", [(today, "-12.99")])
    assert [kind for kind, *_ in looked(world)] == ["regular_payment.changed"]


def test_what_lies_long_back_is_no_news(world: World) -> None:
    assert looked(world) == []
    long_ago = world.clock().date() - timedelta(days=30)
    world.pay(world.albion, world.current, "Boatyard", [(long_ago, "-19000.00")])
    assert looked(world) == []


def test_a_sync_without_changes_and_a_connection_that_has_gone_ask_for_nothing(world: World) -> None:
    say(world.hub, watch.SYNCED, world.alice, {"added": 0, "modified": 0}, subject_id=world.albion)
    say(world.hub, watch.SYNCED, world.alice, {"added": 3}, subject_id="no-such-connection")
    work(world.hub, watch.QUEUE)
    assert told(world.hub, world.alice) == []
    with world.hub.db.read() as session:
        assert session.query(Signal).count() == 0
