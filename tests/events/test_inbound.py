"""Signals from outside: each once, only what its source may say, about people who exist; poison stops nobody."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka import Producer
from sqlalchemy import select

from hub.cli import main
from hub.context import Hub
from hub.events import inbound
from hub.events.dispatcher import dispatch
from hub.events.inbound import BATCH, MAX_BYTES, Refused, load, read, take
from hub.ids import new_id
from hub.models.signal import ReceivedSignal, RefusedSignal
from hub.settings import SettingsError
from tests.events.broker import Broker
from tests.events.test_broker import broker
from tests.events.test_dispatcher import events
from tests.notifications.telling import person

__all__ = ["broker"]
SHOP = "https://shop.example"
SOURCES = {SHOP: frozenset({"purchase.made"})}


@dataclass
class Sent:
    """A message as a consumer hands it over."""

    headers_: Mapping[str, bytes]
    key_: bytes | None = None
    value_: bytes | None = b'{"points": 3}'
    more: list[tuple[str, Any]] = field(default_factory=list)

    def topic(self) -> str:
        return "signals"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 7

    def key(self) -> Any:
        return self.key_

    def value(self) -> Any:
        return self.value_

    def headers(self) -> Any:
        return [*self.headers_.items(), *self.more]


def sent(psu_id: str | None = None, value: bytes | None = b'{"points": 3}', **changes: str) -> Sent:
    told = {
        "specversion": "1.0",
        "id": new_id(),
        "source": SHOP,
        "type": "purchase.made",
        "subject": "order-1",
    } | changes
    headers = {f"ce_{name}": text.encode() for name, text in told.items()}
    return Sent(headers, psu_id.encode() if psu_id is not None else None, value)


def refused(hub: Hub) -> list[str]:
    with hub.db.read() as session:
        return [one.why for one in session.scalars(select(RefusedSignal).order_by(RefusedSignal.id))]


def test_what_a_source_says_becomes_an_event_of_that_person_and_counts_once(hub: Hub) -> None:
    alice = person(hub, "alice")
    message = sent(alice)
    assert take(hub, [message, message], SOURCES) == 1
    assert take(hub, [message], SOURCES) == 0  # the offset was not committed: it comes again
    dispatch(hub, ())
    (event,) = events(hub)
    assert (event.kind, event.psu_id, event.subject_id) == ("partner.purchase.made", alice, "order-1")
    assert event.body == {"points": 3, "source": SHOP}


def test_two_sources_may_use_the_same_id(hub: Hub) -> None:
    sources = {**SOURCES, "https://other.example": frozenset({"purchase.made"})}
    both = [sent(id="1"), sent(id="1", source="https://other.example")]
    assert take(hub, both, sources) == 2


WRONG: dict[str, Sent] = {
    "a type that was not declared": sent(type="psu.birthday"),
    "a kind of the hub's own": sent(type="connection.needs_psu"),
    "a source that was not declared": sent(source="https://evil.example"),
    "another version": sent(specversion="0.3"),
    "no id": sent(id=""),
    "an id without end": sent(id="x" * 101),
    "no headers": Sent({}),
    "a person who does not exist": sent("nobody"),
    "no JSON": sent(value=b"{"),
    "no object": sent(value=b"[1]"),
    "no text": sent(value=b'{"a": "\xff"}'),
    "no value": sent(value=None),
    "too much": sent(value=json.dumps({"a": "x" * MAX_BYTES}).encode()),
    "nesting that no reader survives": sent(value=b'{"a":' * 8000 + b"1" + b"}" * 8000),
    "nesting that fits nowhere else": sent(value=b'{"a":' * 21 + b"1" + b"}" * 21),
    "a number beyond all machines": sent(value=json.dumps({"a": 2**70}).encode()),
    "a subject that would have to be cut": sent(subject="x" * 37),
    "unprintable": sent(type="purchase.made\n"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_what_may_not_be_taken_is_put_aside_and_what_is_behind_it_goes_on(hub: Hub, wrong: Sent) -> None:
    assert take(hub, [wrong, sent()], SOURCES) == 1
    assert len(refused(hub)) == 1
    assert dispatch(hub, ()) == 1
    assert [one.kind for one in events(hub)] == ["partner.purchase.made"]


def test_a_key_that_is_no_text_is_refused_and_not_taken_for_nobody(hub: Hub) -> None:
    odd = replace(sent(), key_=b"\xff\n")
    assert take(hub, [odd], SOURCES) == 0
    assert refused(hub) == ["its key is no printable text"]


def test_an_outsider_says_neither_whom_a_rule_tells_nor_who_it_is(hub: Hub) -> None:
    message = sent(value=b'{"client_id": "victim", "source": "https://hub.example"}')
    assert take(hub, [message], SOURCES) == 1
    dispatch(hub, ())
    assert events(hub)[0].body == {"source": SHOP}


def test_headers_of_odd_shapes_are_refused_and_not_stumbled_over() -> None:
    for more in ([("ce_id", None)], [("ce_id", "text")], [("", b"")]):
        with pytest.raises(Refused):
            read(Sent({}, more=list(more)), SOURCES)


def test_what_is_declared_wrongly_is_told(tmp_path: Path) -> None:
    declared = tmp_path / "sources.json"
    for text in ("", "[]", '{"a": "b"}', '{"a": [""]}', '{"": ["x"]}', json.dumps({"a": ["x" * 60]})):
        declared.write_text(text)
        with pytest.raises(SettingsError, match="RIALTO_KAFKA_SOURCES"):
            load(declared)
    declared.write_text(json.dumps({SHOP: ["purchase.made"]}))
    assert load(declared) == SOURCES
    assert load(None) == {}


def test_the_operator_sees_what_was_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.commands.events.hub_of_environ", lambda: hub)
    assert "none was refused" in CliRunner().invoke(main, ["events", "refused"]).output
    take(hub, [sent(source="https://evil.example")], SOURCES)
    output = CliRunner().invoke(main, ["events", "refused"]).output
    assert "signals/0/7" in output
    assert "its source may not say this" in output


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_a_real_broker_a_consumer_that_dies_before_it_commits_takes_nothing_twice(
    hub: Hub, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, declared = f"s{new_id()}", tmp_path / "sources.json"
    declared.write_text(json.dumps({SHOP: ["purchase.made"]}))
    broker.topic(topic, 3)
    settings = replace(hub.settings, kafka_brokers=broker.address, kafka_signals=topic, kafka_sources=declared)
    listening = replace(hub, settings=settings)
    people = [person(hub, f"p{number}") for number in range(3)]
    producer = Producer({"bootstrap.servers": broker.address})
    for number in range(60):
        message = sent(people[number % 3], json.dumps({"number": number}).encode())
        producer.produce(topic, message.value_, message.key_, headers=dict(message.headers_))
    producer.produce(topic, b"poison")
    assert producer.flush(30) == 0

    stopping, dies = threading.Event(), iter([True])

    def taken_and_dead(*given: Any) -> int:
        count = take(*given)
        if next(dies, False):
            raise RuntimeError("killed before the offsets were committed")
        with hub.db.read() as session:
            if len(session.scalars(select(ReceivedSignal.id)).all()) == 60 and refused(hub):
                stopping.set()
        return count

    monkeypatch.setattr(inbound, "take", taken_and_dead)
    monkeypatch.setattr(inbound, "PAUSE_S", 0.1)
    thread = threading.Thread(target=inbound.run, args=(listening, load(declared), stopping))
    thread.start()
    assert stopping.wait(120)
    thread.join()
    while dispatch(hub, (), batch=BATCH):
        pass
    heard = events(hub)
    assert len(heard) == 60
    for one in people:
        numbers = [event.body["number"] for event in heard if event.psu_id == one]
        assert numbers == sorted(numbers)
        assert len(numbers) == 20
