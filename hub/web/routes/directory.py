"""The directory of banks: what this hub knows of each, and whether it can be linked here. For anybody."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub import directory
from hub.access import public
from hub.connections import health
from hub.connections.health import InstitutionHealth
from hub.context import Hub, hub_of_request
from hub.directory import Wanted
from hub.web.present import directory as present
from hub.web.routes import fields, respond
from hub.web.viewmodels import Choice, DirectoryPage

blueprint = Blueprint("directory", __name__)
ROWS = 48
_FILTERS = ("q", "country", "standard", "status")


@blueprint.get("/banks")
@public
def banks() -> Response:
    hub = hub_of_request()
    given = {name: fields.single(request.args, name).strip() for name in _FILTERS}
    start = _number(fields.single(request.args, "from"))
    wanted = Wanted(given["q"], given["country"], given["standard"], given["status"])
    found, states = directory.found(hub.institutions.values(), wanted), _states(hub)
    every = hub.institutions.values()
    further = {name: value for name, value in given.items() if value} | {"from": str(start + ROWS)}
    page = DirectoryPage(
        rows=tuple(present.row(one, states) for one in found[start : start + ROWS]),
        total=len(found),
        q=given["q"],
        countries=_choices({code for one in every for code in one.countries}, present.TERRITORIES, given["country"]),
        standards=_choices({one.standard for one in every}, present.STANDARDS, given["standard"]),
        states=_choices({one.status for one in every}, present.STATES, given["status"]),
        next_path=f"/banks?{urlencode(further)}" if start + ROWS < len(found) else "",
    )
    return respond.page("directory.html", page)


@blueprint.get("/banks/<institution_id>")
@public
def bank(institution_id: str) -> Response:
    hub = hub_of_request()
    one = hub.institution(institution_id)
    return respond.page("directory_entry.html", present.entry(one, _states(hub)))


def _states(hub: Hub) -> Mapping[str, InstitutionHealth]:
    with hub.db.read() as session:
        return health.health(session, now=hub.clock())


def _choices(values: Iterable[str], names: Mapping[str, str], chosen: str) -> tuple[Choice, ...]:
    named = sorted((names.get(value, value), value) for value in values)
    return tuple(Choice(value, name, checked=value == chosen) for name, value in named)


def _number(text: str) -> int:
    """Where a page begins; 0 for what is no such number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
