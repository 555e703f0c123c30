"""Dynamic registration over HTTP: POST /oauth/register (RFC 7591), and a client's own registration (RFC 7592).

Bodies are JSON, read strictly. Secrets are in answers only, once; tokens come in the Authorization header only.
"""

import hmac
from datetime import datetime
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request

from hub.access import client_endpoint
from hub.context import Hub, hub_of_request
from hub.errors import DomainError, NotPermitted, TooMany, Unauthenticated
from hub.hashing import secret_hash
from hub.identity.origin import network_of
from hub.models.client import Client
from hub.oauth import addresses, clients
from hub.oauth.clients import Registered
from hub.oauth.errors import printable
from hub.oauth.jose.strict import read_object
from hub.oauth.policy import Profile
from hub.oauth.registration import initial_tokens, own_token, rows, service
from hub.oauth.registration.errors import BadMetadata
from hub.oauth.registration.initial_tokens import Initial
from hub.oauth.registration.prepare import demand_statement, prepare
from hub.rates import SharedLimiter

blueprint = Blueprint("registration", __name__, url_prefix=addresses.REGISTER)

MAX_BODY_BYTES = 64 * 1024
_LIMITER = "rialto.registrations"
_OPEN, _CLOSED = "open", "closed"
_ERRORS = {Unauthenticated: "invalid_token", NotPermitted: "access_denied", TooMany: "temporarily_unavailable"}


@blueprint.record_once
def _own_limiter(state: Any) -> None:
    hub: Hub = state.app.extensions["rialto"]
    per_minute = hub.settings.registrations_per_minute
    state.app.extensions[_LIMITER] = hub.rates.limiter("registrations", per_minute=per_minute)


@blueprint.post("")
@client_endpoint
def register() -> Response:
    """RFC 7591 3."""
    hub, now = hub_of_request(), _counted()
    initial = _initial(hub, now)
    wanted = None if initial is None else initial.profile
    prepared = prepare(hub, _document(), now=now, wanted=wanted)
    demand_statement(hub, prepared, anchor=None if initial is None else initial.trust_anchor)
    with hub.db.write() as session:
        if initial is not None:
            initial_tokens.claim(session, initial, now)
        registered = service.register(
            session,
            prepared,
            owner_psu_id=None,
            now=now,
            looks_after_itself=True,
            initial_access_token_id=None if initial is None else initial.id,
        )
    return _answer(_information(hub, registered), 201)


@blueprint.get("/<client_id>")
@client_endpoint
def show(client_id: str) -> Response:
    """RFC 7592 2.1. The secret is not in it: we do not know it."""
    hub, _now = hub_of_request(), _counted()
    token = _bearer()
    with hub.db.read() as session:
        client = own_token.holder(session, client_id, token)
    if own_token.is_next(client, token):
        with hub.db.write() as session:
            client = own_token.holder(session, client_id, token, lock=True)
    return _answer(_information(hub, Registered(client, registration_token=token)))


@blueprint.put("/<client_id>")
@client_endpoint
def replace(client_id: str) -> Response:
    """RFC 7592 2.2. All metadata at once: what is left out is gone."""
    hub, now = hub_of_request(), _counted()
    token = _bearer()
    with hub.db.read() as session:
        present = own_token.holder(session, client_id, token)
    document = _document()
    _check_credentials(document, present)
    prepared = prepare(hub, document, now=now, wanted=Profile(present.profile), present=present)
    demand_statement(hub, prepared, anchor=present.trust_anchor)
    with hub.db.write() as session:
        client = own_token.holder(session, client_id, token, lock=True)
        changed = service.replace(session, client, prepared, now=now)
        renewed = Registered(client, changed.secret, own_token.next_one(client))
    return _answer(_information(hub, renewed))


