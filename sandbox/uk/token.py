"""POST /token: private_key_jwt (RFC 7523) in front of three grants (RFC 6749 4.1.3, 4.4, 6)."""

import hashlib
import hmac
import re
from datetime import timedelta
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from sandbox.jose import base64url
from sandbox.tpp import BadJwt
from sandbox.uk.bank import Bank
from sandbox.uk.errors import OAuthError
from sandbox.uk.idtoken import make_id_token
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
    form = request.form
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
        raise OAuthError("invalid_client", "private_key_jwt is needed.", 401)
    try:
        bank.tpp.read_client_assertion(form["client_assertion"], (bank.issuer, bank.token_endpoint))
    except BadJwt as error:
        raise OAuthError("invalid_client", f"Client assertion: {error}.", 401) from None
    if form.get("client_id", bank.tpp.client_id) != bank.tpp.client_id:
        raise OAuthError("invalid_client", "client_id is not the one that signed.", 401)


def _client_credentials(bank: Bank) -> ResponseReturnValue:
    if set(request.form.get("scope", "accounts").split()) != {"accounts"}:
        raise OAuthError("invalid_scope", "The scope is accounts.")
    ends_at = bank.clock.now() + timedelta(seconds=ACCESS_TTL_S)
    secret = bank.vault.issue("client", bank.tpp.client_id, ends_at)
    return _answer(secret, scope="accounts")


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
    return _answer(access, scope="openid accounts", refresh_token=refresh, id_token=id_token)


def _refresh(bank: Bank) -> ResponseReturnValue:
    refresh = bank.vault.token(request.form.get("refresh_token", ""), "refresh")
    if refresh is None:
        raise OAuthError("invalid_grant", "The refresh token is unknown or too old.")
    if not set(request.form.get("scope", "accounts").split()) <= {"openid", "accounts"}:
        raise OAuthError("invalid_scope", "The scope was not granted.")
    consent = _standing_consent(bank, refresh.consent_id)
    # The refresh token stays the same: it is not sent again (RFC 6749 6).
    return _answer(_issue_access(bank, consent), scope="openid accounts")


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
