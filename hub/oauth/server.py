# mypy: disallow-subclassing-any=False
# Authlib ships no types.
"""Authlib's authorization server with our requests in and our answers out, for the endpoints clients call directly."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson
from authlib.oauth2.rfc6749 import AuthorizationServer
from authlib.oauth2.rfc6749.errors import OAuth2Error
from flask import Request as FlaskRequest
from flask import Response

from hub.context import Hub
from hub.models.client import Client
from hub.oauth import authenticate, clients
from hub.oauth.errors import MissingParameter, UnknownGrantType
from hub.oauth.grants.authorization_code import AuthorizationCodeGrant
from hub.oauth.grants.client_credentials import ClientCredentialsGrant
from hub.oauth.grants.refresh_token import RefreshTokenGrant
from hub.oauth.introspection import Introspection
from hub.oauth.parameters import parse_form
from hub.oauth.request import Request
from hub.oauth.revocation import Revocation

TOKEN_GRANTS = (AuthorizationCodeGrant, RefreshTokenGrant, ClientCredentialsGrant)
"""What the token endpoint exchanges, by GRANT_TYPE."""

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749 5.1


class Server(AuthorizationServer):
    """One per request; it holds nothing but the hub."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self.hub = hub
        for grant in TOKEN_GRANTS:
            self.register_grant(grant)
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)

    def token(self, request: FlaskRequest) -> Response:
        return self._answer(lambda: self.create_token_response(request))

    def revocation(self, request: FlaskRequest) -> Response:
        return self._answer(lambda: self.create_endpoint_response(Revocation.ENDPOINT_NAME, request))

    def introspection(self, request: FlaskRequest) -> Response:
        return self._answer(lambda: self.create_endpoint_response(Introspection.ENDPOINT_NAME, request))

    def _answer(self, make: Any) -> Response:
        # Authlib guards only part of the way: what our own parsing raises comes out here.
        try:
            response: Response = make()
        except OAuth2Error as error:
            response = self.handle_error_response(None, error)
        return response

    # What Authlib asks of a server:

    def create_oauth2_request(self, request: FlaskRequest) -> Request:
        parameters = parse_form(
            content_type=request.mimetype, query=request.query_string, body=request.get_data(cache=False)
        )
        given = request.headers.getlist("Authorization")
        if len(given) > 1:
            raise authenticate.failed()
        return Request(method=request.method, authorization=given[0] if given else None, parameters=parameters)

    def get_token_grant(self, request: Request) -> Any:
        asked = request.payload.grant_type
        if asked is None:
            raise MissingParameter("grant_type")
        if asked not in {grant.GRANT_TYPE for grant in TOKEN_GRANTS}:
            raise UnknownGrantType(None)
        return super().get_token_grant(request)

    def query_client(self, client_id: str) -> Client | None:
        with self.hub.db.read() as session:
            return clients.find(session, client_id)

    def authenticate_client(self, request: Request, methods: Collection[str], endpoint: str = "token") -> Client:
        return authenticate.authenticate(request, self.query_client, frozenset(methods))

    def handle_response(self, status: int, body: Mapping[str, Any], headers: Iterable[tuple[str, str]]) -> Response:
        response = Response(orjson.dumps(dict(body)), status, content_type="application/json")
        for name, value in headers:
            if name.lower() != "content-type":
                response.headers[name] = value
        response.headers.update(NO_STORE)
        return response

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nothing listens: what happens is written to the outbox, in the transaction in which it happens."""
