"""The events as an AsyncAPI 3.0 document, made of the catalogue: https://www.asyncapi.com/docs/reference/specification/v3.0.0

Two channels: webhooks, which apps receive, and the Kafka topic, for systems of the operator's own.
"""

from collections.abc import Mapping
from typing import Any

from hub.events import schema
from hub.events.catalogue import EventType, types
from hub.settings import Settings
from hub.webhooks.endpoints import told_to_apps

_HEADERS = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {"type": "string", "description": "the same each time a message is sent again"},
        "webhook-timestamp": {"type": "string", "pattern": "^[0-9]+$", "description": "seconds since 1970"},
        "webhook-signature": {
            "type": "string",
            "description": "Standard Webhooks: v1 (HMAC-SHA256) or v1a (Ed25519), several with spaces between",
        },
        "x-fapi-interaction-id": {"type": "string", "format": "uuid", "description": "of what caused it"},
    },
}


def document(settings: Settings) -> dict[str, Any]:
    apps = told_to_apps()
    webhooks = {name: {"$ref": f"#/components/messages/{name}"} for name in apps}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rialto events",
            "version": "1",
            "description": "What the hub tells apps by webhook, and its own systems by Kafka. Messages hold ids and "
            "states; the data itself is read at the API, under the consent of that moment.",
            "externalDocs": {"url": f"{settings.base_url}/docs/events"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            "webhooks": {
                "address": None,
                "title": "Webhooks",
                "description": "POST to the address of each endpoint of the app; any 2xx takes it.",
                "messages": webhooks,
            },
            "kafka": {
                "address": settings.kafka_topic,
                "title": "Kafka",
                "description": "Every event, also those that no app is told of, for systems of the operator's own. "
                "CloudEvents in binary mode: attributes as ce_ headers, ce_position its place in the order of all.",
                "messages": {"event": {"$ref": "#/components/messages/event"}},
                "bindings": {"kafka": {"topic": settings.kafka_topic, "bindingVersion": "0.5.0"}},
            },
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhooks"},
                "summary": "At least once, each person's messages in their order, tried for three days.",
                "messages": [{"$ref": f"#/channels/webhooks/messages/{name}"} for name in apps],
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            },
            "stream": {
                "action": "send",
                "channel": {"$ref": "#/channels/kafka"},
                "summary": "At least once, in order per key; replay from a position by `rialto events replay`.",
                "messages": [{"$ref": "#/channels/kafka/messages/event"}],
            },
        },
        "components": {
            "messages": {**{name: _message(settings, one) for name, one in apps.items()}, "event": _on_kafka()},
            "schemas": {name: schema.of(one) for name, one in types().items()},
        },
    }


def example(settings: Settings, one: EventType) -> dict[str, Any]:
    """A whole document of this type, made up, that its schema takes."""
    return {
        "specversion": "1.0",
        "id": "0198f3b0-7a52-7c11-9a1e-5f0c1d2e3a4b",
        "source": settings.base_url,
        "type": one.type,
        "time": "2026-11-26T09:00:00Z",
        "subject": "pairwise-name-of-the-person",
        "datacontenttype": "application/json",
        "data": {name: _value(given) for name, given in schema.of(one)["properties"].items()},
    }


def _message(settings: Settings, one: EventType) -> dict[str, Any]:
    return {
        "name": one.type,
        "title": one.title,
        "summary": one.description,
        "contentType": "application/cloudevents+json",
        "headers": _HEADERS,
        "payload": _envelope(one),
        "examples": [{"name": one.type, "payload": example(settings, one)}],
    }


def _envelope(one: EventType) -> dict[str, Any]:
    """CloudEvents 1.0, JSON format."""
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "description": "of the event; the same in each message that tells of it"},
            "source": {"type": "string", "format": "uri-reference"},
            "type": {"const": one.type},
            "time": {"type": "string", "format": "date-time"},
            "subject": {"type": "string", "description": "the person as the app knows them: sub of the ID token"},
            "datacontenttype": {"const": "application/json"},
            "data": {"$ref": f"#/components/schemas/{one.type}"},
        },
    }


def _on_kafka() -> dict[str, Any]:
    names = ("specversion", "id", "source", "type", "subject", "time", "position")
    return {
        "name": "event",
        "title": "Any event",
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": [f"ce_{name}" for name in names],
            "properties": {f"ce_{name}": {"type": "string"} for name in (*names, "traceid")},
        },
        "payload": {"type": "object", "description": "the event's own body: what the type declares, or a signal's"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "the person, or what the event is about"},
                "bindingVersion": "0.5.0",
            }
        },
    }


_BY_FORMAT = {
    "uuid": "0198f3b0-7a52-7c11-9a1e-5f0c1d2e3a4b",
    "date-time": "2026-12-31T23:00:00Z",
    "date": "2027-01-01",
    "uri": "https://hub.example/terms",
}
_BY_TYPE = {"integer": 2, "number": 2, "boolean": True, "string": "a text", "null": None}


def _value(given: Mapping[str, Any]) -> Any:
    """Something that this schema takes: the first of what it allows."""
    if "enum" in given:
        return given["enum"][0]
    if "const" in given:
        return given["const"]
    kind = given["type"][0] if isinstance(given["type"], list) else given["type"]
    if kind == "array":
        return [_value(given["items"])]
    if kind == "object":
        return {name: _value(one) for name, one in given.get("properties", {}).items()}
    return _BY_FORMAT.get(given.get("format", ""), _BY_TYPE[kind]) if kind == "string" else _BY_TYPE[kind]
