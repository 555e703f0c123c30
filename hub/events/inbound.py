"""Signals from systems of the ecosystem, by Kafka: a partner's shop says what was bought, and hears of what follows on
the topic of events.

    topic -> consumer group -> checked, stored and remembered by (source, id) in one transaction -> offset committed

At least once on Kafka, once here: what comes again is known by its name. A message that is none of ours to take is put
aside with its reason (``refused_signal``), and those behind it go on. Which systems may say what is the operator's
declaration (RIALTO_KAFKA_SOURCES): a kind from outside always begins with ``partner.``, so that nobody can speak for
the hub itself.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.db import json_text
from hub.events.catalogue import OUTSIDE
from hub.events.kafka import given
from hub.events.outbox import emit
from hub.ids import new_id
from hub.models.psu import Psu
from hub.models.signal import ReceivedSignal, RefusedSignal
from hub.settings import Settings, SettingsError
from hub.upsert import insert_into

log = logging.getLogger(__name__)
GROUP = "rialto"
BATCH = 200
POLL_S = 1.0
PAUSE_S = 5.0
MAX_BYTES = 16_384
DEEPEST = 20
_LONGEST = 36  # of a subject
_LONGEST_KIND = 60

Sources = Mapping[str, frozenset[str]]
"""Of each source (a URI, as CloudEvents names it) the types that it may send."""


class Message(Protocol):
    """As confluent_kafka has it."""

    def topic(self) -> str | None: ...
    def partition(self) -> int | None: ...
    def offset(self) -> int | None: ...
    def key(self) -> Any: ...
    def value(self) -> Any: ...
    def headers(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Said:
    """A CloudEvent in binary mode (Kafka protocol binding 3.2) that may be taken. ``psu_id``: the message's key."""

    id: str
    source: str
    type: str
    subject: str
    psu_id: str | None
    body: Mapping[str, Any]


class Refused(Exception):
    """The message says why."""


def load(path: Path | None) -> Sources:
    """``{"https://shop.example": ["purchase.made"]}``. Raises SettingsError."""
    if path is None:
        return {}
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, list[str]])
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(f"RIALTO_KAFKA_SOURCES: {error}") from error
    if too_long := [source for source in found if not source or len(source) > 200]:
        raise SettingsError(f"RIALTO_KAFKA_SOURCES: {too_long[0][:50]!r} is no name of a source")
    for types in found.values():
        for one in types:
            if not one or len(OUTSIDE + one) > _LONGEST_KIND or not one.isprintable():
                raise SettingsError(f"RIALTO_KAFKA_SOURCES: {one!r} is no type of an event")
    return {source: frozenset(types) for source, types in found.items()}


def read(message: Message, sources: Sources) -> Said:
    """Raises Refused."""
    headers = {name: value for name, value in message.headers() or () if isinstance(value, bytes)}
    told = {name: _text(headers.get(f"ce_{name}")) for name in ("specversion", "id", "source", "type", "subject")}
    if told["specversion"] != "1.0" or not all(told[name] for name in ("id", "source", "type")):
        raise Refused("it is no CloudEvent 1.0 in binary mode")
    if len(told["id"]) > 100:
        raise Refused("its id is longer than 100 characters")
    if told["type"] not in sources.get(told["source"], frozenset()):
        raise Refused("its source may not say this")
    raw = message.value() or b""
    if len(raw) > MAX_BYTES:
        raise Refused(f"it is larger than {MAX_BYTES} bytes")
    key, subject = _text(message.key()), told["subject"] or told["id"]
    if message.key() and not key:
        raise Refused("its key is no printable text")
    if len(subject) > _LONGEST:
        raise Refused(f"what it is about has a name of more than {_LONGEST} characters")
    return Said(told["id"], told["source"], told["type"], subject, key or None, _object(raw))


def _object(raw: bytes) -> Mapping[str, Any]:
    """Raises Refused, also for what could not be kept: what is stored, put into jobs and sent on must be plain."""
    try:
        body = msgspec.json.decode(raw, type=dict[str, Any])
        if _depth(body) > DEEPEST:
            raise Refused(f"its value is nested more than {DEEPEST} deep")
        json_text(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
        raise Refused("its value is no JSON object that can be kept") from None
    return body


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def take(hub: Hub, messages: Sequence[Message], sources: Sources) -> int:
    """How many were new, in one transaction."""
    now, taken = hub.clock(), 0
    with hub.db.write() as session:
        for message in messages:
            try:
                taken += _take(session, read(message, sources), now)
            except Refused as refused:
                session.execute(insert(RefusedSignal), [_refused(message, str(refused), now)])
                log.warning("a signal from outside was refused", extra={"why": str(refused)})
    return taken


def _take(session: Session, said: Said, now: datetime) -> bool:
    if said.psu_id is not None and session.scalar(select(Psu.id).where(Psu.id == said.psu_id)) is None:
        raise Refused("its key names nobody")
    row = insert_into(session, ReceivedSignal).values(source=said.source, id=said.id, at=now)
    if session.execute(row.on_conflict_do_nothing().returning(ReceivedSignal.id)).one_or_none() is None:
        return False
    body = {**said.body, "source": said.source}
    body.pop("client_id", None)  # whom a rule tells is no outsider's to say
    emit(session, OUTSIDE + said.type, said.subject, now=now, psu_id=said.psu_id, body=body)
    return True


def _refused(message: Message, why: str, now: datetime) -> dict[str, Any]:
    """Where it lies, never what it says: Kafka keeps that for as long as the topic does."""
    headers = {name: value for name, value in message.headers() or () if isinstance(value, bytes)}
    return {
        "id": new_id(),
        "at": now,
        "place": f"{message.topic()}/{message.partition()}/{message.offset()}"[:200],
        "source": _text(headers.get("ce_source"))[:200],
        "type": _text(headers.get("ce_type"))[:100],
        "why": why[:200],
    }


def _text(raw: Any) -> str:
    """ "" for what is no printable text."""
    if not isinstance(raw, bytes):
        return ""
    text = raw.decode("utf-8", "replace")
    return text if text.isprintable() else ""


def run(hub: Hub, sources: Sources, stopping: threading.Event) -> None:
    """Until ``stopping`` is set, where the operator named a topic; an error is logged, and what was not committed comes
    again."""
    if not hub.settings.kafka_signals:
        return
    while not stopping.is_set():
        try:
            _consume(hub, sources, stopping)
        except Exception as error:  # the brokers or the database may be away for a while
            log.error("the consumer of signals stumbled", extra={"error": type(error).__name__})
            stopping.wait(PAUSE_S)


def _consume(hub: Hub, sources: Sources, stopping: threading.Event) -> None:
    consumer = _consumer(hub.settings)
    try:
        consumer.subscribe([hub.settings.kafka_signals])
        while not stopping.is_set():
            came = consumer.consume(BATCH, timeout=POLL_S)
            for error in filter(None, (one.error() for one in came)):
                log.warning("the topic of signals cannot be read", extra={"error": error.name()})
            messages = [one for one in came if one.error() is None]
            if messages:
                take(hub, messages, sources)
                consumer.commit(asynchronous=False)
    finally:
        consumer.close()


def _consumer(settings: Settings) -> Any:
    from confluent_kafka import Consumer  # noqa: PLC0415  # only where it is wanted

    return Consumer(
        {
            **given(settings.kafka_config),
            "bootstrap.servers": settings.kafka_brokers,
            "client.id": "rialto",
            "group.id": GROUP,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        },
        logger=log,
    )
