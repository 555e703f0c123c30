"""The stream of events as the operator's page, and the types as developers read them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import orjson

from hub.api import asyncapi
from hub.events import overview
from hub.events.catalogue import Audience, EventType, types
from hub.events.overview import Flow, Reader
from hub.jobs.overview import Queue
from hub.settings import Settings
from hub.web.viewmodels import (
    BehindRow,
    DeadSignalRow,
    EventDocs,
    EventsDocsPage,
    EventsPage,
    ReaderRow,
    RuleRow,
    SourceRow,
)
from hub.webhooks import endpoints as webhooks
from hub.webhooks.endpoints import told_to_apps
from hub.webhooks.overview import Behind

MOST_SOURCES = 20
_AUDIENCES = {
    Audience.PERSON: "the person it is about",
    Audience.CLIENT: "the app it is about",
    Audience.APPS: "apps with the permission",
    Audience.PERSONS_APPS: "apps with the permission for any of the person's accounts",
    Audience.EVERYONE: "all people",
    Audience.EVERY_CLIENT: "all apps",
}
_ROUTES = {
    "event.timer": ("Timers", "hints and reminders for later"),
    "webhook": ("Webhooks", "apps' endpoints with something to take"),
    "notification.mail": ("Mail", "people with news to be mailed"),
    "notification.push": ("Browsers", "people with news to be pushed"),
    "notification.everyone": ("Announcements", "mails to all people"),
    "insight.watch": ("Watch", "connections with new rows to be looked at"),
    "events.kafka": ("Kafka", "the stream for systems of your own"),
}
_WITH_LATER = ("event.timer", webhooks.QUEUE)
"""What runs out later, and endpoints that are tried again later, wait as well."""


def operator_page(flow: Flow, queues: Iterable[Queue], behind: Sequence[Behind], now: datetime) -> EventsPage:
    most = max((one.count for one in flow.sources), default=1)
    most_waiting = max((one.waiting for one in behind), default=0) or 1
    most_told = max((one.told for one in flow.rules), default=0) or 1
    return EventsPage(
        signals=flow.signals,
        late_s=(now - flow.oldest_at).total_seconds() if flow.oldest_at else 0.0,
        head=flow.head,
        moved_at=flow.moved_at,
        sources=tuple(
            SourceRow(one.kind, one.count, one.now, _share(one.count, most)) for one in flow.sources[:MOST_SOURCES]
        ),
        rules=tuple(
            RuleRow(
                one.type.type,
                one.type.title,
                one.words,
                audience(one.type),
                one.told,
                one.told_now,
                _share(one.told, most_told),
                one.waiting,
                one.next_at,
            )
            for one in flow.rules
        ),
        readers=tuple(_readers(queues, {one.name: one for one in flow.readers})),
        behind=tuple(
            BehindRow(
                one.app,
                one.host,
                one.waiting,
                one.given_up,
                _share(one.waiting, most_waiting),
                one.failing_since,
                one.disabled_why or "",
            )
            for one in behind
        ),
        dead=tuple(
            DeadSignalRow(one.id, one.kind, one.subject_id, one.at, one.failure, one.died_at, one.trace_id or "")
            for one in flow.dead
        ),
        dead_total=flow.dead_total,
    )


def audience(one: EventType) -> str:
    return ", ".join(_AUDIENCES[who] for who in one.audience)


def docs_page(settings: Settings) -> EventsDocsPage:
    return EventsDocsPage(
        tuple(
            EventDocs(
                type=one.type,
                version=one.version,
                title=one.title,
                description=one.description,
                when=overview.words(one),
                audience=audience(one),
                permission=one.permission.value if one.permission else "",
                example=_example(settings, one),
                deprecated=one.deprecated,
            )
            for one in told_to_apps().values()
        ),
        others=tuple(one.type for one in types().values() if one.type not in told_to_apps()),
    )


def _example(settings: Settings, one: EventType) -> str:
    return orjson.dumps(asyncapi.example(settings, one), option=orjson.OPT_INDENT_2).decode()


def _readers(queues: Iterable[Queue], streams: Mapping[str, Reader]) -> Iterable[ReaderRow]:
    known = {one.name: one for one in queues}
    for queue, (name, says) in _ROUTES.items():
        one = known.get(queue, Queue(queue))
        reader = streams.get(queue)
        waiting = one.due + one.running + (one.later if queue in _WITH_LATER else 0)
        yield ReaderRow(name, says, reader.behind if reader else waiting, one.due, one.failing, one.late_s)


def _share(count: int, most: int) -> int:
    return max(1, round(100 * count / most)) if count else 0
