"""Apps are told: signed, in order, at least once, for three days, and only of what they may hear."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, update

from hub.errors import BadInput, NotFound
from hub.events import schema
from hub.events.catalogue import types
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.jobs.crew import Crew
from hub.models.client import Client
from hub.models.job import Job
from hub.models.webhook import WebhookAttempt, WebhookEndpoint, WebhookMessage
from hub.oauth import clients
from hub.oauth.grants.base import subject
from hub.outbound.fetch import Busy
from hub.webhooks import deliver, endpoints, signing, tell
from tests.connections.world import World, one_store, person
from tests.events.consents import consent
from tests.webhooks.receiver import Answer, Got, Receiver

CHANGED = {"added": 1, "modified": 0, "removed": 0, "accounts_read": 1}
APP = "buddy"


def listen(world: World, url: str, **more: Any) -> endpoints.Made:
    """Buddy's endpoint; Alice lets Buddy read the transactions of her first account."""
    account = world.accounts()[0]
    with world.hub.db.read() as session:
        is_new = session.get(Client, APP) is None
    if is_new:
        consent(world, APP, {account.id: ["transactions:read"]})
    with world.hub.db.write() as session:
        made = endpoints.make(world.hub, session, APP, url=url, now=world.clock(), **more)
        session.flush()
        session.expunge(made.endpoint)
    return made


def synced(world: World, body: Mapping[str, object] = CHANGED) -> None:
    """The bank of Alice's first account was read."""
    connection_id = world.accounts()[0].connection_id
    with world.hub.db.write() as session:
        emit(session, "connection.synced", connection_id, now=world.clock(), psu_id=world.alice, body=body)


def deliver_all(world: World) -> None:
    while dispatch(world.hub, (tell.route,)):
        pass
    Crew(world.hub, [deliver.KIND]).run_once()


def messages(world: World) -> list[WebhookMessage]:
    with world.hub.db.read() as session:
        return list(session.scalars(select(WebhookMessage).order_by(WebhookMessage.position, WebhookMessage.id)))


def attempts(world: World) -> list[tuple[int | None, str]]:
    with world.hub.db.read() as session:
        return [(one.status, one.why) for one in session.scalars(select(WebhookAttempt).order_by(WebhookAttempt.at))]


def endpoint_of(world: World, made: endpoints.Made) -> WebhookEndpoint:
    with world.hub.db.read() as session:
        return session.get_one(WebhookEndpoint, made.endpoint.id)


@pytest.fixture
def read_once(world: World) -> World:
    world.fill()
    world.synced()
    deliver_all(world)
    return world


def test_an_app_is_told_in_a_signed_document_which_account_has_news(read_once: World, receiver: Receiver) -> None:
    world = read_once
    made = listen(world, receiver.url)
    synced(world)
    deliver_all(world)
    (got,) = receiver.got
    assert got.is_signed_by(made.secret)
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    event = got.event
    assert (event["specversion"], event["type"], event["source"]) == (
        "1.0",
        "transactions.updated",
        world.hub.settings.base_url,
    )
    with world.hub.db.read() as session:
        assert event["subject"] == subject(world.hub, session.get_one(Client, APP), world.alice)
    assert event["data"] == {"added": 1, "modified": 0, "removed": 0, "account_ids": [world.accounts()[0].id]}
    jsonschema.validate(event["data"], schema.of(types()["transactions.updated"]))
    assert [(one.state, one.id) for one in messages(world)] == [("taken", got.id)]
    assert attempts(world) == [(204, "")]


@one_store
def test_any_2xx_will_do_however_long_or_packed_what_comes_with_it_is(read_once: World, receiver: Receiver) -> None:
    listen(read_once, receiver.url)
    receiver.answer, receiver.body = lambda _got: (200, {"Content-Encoding": "gzip"}), b"x" * 200_000
    synced(read_once)
    deliver_all(read_once)
    assert attempts(read_once) == [(200, "")]
    assert [one.state for one in messages(read_once)] == ["taken"]


