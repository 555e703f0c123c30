"""The authorisation server's addresses. Thin: what happens is in the modules named in hub.oauth."""

from typing import Any

import orjson
from flask import Blueprint, Response, request

from hub import keys
from hub.access import any_token, client_endpoint, public
from hub.context import hub_of_request
from hub.errors import BadInput
from hub.gate import someone, token
from hub.identity.sessions import Person
from hub.oauth import authorization, metadata, userinfo
from hub.oauth.authorization import Refused
from hub.oauth.parameters import FORM
from hub.oauth.server import Server

blueprint = Blueprint("oauth", __name__)

PUBLISHED = "public, max-age=300"


@blueprint.get(metadata.OAUTH_METADATA, endpoint="oauth_metadata")
@blueprint.get(metadata.OPENID_METADATA, endpoint="openid_metadata")
@public
def published_metadata() -> Response:
    return _published(metadata.document(hub_of_request().settings))


@blueprint.get(metadata.JWKS)
@public
def jwks() -> Response:
    """The keys that our tokens are checked with."""
    return _published(hub_of_request().keys.jwks(keys.AS))


@blueprint.get(metadata.TPP_JWKS)
@public
def tpp_jwks() -> Response:
    """The keys by which banks know us."""
    return _published(hub_of_request().keys.jwks(keys.TPP))


@blueprint.get(metadata.AUTHORIZE)
@public
def authorize() -> Response:
    return _authorize(request.query_string, someone())


@blueprint.post(metadata.AUTHORIZE)
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
        return _see_other(f"{metadata.AUTHORIZE}?{body.decode('ascii')}")
    return _authorize(body, None)


@blueprint.post(metadata.TOKEN, endpoint="token")
@client_endpoint
def exchange() -> Response:
    return Server(hub_of_request()).token(request)


@blueprint.post(metadata.REVOKE)
@client_endpoint
def revoke() -> Response:
    return Server(hub_of_request()).revocation(request)


@blueprint.post(metadata.INTROSPECT)
@client_endpoint
def introspect() -> Response:
    return Server(hub_of_request()).introspection(request)


@blueprint.route(metadata.USERINFO, methods=["GET", "POST"], endpoint="userinfo")
@any_token
def show_userinfo() -> Response:
    hub = hub_of_request()
    answer = userinfo.answer(hub, token(), hub.clock())
    response = Response(answer.body, content_type=answer.content_type)
    response.headers["Cache-Control"] = "no-store"
    return response


def _authorize(encoded: bytes, person: Person | None) -> Response:
    hub = hub_of_request()
    checked = authorization.check(hub, authorization.read(encoded))
    if isinstance(checked, Refused):
        return _see_other(checked.url)
    return _see_other(authorization.proceed(hub, checked, person, hub.clock()))


def _see_other(url: str) -> Response:
    """303: the browser must never repeat a form, and with it a password, at the client (RFC 9700 4.12)."""
    response = Response(status=303)
    response.headers["Location"] = url
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.autocorrect_location_header = False
    return response


def _published(document: dict[str, Any]) -> Response:
    return _json(document, cache=PUBLISHED)


def _json(document: dict[str, Any], *, cache: str) -> Response:
    response = Response(orjson.dumps(document), content_type="application/json")
    response.headers["Cache-Control"] = cache
    return response