@blueprint.delete("/<client_id>")
@client_endpoint
def delete(client_id: str) -> Response:
    """RFC 7592 2.3. Its grants, and what people allowed it, end with it."""
    hub, now = hub_of_request(), _counted()
    token = _bearer()
    with hub.db.read() as session:
        own_token.holder(session, client_id, token)  # a stranger's guess takes no lock
    with hub.db.write() as session:
        clients.end(session, own_token.holder(session, client_id, token, lock=True), now=now)
    return Response(status=204)


@blueprint.errorhandler(BadMetadata)
def _bad_metadata(error: BadMetadata) -> Response:
    """RFC 7591 3.2.2."""
    return _answer({"error": error.error, "error_description": printable(error.description)}, error.kind.status)


@blueprint.errorhandler(DomainError)
def _refused(error: DomainError) -> Response:
    word = _ERRORS.get(type(error), "invalid_request")
    response = _answer({"error": word, "error_description": printable(error.detail)}, error.kind.status)
    if isinstance(error, Unauthenticated):
        # RFC 6750 3: no error where no bearer token was sent. No resource_metadata (RFC 9728 5.1) either: what opens
        # these endpoints is no access token that an authorization server would give.
        reason = f', error="{error.reason}"' if error.reason else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="rialto"{reason}'
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _counted() -> datetime:
    """The present time, once the caller has used one of its requests. Raises TooMany."""
    limiter: SharedLimiter = current_app.extensions[_LIMITER]
    rate = limiter.take(f"network:{network_of(request.remote_addr or '')}")
    if rate.retry_after_s:
        raise TooMany("Too many registrations from this network for the moment.", retry_after_s=rate.retry_after_s)
    return hub_of_request().clock()


def _initial(hub: Hub, now: datetime) -> Initial | None:
    """The initial access token, where one is needed or was sent. Raises Unauthenticated, NotPermitted."""
    who = hub.settings.who_registers
    if who == _CLOSED:
        raise NotPermitted("Clients do not register themselves here; ask the operator, or use the developer pages.")
    if who == _OPEN and "Authorization" not in request.headers:
        return None
    with hub.db.read() as session:
        return initial_tokens.look(session, _bearer(), now)


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("A bearer token is needed, in the Authorization header.")
    if not token.strip() or len(token) > 500:
        raise Unauthenticated("This is no token of this server.", reason="invalid_token")
    return token.strip()


def _document() -> dict[str, Any]:
    """The JSON object in the body. Raises BadMetadata."""
    if request.mimetype != "application/json" or request.query_string:
        raise BadMetadata("", "Send application/json in the body, and nothing in the address.")
    if (request.content_length or 0) > MAX_BODY_BYTES or len(body := request.get_data(cache=False)) > MAX_BODY_BYTES:
        raise BadMetadata("", f"A registration has at most {MAX_BODY_BYTES} bytes.")
    if (found := read_object(body)) is None:
        raise BadMetadata("", "The body is one JSON object that names no member twice.")
    return found


def _check_credentials(document: dict[str, Any], present: Client) -> None:
    """RFC 7592 2.2: whose it is; and the secret, if it is there, is the present one. Raises BadMetadata."""
    if document.get("client_id") != present.client_id:
        raise BadMetadata("client_id", "It is the client's own, and has to be there.")
    secret = document.get("client_secret")
    if secret is None:
        return
    known = present.secret_hash or ""
    if not isinstance(secret, str) or not hmac.compare_digest(secret_hash(secret), known):
        raise BadMetadata("client_secret", "It is the present one, or left out.")


def _information(hub: Hub, registered: Registered) -> dict[str, Any]:
    """RFC 7591 3.2.1, RFC 7592 3."""
    client = registered.client
    told: dict[str, Any] = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "registration_access_token": registered.registration_token,
        "registration_client_uri": f"{hub.settings.base_url}{addresses.REGISTER}/{client.client_id}",
    }
    if registered.secret is not None:
        told |= {"client_secret": registered.secret, "client_secret_expires_at": 0}
    return told | rows.document(client)


def _answer(document: dict[str, Any], status: int = 200) -> Response:
    response = Response(orjson.dumps(document), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    return response
