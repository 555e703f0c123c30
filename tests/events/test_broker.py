"""On a real Apache Kafka broker: killed in mid-stream and started again, nothing is lost, each person's order kept."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from sqlalchemy import select

from hub.context import Hub
from hub.events import kafka
from hub.ids import new_id
from hub.jobs.crew import Crew
from hub.models.event import Event
from tests.events.broker import Broker, jars
from tests.events.test_kafka import say, told

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.timeout(600),  # where Maven fetches the broker first
]
PARTITIONS = 3
T = TypeVar("T")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    made = Broker(tmp_path_factory.mktemp("kafka"), jars())
    made.format()
    made.start()
    yield made
    made.kill()


@pytest.fixture
def streaming(hub: Hub, broker: Broker) -> Hub:
    """A hub with that broker, and a topic of its own."""
    topic = f"t{new_id()}"
    broker.topic(topic, PARTITIONS)
    return replace(hub, settings=replace(hub.settings, kafka_brokers=broker.address, kafka_topic=topic))


def patiently(ask: Callable[[], T]) -> T:
    """What a broker answers that has just come back: for a moment it is not yet the one to ask."""
    until = time.monotonic() + 60
    while True:
        try:
            return ask()
        except KafkaException:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def read_to_the_end(hub: Hub, broker: Broker, group: str) -> list[Any]:
    """What the group has not read, in the order of each partition; where it stands then is committed."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": False,
            "enable.auto.commit": False,
        }
    )
    topic = hub.settings.kafka_topic
    wanted = [TopicPartition(topic, one) for one in range(PARTITIONS)]
    places = patiently(lambda: consumer.committed(wanted, timeout=20))
    left = sum(consumer.get_watermark_offsets(one, timeout=20)[1] - max(one.offset, 0) for one in places)
    consumer.subscribe([topic])
    found: list[Any] = []
    while len(found) < left:
        found += [one for one in consumer.consume(500, timeout=1.0) if one.error() is None]
    patiently(lambda: consumer.commit(asynchronous=False))
    consumer.close()
    return found


def lag(hub: Hub, broker: Broker, group: str) -> int:
    """As an operator sees it: ends of the partitions less what the group committed."""
    admin, topic = broker.admin, hub.settings.kafka_topic
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, one) for one in range(PARTITIONS)])
    (answer,) = admin.list_consumer_group_offsets([asked]).values()
    at = {one.partition: max(one.offset, 0) for one in answer.result(timeout=20).topic_partitions}
    probe = Consumer({"bootstrap.servers": broker.address, "group.id": new_id()})
    ends = {one: probe.get_watermark_offsets(TopicPartition(topic, one), timeout=20)[1] for one in range(PARTITIONS)}
    probe.close()
    return sum(ends[one] - at.get(one, 0) for one in ends)


def test_a_broker_killed_in_mid_stream_loses_nothing_and_keeps_each_persons_order(
    streaming: Hub, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "PATIENCE_S", 10.0)
    for number in range(300):
        say(streaming, f"person-{number % 7}", number)
    told(streaming)
    with kafka.topic(streaming.settings) as sink:
        assert [kafka.relay(streaming, sink, batch=40) for _ in range(2)] == [40, 40]
        killing = threading.Thread(target=broker.kill)
        killing.start()
        more = count(300)

        def relay_on() -> None:
            while True:
                if not kafka.relay(streaming, sink, batch=40):  # it was faster than the kill
                    say(streaming, "person-0", next(more))
                    told(streaming)

        with pytest.raises(kafka.NotConfirmed):
            relay_on()
        killing.join()
    with streaming.db.read() as session:
        assert kafka.lag(session) > 0
    broker.start()
    monkeypatch.setattr(kafka, "PATIENCE_S", 30.0)
    Crew(streaming, [kafka.KIND]).run_once()
    with streaming.db.read() as session:
        assert kafka.lag(session) == 0
        ids = set(session.scalars(select(Event.id)))
    messages = read_to_the_end(streaming, broker, "readers")
    assert {dict(one.headers())["ce_id"].decode() for one in messages} == ids
    first_seen: dict[bytes, list[int]] = defaultdict(list)
    for one in messages:
        number = json.loads(one.value())["number"]
        if number not in first_seen[one.key()]:
            first_seen[one.key()].append(number)
    assert len(first_seen) == 7
    assert all(numbers == sorted(numbers) for numbers in first_seen.values())
    assert len({one.partition() for one in messages}) > 1


def test_what_a_group_of_consumers_has_not_read_is_its_lag(streaming: Hub, broker: Broker) -> None:
    for number in range(10):
        say(streaming, f"person-{number}", number)
    told(streaming)
    Crew(streaming, [kafka.KIND]).run_once()
    assert len(read_to_the_end(streaming, broker, "loyalty")) == 10
    assert lag(streaming, broker, "loyalty") == 0
    for number in range(4):
        say(streaming, f"person-{number}", number)
    told(streaming)
    Crew(streaming, [kafka.KIND]).run_once()
    assert lag(streaming, broker, "loyalty") == 4
    assert len(read_to_the_end(streaming, broker, "loyalty")) == 4  # it goes on where it stood
    assert len(read_to_the_end(streaming, broker, "another")) == 14
