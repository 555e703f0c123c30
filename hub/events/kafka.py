"""The events on Apache Kafka, for systems of the ecosystem: each in its order, at least once, keyed by person.

    dispatcher --route--> one job --relay--> produce a batch, wait for every report, move our place in the stream on

CloudEvents 1.0 in binary mode (Kafka protocol binding 3.2): attributes as ``ce_`` headers, the event's body as the
value. The place moves only behind what the brokers have confirmed (acks=all, idempotent and gapless); a relay that dies
in between sends the last batch once more. Without RIALTO_KAFKA_BROKERS nothing of this runs, and the library is not
even imported.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.events import positions
from hub.jobs.holding import Held
from hub.jobs.kind import Again, Kind
from hub.jobs.queue import SOON, put
from hub.models.event import Event, Stream
from hub.settings import Settings, SettingsError
from hub.upsert import insert_into

if TYPE_CHECKING:
    from confluent_kafka import Producer

log = logging.getLogger(__name__)
QUEUE = READER = "events.kafka"
BATCH = 500
PATIENCE_S = 20.0
"""So long the brokers may take to confirm a batch."""
_TURN = 40  # batches of one job: then others have their turn at this thread


class NotConfirmed(Exception):
    """The brokers did not confirm all of a batch: it is sent again, later."""


class Sink(Protocol):
    """Where the events go."""

    def send(self, events: Sequence[Event]) -> None:
        """All of them, in their order; returns when every one is confirmed. Raises NotConfirmed."""


class Topic:
    """One topic, through confluent-kafka's producer."""

    def __init__(self, producer: "Producer", topic: str, source: str) -> None:
        self._producer = producer
        self._topic = topic
        self._source = source

    def send(self, events: Sequence[Event]) -> None:
        failed: list[str] = []

        def reported(error: Any, _message: Any) -> None:
            if error is not None:
                failed.append(error.name())

        for event in events:
            key = (event.psu_id or event.subject_id).encode()
            value = orjson.dumps(event.body)
            attributes: dict[str, str | bytes | None] = {**headers(event, self._source)}
            self._producer.produce(self._topic, value, key, headers=attributes, on_delivery=reported)
        left = self._producer.flush(PATIENCE_S)
        if left or failed:
            raise NotConfirmed(failed[0] if failed else f"{left} without an answer")


def headers(event: Event, source: str) -> Mapping[str, bytes]:
    """The attributes of CloudEvents, as the Kafka protocol binding names them."""
    told = {
        "ce_specversion": "1.0",
        "ce_id": event.id,
        "ce_source": source,
        "ce_type": event.kind,
        "ce_subject": event.subject_id,
        "ce_time": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_position": str(event.position),
        "content-type": "application/json",
    }
    if event.trace_id:
        told["ce_traceid"] = event.trace_id
    return {name: value.encode() for name, value in told.items()}


def route(hub: Hub, session: Session, events: Sequence[Event], now: datetime) -> None:
    """hub.events.dispatcher.Route: there is something to be sent."""
    if hub.settings.kafka_brokers:
        wake(session, now)


def wake(session: Session, now: datetime) -> None:
    put(session, QUEUE, key=READER, at=now, now=now, priority=SOON, is_earliest=True)


def relay(hub: Hub, sink: Sink, *, batch: int = BATCH) -> int:
    """Up to ``batch`` events from our place on; how many there were. Raises NotConfirmed, and nothing has moved."""
    with hub.db.read() as session:
        position = _place(session)
        query = select(Event).where(Event.position > position).order_by(Event.position).limit(batch)
        events = session.scalars(query).all()
    if not events:
        return 0
    sink.send(events)
    reached = events[-1].position
    with hub.db.write() as session:
        first = insert_into(session, Stream).values(name=READER, position=position)
        session.execute(first.on_conflict_do_nothing())
        moved = session.execute(
            update(Stream)
            .where(Stream.name == READER, Stream.position == position)  # another relay, or a replay, may have moved it
            .values(position=reached, moved_at=hub.clock())
            .execution_options(synchronize_session=False)
        )
    return len(events) if isinstance(moved, CursorResult) and moved.rowcount else 0


def replay(hub: Hub, first: int) -> None:
    """Send everything from this position on once more. Raises NoSuchPosition."""
    now = hub.clock()
    with hub.db.write() as session:
        positions.head_from(session, first)
        values = {"position": first - 1, "moved_at": now}
        row = insert_into(session, Stream).values(name=READER, **values)
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))
        wake(session, now)


def lag(session: Session) -> int:
    """How many events are not sent yet."""
    return positions.head(session) - _place(session)


def _place(session: Session) -> int:
    return session.scalar(select(Stream.position).where(Stream.name == READER)) or 0


def work(hub: Hub, _held: Held) -> Again | None:
    """Until all is sent, or others should have their turn."""
    if not hub.settings.kafka_brokers:
        return None
    with topic(hub.settings) as sink:
        for _ in range(_TURN):
            if not relay(hub, sink):
                return None
    return Again(hub.clock())


@contextmanager
def topic(settings: Settings) -> Iterator[Sink]:
    """The configured topic. Raises SettingsError where the library is not installed or a setting is none of its."""
    try:
        from confluent_kafka import KafkaException, Producer  # noqa: PLC0415  # only where it is wanted
    except ImportError as error:
        raise SettingsError("RIALTO_KAFKA_BROKERS needs confluent-kafka: pip install confluent-kafka") from error
    told = {
        **given(settings.kafka_config),
        "bootstrap.servers": settings.kafka_brokers,
        "client.id": "rialto",
        "enable.idempotence": True,
        "enable.gapless.guarantee": True,  # what comes after a lost message does not overtake it
        "acks": "all",
        "compression.type": "zstd",
        "delivery.timeout.ms": int(PATIENCE_S * 1000),
    }
    try:
        producer = Producer(told, logger=log)
    except KafkaException as error:
        raise SettingsError(f"RIALTO_KAFKA_CONFIG: {error.args[0].str()}") from error
    try:
        yield Topic(producer, settings.kafka_topic, settings.base_url)
    finally:
        producer.purge()
        producer.flush(1.0)


def given(path: Path | None) -> dict[str, str]:
    """librdkafka's own settings, ``name=value`` a line: how to log in at the brokers. Raises SettingsError."""
    if path is None:
        return {}
    found = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, is_pair, value = line.partition("=")
            if not is_pair:
                raise SettingsError("RIALTO_KAFKA_CONFIG has one name=value a line")
            found[name.strip()] = value.strip()
    return found


PAUSES_S = (1, 5, 15, 60)
KIND = Kind(QUEUE, work, threads=1, pauses_s=PAUSES_S, is_endless=True)
