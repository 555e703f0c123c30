"""The two grants of RFC 6749 that every bank here takes: a code for tokens, a refresh token for fresh ones."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.oauth.vault import Attempt, Grant, Vault

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 4.1


@dataclass(eq=False)
class OAuthError(Exception):
    """RFC 6749 5.2."""

    error: str
    description: str
    status: int = 400


def no_parameter_twice(form: Mapping[str, str], pairs: int) -> None:
    """RFC 6749 3.2. ``pairs`` is how many parameters were sent, ``form`` what became of them."""
    if len(form) != pairs:
        raise OAuthError("invalid_request", "A parameter was sent twice.")


def redeem(vault: Vault, form: Mapping[str, str], client_id: str) -> tuple[Attempt, Grant]:
    """The attempt behind the code in ``form`` and the grant it gave; invalid_grant otherwise."""
    attempt = vault.redeem(form.get("code", ""), client_id)
    if attempt is None:
        raise OAuthError("invalid_grant", "The code is unknown, used or too old.")
    if form.get("redirect_uri") != attempt.redirect_uri:
        raise OAuthError("invalid_grant", "redirect_uri is not the one that was authorised.")
    _check_pkce(attempt, form.get("code_verifier", ""))
    return attempt, standing(vault, attempt.grant_id, client_id)


def refreshed(vault: Vault, form: Mapping[str, str], client_id: str) -> Grant:
    token = vault.token(form.get("refresh_token", ""), "refresh")
    if token is None or token.client_id != client_id:
        raise OAuthError("invalid_grant", "The refresh token is unknown or too old.")
    return standing(vault, token.grant_id, client_id)


def standing(vault: Vault, grant_id: str, client_id: str) -> Grant:
    grant = vault.grant_of(grant_id, client_id)
    if grant is None or not grant.stands(vault.clock.now()):
        raise OAuthError("invalid_grant", "The grant has ended.")
    return grant


def _check_pkce(attempt: Attempt, verifier: str) -> None:
    if not attempt.code_challenge and not verifier:
        return
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    if not VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge, attempt.code_challenge):
        raise OAuthError("invalid_grant", "code_verifier does not fit.")
