"""Register an app: what it is for comes first, since that decides what is asked of it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from hub.access import signed_in
from hub.context import hub_of_request
from hub.errors import BadInput, NotFound
from hub.gate import person
from hub.oauth.jose.strict import read_object
from hub.oauth.policy import BASIC, NONE, PRIVATE_KEY_JWT, TLS, Profile
from hub.oauth.registration import own_key, service
from hub.oauth.registration.own_key import KeyPair
from hub.oauth.registration.prepare import prepare
from hub.web.present import developer
from hub.web.present.developer import CERTIFICATE, MADE, PASTED, PUBLIC, PUBLISHED, SECRET, Purpose
from hub.web.routes import fields, respond
from hub.web.routes.developer_credentials import credentials
from hub.web.viewmodels import Form

blueprint = Blueprint("developer_register", __name__, url_prefix="/developer/new")
_FIELDS = ("name", "site", "redirect_uris", "proof", "jwks", "jwks_uri", "certificate", "signed")
_FIELD = {
    "client_name": "name",
    "client_uri": "site",
    "tls_client_auth_subject_dn": "certificate",
    "token_endpoint_auth_method": "proof",
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
    return respond.page("developer_new.html", developer.new_app(wanted, Form(), developer.USUAL[wanted], proof))


@blueprint.post("/<asked>")
@signed_in
def register(asked: str) -> Response:
    wanted, given = _purpose(asked), fields.form(*_FIELDS)
    scopes = frozenset(request.form.getlist("scope"))
    hub, who = hub_of_request(), person()
    pair = own_key.make() if given["proof"] == MADE else None
    try:
        if not scopes or not scopes <= {one.value for one in developer.offered(wanted)}:
            raise BadInput("Choose at least one thing the app may ask for, from this list.", parameter="scope")
        document = _document(given, scopes, pair)
        profile = _profile(wanted, given)
        prepared = prepare(hub, document, now=hub.clock(), wanted=profile)
    except BadInput as error:
        name = error.parameter or ""
        shown = {**given, PASTED: "" if name == PASTED else given[PASTED]}  # it may have been a private key
        form = Form(shown, {_FIELD.get(name, name): error.detail})
        page = developer.new_app(wanted, form, scopes, given["proof"])
        return respond.page("developer_new.html", page, status=respond.INVALID)
    with hub.db.write() as session:
        registered = service.register(session, prepared, owner_psu_id=who.psu_id, now=hub.clock())
    return credentials(registered, pair)


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


def _document(given: Mapping[str, str], scopes: frozenset[str], pair: KeyPair | None) -> dict[str, Any]:
    """The form as client metadata. Raises BadInput naming the field."""
    document: dict[str, Any] = {
        "client_name": given["name"].strip(),
        "client_uri": given["site"].strip() or None,
        "redirect_uris": [line.strip() for line in given["redirect_uris"].splitlines() if line.strip()],
        "scope": " ".join(sorted(scopes)),
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


def key_set(text: str) -> dict[str, Any]:
    """What was pasted: a JWK Set, or a lone JWK. Raises BadInput."""
    found = read_object(text.strip().encode())
    if found is None:
        raise BadInput("This is not JSON: paste a JWK Set, or one public JWK.", parameter="jwks")
    return found if "keys" in found else {"keys": [found]}
