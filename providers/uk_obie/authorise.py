"""Being let in: client credentials, the account access consent, the signed request, codes and tokens.

FAPI 1.0 Advanced 5.2.2 and 8.6, RFC 7523 (private_key_jwt), RFC 9101 (request object), RFC 7636 (PKCE), RFC 9207
(issuer in the response), Account Access Consents v3.1.11. Response type ``code`` in the query.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from urllib.parse import urlencode

import msgspec
from joserfc.util import urlsafe_b64encode

from providers import text
from providers.classify import safe_code
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.port import LinkRequest, LinkState
from providers.rows import envelope
from providers.tpp import Tpp
from providers.transport import Answer, Transport, retry_after_s
from providers.uk_obie import id_token, wire
from providers.uk_obie.settings import Settings

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_TTL_S = 60
REQUEST_OBJECT_TTL_S = 300
SCOPE = "openid accounts"

# RFC 6749 4.1.2.1 and 5.2 -> what the caller can do. Anything else is Refused with the bank's code.
_LATER = frozenset({"server_error", "temporarily_unavailable"})

_OAUTH_CODE = re.compile(r"[a-z_]{1,40}", re.ASCII)
_TOKEN = msgspec.json.Decoder(wire.TokenAnswer)
_TOKEN_ERROR = msgspec.json.Decoder(wire.TokenError)


class Authoriser:
    """The token endpoint and the browser's leg, for one bank. Keeps no state."""

    def __init__(self, transport: Transport, settings: Settings, tpp: Tpp) -> None:
        self._transport = transport
        self._settings = settings
        self._tpp = tpp

    def app_token(self, now: datetime) -> str:
        """Our own access token, for the consent resource (client_credentials, scope accounts)."""
        answer = self._token({"grant_type": "client_credentials", "scope": "accounts"}, now)
        return answer.access_token

    def url(self, request: LinkRequest, consent_id: str, code_verifier: str) -> str:
        """Where the PSU goes: the claims that matter are in the signed request object, valid for five minutes."""
        issued = int(request.now.timestamp())
        intent = {"openbanking_intent_id": {"value": consent_id, "essential": True}}
        shown = {
            "client_id": self._settings.client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
        }
        signed = self._tpp.sign(
            shown
            | {
                "iss": self._settings.client_id,
                "aud": self._settings.issuer,
                "iat": issued,
                "nbf": issued,
                "exp": issued + REQUEST_OBJECT_TTL_S,
                "jti": secrets.token_urlsafe(16),
                "nonce": request.nonce,
                "code_challenge": code_challenge(code_verifier),
                "code_challenge_method": "S256",
                "claims": {"id_token": intent, "userinfo": intent},
            },
            typ="oauth-authz-req+jwt",
        )
        endpoint = self._settings.authorization_endpoint
        return f"{endpoint}?{urlencode(shown | {'request': signed})}"

    def code_from(self, state: LinkState, callback: Mapping[str, str]) -> str:
        """The authorisation code of a callback that is ours, from this bank, and says yes."""
        if not text.same(callback.get("state", ""), state.state):
            raise ContractBroken("the callback's state is not of this attempt")
        # RFC 9207 2.4: where the bank names itself, it must be the one we sent the PSU to
        if "iss" in callback and callback["iss"] != self._settings.issuer:
            raise ContractBroken("the callback comes from another issuer")
        if "error" in callback:
            raise _oauth_error(callback["error"])
        code = callback.get("code", "")
        if not code:
            raise ContractBroken("the callback holds neither code nor error")
        return code

    def exchange(self, state: LinkState, code: str, *, now: datetime) -> wire.TokenAnswer:
        """Code for tokens; the ID token is verified against the bank's keys before anything is believed."""
        tokens = self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": state.redirect_uri,
                "code_verifier": state.data.get("code_verifier", ""),
            },
            now,
        )
        if not tokens.id_token:
            raise ContractBroken("the token answer holds no ID token")
        expected = id_token.Expected(
            issuer=self._settings.issuer,
            client_id=self._settings.client_id,
            nonce=state.nonce,
            intent_id=state.bank_consent_id,
            access_token=tokens.access_token,
        )
        id_token.check(tokens.id_token, self._jwks(), expected, now=now)
        return tokens

    def renew(self, refresh_token: str, *, now: datetime) -> wire.TokenAnswer:
        """Fresh tokens. An ID token that comes with them is not read: nothing is taken from it, and banks send
        placeholders there (Monzo). ReconsentRequired when the bank's grant has ended."""
        try:
            return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token}, now)
        except Refused as refusal:
            if refusal.code == "invalid_grant":
                raise ReconsentRequired("the refresh token is no longer good") from None
            raise

    def _jwks(self) -> bytes:
        answer = self._transport.call("GET", self._settings.jwks_uri)
        if answer.status != 200:
            raise Transient(f"JWKS: HTTP {answer.status}", retry_after_s=retry_after_s(answer))
        return answer.body

    def _token(self, form: Mapping[str, str], now: datetime) -> wire.TokenAnswer:
        settings = self._settings
        issued = int(now.timestamp())
        assertion = self._tpp.sign(
            {
                "iss": settings.client_id,
                "sub": settings.client_id,
                "aud": settings.assertion_audience or settings.token_endpoint,
                "iat": issued,
                "exp": issued + ASSERTION_TTL_S,
                "jti": secrets.token_urlsafe(16),
            }
        )
        proof = {
            "client_id": settings.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        answer = self._transport.call("POST", settings.token_endpoint, form={**form, **proof})
        if answer.status != 200:
            raise _token_error(answer)
        try:
            tokens = envelope(_TOKEN, answer.body)
        except ContractBroken as error:
            raise ContractBroken(error.reason) from None  # without the body: it may hold a token
        if tokens.token_type.lower() != "bearer" or not text.is_token(tokens.access_token):
            raise ContractBroken("the token answer holds no bearer token")
        return tokens


def new_code_verifier() -> str:
    return secrets.token_urlsafe(48)


def code_challenge(code_verifier: str) -> str:
    """RFC 7636 4.2, S256."""
    return urlsafe_b64encode(sha256(code_verifier.encode()).digest()).decode()


def expires_at(tokens: wire.TokenAnswer, now: datetime) -> datetime | None:
    """When the access token ends, if the bank says so in a number that makes sense."""
    told = str(tokens.expires_in) if tokens.expires_in is not None else ""
    if not (told.isascii() and told.isdigit() and len(told) <= 9):
        return None
    return now + timedelta(seconds=int(told))


def consent_request(request: LinkRequest, permissions: tuple[str, ...]) -> bytes:
    """OBReadConsent1. The PSU may read to the end of ``valid_until``; the bank must not change what is asked."""
    data: dict[str, object] = {
        "Permissions": list(permissions),
        "ExpirationDateTime": datetime.combine(request.valid_until, time(23, 59, 59), UTC).isoformat(),
    }
    if request.history_from is not None:
        data["TransactionFromDateTime"] = datetime.combine(request.history_from, time(), UTC).isoformat()
    return msgspec.json.encode({"Data": data, "Risk": {}})


def _token_error(answer: Answer) -> ProviderError:
    if answer.status == 429:
        return Transient("HTTP 429", retry_after_s=retry_after_s(answer))
    try:
        code = _TOKEN_ERROR.decode(answer.body).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # without the body: it may repeat what was sent
        return ContractBroken(f"token endpoint: HTTP {answer.status} without an OAuth error")
    return _oauth_error(code)


def _oauth_error(code: str) -> ProviderError:
    """A callback's parameters come through the browser: only a code in the registered form is repeated."""
    known = safe_code(code) if _OAUTH_CODE.fullmatch(code) else ""
    if known in _LATER:
        return Transient(known)
    return Refused(known or "refused without a code", code=known)
