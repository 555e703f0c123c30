"""What banks of FAPI ecosystems share: private_key_jwt, pushed signed requests, signed responses, ID tokens.

RFC 7523, RFC 9126 with RFC 9101, JARM, OpenID Connect Core 2. Response type code, response mode jwt, PKCE S256.
"""

import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from sandbox.clock import BankClock, real_epoch_s
from sandbox.jose import BankKey, half_hash, has_audience
from sandbox.oauth import codes
from sandbox.oauth.codes import OAuthError
from sandbox.oauth.pages import Asked, with_query
from sandbox.oauth.vault import Attempt
from sandbox.tpp import BadJwt, Tpp

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
URN = "urn:ietf:params:oauth:request_uri:"
PUSHED_TTL_S = 90
RESPONSE_TTL_S = 300
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Door:
    """An authorisation server: its issuer, the one TPP it knows, its signing key, what was pushed to it."""

    issuer: str
    tpp: Tpp
    key: BankKey
    clock: BankClock
    _pushed: dict[str, tuple[dict[str, Any], datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def push(self, claims: dict[str, Any]) -> str:
        request_uri = URN + secrets.token_urlsafe(24)
        with self._lock:
            self._pushed[request_uri] = (claims, self.clock.now() + timedelta(seconds=PUSHED_TTL_S))
        return request_uri

    def take(self, request_uri: str) -> dict[str, Any] | None:
        """What was pushed under this name, once and in time."""
        with self._lock:
            claims, ends_at = self._pushed.pop(request_uri, ({}, self.clock.now()))
        return claims if claims and ends_at > self.clock.now() else None


def authenticate(door: Door, *more_audiences: str) -> dict[str, str]:
    """The form of a call that the TPP made; invalid_client otherwise."""
    form = request.form.to_dict()
    codes.no_parameter_twice(form, sum(len(values) for values in request.form.listvalues()))
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise OAuthError("invalid_client", "private_key_jwt is needed.", 401)
    try:
        door.tpp.read_client_assertion(form["client_assertion"], (door.issuer, *more_audiences))
    except BadJwt as error:
        raise OAuthError("invalid_client", f"Client assertion: {error}.", 401) from None
    if form.get("client_id", door.tpp.client_id) != door.tpp.client_id:
        raise OAuthError("invalid_client", "client_id is not the one that signed.", 401)
    return form


def read_request(door: Door, form: dict[str, str]) -> dict[str, Any]:
    """The claims of the request object in ``form``, checked in one visible order."""
    try:
        claims = door.tpp.read(form.get("request", ""))
    except BadJwt as error:
        raise OAuthError("invalid_request_object", f"Request object: {error}.") from None
    rules = {
        "iss": claims.get("iss") == door.tpp.client_id,
        "client_id": claims.get("client_id") == door.tpp.client_id,
        "aud": has_audience(claims, door.issuer),
        "nbf": isinstance(claims.get("nbf"), int | float),
        "redirect_uri": claims.get("redirect_uri") in door.tpp.redirect_uris,
        "response_type": claims.get("response_type") == "code",
        "response_mode": claims.get("response_mode") == "jwt",
        "state": isinstance(claims.get("state"), str) and bool(claims["state"]),
        "nonce": isinstance(claims.get("nonce"), str) and bool(claims["nonce"]),
        "code_challenge": CHALLENGE.fullmatch(str(claims.get("code_challenge"))) is not None,
        "code_challenge_method": claims.get("code_challenge_method") == "S256",
    }
    for name, holds in rules.items():
        if not holds:
            raise OAuthError("invalid_request_object", f"{name} is missing or wrong.")
    return claims


def way_back(claims: dict[str, Any]) -> Asked:
    return Asked(claims["redirect_uri"], claims["state"], claims["nonce"], claims["code_challenge"])


def respond(door: Door, attempt: Attempt, parameters: dict[str, str]) -> ResponseReturnValue:
    """Back to the TPP with the response as a JWT in the query (JARM 2.3.1)."""
    claims: dict[str, Any] = {"iss": door.issuer, "aud": attempt.client_id, "exp": real_epoch_s() + RESPONSE_TTL_S}
    signed = door.key.sign({**claims, **parameters, "state": attempt.state})
    return redirect(with_query(attempt.redirect_uri, {"response": signed}), 303)


def id_token(door: Door, attempt: Attempt, access_token: str, **more: Any) -> str:
    now = real_epoch_s()
    claims = {
        "iss": door.issuer,
        "aud": attempt.client_id,
        "sub": half_hash(f"{door.issuer}:{attempt.username}"),
        "iat": now,
        "exp": now + RESPONSE_TTL_S,
        "auth_time": now,
        "nonce": attempt.nonce,
        "at_hash": half_hash(access_token),
        **more,
    }
    return door.key.sign(claims)
