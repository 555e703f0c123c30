"""POST /token: client authentication (RFC 7523, RFC 6749 2.3.1) in front of three grants (RFC 6749 4.1.3, 4.4, 6)."""

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.jose import base64url
from sandbox.tpp import BadJwt
from sandbox.uk.bank import Bank
from sandbox.uk.errors import OAuthError
from sandbox.uk.idtoken import make_id_token
from sandbox.uk.request_object import scope_of
from sandbox.uk.vault import ACCESS_TTL_S, Attempt, BankConsent, Status

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 4.1


def pages(bank: Bank) -> Blueprint:
    blueprint = Blueprint("token", __name__)

    @blueprint.post("/token")
    def token() -> ResponseReturnValue:
        if any(len(values) > 1 for values in request.form.listvalues()):
            raise OAuthError("invalid_request", "A parameter was sent twice.")
        _authenticate(bank)
        match request.form.get("grant_type"):
            case "client_credentials":
                return _client_credentials(bank)
            case "authorization_code":
                return _authorization_code(bank)
            case "refresh_token":
                return _refresh(bank)
            case _:
                raise OAuthError("unsupported_grant_type", "This grant is not supported.")

    return blueprint


def _authenticate(bank: Bank) -> None:
    """By the way that the request goes, if it is one of the bank's."""
    form, ways = request.form, bank.profile.token_auth
    if "client_assertion" in form and "private_key_jwt" in ways:
        _read_assertion(bank)
    elif request.authorization is not None and "client_secret_basic" in ways:
        named, secret = request.authorization.username, request.authorization.password
        _check_secret(bank, unquote_plus(named or ""), unquote_plus(secret or ""))
    elif "client_secret" in form and "client_secret_post" in ways:
        _check_secret(bank, form.get("client_id", ""), form["client_secret"])
    else:
        raise OAuthError("invalid_client", f"The client says who it is by {' or '.join(ways)}.", 401)
    if form.get("client_id", bank.tpp.client_id) != bank.tpp.client_id:
        raise OAuthError("invalid_client", "client_id is not the one that was proven.", 401)


def _read_assertion(bank: Bank) -> None:
    if request.form.get("client_assertion_type") != ASSERTION_TYPE:
        raise OAuthError("invalid_client", "private_key_jwt is needed.", 401)
    try:
        bank.tpp.read_client_assertion(request.form["client_assertion"], (bank.issuer, bank.token_endpoint))
    except BadJwt as error:
        raise OAuthError("invalid_client", f"Client assertion: {error}.", 401) from None


def _check_secret(bank: Bank, named: str, secret: str) -> None:
    right = bool(bank.client_secret) and hmac.compare_digest(secret.encode(), bank.client_secret.encode())
    if not right or named != bank.tpp.client_id:
        raise OAuthError("invalid_client", "The secret is not right.", 401)


def _client_credentials(bank: Bank) -> ResponseReturnValue:
    scope = request.form.get("scope", "accounts")
    if scope not in ({"accounts", "fundsconfirmations"} if bank.profile.confirms_funds else {"accounts"}):
        raise OAuthError("invalid_scope", "The scope is accounts.")
    ends_at = bank.clock.now() + timedelta(seconds=ACCESS_TTL_S)
    secret = bank.vault.issue("client", bank.tpp.client_id, ends_at)
    return _answer(secret, scope=scope)


def _authorization_code(bank: Bank) -> ResponseReturnValue:
    secret = request.form.get("code", "")
    code = bank.vault.redeem(secret, bank.tpp.client_id)
    if code is None:
        raise OAuthError("invalid_grant", "The code is unknown, used or too old.")
    attempt = code.attempt
    if request.form.get("redirect_uri") != attempt.redirect_uri:
        raise OAuthError("invalid_grant", "redirect_uri is not the one that was authorised.")
    _check_pkce(attempt)
    consent = _standing_consent(bank, attempt.consent_id)
    access = _issue_access(bank, consent, secret)
    refresh = bank.vault.issue("refresh", bank.tpp.client_id, consent.expires_at, consent.consent_id, secret)
    id_token = make_id_token(bank, attempt, consent, code.auth_time, access_token=access)
    return _answer(
        access, scope=f"openid {scope_of(bank, consent.consent_id)}", refresh_token=refresh, id_token=id_token
    )


def _refresh(bank: Bank) -> ResponseReturnValue:
    refresh = bank.vault.token(request.form.get("refresh_token", ""), "refresh")
    if refresh is None:
        raise OAuthError("invalid_grant", "The refresh token is unknown or too old.")
    consent = _standing_consent(bank, refresh.consent_id)
    if not set(request.form.get("scope", "openid").split()) <= {"openid", scope_of(bank, consent.consent_id)}:
        raise OAuthError("invalid_scope", "The scope was not granted.")
    # The refresh token stays the same: it is not sent again (RFC 6749 6).
    return _answer(_issue_access(bank, consent), scope=f"openid {scope_of(bank, consent.consent_id)}")


def _check_pkce(attempt: Attempt) -> None:
    verifier = request.form.get("code_verifier", "")
    if not attempt.code_challenge and not verifier:
        return
    challenge = base64url(hashlib.sha256(verifier.encode()).digest())
    if not VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge, attempt.code_challenge):
        raise OAuthError("invalid_grant", "code_verifier does not fit.")


def _standing_consent(bank: Bank, consent_id: str) -> BankConsent:
    consent = bank.vault.consent_of(consent_id, bank.tpp.client_id)
    if consent is None or consent.status is not Status.AUTHORISED or consent.has_expired(bank.clock.now()):
        raise OAuthError("invalid_grant", "The consent has ended.")
    return consent


def _issue_access(bank: Bank, consent: BankConsent, code: str = "") -> str:
    ends_at = bank.clock.now() + timedelta(seconds=ACCESS_TTL_S)
    return bank.vault.issue("access", bank.tpp.client_id, ends_at, consent.consent_id, code)


def _answer(access_token: str, **more: Any) -> ResponseReturnValue:
    body = {"access_token": access_token, "token_type": "Bearer", "expires_in": ACCESS_TTL_S, **more}
    return body, 200, {"Cache-Control": "no-store", "Pragma": "no-cache"}
