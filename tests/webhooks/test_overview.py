"""Who runs the hub sees which endpoints are behind, at the cost of one statement that counts no table."""

from sqlalchemy import insert

from hub.ids import new_id
from hub.models.webhook import WebhookMessage
from hub.webhooks import endpoints, overview
from tests.connections.world import World
from tests.statements import statements
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_webhooks import APP, deliver_all, listen, read_once, synced

__all__ = ["read_once"]


def look(world: World) -> list[overview.Behind]:
    with world.hub.db.read() as session, statements(world.hub) as seen:
        found = list(overview.behind(session))
    assert len(seen) == 1
    return found


def given_up(world: World, endpoint_id: str, count: int) -> None:
    now = world.clock()
    row = {"endpoint_id": endpoint_id, "type": "t", "line": "l", "position": 1, "body": "{}", "state": "dead"}
    rows = [{**row, "id": new_id(), "attempts": 10, "next_at": now, "created_at": now} for _ in range(count)]
    with world.hub.db.write() as session:
        session.execute(insert(WebhookMessage), rows)


def test_an_endpoint_that_takes_nothing_is_seen_though_its_next_try_is_later(
    read_once: World, receiver: Receiver
) -> None:
    world = read_once
    well = listen(world, receiver.url)
    broken = listen(world, f"{receiver.url}?token=secret")
    receiver.answer = lambda _got: (500, {})
    synced(world)
    deliver_all(world)
    since = world.clock()
    assert {one.endpoint_id for one in look(world)} == {well.endpoint.id, broken.endpoint.id}
    receiver.answer = lambda _got: (204, {})
    world.clock.advance(seconds=10)
    with world.hub.db.write() as session:
        endpoints.disable(session, endpoints.owned(session, APP, broken.endpoint.id), "failing", world.clock())
    deliver_all(world)
    (found,) = look(world)
    assert (found.endpoint_id, found.host, found.failing_since) == (broken.endpoint.id, "127.0.0.1", since)
    assert (found.waiting > 0, found.given_up, found.disabled_why) == (True, 0, "failing")


def test_messages_are_counted_up_to_a_bound_and_by_the_index(read_once: World, receiver: Receiver) -> None:
    world = read_once
    made = listen(world, receiver.url)
    with world.hub.db.write() as session:
        endpoints.disable(session, endpoints.owned(session, APP, made.endpoint.id), "gone", world.clock())
    given_up(world, made.endpoint.id, overview.MOST_COUNTED + 5)
    (found,) = look(world)
    assert (found.waiting, found.given_up, found.disabled_why) == (0, overview.MOST_COUNTED, "gone")
    with world.hub.db.read() as session, statements(world.hub) as seen:
        overview.behind(session)
        if session.get_bind().dialect.name == "sqlite":
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {seen[0]}", _parameters(seen[0]))
            steps = [row[-1] for row in plan]
            assert not [one for one in steps if one.startswith("SCAN webhook_message")]
            assert len([one for one in steps if one.startswith("SEARCH webhook_message USING COVERING INDEX")]) == 2


def test_who_is_well_or_was_switched_off_by_its_developer_is_not_listed(read_once: World, receiver: Receiver) -> None:
    world = read_once
    made = listen(world, receiver.url)
    synced(world)
    deliver_all(world)
    assert look(world) == []
    with world.hub.db.write() as session:
        endpoints.disable(session, endpoints.owned(session, APP, made.endpoint.id), "developer", world.clock())
    world.clock.advance(days=1)
    assert look(world) == []


def _parameters(statement: str) -> tuple[str, ...]:
    return ("x",) * statement.count("?")
