"""Dynamic client registration 3.4: the one TPP of the bank says what it is, in a JWT that it signs.

The directory's signature under the software statement is not checked: there is no directory here.
"""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.clock import real_epoch_s
from sandbox.jose import ALGORITHM, has_audience
from sandbox.tpp import BadJwt
from sandbox.uk.bank import Bank
from sandbox.uk.errors import ApiError, OAuthError
from sandbox.uk.guard import client_token

AUDIENCE = "0015800001ZEZ3WAAX"  # the bank's id in the directory
NEEDED = (
    "iss",
    "jti",
    "redirect_uris",
    "token_endpoint_auth_method",
    "grant_types",
    "scope",
    "software_statement",
    "application_type",
    "id_token_signed_response_alg",
    "request_object_signing_alg",
)


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("register", __name__)
    known: dict[str, dict[str, Any]] = {}

    @blueprint.post("/register")
    def register() -> ResponseReturnValue:
        known[bank.tpp.client_id] = _wish(bank)
        return _shown(bank, known[bank.tpp.client_id]), 201

    @blueprint.get("/register/<client_id>")
    def read(client_id: str) -> ResponseReturnValue:
        return _shown(bank, _own(bank, known, client_id))

    @blueprint.put("/register/<client_id>")
    def update(client_id: str) -> ResponseReturnValue:
        _own(bank, known, client_id)
        known[client_id] = _wish(bank)
        return _shown(bank, known[client_id])

    @blueprint.delete("/register/<client_id>")
    def delete(client_id: str) -> ResponseReturnValue:
        _own(bank, known, client_id)
        del known[client_id]
        return "", 204

    return blueprint


def _own(bank: Bank, known: dict[str, dict[str, Any]], client_id: str) -> dict[str, Any]:
    """What the client of the token has registered (3.4: 401 for any other)."""
    if client_token(bank).client_id != client_id or client_id not in known:
        raise ApiError(401)
    return known[client_id]


def _wish(bank: Bank) -> dict[str, Any]:
    if request.mimetype not in ("application/jwt", "application/jose"):
        raise OAuthError("invalid_client_metadata", "The body is a JWT.")
    try:
        claims = bank.tpp.read(request.get_data(as_text=True))
    except BadJwt as error:
        raise OAuthError("invalid_software_statement", f"The request: {error}.") from None
    missing = [name for name in NEEDED if not claims.get(name)]
    if missing or not has_audience(claims, AUDIENCE):
        raise OAuthError("invalid_client_metadata", f"{missing[0] if missing else 'aud'} is missing or wrong.")
    if not set(claims["redirect_uris"]) <= bank.tpp.redirect_uris:
        raise OAuthError("invalid_redirect_uri", "A redirect URI is not one of the software statement's.")
    if claims["token_endpoint_auth_method"] not in bank.profile.token_auth:
        raise OAuthError("invalid_client_metadata", "This way of authentication is not supported.")
    algorithms = {claims["id_token_signed_response_alg"], claims["request_object_signing_alg"]}
    if algorithms != {ALGORITHM}:
        raise OAuthError("invalid_client_metadata", f"Everything is signed with {ALGORITHM}.")
    return claims


def _shown(bank: Bank, claims: dict[str, Any]) -> dict[str, Any]:
    """As it was asked for, with what the bank gives."""
    named = {name: value for name, value in claims.items() if name not in ("iss", "aud", "exp", "iat", "jti")}
    given: dict[str, Any] = {"client_id": bank.tpp.client_id, "client_id_issued_at": real_epoch_s() * 1000}
    if claims["token_endpoint_auth_method"].startswith("client_secret"):
        given |= {"client_secret": bank.client_secret, "client_secret_expires_at": 0}
    return named | given
