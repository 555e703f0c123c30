"""Read what a browser sent, strictly: a field that may come once comes once."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from hub.connections.return_path import local_path
from hub.errors import BadInput


def single(values: MultiDict[str, str], name: str) -> str:
    """The one value of ``name``, "" if it was not sent. Raises BadInput if it was sent twice."""
    given = values.getlist(name)
    if len(given) > 1:
        raise BadInput("A field of this form was sent twice.", parameter=name)
    return given[0] if given else ""


def form(*names: str) -> Mapping[str, str]:
    """The single values of these fields of the form that was sent."""
    return {name: single(request.form, name) for name in names}


def with_prefix(values: MultiDict[str, str], prefix: str) -> Mapping[str, str]:
    """The single values of all fields whose name begins so, by the rest of it. Raises BadInput."""
    return {name.removeprefix(prefix): single(values, name) for name in values if name.startswith(prefix)}


def local(path: str) -> str:
    """``path`` if it stays on this site, else "": a link that somebody else made must not carry anybody away."""
    try:
        return local_path(path) or ""
    except BadInput:
        return ""


def next_of_query() -> str:
    return local(single(request.args, "next"))


def handed_on(next_path: str) -> str:
    """``?next=...`` for the next page, "" if there is nothing to hand on."""
    return f"?{urlencode({'next': next_path})}" if next_path else ""


def next_of_form() -> str:
    return local(single(request.form, "next"))
