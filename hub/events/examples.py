"""An example of each type: what the dispatcher makes of a signal that was made up to lead to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.events.catalogue import Audience, EventType

SUBJECT_ID = "0198f3b0-7a52-7c11-9a1e-5f0c1d2e3a4b"
ACCOUNT_ID = "0198f3b0-8c3d-7e20-b1a4-2f6d9c0e7a15"
_BY_FORMAT = {
    "uuid": ACCOUNT_ID,
    "date-time": "2026-12-31T23:00:00Z",
    "date": "2027-01-01",
    "uri": "https://hub.example/terms",
}
_BY_TYPE = {"integer": 2, "number": 2, "boolean": True, "string": "a text"}


@dataclass(frozen=True, slots=True)
class Cause:
    """A signal (hub.events.outbox.emit) of which an event of the type is made."""

    kind: str
    subject_id: str
    body: Mapping[str, Any]


def cause(one: EventType) -> Cause:
    said = [told for told in one.data.values() if told.source not in ("subject", "kind")]
    body = {told.source: _value(told.schema) for told in said}
    if Audience.CLIENT in one.audience:
        body["client_id"] = "app"
    if one.before is not None:
        body.setdefault(one.before.field, _BY_FORMAT["date-time"])
    if one.any and not any(each.holds(body) for each in one.any):
        first = one.any[0]
        body[first.field] = first.is_ if first.above is None else first.above + 1
    return Cause(one.on[0], SUBJECT_ID, body)


def data(one: EventType) -> dict[str, Any]:
    """``data`` of the event, as an app gets it."""
    made = cause(one)
    accounts = {"account_ids": [ACCOUNT_ID]} if one.names_accounts else {}
    return one.says(made.kind, made.subject_id, made.body) | accounts


def _value(given: Mapping[str, Any]) -> Any:
    """Something that this schema takes: the first of what it allows."""
    if "enum" in given:
        return given["enum"][0]
    kind = given["type"][0] if isinstance(given["type"], list) else given["type"]
    return _BY_FORMAT.get(given.get("format", ""), _BY_TYPE[kind])
