"""The API reference and the events as pages, and what each kind of problem means."""

from flask import Blueprint, Response, current_app

from hub.access import public
from hub.api import openapi
from hub.context import hub_of_request
from hub.web.present import events, problems
from hub.web.routes import respond
from hub.web.viewmodels import ApiReferencePage

blueprint = Blueprint("docs", __name__, url_prefix="/docs")


@blueprint.get("/api")
@public
def api() -> Response:
    document = openapi.document(current_app, hub_of_request().settings)
    return respond.page("api_reference.html", ApiReferencePage(document))


@blueprint.get("/events")
@public
def event_types() -> Response:
    return respond.page("events_reference.html", events.docs_page(hub_of_request().settings))


@blueprint.get("/problems")
@public
def problem_types() -> Response:
    """Where the ``type`` of a problem document leads (RFC 9457 3.1.1)."""
    return respond.page("problems.html", problems.page(hub_of_request().settings.base_url))
