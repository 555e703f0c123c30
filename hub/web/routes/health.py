"""For whoever runs the hub: is the process alive, is it fit to serve."""

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from hub import migrate
from hub.access import public
from hub.context import hub_of_request

blueprint = Blueprint("health", __name__)
UNAVAILABLE = 503


@blueprint.get("/livez")
@public
def livez() -> Response:
    """The process answers. Nothing else is looked at: a database that is down is no reason to restart us."""
    return _plain("ok")


@blueprint.get("/readyz")
@public
def readyz() -> Response:
    """The database answers and has the schema of this code, or of a newer one that is being rolled out."""
    try:
        current = migrate.current(hub_of_request().db)
    except SQLAlchemyError:
        return _plain("the database does not answer", UNAVAILABLE)
    if not migrate.fits(current):
        return _plain("the database has an older schema than this code", UNAVAILABLE)
    return _plain("ok")


def _plain(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")
