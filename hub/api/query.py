"""Query parameters, read strictly: unknown, repeated and malformed ones are refused by name."""

from functools import cache
from typing import Any

import orjson
from flask import request
from marshmallow import Schema, ValidationError

from hub.errors import BadInput

MAX_PARAMETER_CHARS = 2000


@cache
def _made(schema: type[Schema]) -> Schema:
    """Making a schema copies all its fields; one does for every request."""
    return schema()


def arguments(schema: type[Schema]) -> dict[str, Any]:
    """The query string of this request as ``schema`` reads it; raises BadInput naming the first parameter at fault."""
    given: dict[str, str] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise BadInput("This parameter was given more than once.", parameter=name[:100])
        if len(values[0]) > MAX_PARAMETER_CHARS:
            raise BadInput(f"At most {MAX_PARAMETER_CHARS} characters.", parameter=name[:100])
        if "\x00" in values[0]:  # PostgreSQL has no such character in text
            raise BadInput("Not a valid character.", parameter=name[:100])
        given[name] = values[0]
    try:
        loaded: dict[str, Any] = _made(schema).load(given)
    except ValidationError as error:
        raise _bad_input(error) from error
    return loaded


def body(schema: type[Schema]) -> dict[str, Any]:
    """The JSON object of this request as ``schema`` reads it; raises BadInput naming the first member at fault."""
    no_arguments()
    if request.mimetype != "application/json":
        raise BadInput("Send application/json.")
    try:
        given = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise BadInput("This is not JSON.") from error
    if not isinstance(given, dict):
        raise BadInput("Send a JSON object.")
    if "\\u0000" in request.get_data(as_text=True):
        raise BadInput("Not a valid character.")
    try:
        loaded: dict[str, Any] = _made(schema).load(given)
    except ValidationError as error:
        raise _bad_input(error) from error
    return loaded


def no_arguments() -> None:
    """For routes that take none: a misspelt filter must not silently return everything."""
    arguments(Schema)


def _bad_input(error: ValidationError) -> BadInput:
    messages = error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}
    name, what = sorted(messages.items())[0]
    words = " ".join(map(str, what)) if isinstance(what, list) else str(what)
    return BadInput(words, parameter=None if name == "_schema" else name[:100])
