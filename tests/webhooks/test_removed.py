"""An app that takes its endpoints away while events are on their way to them costs nobody else an event."""

import threading
from typing import Any

import pytest
from sqlalchemy import select

from hub.events.dispatcher import dispatch
from hub.models.signal import DeadSignal
from hub.models.webhook import WebhookEndpoint
from hub.webhooks import endpoints, tell
from tests.connections.world import World
from tests.events.consents import consent
from tests.webhooks.test_webhooks import APP, messages, read_once, synced

__all__ = ["read_once"]
LEAVING = "leaving"
PATIENCE_S = 0.4


def endpoint_ids(world: World, client_id: str) -> list[str]:
    with world.hub.db.read() as session:
        mine = select(WebhookEndpoint.id).where(WebhookEndpoint.client_id == client_id)
        return list(session.scalars(mine.order_by(WebhookEndpoint.id)))


def test_endpoints_that_go_while_their_messages_are_written_stop_nobodys(
    read_once: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = read_once
    account = world.accounts()[0]
    for client_id, count in ((APP, 1), (LEAVING, 3)):
        consent(world, client_id, {account.id: ["transactions:read"]})
        with world.hub.db.write() as session:
            for _ in range(count):
                endpoints.make(world.hub, session, client_id, url="https://app.example/hook", now=world.clock())
    going = iter(endpoint_ids(world, LEAVING))
    under_way: list[threading.Thread] = []
    put = tell.put

    def remove(endpoint_id: str) -> None:
        with world.hub.db.write() as session:
            endpoints.remove(session, endpoints.owned(session, LEAVING, endpoint_id), world.clock())

    def put_while_one_goes(*given: Any) -> None:
        """It may be waiting for a lock of the dispatcher's own."""
        if (one := next(going, None)) is not None:
            under_way.append(threading.Thread(target=remove, args=(one,)))
            under_way[-1].start()
            under_way[-1].join(PATIENCE_S)
        put(*given)

    dispatch(world.hub, (tell.route,))
    monkeypatch.setattr(tell, "put", put_while_one_goes)
    synced(world)
    while dispatch(world.hub, (tell.route,)):
        pass
    for one in under_way:
        one.join()
    with world.hub.db.read() as session:
        assert session.scalars(select(DeadSignal.kind)).all() == []
    (mine,) = endpoint_ids(world, APP)
    assert mine in {one.endpoint_id for one in messages(world)}
    assert len(endpoint_ids(world, LEAVING)) == 3 - len(under_way)
