"""The events as an AsyncAPI 3.0 document, made of the catalogue: https://www.asyncapi.com/docs/reference/specification/v3.0.0

Two channels: webhooks, which apps receive, and the Kafka topic, for systems of the operator's own.
"""

from typing import Any

from hub.events import examples, schema
from hub.events.catalogue import Audience, EventType, types
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
_SIGNATURE = {
    "type": "httpApiKey",
    "in": "header",
    "name": "webhook-signature",
    "description": "Standard Webhooks 1.0, over {webhook-id}.{webhook-timestamp}.{body}: HMAC-SHA256 with the secret "
    "of the endpoint (whsec_), or Ed25519, of which the app holds the public key (whpk_). The hub signs; apps verify.",
}


def document(settings: Settings) -> dict[str, Any]:
    apps = told_to_apps()
    on_kafka = {**types(), "signal": None}
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
                "messages": {name: {"$ref": f"#/components/messages/kafka.{name}"} for name in on_kafka},
                "bindings": {"kafka": {"topic": settings.kafka_topic, "bindingVersion": "0.5.0"}},
            },
        },
        "operations": {
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhooks"},
                "summary": "At least once, each person's messages in their order, tried for three days; what was "
                "given up is sent once more by POST /v1/webhooks/{id}/again.",
                "messages": [{"$ref": f"#/channels/webhooks/messages/{name}"} for name in apps],
                "security": [{"$ref": "#/components/securitySchemes/signature"}],
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            },
            "stream": {
                "action": "send",
                "channel": {"$ref": "#/channels/kafka"},
                "summary": "At least once, in order per key; replay from a position by `rialto events replay`.",
                "messages": [{"$ref": f"#/channels/kafka/messages/{name}"} for name in on_kafka],
            },
        },
        "components": {
            "messages": {
                **{name: _message(settings, one) for name, one in apps.items()},
                **{f"kafka.{name}": _on_kafka(one) for name, one in on_kafka.items()},
            },
            "securitySchemes": {"signature": _SIGNATURE},
            "schemas": {name: schema.of(one) for name, one in types().items()},
        },
    }


def example(settings: Settings, one: EventType) -> dict[str, Any]:
    """A whole document of this type: the event that hub.events.examples leads to."""
    is_about_somebody = bool({Audience.CLIENT, Audience.APPS, Audience.PERSONS_APPS} & set(one.audience))
    return {
        "specversion": "1.0",
        "id": "0198f3b0-7b10-7d02-8f55-c4a1e6b7d920",
        "source": settings.base_url,
        "type": one.type,
        "time": "2026-11-26T09:00:00Z",
        **({"subject": "pairwise-name-of-the-person"} if is_about_somebody else {}),
        "datacontenttype": "application/json",
        "data": examples.data(one),
    }


def _message(settings: Settings, one: EventType) -> dict[str, Any]:
    return {
        "name": one.type,
        "title": one.title,
        "summary": _summary(one),
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


_KAFKA_NAMES = ("specversion", "id", "source", "type", "subject", "time", "position")


def _on_kafka(one: EventType | None) -> dict[str, Any]:
    """Of one type; None: any other event, which is a signal of the hub's own parts."""
    names = {f"ce_{name}": {"type": "string"} for name in (*_KAFKA_NAMES, "traceid")}
    if one is not None:
        names["ce_type"] = {"type": "string", "const": one.type}
    return {
        "name": one.type if one else "signal",
        "title": one.title if one else "Any other event",
        "summary": _summary(one) if one else "What a part of the hub said has happened; of its own kind.",
        "contentType": "application/json",
        "headers": {"type": "object", "required": [f"ce_{name}" for name in _KAFKA_NAMES], "properties": names},
        "payload": _body(one) if one else {"type": "object"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "the person, or what the event is about where it is nobody"},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _body(one: EventType) -> dict[str, Any]:
    """The event's own: what the type says, and the app that it is about; apps' accounts are no part of it."""
    members = {name: {**told.schema} for name, told in one.data.items()}
    return {
        "type": "object",
        "required": sorted(members),
        "properties": {**members, "client_id": {"type": ["string", "null"], "description": "whose app it is about"}},
    }


def _summary(one: EventType) -> str:
    return f"{one.description} Deprecated: {one.deprecated}" if one.deprecated else one.description
