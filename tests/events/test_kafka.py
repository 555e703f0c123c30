"""All events come to Kafka, each person's in their order, whoever dies; against librdkafka's own cluster of brokers."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, Producer
from sqlalchemy import select

from hub.cli import main
from hub.context import Hub
from hub.events import kafka
from hub.events.dispatcher import dispatch
from hub.events.outbox import emit
from hub.ids import new_id
from hub.jobs.crew import Crew
from hub.models.event import Event, Stream
from hub.models.job import Job
from hub.settings import SettingsError


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    """Three brokers in this process, for as long as their producer lives."""
    cluster = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "mock"})
    yield ",".join(f"{one.host}:{one.port}" for one in cluster.list_topics(timeout=10).brokers.values())
    cluster.flush(1)


@pytest.fixture
def streaming(hub: Hub, brokers: str) -> Hub:
    """A hub with brokers, and a topic of its own."""
    return replace(hub, settings=replace(hub.settings, kafka_brokers=brokers, kafka_topic=f"t{new_id()}"))


def say(hub: Hub, psu_id: str | None, number: int) -> None:
    with hub.db.write() as session:
        emit(session, "bench.happened", "subject", now=hub.clock(), psu_id=psu_id, body={"number": number})


def told(hub: Hub) -> None:
    while dispatch(hub, (kafka.route,)):
        pass


def heard(hub: Hub, count: int) -> list[Any]:
    """So many messages of the topic, in the order of each partition."""
    settings = {"bootstrap.servers": hub.settings.kafka_brokers, "group.id": new_id(), "auto.offset.reset": "earliest"}
    consumer = Consumer(settings)
    consumer.subscribe([hub.settings.kafka_topic])
    found: list[Any] = []
    for _ in range(100):
        found += [one for one in consumer.consume(count, timeout=0.2) if one.error() is None]
        if len(found) >= count:
            break
    consumer.close()
    return found


def test_events_come_as_cloudevents_and_each_persons_in_their_order(streaming: Hub) -> None:
    for number in range(60):
        say(streaming, f"person-{number % 5}", number)
    say(streaming, None, 60)
    told(streaming)
    assert Crew(streaming, [kafka.KIND]).run_once() == 1
    messages = heard(streaming, 61)
    assert len(messages) == 61
    numbers: dict[bytes, list[int]] = defaultdict(list)
    for one in messages:
        numbers[one.key()].append(json.loads(one.value())["number"])
    assert all(found == sorted(found) for found in numbers.values())
    assert set(numbers) == {*(f"person-{n}".encode() for n in range(5)), b"subject"}
    headers = dict(messages[0].headers())
    assert (headers["ce_specversion"], headers["ce_type"]) == (b"1.0", b"bench.happened")
    with streaming.db.read() as session:
        assert kafka.lag(session) == 0
        ids = set(session.scalars(select(Event.id)))
    assert {dict(one.headers())["ce_id"].decode() for one in messages} == ids


class Faulty:
    """Confirms so many batches, and then none."""

    def __init__(self, good: int) -> None:
        self.good, self.sent = good, list[int]()

    def send(self, events: Sequence[Event]) -> None:
        if self.good == 0:
            raise kafka.NotConfirmed("_MSG_TIMED_OUT")
        self.good -= 1
        self.sent += [event.position or 0 for event in events]


def test_what_was_not_confirmed_is_sent_again_and_nothing_is_left_out(hub: Hub) -> None:
    for number in range(25):
        say(hub, "alice", number)
    told(hub)
    sink = Faulty(2)
    assert [kafka.relay(hub, sink, batch=10) for _ in range(2)] == [10, 10]
    with pytest.raises(kafka.NotConfirmed):
        kafka.relay(hub, sink, batch=10)
    sink.good = 9
    assert [kafka.relay(hub, sink, batch=10) for _ in range(2)] == [5, 0]
    assert sink.sent == list(range(1, 26))


def test_a_relay_that_was_overtaken_does_not_move_the_place_back(hub: Hub) -> None:
    for number in range(20):
        say(hub, "alice", number)
    told(hub)

    class Overtaken(Faulty):
        def send(self, events: Sequence[Event]) -> None:
            super().send(events)
            if len(self.sent) == 10:
                while kafka.relay(hub, Faulty(9)):
                    pass

    assert kafka.relay(hub, Overtaken(1), batch=10) == 0
    with hub.db.read() as session:
        assert session.scalar(select(Stream.position).where(Stream.name == kafka.READER)) == 20


def test_brokers_that_are_away_cost_nothing_but_time(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def away(_settings: object) -> Iterator[Faulty]:
        yield Faulty(0)

    monkeypatch.setattr(kafka, "topic", away)
    streaming = replace(hub, settings=replace(hub.settings, kafka_brokers="127.0.0.1:9"))
    say(streaming, "alice", 1)
    told(streaming)
    Crew(streaming, [kafka.KIND]).run_once()
    with streaming.db.read() as session:
        (job,) = session.scalars(select(Job).where(Job.queue == kafka.QUEUE))
        assert (job.failure, job.attempts, kafka.lag(session)) == ("NotConfirmed", 1, 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_replay_sends_the_same_ids_once_more(streaming: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.commands.events.hub_of_environ", lambda: streaming)
    for number in range(5):
        say(streaming, "alice", number)
    told(streaming)
    Crew(streaming, [kafka.KIND]).run_once()
    assert CliRunner().invoke(main, ["events", "replay", "--from", "4"]).exit_code == 0
    assert "not on Kafka yet: 2" in CliRunner().invoke(main, ["events", "lag"]).output
    Crew(streaming, [kafka.KIND]).run_once()
    positions = [int(dict(one.headers())["ce_position"]) for one in heard(streaming, 7)]
    assert positions == [1, 2, 3, 4, 5, 4, 5]
    assert "bench.happened" in CliRunner().invoke(main, ["events", "list", "--from", "2"]).output
    assert CliRunner().invoke(main, ["events", "replay", "--from", "99"]).exit_code == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_brokers_nothing_is_put_and_wrong_settings_are_told(hub: Hub, tmp_path: Path) -> None:
    say(hub, "alice", 1)
    told(hub)
    with hub.db.read() as session:
        assert session.scalars(select(Job)).all() == []
    wrong = tmp_path / "kafka.conf"
    wrong.write_text("# a comment\nno.such.setting=1\n")
    with (
        pytest.raises(SettingsError, match=r"no\.such\.setting"),
        kafka.topic(replace(hub.settings, kafka_config=wrong)),
    ):
        pass
    wrong.write_text("nonsense\n")
    with pytest.raises(SettingsError, match="one name=value"):
        kafka.given(wrong)
