"""What a route says of itself for the API document, beside its code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import Schema

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "rialto_operation"


@dataclass(frozen=True, slots=True)
class Operation:
    """``answer`` None means 204. ``body`` is the JSON that is sent. ``description`` is CommonMark."""

    tag: str
    summary: str
    answer: type[Schema] | None
    query: type[Schema] | None = None
    description: str = ""
    body: type[Schema] | None = None
    status: int = 200


def operation(
    tag: str,
    summary: str,
    answer: type[Schema] | None,
    *,
    query: type[Schema] | None = None,
    description: str = "",
    body: type[Schema] | None = None,
    status: int = 200,
) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, ATTRIBUTE, Operation(tag, summary, answer, query, description, body, status))
        return view

    return mark


def of(view: Callable[..., Any]) -> Operation | None:
    found = getattr(view, ATTRIBUTE, None)
    return found if isinstance(found, Operation) else None
