"""The events explain themselves: the document, its examples, and the operator's view of the flow."""

from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from hub.api import asyncapi
from hub.context import Hub
from hub.events import overview, rules, schema
from hub.events.catalogue import types
from hub.events.dispatcher import dispatch
from hub.jobs.crew import Crew
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


def test_the_operator_sees_what_waits_what_was_told_and_by_which_rule(hub: Hub, clock: TestClock) -> None:
    for number in range(3):
        say(hub, "connection.begun", {"institution_id": "lorelei"}, f"c-{number}")
    say(hub, "connection.synced", {"added": 1, "modified": 0, "removed": 0, "accounts_read": 1})
    with hub.db.read() as session, statements(hub) as seen:
        found = overview.flow(session, clock())
    timers = [one for one in types().values() if one.after or one.before]
    assert len(seen) == 4 - 1 + len(timers)
    by_type = {one.type.type: one for one in found.rules}
    assert set(by_type) == set(types())
    abandoned = by_type["connection.abandoned"]
    assert (abandoned.told, abandoned.waiting, abandoned.next_at) == (0, 3, clock() + timedelta(minutes=10))
    assert abandoned.words.startswith("10 minutes after connection.begun, unless connection.linked")
    assert by_type["transactions.updated"].told == 1
    assert by_type["transactions.updated"].words.startswith("at once on connection.synced or connection.imported where")
    assert found.sources[0] == ("connection.begun", 3)
    assert (found.signals, found.oldest_at) == (0, None)
    clock.advance(seconds=600)
    Crew(hub, [rules.KIND]).run_once()
    with hub.db.read() as session:
        assert (overview.flow(session, clock()).signals, overview.flow(session, clock()).oldest_at) == (3, clock())
    dispatch(hub, ())
    clock.advance(days=1, seconds=1)
    with hub.db.read() as session:
        assert {one.told for one in overview.flow(session, clock()).rules} == {0}
