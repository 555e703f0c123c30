"""Register an app: what it is for comes first, since that decides what is asked of it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from hub.access import signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, NotFound, TooMany
from hub.gate import person
from hub.oauth import ciba, clients
from hub.oauth.jose.strict import read_object
from hub.oauth.policy import BASIC, NONE, PRIVATE_KEY_JWT, TLS, Profile
from hub.oauth.registration import own_key, service
from hub.oauth.registration.own_key import KeyPair
from hub.oauth.registration.prepare import demand_statement, prepare
from hub.oauth.scopes import OF_THE_CLIENT, text_of
from hub.web.present import developer
from hub.web.present.developer import CERTIFICATE, MADE, PASTED, PUBLIC, PUBLISHED, SECRET, Purpose
from hub.web.routes import fields, respond
from hub.web.routes.developer_credentials import credentials
from hub.web.viewmodels import Form, NewAppPage

blueprint = Blueprint("developer_register", __name__, url_prefix="/developer/new")
_FIELDS = (
    "name",
    "site",
    "redirect_uris",
    "proof",
    "jwks",
    "jwks_uri",
    "certificate",
    "signed",
    "notified_at",
    "software_statement",
)
_FIELD = {
    "client_name": "name",
    "client_uri": "site",
    "tls_client_auth_subject_dn": "certificate",
    "token_endpoint_auth_method": "proof",
    "backchannel_client_notification_endpoint": "notified_at",
    "grant_types": "way",
    "sector_identifier_uri": "redirect_uris",  # it is asked for where these have several hosts
}
"""What the registration calls a member, the form calls otherwise."""


@blueprint.get("")
@signed_in
def purpose() -> Response:
    return respond.page("developer_purpose.html")


@blueprint.get("/<asked>")
@signed_in
def new(asked: str) -> Response:
    wanted = _purpose(asked)
    proof = SECRET if wanted == "sign-in" else MADE
    page = developer.new_app(wanted, Form(), developer.USUAL[wanted], proof, needs_statement=_needs_statement(wanted))
    return respond.page("developer_new.html", page)


@blueprint.post("/<asked>")
@signed_in
def register(asked: str) -> Response:
    wanted, given = _purpose(asked), fields.form(*_FIELDS)
    scopes, ways = frozenset(request.form.getlist("scope")), frozenset(request.form.getlist("way"))
    hub, who = hub_of_request(), person()
    pair = own_key.make() if given["proof"] == MADE else None
    try:
        if not scopes or not scopes <= {one.value for one in developer.offered(wanted)}:
            raise BadInput("Choose at least one thing the app may ask for, from this list.", parameter="scope")
        document = _document(given, pair) | _elsewhere(given, scopes, ways)
        profile = _profile(wanted, given)
        prepared = prepare(hub, document, now=hub.clock(), wanted=profile)
        demand_statement(hub, prepared)
        with hub.db.write() as session:
            clients.check_room(session, who.psu_id, most=hub.settings.apps_per_developer, now=hub.clock())
            registered = service.register(session, prepared, owner_psu_id=who.psu_id, now=hub.clock())
    except TooMany as error:
        page = _again(wanted, given, scopes, ways, {"": error.detail})
        return respond.form_page("developer_new.html", page, error)
    except BadInput as error:
        name = error.parameter or ""
        given = {**given, PASTED: "" if name == PASTED else given[PASTED]}  # it may have been a private key
        page = _again(wanted, given, scopes, ways, {_FIELD.get(name, name): error.detail})
        return respond.form_page("developer_new.html", page, error)
    return credentials(registered, pair)


def _again(
    purpose: Purpose,
    given: Mapping[str, str],
    scopes: frozenset[str],
    ways: frozenset[str],
    errors: Mapping[str, str],
) -> NewAppPage:
    """The form as it was filled in, with what was wrong."""
    form, needed = Form(given, errors), _needs_statement(purpose)
    return developer.new_app(purpose, form, scopes, given["proof"], ways=ways, needs_statement=needed)


def _needs_statement(purpose: Purpose) -> bool:
    """Apps for data are vouched for by somebody, where the operator wants that."""
    return purpose == "bank-data" and bool(hub_of_request().settings.require_software_statement)


def _purpose(asked: str) -> Purpose:
    if asked == "sign-in":
        return "sign-in"
    if asked == "bank-data":
        return "bank-data"
    raise NotFound("There is no such purpose.")


def _profile(purpose: Purpose, given: Mapping[str, str]) -> Profile:
    if purpose == "sign-in":
        return Profile.OIDC
    return Profile.FAPI2_MS if given["signed"] else Profile.FAPI2


def _document(given: Mapping[str, str], pair: KeyPair | None) -> dict[str, Any]:
    """The form as client metadata. Raises BadInput naming the field."""
    document: dict[str, Any] = {
        "client_name": given["name"].strip(),
        "client_uri": given["site"].strip() or None,
        "redirect_uris": [line.strip() for line in given["redirect_uris"].splitlines() if line.strip()],
        "software_statement": given["software_statement"].strip() or None,
    }
    proof = given["proof"]
    if proof == SECRET:
        return document | {"token_endpoint_auth_method": BASIC}
    if proof == PUBLIC:
        return document | {"token_endpoint_auth_method": NONE}
    if proof == CERTIFICATE:
        subject = given["certificate"].strip()
        if not subject:
            raise BadInput("Name the certificate's subject, such as CN=app.example.", parameter=CERTIFICATE)
        return document | {"token_endpoint_auth_method": TLS, "tls_client_auth_subject_dn": subject}
    document["token_endpoint_auth_method"] = PRIVATE_KEY_JWT
    if proof == MADE and pair is not None:
        return document | {"jwks": {"keys": [pair.public]}}
    if proof == PASTED:
        return document | {"jwks": key_set(given["jwks"])}
    if proof == PUBLISHED:
        return document | {"jwks_uri": given["jwks_uri"].strip()}
    raise BadInput("Say how the app proves who it is.", parameter="proof")


def _elsewhere(given: Mapping[str, str], scopes: frozenset[str], ways: frozenset[str]) -> dict[str, Any]:
    """What goes beyond a person at a browser, and the scope with what the app holds for itself."""
    document: dict[str, Any] = {
        "grant_types": developer.grant_types(ways, scopes),
        "scope": text_of(scopes | (ways & OF_THE_CLIENT)),
    }
    if developer.ELSEWHERE not in ways:
        return document
    notified_at = given["notified_at"].strip()
    document[ciba.MODE] = ciba.PING if notified_at else ciba.POLL
    return document | ({"backchannel_client_notification_endpoint": notified_at} if notified_at else {})


def key_set(text: str) -> dict[str, Any]:
    """What was pasted: a JWK Set, or a lone JWK. Raises BadInput."""
    found = read_object(text.strip().encode())
    if found is None:
        raise BadInput("This is not JSON: paste a JWK Set, or one public JWK.", parameter="jwks")
    return found if "keys" in found else {"keys": [found]}
