"""An app whose receivers are slow, or that is far behind, keeps no other app waiting."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select

from hub.jobs.crew import Crew
from hub.models.webhook import WebhookAttempt
from hub.notifications.push import deliver as push
from hub.webhooks import deliver, endpoints, tell
from tests.connections.world import World, one_store
from tests.registered import registered
from tests.webhooks.receiver import Answer, Got, Receiver, receiving

FOUR = replace(deliver.KIND, threads=4)
PATIENCE_S = 5


def tell_app(world: World, client_id: str, *urls: str) -> None:
    """A new app with these endpoints, each of which is to get a message."""
    now = world.clock.advance(seconds=1)
    with world.hub.db.write() as session:
        made = registered(session, redirect_uris=["https://app.example/back"], scopes=["openid"], now=now)
        made.client.client_id = client_id
        session.flush()
        for url in urls:
            endpoint = endpoints.make(world.hub, session, client_id, url=url, now=now).endpoint
            session.flush()
            tell.test(world.hub, session, endpoint, now)


def attempts(world: World) -> list[int | None]:
    with world.hub.db.read() as session:
        return list(session.scalars(select(WebhookAttempt.status)))


class Waits:
    """A receiver's answer: it takes nothing from an app until another one was told."""

    def __init__(self) -> None:
        self._others_are_told = threading.Event()

    def __call__(self, got: Got) -> Answer:
        if got.path == "/quick":
            self._others_are_told.set()
        return 204 if self._others_are_told.wait(PATIENCE_S) else 500, {}


@pytest.fixture
def waits(receiver: Receiver) -> Waits:
    made = Waits()
    receiver.answer = made
    return made


def test_an_app_with_many_endpoints_leaves_threads_to_others(world: World, receiver: Receiver, waits: Waits) -> None:
    with receiving() as elsewhere:
        elsewhere.answer = waits
        tell_app(world, "many", *(f"{receiver.url}/{number}" for number in range(FOUR.threads)))
        tell_app(world, "quick", elsewhere.url.replace("/hook", "/quick"))
        Crew(world.hub, [FOUR]).run_once()
    assert attempts(world) == [204] * 5


def test_two_apps_at_one_server_do_not_wait_for_each_other(world: World, receiver: Receiver, waits: Waits) -> None:
    tell_app(world, "slow", receiver.url)
    tell_app(world, "quick", receiver.url.replace("/hook", "/quick"))
    Crew(world.hub, [FOUR]).run_once()
    assert attempts(world) == [204, 204]


@one_store
def test_there_is_a_place_for_each_call_that_the_jobs_may_make_at_once(world: World) -> None:
    limits = world.hub.messenger.limits
    assert limits.at_once >= deliver.KIND.threads * deliver.AT_ONCE + push.KIND.threads
    assert limits.strangers >= deliver.KIND.threads + push.KIND.threads
    assert limits.each >= deliver.AT_ONCE
