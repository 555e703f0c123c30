"""The signed request object of /authorize, checked in one visible order (RFC 9101, FAPI 1 Advanced 5.2.2, OBIE 3.1)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.jose import has_audience
from sandbox.tpp import BadJwt
from sandbox.uk.bank import Bank
from sandbox.uk.permissions import FUNDS

DEFAULT_MODES = {"code id_token": "fragment", "code": "query"}
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(eq=False)
class NotForRedirect(Exception):
    """Whom to answer is not certain: the person sees a page, nobody is redirected (RFC 6749 4.1.2.1)."""

    message: str


@dataclass(frozen=True, slots=True)
class AuthorisationRequest:
    redirect_uri: str
    response_type: str
    state: str
    nonce: str
    code_challenge: str
    consent_id: str
    objection: tuple[str, str] | None
    """(OAuth error, description) to be sent to redirect_uri; None: nothing is wrong with the request."""


def read_request(bank: Bank, query: dict[str, str]) -> AuthorisationRequest:
    """The request that the TPP signed; NotForRedirect where the TPP or the address of the answer is in doubt."""
    if query.get("client_id") != bank.tpp.client_id:
        raise NotForRedirect("This application is not known to the bank.")
    if "request" not in query:
        raise NotForRedirect("The request is not signed.")
    try:
        claims = bank.tpp.read(query["request"])
    except BadJwt:
        raise NotForRedirect("The signature of the request is not right.") from None
    if _text(claims, "redirect_uri") not in bank.tpp.redirect_uris:
        raise NotForRedirect("The address to return to is not registered.")
    if claims.get("iss") != bank.tpp.client_id or claims.get("client_id") != bank.tpp.client_id:
        raise NotForRedirect("The request was made by another application.")
    response_type = " ".join(sorted(str(claims.get("response_type", "")).split()))
    objection = next((found for check in CHECKS if (found := check(bank, claims, query))), None)
    return AuthorisationRequest(
        redirect_uri=claims["redirect_uri"],
        response_type=response_type if response_type in bank.profile.answers else "code",
        state=_text(claims, "state"),
        nonce=_text(claims, "nonce"),
        code_challenge=_text(claims, "code_challenge"),
        consent_id=_intent_id(claims),
        objection=objection,
    )


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) else ""


def _intent_id(claims: dict[str, Any]) -> str:
    try:
        wish = claims["claims"]["id_token"]["openbanking_intent_id"]
        return str(wish["value"]) if wish["essential"] is True and isinstance(wish["value"], str) else ""
    except (KeyError, TypeError):
        return ""


Check = Callable[[Bank, dict[str, Any], dict[str, str]], tuple[str, str] | None]


def _audience(bank: Bank, claims: dict[str, Any], _: dict[str, str]) -> tuple[str, str] | None:
    return None if has_audience(claims, bank.issuer) else ("invalid_request_object", "aud is not this bank")


def _outside_agrees(_: Bank, claims: dict[str, Any], query: dict[str, str]) -> tuple[str, str] | None:
    names = ("response_type", "redirect_uri", "scope", "state", "nonce", "response_mode")
    wrong = [name for name in names if name in query and query[name] != claims.get(name)]
    return ("invalid_request", f"{wrong[0]} differs from the signed request") if wrong else None


def _response_type(bank: Bank, claims: dict[str, Any], _: dict[str, str]) -> tuple[str, str] | None:
    response_type, answers = " ".join(sorted(str(claims.get("response_type", "")).split())), bank.profile.answers
    if response_type not in answers:
        return "unsupported_response_type", f"response_type is {', or '.join(answers)}"
    if claims.get("response_mode", DEFAULT_MODES[response_type]) != answers[response_type]:
        return "invalid_request", f"response_mode is {answers[response_type]}"
    return None


def _scope(bank: Bank, claims: dict[str, Any], _: dict[str, str]) -> tuple[str, str] | None:
    scope = claims.get("scope")
    if isinstance(scope, str) and set(scope.split()) == {"openid", scope_of(bank, _intent_id(claims))}:
        return None
    return "invalid_scope", "scope is openid and what the consent is for"


def scope_of(bank: Bank, consent_id: str) -> str:
    consent = bank.vault.consents.get(consent_id)
    return "fundsconfirmations" if consent is not None and FUNDS in consent.permissions else "accounts"


def _nonce(_: Bank, claims: dict[str, Any], __: dict[str, str]) -> tuple[str, str] | None:
    return None if _text(claims, "nonce") else ("invalid_request", "nonce is needed")


def _pkce(_: Bank, claims: dict[str, Any], __: dict[str, str]) -> tuple[str, str] | None:
    if "code_challenge" not in claims:
        return None
    if claims.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(_text(claims, "code_challenge")):
        return "invalid_request", "code_challenge_method is S256"
    return None


def _intent(_: Bank, claims: dict[str, Any], __: dict[str, str]) -> tuple[str, str] | None:
    return None if _intent_id(claims) else ("invalid_request", "openbanking_intent_id must be an essential claim")


CHECKS: tuple[Check, ...] = (_audience, _outside_agrees, _response_type, _scope, _nonce, _pkce, _intent)
