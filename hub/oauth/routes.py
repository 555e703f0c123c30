"""The authorisation server's addresses. Thin: what happens is in the modules named in hub.oauth."""

from functools import partial
from typing import Any

import orjson
from flask import Blueprint, Response, g, request

from hub import gate, keys
from hub.access import any_token, client_endpoint, of_the_client, public
from hub.context import Hub, hub_of_request
from hub.errors import BadInput
from hub.gate import someone, token
from hub.identity.sessions import Person
from hub.oauth import (
    addresses,
    answering,
    authenticate,
    authorization,
    ciba,
    device,
    grants_api,
    introspection,
    metadata,
    protected_resource,
    pushed,
    revocation,
    scopes,
    token_endpoint,
    userinfo,
)
from hub.oauth.answers import Delivery
from hub.oauth.authenticate import Authenticated
from hub.oauth.authorization import Refused
from hub.oauth.call import Call
from hub.oauth.parameters import FORM
from hub.oauth.policy import NONE
from hub.web.routes import respond
from hub.web.routes.respond import deliver

blueprint = Blueprint("oauth", __name__)

PUBLISHED = "public, max-age=300"


@blueprint.get(addresses.OAUTH_METADATA, endpoint="oauth_metadata")
@blueprint.get(addresses.OPENID_METADATA, endpoint="openid_metadata")
@public
def published_metadata() -> Response:
    return _published(metadata.document(hub_of_request().settings))


@blueprint.get(addresses.RESOURCE_METADATA)
@public
def resource_metadata() -> Response:
    return _published(protected_resource.document(hub_of_request().settings))


@blueprint.get(addresses.JWKS)
@public
def jwks() -> Response:
    """The keys that our tokens are checked with."""
    return _published(hub_of_request().keys.jwks(keys.AS))


@blueprint.get(addresses.TPP_JWKS)
@public
def tpp_jwks() -> Response:
    """The keys by which banks know us, and the one that they encrypt to."""
    hub = hub_of_request()
    return _published({"keys": [*hub.keys.jwks(keys.TPP)["keys"], hub.encryption_keys.published()]})


@blueprint.get(addresses.AUTHORIZE)
@public
def authorize() -> Response:
    return _authorize(request.query_string, someone())


@blueprint.post(addresses.AUTHORIZE)
@client_endpoint
def authorize_by_post() -> Response:
    """OIDC Core 3.1.2.1 wants POST as well. It comes from the client's site, so it cannot carry a form token of ours;
    it changes nothing for anybody, and whoever is logged in is not looked at.
    """
    if request.query_string or request.mimetype != FORM:
        raise BadInput("The app's request cannot be read.")
    body = request.get_data(cache=False)
    if authorization.wants_silence(body):
        # Only a GET brings the session's cookie along (SameSite=Lax), and without it the answer could only be "no".
        return deliver(Delivery(f"{addresses.AUTHORIZE}?{body.decode('ascii')}"))
    return _authorize(body, None)


@blueprint.post(addresses.PAR)
@client_endpoint
def push() -> Response:
    return answering.answer(hub_of_request(), request, "par", _push, status=201)


def _push(hub: Hub, call: Call, who: Authenticated) -> dict[str, Any]:
    """Anybody can push in a public client's name, and each push leaves a row: so that is counted by network."""
    if who.method == NONE:
        gate.count_network()
    return pushed.push(hub, call, who)


@blueprint.post(addresses.BACKCHANNEL_AUTHENTICATION)
@client_endpoint
def authenticate_by_backchannel() -> Response:
    act, methods = partial(ciba.ask, origin=respond.origin()), authenticate.CONFIDENTIAL  # FAPI-CIBA 5.2.2
    return answering.answer(hub_of_request(), request, authenticate.BACKCHANNEL, act, methods=methods)


@blueprint.post(addresses.DEVICE_AUTHORIZATION)
@client_endpoint
def authorize_device() -> Response:
    act = partial(device.ask, origin=respond.origin())
    return answering.answer(hub_of_request(), request, "device_authorization", act)


@blueprint.post(addresses.TOKEN, endpoint="token")
@client_endpoint
def exchange() -> Response:
    return answering.answer(hub_of_request(), request, "token", token_endpoint.exchange)


@blueprint.post(addresses.REVOKE)
@client_endpoint
def revoke() -> Response:
    return answering.answer(hub_of_request(), request, "revoke", revocation.revoke)


@blueprint.post(addresses.INTROSPECT)
@client_endpoint
def introspect() -> Response:
    """RFC 7662 2.1: whoever asks must prove themselves, or the endpoint would serve to try tokens out."""
    hub = hub_of_request()
    return answering.answer(hub, request, "introspect", introspection.introspect, methods=authenticate.CONFIDENTIAL)


@blueprint.route(addresses.USERINFO, methods=["GET", "POST"], endpoint="userinfo")
@any_token
def show_userinfo() -> Response:
    hub = hub_of_request()
    answer = userinfo.answer(hub, token(), hub.clock())
    response = Response(answer.body, content_type=answer.content_type)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get(f"{addresses.GRANTS}/<grant_id>")
@of_the_client(scopes.GRANT_QUERY)
def show_grant(grant_id: str) -> Response:
    return _json(grants_api.query(hub_of_request(), token(), grant_id), cache="no-store")


@blueprint.delete(f"{addresses.GRANTS}/<grant_id>")
@of_the_client(scopes.GRANT_REVOKE)
def end_grant(grant_id: str) -> Response:
    grants_api.revoke(hub_of_request(), token(), grant_id)
    return Response(status=204)


def _authorize(encoded: bytes, person: Person | None) -> Response:
    hub = hub_of_request()
    checked = authorization.check(hub, authorization.read(encoded), interaction_id=g.interaction_id)
    if isinstance(checked, Refused):
        return deliver(checked.delivery)
    going = authorization.proceed(hub, checked, person, hub.clock())
    return deliver(going if isinstance(going, Delivery) else Delivery(going))


def _published(document: dict[str, Any]) -> Response:
    return _json(document, cache=PUBLISHED)


def _json(document: dict[str, Any], *, cache: str) -> Response:
    response = Response(orjson.dumps(document), content_type="application/json")
    response.headers["Cache-Control"] = cache
    return response
