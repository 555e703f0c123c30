"""Token introspection (RFC 7662), signed where the caller wants it so (RFC 9701). A client sees its own tokens; a
resource server, which the operator names, sees those that are for it.

Whatever else is asked about is "not active": unknown, ended, revoked and another's look the same.
"""

from datetime import datetime
from typing import Any

from flask import Response, request

from consent.details_form import PARAMETER
from consent.granted import granted
from consent.lifecycle import status_at
from consent.model import Status
from hub.context import Hub
from hub.models.client import Client
from hub.oauth import bearer, clients, resources, response_jwt, scopes
from hub.oauth.authenticate import Authenticated
from hub.oauth.call import Call
from hub.oauth.grants.base import subject
from hub.oauth.policy import Profile
from hub.oauth.presented import PresentedAccess, PresentedRefresh, recognise
from hub.oauth.tokens import BadToken, Claims, act_of

INACTIVE: dict[str, Any] = {"active": False}
SIGNED = "application/token-introspection+jwt"


def introspect(hub: Hub, call: Call, who: Authenticated) -> dict[str, Any] | Response:
    """Signed for whoever asks for that alone, or registered introspection_signed_response_alg.

    Raises MissingParameter.
    """
    facts = _facts(hub, call, who.client)
    registered = who.client.registration.get("introspection_signed_response_alg")
    # JSON first, so that "*/*" means JSON (RFC 9701 4: a signed answer is asked for by its own type).
    if registered is None and request.accept_mimetypes.best_match(["application/json", SIGNED]) != SIGNED:
        return facts
    claims = {
        "iss": hub.settings.base_url,
        "aud": who.client.client_id,
        "iat": int(call.now.timestamp()),
        "token_introspection": facts,
    }
    alg = response_jwt.algorithm(who.client, registered)
    signed = response_jwt.sign(hub, claims, alg=alg, typ="token-introspection+jwt")
    return Response(signed, content_type=SIGNED, headers={"Cache-Control": "no-store"})


def _facts(hub: Hub, call: Call, client: Client) -> dict[str, Any]:
    token = recognise(hub, call.required("token"), call.now)
    if isinstance(token, PresentedAccess):
        return _access(hub, token.claims, call.now) if _may_see_access(hub, token.claims, client) else INACTIVE
    if isinstance(token, PresentedRefresh) and token.client_id == client.client_id:
        return _refresh(hub, token)
    return INACTIVE


def _may_see_access(hub: Hub, claims: Claims, client: Client) -> bool:
    """A resource server is told of tokens for itself, and for the hub's own API where it stands for no other."""
    if client.profile == Profile.RESOURCE_SERVER:
        return bool(claims.audience == client.registration.get(resources.MEMBER, hub.settings.base_url))
    return claims.client_id == client.client_id


def _access(hub: Hub, claims: Claims, now: datetime) -> dict[str, Any]:
    """What the token is worth now: scope is token ∩ consent ∩ registration."""
    try:
        with hub.db.look() as connection:
            token = bearer.resolve(connection, claims)
    except BadToken:
        return INACTIVE
    effective = token.scopes
    if token.consent is not None:
        if status_at(token.consent, now) is not Status.VALID:
            return INACTIVE
        effective &= scopes.PROTOCOL | frozenset(held.value for held in token.consent.holds)
    told: dict[str, Any] = {
        "active": True,
        "scope": scopes.text_of(effective),
        "client_id": claims.client_id,
        "token_type": "DPoP" if "jkt" in claims.cnf else "Bearer",
        "exp": claims.expires_at_s,
        "iat": claims.issued_at_s,
        "sub": claims.sub,
        "aud": claims.audience,
        "iss": hub.settings.base_url,
        "jti": claims.jti,
    }
    if token.consent is not None and token.consent.details:
        told[PARAMETER] = granted(token.consent, token.scopes)
    more = {
        "act": act_of(claims.actors),
        "cnf": dict(claims.cnf) or None,
        "acr": claims.acr,
        "auth_time": claims.auth_time_s,
    }
    return told | {name: value for name, value in more.items() if value is not None}


def _refresh(hub: Hub, token: PresentedRefresh) -> dict[str, Any]:
    if token.consent is None:
        return INACTIVE
    with hub.db.read() as session:
        client = clients.find(session, token.client_id)
    if client is None:
        return INACTIVE
    return {
        "active": True,
        "scope": scopes.text_of(scopes.parse(token.scope) & frozenset(client.scopes)),
        "client_id": token.client_id,
        "exp": int(token.expires_at.timestamp()),
        "sub": subject(hub, client, token.psu_id),
        "iss": hub.settings.base_url,
    }
