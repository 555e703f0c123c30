"""For developers: their apps, and each app's own page. An app is its owner's; to others it is not there."""

from typing import Any

from flask import Blueprint, Response

from hub.access import public, recently_signed_in, signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, Conflict
from hub.gate import person, someone
from hub.models.client import Client
from hub.oauth import clients, refusals
from hub.oauth.policy import Profile
from hub.oauth.registration import own_key, rows, service
from hub.oauth.registration.prepare import prepare
from hub.web.flash import Said
from hub.web.present import developer, developer_app
from hub.web.present.apps import app_of
from hub.web.routes import fields, respond
from hub.web.routes.developer_credentials import credentials
from hub.web.routes.developer_register import key_set
from hub.web.viewmodels import DeveloperPage, Form

blueprint = Blueprint("developer", __name__, url_prefix="/developer")


@blueprint.get("")
@signed_in
def overview() -> Response:
    hub = hub_of_request()
    with hub.db.read() as session:
        mine = clients.list_for_owner(session, person().psu_id)
        counts = developer.consent_counts(session, [client.client_id for client in mine], hub.clock())
    return respond.page("developer.html", DeveloperPage(tuple(developer.row(client, counts) for client in mine)))


@blueprint.get("/guide")
@public
def guide() -> Response:
    hub, who = hub_of_request(), someone()
    with hub.db.read() as session:
        mine = () if who is None else clients.list_for_owner(session, who.psu_id)
    return respond.page("guide.html", developer.guide(hub.settings.base_url, mine))


@blueprint.get("/apps/<client_id>")
@signed_in
def app(client_id: str) -> Response:
    return _app_page(client_id, Form())


@blueprint.post("/apps/<client_id>")
@recently_signed_in
def save(client_id: str) -> Response:
    """Where answers go decides who gets them: whoever finds a browser open cannot move them to an address of theirs."""
    given = fields.form(*developer_app.ADDRESSES)
    changes: dict[str, Any] = {}
    for field, (member, many) in developer_app.ADDRESSES.items():
        lines = [line.strip() for line in given[field].splitlines() if line.strip()]
        changes[member] = lines if many else "".join(lines) or None
    try:
        _change(_owned(client_id), changes)
    except BadInput as error:
        member = error.parameter or ""
        name = next((field for field, (one, _many) in developer_app.ADDRESSES.items() if one == member), "")
        return _app_page(client_id, Form(given, {name: error.detail}), respond.INVALID)
    return respond.see_other(f"/developer/apps/{client_id}", say=Said.APP_SAVED)


@blueprint.post("/apps/<client_id>/secret")
@recently_signed_in
def rotate(client_id: str) -> Response:
    hub = hub_of_request()
    with hub.db.write() as session:
        registered = clients.rotate_secret(session, client_id, owner_psu_id=person().psu_id, now=hub.clock())
    return credentials(registered, None)


@blueprint.post("/apps/<client_id>/keys")
@recently_signed_in
def add_key(client_id: str) -> Response:
    """One more key beside the old: pasted, or made here. The old one goes once the app signs with the new."""
    given = fields.form("jwks")
    pair = None if given["jwks"].strip() else own_key.make()
    try:
        added = [dict(pair.public)] if pair is not None else key_set(given["jwks"])["keys"]
        present = _owned(client_id)
        held = _keys(present)
        changed = _change(present, {"jwks": {"keys": [*held, *(added if isinstance(added, list) else [added])]}})
    except BadInput as error:
        return _app_page(client_id, Form({}, {"jwks": error.detail}), respond.INVALID)
    if pair is None:
        return respond.see_other(f"/developer/apps/{client_id}", say=Said.APP_SAVED)
    return credentials(changed, pair)


@blueprint.post("/apps/<client_id>/keys/remove")
@recently_signed_in
def remove_key(client_id: str) -> Response:
    given = fields.form("kid")
    present = _owned(client_id)
    kept = [key for key in _keys(present) if key.get("kid", "") != given["kid"]]
    try:
        _change(present, {"jwks": {"keys": kept}})
    except BadInput as error:
        return _app_page(client_id, Form({}, {"": error.detail}), respond.INVALID)
    return respond.see_other(f"/developer/apps/{client_id}", say=Said.APP_SAVED)


@blueprint.post("/apps/<client_id>/delete")
@recently_signed_in
def delete(client_id: str) -> Response:
    given = fields.form("confirm")
    hub, who = hub_of_request(), person()
    if given["confirm"].strip() != app_of(_owned(client_id)).name:
        error = {"confirm": "That is not the app’s name. Nothing was deleted."}
        return _app_page(client_id, Form({}, error), respond.INVALID)
    with hub.db.write() as session:
        clients.delete(session, client_id, owner_psu_id=who.psu_id, now=hub.clock())
    return respond.see_other("/developer", say=Said.APP_DELETED)


def _owned(client_id: str) -> Client:
    """Raises NotFound unless the person owns it."""
    with hub_of_request().db.read() as session:
        return clients.owned(session, client_id, owner_psu_id=person().psu_id)


def _keys(client: Client) -> list[dict[str, Any]]:
    """Raises BadInput where the keys are not kept here."""
    if client.jwks is None:
        raise BadInput("This app's keys are not kept here.", parameter="jwks")
    return list(client.jwks["keys"])


def _change(present: Client, changes: dict[str, Any]) -> clients.Registered:
    """The client, as it was read, with some of its metadata changed. Raises NotFound, BadInput, and Conflict if it is
    another by now: what is written is the whole of it, and would bring back what was taken out meanwhile.
    """
    hub, read = hub_of_request(), rows.document(present)
    document = read | changes
    if present.trust_anchor is None:
        document.pop("software_statement", None)  # whose anchor is gone: it vouches for nothing, and would be refused
    prepared = prepare(hub, document, now=hub.clock(), wanted=Profile(present.profile), present=present)
    with hub.db.write() as session:
        client = clients.owned(session, present.client_id, owner_psu_id=person().psu_id, lock=True)
        if rows.document(client) != read:
            raise Conflict("The app was changed meanwhile, and nothing of yours was saved.")
        return service.replace(session, client, prepared, now=hub.clock())


def _app_page(client_id: str, form: Form, status: int = 200) -> Response:
    """Raises NotFound unless the person owns it."""
    hub, client = hub_of_request(), _owned(client_id)
    with hub.db.read() as session:
        counts = developer.consent_counts(session, [client_id], hub.clock())
        refused = refusals.recent(session, client_id)
    page = developer_app.app_page(client, counts.get(client_id, 0), refused, form)
    return respond.page("developer_app.html", page, status=status)
