# mypy: disallow-subclassing-any=False
# Authlib ships no types.
"""Token introspection (RFC 7662). A client sees its own tokens; a resource server, which the operator names, sees all.

Whatever else is asked about is "not active": unknown, ended, revoked and another's look the same.
"""

from typing import Any, ClassVar

from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from consent.lifecycle import status_at
from consent.model import Status
from hub.context import Hub
from hub.models.client import Client
from hub.oauth import authenticate, bearer, clients, scopes
from hub.oauth.grants.base import subject
from hub.oauth.presented import PresentedAccess, PresentedRefresh, recognise
from hub.oauth.request import Request
from hub.oauth.tokens import BadToken, Claims

INACTIVE: dict[str, Any] = {"active": False}


class Introspection(IntrospectionEndpoint):
    # RFC 7662 2.1: whoever asks must prove themselves, or the endpoint would serve to try tokens out.
    CLIENT_AUTH_METHODS: ClassVar[list[str]] = [authenticate.BASIC, authenticate.POST]

    def check_params(self, request: Request, client: Client) -> None:
        request.required("token")

    def query_token(self, token_string: str, token_type_hint: str | None) -> PresentedAccess | PresentedRefresh | None:
        return recognise(self.server.hub, token_string, self.server.hub.clock())

    def check_permission(self, token: PresentedAccess | PresentedRefresh, client: Client, request: Request) -> bool:
        return token.check_client(client) or client.profile == clients.RESOURCE_SERVER

    def create_introspection_payload(self, token: PresentedAccess | PresentedRefresh | None) -> dict[str, Any]:
        if isinstance(token, PresentedAccess):
            return _access(self.server.hub, token.claims)
        if isinstance(token, PresentedRefresh):
            return _refresh(self.server.hub, token)
        return INACTIVE


def _access(hub: Hub, claims: Claims) -> dict[str, Any]:
    """What the token is worth now: scope is token ∩ consent ∩ registration."""
    try:
        with hub.db.read() as session:
            token = bearer.resolve(session, claims)
    except BadToken:
        return INACTIVE
    effective = token.scopes
    if token.consent is not None:
        if status_at(token.consent, hub.clock()) is not Status.VALID:
            return INACTIVE
        effective &= scopes.PROTOCOL | frozenset(held.value for held in token.consent.holds)
    return {
        "active": True,
        "scope": scopes.text_of(effective),
        "client_id": claims.client_id,
        "token_type": "Bearer",
        "exp": claims.expires_at_s,
        "iat": claims.issued_at_s,
        "sub": claims.sub,
        "aud": hub.settings.base_url,
        "iss": hub.settings.base_url,
        "jti": claims.jti,
    }


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