def test_signatures_are_those_of_the_standard() -> None:
    """The example of the Standard Webhooks text."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    made = signing.headers("v1", [key], message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", body=b'{"test": 2432232314}', now=at)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_endpoint_may_have_a_key_pair_of_which_it_knows_the_public_half(
    read_once: World, receiver: Receiver
) -> None:
    made = listen(read_once, receiver.url, scheme="v1a")
    synced(read_once)
    deliver_all(read_once)
    (got,) = receiver.got
    scheme, _, signature = got.headers["webhook-signature"].partition(",")
    assert (scheme, made.secret[:5]) == ("v1a", "whpk_")
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(made.secret.removeprefix("whpk_")))
    public.verify(base64.b64decode(signature), f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body)


def rotated(world: World, made: endpoints.Made) -> str:
    """The new secret."""
    with world.hub.db.write() as session:
        row = endpoints.owned(session, APP, made.endpoint.id)
        return endpoints.rotate(world.hub, session, row, now=world.clock()).secret


def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one(
    read_once: World, receiver: Receiver
) -> None:
    world = read_once
    old = listen(world, receiver.url)
    new = rotated(world, old)
    synced(world)
    deliver_all(world)
    world.clock.advance(days=1)
    synced(world)
    deliver_all(world)
    first, second = receiver.got
    assert (first.is_signed_by(old.secret), first.is_signed_by(new)) == (True, True)
    assert (second.is_signed_by(old.secret), second.is_signed_by(new)) == (False, True)


def test_who_rotates_again_within_a_day_keeps_each_secret_before_until_its_own_day_is_over(
    read_once: World, receiver: Receiver
) -> None:
    world = read_once
    made = listen(world, receiver.url)
    known = [made.secret]
    for _ in range(3):
        known.append(rotated(world, made))
        world.clock.advance(seconds=6 * 3600)
    for _ in range(3):
        synced(world)
        deliver_all(world)
        world.clock.advance(seconds=6 * 3600)
    signed = [[got.is_signed_by(secret) for secret in known] for got in receiver.got]
    assert signed == [[True, True, True, True], [False, True, True, True], [False, False, True, True]]


@one_store
def test_of_more_than_three_secrets_within_a_day_the_oldest_ends(read_once: World, receiver: Receiver) -> None:
    made = listen(read_once, receiver.url, wanted=["consent.ended"])
    known = [made.secret, *(rotated(read_once, made) for _ in range(4))]
    with read_once.hub.db.write() as session:
        tell.test(read_once.hub, session, endpoints.owned(session, APP, made.endpoint.id), read_once.clock())
    deliver_all(read_once)
    (got,) = receiver.got
    assert [got.is_signed_by(secret) for secret in known] == [False, True, True, True, True]


def test_who_may_not_hear_does_not(read_once: World, receiver: Receiver) -> None:
    world = read_once
    listen(world, receiver.url, wanted=["consent.ended"])
    bob = person(world.hub, "Bob")
    with world.hub.db.write() as session:
        emit(session, "connection.synced", "another", now=world.clock(), psu_id=bob, body=CHANGED)
        emit(session, "consent.revoked", "c", now=world.clock(), psu_id=world.alice, body={"client_id": "another"})
    synced(world)  # not of a type that was asked for
    deliver_all(world)
    assert receiver.got == []


def test_what_concerns_one_person_comes_in_order_though_the_first_fails(read_once: World, receiver: Receiver) -> None:
    world = read_once
    listen(world, receiver.url)
    for number in range(1, 4):
        synced(world, CHANGED | {"added": number})
    receiver.answer = lambda _got: (500, {})
    deliver_all(world)
    assert [got.event["data"]["added"] for got in receiver.got] == [1]
    receiver.answer = lambda _got: (200, {})
    world.clock.advance(seconds=10)
    deliver_all(world)
    assert [got.event["data"]["added"] for got in receiver.got] == [1, 1, 2, 3]
    assert receiver.got[0].id == receiver.got[1].id


def test_what_is_never_taken_is_tried_for_three_days_given_up_and_sent_again_when_asked(
    read_once: World, receiver: Receiver
) -> None:
    world = read_once
    made = listen(world, receiver.url)
    receiver.answer = lambda _got: (500, {})
    synced(world)
    began = world.clock()
    for _ in range(len(deliver.PAUSES_S) + 1):
        deliver_all(world)
        (message,) = messages(world)
        world.clock.at = max(message.next_at, world.clock())
    assert timedelta(days=3) < world.clock() - began < timedelta(days=4)
    assert (message.state, message.attempts, len(receiver.got)) == ("dead", 10, 10)
    receiver.answer = lambda _got: (200, {})
    with world.hub.db.write() as session:
        row = endpoints.owned(session, APP, made.endpoint.id)
        assert tell.again_since(session, row, began, world.clock()) == 1
    deliver_all(world)
    assert [one.state for one in messages(world)] == ["taken"]
    assert {got.id for got in receiver.got} == {message.id}


def test_a_receiver_that_is_gone_is_not_called_again(read_once: World, receiver: Receiver) -> None:
    world = read_once
    made = listen(world, receiver.url)
    receiver.answer = lambda _got: (410, {})
    synced(world)
    deliver_all(world)
    assert endpoint_of(world, made).disabled_why == "gone"
    synced(world)
    world.clock.advance(days=1)
    deliver_all(world)
    assert len(receiver.got) == 1


def test_a_receiver_that_took_nothing_for_five_days_is_switched_off(read_once: World, receiver: Receiver) -> None:
    world = read_once
    made = listen(world, receiver.url)
    receiver.answer = lambda _got: (500, {})
    for _ in range(6):
        synced(world)
        deliver_all(world)
        world.clock.advance(days=1)
    assert endpoint_of(world, made).disabled_why == "failing"
    receiver.answer = lambda _got: (200, {})
    with world.hub.db.write() as session:
        endpoints.enable(session, endpoints.owned(session, APP, made.endpoint.id), world.clock())
    deliver_all(world)
    assert endpoint_of(world, made).failing_since is None
    assert messages(world)[-1].state == "taken"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [({"Retry-After": "900"}, 900), ({"Retry-After": "99999999999"}, 86400), ({"Retry-After": "soon"}, 5), ({}, 5)]
    + [({"Retry-After": text}, 5) for text in ("\xb2", "Fri, 31 Dec 9999 23:00:00 -0500")],
)
@one_store
def test_a_receiver_that_asks_for_a_pause_gets_it(
    read_once: World, receiver: Receiver, headers: dict[str, str], wait_s: int
) -> None:
    world = read_once
    listen(world, receiver.url)
    receiver.answer = lambda _got: (429, headers)
    synced(world)
    deliver_all(world)
    (message,) = messages(world)
    assert timedelta(seconds=wait_s) <= message.next_at - world.clock() <= timedelta(seconds=1.2 * wait_s)
    world.clock.advance(seconds=wait_s - 1)
    deliver_all(world)
    assert len(receiver.got) == 1


def test_who_does_not_answer_costs_one_call_and_rests(read_once: World) -> None:
    world = read_once
    made = listen(world, "http://127.0.0.1:9/hook", is_ordered=False)
    for _ in range(30):
        synced(world)
    deliver_all(world)
    assert len(attempts(world)) == deliver.AT_ONCE
    rests_until = endpoint_of(world, made).rests_until
    assert rests_until is not None
    assert rests_until > world.clock()


def test_a_call_whose_outcome_was_lost_is_made_again_under_the_same_id(
    read_once: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = read_once
    listen(world, receiver.url)
    synced(world)
    with monkeypatch.context() as patch:
        patch.setattr(deliver, "_settle", lambda *_: (_ for _ in ()).throw(OSError("the machine goes down")))
        deliver_all(world)
    world.clock.advance(seconds=60)
    deliver_all(world)
    assert len({got.id for got in receiver.got}) == 1
    assert len(receiver.got) == 2
    assert attempts(world) == [(204, "")]


@one_store
def test_an_attempt_that_somebody_else_settled_is_not_settled_twice(read_once: World, receiver: Receiver) -> None:
    world = read_once
    listen(world, receiver.url)
    synced(world)

    def another_worker_was_first(_got: Got) -> Answer:
        with world.hub.db.write() as session:
            session.execute(update(WebhookMessage).values(state="taken", attempts=1))
        return 500, {}

    receiver.answer = another_worker_was_first
    deliver_all(world)
    assert [(one.state, one.attempts) for one in messages(world)] == [("taken", 1)]
    assert attempts(world) == []


@one_store
def test_addresses_of_our_own_network_and_strangers_endpoints_are_refused(read_once: World, receiver: Receiver) -> None:
    world = read_once
    made = listen(world, receiver.url)
    for url in ("ftp://app.example/", "https://user:secret@app.example/", "not a url"):
        with pytest.raises(BadInput):
            listen(world, url)
    with pytest.raises(BadInput):
        listen(world, receiver.url, wanted=["psu.registered"])
    with pytest.raises(NotFound), world.hub.db.write() as session:
        endpoints.owned(session, "another", made.endpoint.id)


def test_a_test_message_comes_alone_and_signed(read_once: World, receiver: Receiver) -> None:
    world = read_once
    made = listen(world, receiver.url, wanted=["consent.ended"])
    with world.hub.db.write() as session:
        tell.test(world.hub, session, endpoints.owned(session, APP, made.endpoint.id), world.clock())
    deliver_all(world)
    (got,) = receiver.got
    assert got.is_signed_by(made.secret)
    assert got.event["type"] == "webhook.test"


def test_an_app_that_was_removed_is_told_nothing_more(read_once: World, receiver: Receiver) -> None:
    listen(read_once, receiver.url)
    synced(read_once)
    while dispatch(read_once.hub, (tell.route,)):
        pass
    with read_once.hub.db.write() as session:
        clients.end(session, session.get_one(Client, APP), now=read_once.clock())
    Crew(read_once.hub, [deliver.KIND]).run_once()
    assert receiver.got == []
    with read_once.hub.db.read() as session:
        assert session.scalars(select(Job.key).where(Job.queue == endpoints.QUEUE)).all() == []


def test_what_found_no_place_is_not_tried_again_at_once(
    read_once: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_place(*_given: object, **_more: object) -> None:
        raise Busy("no place is free")

    listen(read_once, receiver.url)
    synced(read_once)
    monkeypatch.setattr(read_once.hub.messenger, "post", no_place)
    deliver_all(read_once)
    with read_once.hub.db.read() as session:
        (at,) = session.scalars(select(Job.run_at).where(Job.queue == endpoints.QUEUE)).all()
    assert at >= read_once.clock() + timedelta(seconds=2)
    assert attempts(read_once) == [], "it was not called"
