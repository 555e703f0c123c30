"""For developers: register an app, look after it, a first token. An app is its owner's; to others it is not there."""

from flask import Blueprint, Response, request

from hub.access import public, recently_signed_in, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput
from hub.gate import person, someone
from hub.oauth import clients
from hub.oauth.clients import Registered
from hub.oauth.policy import NONE
from hub.web.flash import Said
from hub.web.present import developer
from hub.web.present.apps import app_of
from hub.web.routes import fields, respond
from hub.web.viewmodels import CredentialsPage, DeveloperPage, Form

blueprint = Blueprint("developer", __name__, url_prefix="/developer")
PUBLIC, CONFIDENTIAL = "public", "confidential"
# What the service calls a parameter, the form calls otherwise.
_FIELD = {"site_uri": "site", "scopes": "scope"}


@blueprint.get("")
@signed_in
def overview() -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        mine = clients.list_for_owner(session, person().psu_id)
        counts = developer.consent_counts(session, [client.client_id for client in mine], hub.clock())
    rows = tuple(developer.row(client, counts) for client in mine)
    return respond.page("developer.html", DeveloperPage(rows))


@blueprint.get("/new")
@signed_in
def new() -> Response:
    return respond.page("developer_new.html", developer.new_app(Form(), developer.USUAL))


@blueprint.post("/new")
@signed_in
def register() -> Response:
    given = fields.form("name", "site", "redirect_uris", "type")
    scopes = frozenset(request.form.getlist("scope"))
    hub = hub_of_request()
    try:
        if given["type"] not in {PUBLIC, CONFIDENTIAL}:
            raise BadInput("Say where the app runs.", parameter="type")
        if not scopes or not scopes <= developer.OFFERED:
            raise BadInput("Choose at least one thing the app may ask for, from this list.", parameter="scope")
        with hub.db.write() as session:
            registered = clients.register(
                session,
                owner_psu_id=person().psu_id,
                name=given["name"],
                site_uri=given["site"].strip() or None,
                redirect_uris=given["redirect_uris"].splitlines(),
                public=given["type"] == PUBLIC,
                scopes=scopes,
                description="",
                now=hub.clock(),
            )
    except BadInput as error:
        form = Form(given, _errors(error))
        return respond.page("developer_new.html", developer.new_app(form, scopes), status=respond.INVALID)
    return _credentials(registered)


@blueprint.get("/apps/<client_id>")
@signed_in
def app(client_id: str) -> Response:
    return _app_page(client_id, Form())


@blueprint.post("/apps/<client_id>")
@signed_in
def save(client_id: str) -> Response:
    given = fields.form("redirect_uris")
    hub, who = hub_of_request(), person()
    try:
        with hub.db.write() as session:
            client = clients.owned(session, client_id, owner_psu_id=who.psu_id)
            clients.update(
                session,
                client_id,
                owner_psu_id=who.psu_id,
                name=client.name,
                site_uri=client.site_uri,
                redirect_uris=given["redirect_uris"].splitlines(),
                scopes=client.scopes,
                description=client.description,
                now=hub.clock(),
            )
    except BadInput as error:
        return _app_page(client_id, Form(given, _errors(error)), respond.INVALID)
    return respond.see_other(f"/developer/apps/{client_id}", say=Said.APP_SAVED)


@blueprint.post("/apps/<client_id>/secret")
@recently_signed_in
def rotate(client_id: str) -> Response:
    hub = hub_of_request()
    with hub.db.write() as session:
        registered = clients.rotate_secret(session, client_id, owner_psu_id=person().psu_id, now=hub.clock())
    return _credentials(registered)


@blueprint.post("/apps/<client_id>/delete")
@recently_signed_in
def delete(client_id: str) -> Response:
    given = fields.form("confirm")
    hub, who = hub_of_request(), person()
    with hub.db.read() as session:
        name = app_of(clients.owned(session, client_id, owner_psu_id=who.psu_id)).name
    if given["confirm"].strip() != name:
        error = {"confirm": "That is not the app’s name. Nothing was deleted."}
        return _app_page(client_id, Form({}, error), respond.INVALID)
    with hub.db.write() as session:
        clients.delete(session, client_id, owner_psu_id=who.psu_id, now=hub.clock())
    return respond.see_other("/developer", say=Said.APP_DELETED)


@blueprint.get("/guide")
@public
def guide() -> Response:
    hub, who = hub_of_request(), someone()
    mine = None
    if who is not None:
        with hub.db.read() as session:
            mine = next(iter(reversed(clients.list_for_owner(session, who.psu_id))), None)
    return respond.page("guide.html", developer.guide(hub.settings.base_url, mine))


def _app_page(client_id: str, form: Form, status: int = 200) -> Response:
    """Raises NotFound unless the person owns it."""
    hub = hub_of_request()
    with hub.db.read() as session:
        client = clients.owned(session, client_id, owner_psu_id=person().psu_id)
        counts = developer.consent_counts(session, [client_id], hub.clock())
    return respond.page("developer_app.html", developer.app_page(client, counts, form), status=status)


def _credentials(registered: Registered) -> Response:
    """The only answer that ever holds the secret; pages are no-store, so no cache and no "back" shows it again."""
    client = registered.client
    page = CredentialsPage(
        app=app_of(client),
        issuer=hub_of_request().settings.base_url,
        redirect_uri=client.redirect_uris[0],
        scope=" ".join(client.scopes),
        secret=registered.secret if client.token_endpoint_auth_method != NONE else None,
    )
    return respond.page("credentials.html", page)


def _errors(error: BadInput) -> dict[str, str]:
    name = error.parameter or ""
    return {_FIELD.get(name, name): error.detail}
