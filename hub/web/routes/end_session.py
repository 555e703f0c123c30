"""Logging out because an app asks for it (OpenID Connect RP-Initiated Logout 1.0): always the person's own decision."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from hub import rim
from hub.access import client_endpoint, public
from hub.context import Hub, hub_of_request
from hub.errors import BadInput
from hub.gate import someone
from hub.identity import cookies, logout_notices, sessions
from hub.identity.sessions import Person
from hub.models.client import Client
from hub.oauth import end_session
from hub.oauth.end_session import EndSession
from hub.oauth.parameters import FORM
from hub.web.present.apps import app_of
from hub.web.present.targets import csp_source
from hub.web.routes import fields, respond
from hub.web.viewmodels import LogoutPage

blueprint = Blueprint("end_session", __name__)


@blueprint.get(end_session.PATH)
@public
def ask() -> Response:
    hub, who = hub_of_request(), someone()
    asked = end_session.read(hub, request.query_string)
    return _done(asked) if who is None else _page(hub, asked, who)


@blueprint.post(end_session.PATH)
@client_endpoint
def ask_by_post() -> Response:
    """From the app's site, so it carries neither our form token nor our cookie (SameSite=Lax); it changes nothing. The
    GET that it becomes brings the cookie along.
    """
    if request.query_string or request.mimetype != FORM:
        raise BadInput("The app's request to log you out cannot be read.")
    asked = end_session.read(hub_of_request(), request.get_data(cache=False))
    return respond.see_other(f"{end_session.PATH}?{urlencode(asked.fields)}")


@blueprint.post(end_session.CONFIRM)
@public
def confirm() -> Response:
    """The person's yes. The request is read again from the form: what was true when the page was made counts now."""
    hub, who = hub_of_request(), someone()
    sent = {name: value for name, value in fields.form(*end_session.KEPT).items() if value}
    asked = end_session.read(hub, urlencode(sent).encode())
    if who is not None:
        sessions.revoke(hub, who.session_hash, psu_id=who.psu_id, origin=respond.origin(), now=hub.clock())
    response = _done(asked)
    cookies.clear_session(response, hub.settings)
    return response


def _page(hub: Hub, asked: EndSession, who: Person) -> Response:
    if asked.redirect_uri is not None and (source := csp_source(asked.redirect_uri)) is not None:
        rim.allow_form_to(source)
    with hub.db.read() as session:
        told = [app_of(client) for client in logout_notices.listeners(session, who.sid) if not _asks(asked, client)]
    page = LogoutPage(
        app=None if asked.client is None else app_of(asked.client),
        action=end_session.CONFIRM,
        fields=asked.fields,
        told=tuple(told),
        is_for_somebody_else=asked.means_somebody_else(hub, who),
    )
    return respond.page("logout.html", page)


def _asks(asked: EndSession, client: Client) -> bool:
    """The app that asks need not be named among those that will hear of it."""
    return asked.client is not None and asked.client.client_id == client.client_id


def _done(asked: EndSession) -> Response:
    return respond.see_other(asked.goes_to or "/logged-out")
