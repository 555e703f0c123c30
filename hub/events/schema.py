"""Event types as JSON Schema (2020-12): what ``data`` of an event holds, for developers and for checking ourselves."""

from typing import Any

from hub.events.catalogue import EventType

_ACCOUNT_IDS = {
    "type": "array",
    "items": {"type": "string", "format": "uuid"},
    "description": "the accounts that it is about and that your app may read",
}


def of(one: EventType) -> dict[str, Any]:
    """The schema of ``data``."""
    members = {name: {**told.schema} for name, told in one.data.items()}
    if one.names_accounts:
        members["account_ids"] = _ACCOUNT_IDS
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": one.title,
        "description": one.description,
        **({"deprecated": True} if one.deprecated else {}),
        "type": "object",
        "properties": members,
        "required": sorted(members),
        "additionalProperties": False,
    }
