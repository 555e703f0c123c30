"""The events explain themselves: the document, its examples, and the operator's view of the flow."""

import json
from datetime import timedelta
from typing import Any

import jsonschema
import msgspec
import pytest
from sqlalchemy import select

from hub.api import asyncapi
from hub.app import create_app
from hub.context import Hub
from hub.events import audience, examples, kafka, overview, rules, schema
from hub.events.catalogue import types
from hub.events.dispatcher import dispatch
from hub.jobs.crew import Crew
from hub.models.event import Event
from hub.webhooks import tell
from hub.webhooks.endpoints import told_to_apps
from tests.conftest import TestClock
from tests.events.test_rules import say
from tests.statements import statements


def followed(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [one for value in part.values() for one in references(value)]
    return [one for value in part for one in references(value)] if isinstance(part, list) else []


def test_the_document_has_every_type_that_apps_are_told_and_leads_nowhere_else(hub: Hub) -> None:
    document = asyncapi.document(hub.settings)
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]["webhooks"]["messages"]) == set(told_to_apps())
    assert document["channels"]["kafka"]["address"] == hub.settings.kafka_topic
    assert set(document["channels"]["kafka"]["messages"]) == {*types(), "signal"}
    for one in references(document):
        assert followed(document, one), one
    for operation in document["operations"].values():
        channel = followed(document, operation["channel"]["$ref"])
        for message in operation["messages"]:
            assert followed(document, message["$ref"]) in channel["messages"].values()


@pytest.mark.parametrize("name", sorted(told_to_apps()))
def test_every_example_is_what_its_schema_says(hub: Hub, name: str) -> None:
    document = asyncapi.document(hub.settings)
    message = document["components"]["messages"][name]
    payload = message["examples"][0]["payload"]
    envelope = {**message["payload"], "components": document["components"]}
    checker = jsonschema.Draft202012Validator(envelope, format_checker=jsonschema.FormatChecker())
    assert list(checker.iter_errors(payload)) == []
    assert payload["type"] == name
    jsonschema.validate(payload["data"], schema.of(types()[name]))
    with pytest.raises(jsonschema.ValidationError):
        checker.validate(payload | {"type": "another"})


@pytest.mark.parametrize("name", sorted(types()))
def test_every_example_is_what_the_dispatcher_makes(hub: Hub, clock: TestClock, name: str) -> None:
    one = types()[name]
    cause = examples.cause(one)
    say(hub, cause.kind, cause.body, cause.subject_id)
    if one.after or one.before:
        clock.advance(days=40)
        Crew(hub, [rules.KIND]).run_once()
        dispatch(hub, ())
    with hub.db.read() as session:
        (event,) = session.scalars(select(Event).where(Event.kind == name))
    known = {name: value for name, value in examples.data(one).items() if name != "account_ids"}
    assert audience.said(one, event) == known
    document = asyncapi.document(hub.settings)
    on_kafka = document["components"]["messages"][f"kafka.{name}"]
    jsonschema.validate(event.body, on_kafka["payload"], format_checker=jsonschema.FormatChecker())
    headers = {key: value.decode() for key, value in kafka.headers(event, hub.settings.base_url).items()}
    jsonschema.validate(headers, on_kafka["headers"])
    if name in told_to_apps():
        body = tell.document(
            hub, type_=name, event_id=event.id, at=event.at, subject="pairwise", data=examples.data(one)
        )
        message = document["components"]["messages"][name]["payload"] | {"components": document["components"]}
        jsonschema.validate(json.loads(body), message, format_checker=jsonschema.FormatChecker())


def test_a_deprecated_type_says_so_everywhere(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    until = "told until 2027-06-30; hear consent.ended instead"
    old = msgspec.structs.replace(types()["consent.ending"], deprecated=until)
    monkeypatch.setattr("hub.events.catalogue._shipped", lambda: {old.type: old})
    types.cache_clear()
    try:
        document = asyncapi.document(hub.settings)
        text = create_app(hub).test_client().get("/docs/events").text
    finally:
        types.cache_clear()
    assert document["components"]["schemas"]["consent.ending"]["deprecated"] is True
    assert until in document["components"]["messages"]["consent.ending"]["summary"]
    assert until in text


def test_the_operator_sees_what_waits_what_was_told_and_by_which_rule(hub: Hub, clock: TestClock) -> None:
    for number in range(3):
        say(hub, "connection.begun", {"institution_id": "lorelei"}, f"c-{number}")
    say(hub, "connection.synced", {"added": 1, "modified": 0, "removed": 0, "accounts_read": 1})
    with hub.db.read() as session, statements(hub) as seen:
        found = overview.flow(session, clock())
    timers = [one for one in types().values() if one.after or one.before]
    assert len(seen) == 5 + len(timers)
    by_type = {one.type.type: one for one in found.rules}
    assert set(by_type) == set(types())
    abandoned = by_type["connection.abandoned"]
    assert (abandoned.told, abandoned.waiting, abandoned.next_at) == (0, 3, clock() + timedelta(minutes=10))
    assert abandoned.words.startswith("10 minutes after connection.begun, unless connection.linked")
    assert (by_type["transactions.updated"].told, by_type["transactions.updated"].told_now) == (1, 1)
    assert by_type["transactions.updated"].words.startswith("at once on connection.synced or connection.imported where")
    assert found.sources[0] == overview.Source("connection.begun", 3, 3)
    assert (found.signals, found.oldest_at) == (0, None)
    clock.advance(seconds=600)
    Crew(hub, [rules.KIND]).run_once()
    with hub.db.read() as session:
        assert (overview.flow(session, clock()).signals, overview.flow(session, clock()).oldest_at) == (3, clock())
    dispatch(hub, ())
    clock.advance(seconds=3601)
    with hub.db.read() as session:
        hour = {one.type.type: (one.told, one.told_now) for one in overview.flow(session, clock()).rules}
    assert (hour["transactions.updated"], hour["connection.abandoned"]) == ((1, 0), (3, 0))
    clock.advance(days=1, seconds=1)
    with hub.db.read() as session:
        assert {one.told for one in overview.flow(session, clock()).rules} == {0}
