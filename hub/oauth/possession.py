"""Whoever calls the API shows the token, and where it is bound, that they hold its key (RFC 9449 7, RFC 8705 3).

A stolen token is worth nothing without the key, a stolen proof nothing for another address, method, token or minute, or
a second time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Request

from hub.certificates import peer_certificate
from hub.context import Hub
from hub.errors import LoginNotEnough, Unauthenticated
from hub.oauth import call, protected_resource
from hub.oauth.bearer import Token, invalid, resolve
from hub.oauth.jose.algorithms import FAPI_ALGORITHMS, accepted
from hub.oauth.jose.dpop import BadProof, read_proof
from hub.oauth.tokens import BadToken, Claims, read_access_token
from hub.settings import Settings

BEARER, DPOP = "bearer", "dpop"
_IS_NO_BEARER = "This token is bound to a key: send it as Authorization: DPoP, with a proof in the header DPoP."
_IS_NO_DPOP = "This token is bound to no key by DPoP: send it as Authorization: Bearer."


@dataclass(frozen=True, slots=True)
class Shown:
    """What the Authorization header holds: the scheme in lower case (RFC 9110 11.1), and the token."""

    scheme: str
    token: str


def authenticate(hub: Hub, request: Request, *, in_body: bool = False) -> Token:
    """The token of a request, from the Authorization header only (RFC 6750 2.1, FAPI 2.0 5.3.4).

    ``in_body``: a POST may carry a bearer token as its parameter access_token (RFC 6750 2.2), which userinfo takes.

    Raises Unauthenticated: without a reason where no token came, else with the error code of RFC 6750 3.1 or 9449 7.1.
    """
    now = hub.clock()
    shown = _shown(request, in_body=in_body)
    try:
        claims = read_access_token(hub, shown.token, now)
        _held(hub, request, shown, claims)
        with hub.db.look() as connection:
            return resolve(connection, claims)
    except BadToken as error:
        raise invalid() from error


def challenge(error: Unauthenticated, settings: Settings) -> list[str]:
    """The WWW-Authenticate values of a refusal, one for each scheme. No error code where no token was sent (RFC 6750
    3); always where to read on (RFC 9728 5.1).
    """
    told = {"realm": "rialto"}
    if error.reason is not None:
        told["error"] = error.reason
    if isinstance(error, LoginNotEnough):  # RFC 9470 3
        told |= {"error_description": error.detail} | error.wanted
    told["resource_metadata"] = protected_resource.address(settings)
    dpop = told | {"algs": " ".join(accepted(FAPI_ALGORITHMS))}
    return [f"DPoP {_parameters(dpop)}", f"Bearer {_parameters(told)}"]


def _parameters(told: Mapping[str, str]) -> str:
    """RFC 9110 11.2. Every value is a text of ours or a setting, without quotes or backslashes."""
    return ", ".join(f'{name}="{value}"' for name, value in told.items())


def _shown(request: Request, *, in_body: bool) -> Shown:
    given = request.headers.getlist("Authorization")
    inside = request.form.getlist("access_token") if in_body and request.method == "POST" else []
    if not given and not inside:
        raise Unauthenticated("Send an access token in the Authorization header.")
    if len(given) + len(inside) > 1:
        raise invalid()
    if inside:
        return Shown(BEARER, inside[0])
    scheme, _, token = given[0].strip().partition(" ")
    if scheme.lower() not in {BEARER, DPOP} or not token:
        raise invalid()
    return Shown(scheme.lower(), token.strip())


def _held(hub: Hub, request: Request, shown: Shown, claims: Claims) -> None:
    """Raises BadToken, or Unauthenticated for a proof that does not hold."""
    jkt, x5t = claims.cnf.get("jkt"), claims.cnf.get("x5t#S256")
    if (jkt is None) is (shown.scheme == DPOP):  # RFC 9449 7.2: a bound token is no bearer token, nor the other way
        raise Unauthenticated(_IS_NO_DPOP if jkt is None else _IS_NO_BEARER, reason="invalid_token")
    if x5t is not None:
        certificate = peer_certificate(request)
        if certificate is None or certificate.thumbprint_s256 != x5t:
            raise BadToken("another certificate")
    if jkt is not None:
        _proven(hub, request, shown.token, jkt)


def _proven(hub: Hub, request: Request, token: str, jkt: str) -> None:
    now = hub.clock()
    try:
        proof = read_proof(
            request.headers.getlist("DPoP"),
            method=request.method,
            url=call.address(hub.settings, request),
            now=now,
            access_token=token,
            nonces=hub.dpop_nonces,
        )
    except BadProof as error:
        raise Unauthenticated(error.why, reason=error.error) from error
    if proof.jkt != jkt:
        raise BadToken("another key")
    if not hub.replay.burn("dpop", proof.jkt, proof.jti, proof.expires_at, now):
        raise Unauthenticated("This DPoP proof was used already.", reason="invalid_dpop_proof")
