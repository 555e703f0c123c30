"""/register: the TPP says what it is and is told under which name (STET OAuth2 Technical Setup 1.0, RFC 7591, 7592).

A real bank knows it by the QWAC of the connection; here the signature says who it is.
"""

import hmac
import re
import secrets
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.clock import real_epoch_s
from sandbox.stet.bank import Bank
from sandbox.stet.errors import ApiError
from sandbox.stet.signature import NotSigned, check_signature

PATH = "/register"
LEGAL_ID = re.compile(r"PSD[A-Z]{2}-[A-Z]{2,8}-\S+")
NEEDED = ("redirect_uris", "token_endpoint_auth_method", "grant_types", "client_name", "contacts", "provider_legal_id")


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("register", __name__, url_prefix=PATH)
    known: dict[str, tuple[dict[str, Any], str]] = {}

    @blueprint.before_request
    def signed() -> None:
        if not request.headers.get("X-Request-ID"):
            raise ApiError(400, "X-Request-ID is missing")
        try:
            check_signature(bank.tpp)
        except NotSigned as error:
            raise ApiError(401, str(error)) from None

    @blueprint.post("")
    def register() -> ResponseReturnValue:
        known[bank.tpp.client_id] = _wish(bank), secrets.token_urlsafe(24)
        return _shown(bank, *known[bank.tpp.client_id]), 201

    @blueprint.get("/<client_id>")
    def read(client_id: str) -> ResponseReturnValue:
        return _shown(bank, *_own(known, client_id))

    @blueprint.put("/<client_id>")
    def update(client_id: str) -> ResponseReturnValue:
        _, token = _own(known, client_id)
        wish = _wish(bank)
        if wish.get("client_id") != client_id:
            raise ApiError(400, "client_id")
        known[client_id] = wish, token
        return _shown(bank, *known[client_id])

    @blueprint.delete("/<client_id>")
    def delete(client_id: str) -> ResponseReturnValue:
        _own(known, client_id)
        del known[client_id]
        return "", 204

    return blueprint


def _own(known: dict[str, tuple[dict[str, Any], str]], client_id: str) -> tuple[dict[str, Any], str]:
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    found = known.get(client_id)
    if found is None or scheme.lower() != "bearer" or not hmac.compare_digest(sent.encode(), found[1].encode()):
        raise ApiError(401, "Unauthorized")
    return found


def _wish(bank: Bank) -> dict[str, Any]:
    body = request.get_json(silent=True)
    missing = [name for name in NEEDED if not isinstance(body, dict) or not body.get(name)]
    if missing or not isinstance(body, dict):
        raise ApiError(400, f"Missing parameter: {missing[0]}")
    if not set(map(str, body["redirect_uris"])) <= bank.tpp.redirect_uris:
        raise ApiError(400, "redirect_uris")
    if body["token_endpoint_auth_method"] != "tls_client_auth" or "jwks_uri" in body:
        raise ApiError(400, "token_endpoint_auth_method")
    if not LEGAL_ID.fullmatch(str(body["provider_legal_id"])):
        raise ApiError(400, "provider_legal_id")
    return body


def _shown(bank: Bank, wish: dict[str, Any], token: str) -> dict[str, Any]:
    given = {
        "client_id": bank.tpp.client_id,
        "client_id_issued_at": real_epoch_s(),
        "registration_client_uri": f"{bank.url}{PATH}/{bank.tpp.client_id}",
        "registration_access_token": token,
    }
    return wish | given
