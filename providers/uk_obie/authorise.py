"""Being let in: client credentials, the account access consent, the signed request, codes and tokens.

FAPI 1.0 Advanced 5.2.2 and 8.6, RFC 7523 (private_key_jwt), RFC 9101 (request object), RFC 7636 (PKCE), RFC 9207
(issuer in the response), Account Access Consents v3.1.11. Response type ``code`` in the query.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from urllib.parse import urlencode

import msgspec

from providers.errors import ContractBroken
from providers.fapi import id_token, keys, request_object
from providers.oauth import callback as callbacks
from providers.oauth.client_auth import private_key_jwt
from providers.oauth.pkce import code_challenge
from providers.oauth.tokens import TokenAnswer, TokenEndpoint
from providers.port import LinkRequest, LinkState
from providers.tpp import Tpp
from providers.transport import Transport
from providers.uk_obie.settings import Settings

SCOPE = "openid accounts"


class Authoriser:
    """The token endpoint and the browser's leg, for one bank. Keeps no state."""

    def __init__(self, transport: Transport, settings: Settings, tpp: Tpp) -> None:
        self._transport = transport
        self._settings = settings
        self._tpp = tpp
        audience = settings.assertion_audience or settings.token_endpoint
        proof = private_key_jwt(tpp, settings.client_id, audience)
        self._tokens = TokenEndpoint(transport, settings.token_endpoint, proof)

    def app_token(self, now: datetime) -> str:
        """Our own access token, for the consent resource (client_credentials, scope accounts)."""
        form = {"grant_type": "client_credentials", "scope": "accounts"}
        return self._tokens.ask(form, now=now).access_token

    def url(self, request: LinkRequest, consent_id: str, code_verifier: str) -> str:
        """Where the PSU goes: the claims that matter are in the signed request object, valid for five minutes."""
        intent: dict[str, object] = {"openbanking_intent_id": {"value": consent_id, "essential": True}}
        shown = {
            "client_id": self._settings.client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
        }
        asked: dict[str, object] = {
            "nonce": request.nonce,
            "code_challenge": code_challenge(code_verifier),
            "code_challenge_method": "S256",
            "claims": {"id_token": intent, "userinfo": intent},
        }
        signed = request_object.signed(
            self._tpp,
            {**shown, **asked},
            client_id=self._settings.client_id,
            audience=self._settings.issuer,
            now=request.now,
        )
        endpoint = self._settings.authorization_endpoint
        return f"{endpoint}?{urlencode(shown | {'request': signed})}"

    def code_from(self, state: LinkState, callback: Mapping[str, str]) -> str:
        """The authorisation code of a callback that is ours, from this bank, and says yes."""
        callbacks.check_state(callback, state.state)
        return callbacks.code_of(callback, issuer=self._settings.issuer)

    def exchange(self, state: LinkState, code: str, *, now: datetime) -> TokenAnswer:
        """Code for tokens; the ID token is verified against the bank's keys before anything is believed."""
        tokens = self._tokens.ask(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": state.redirect_uri,
                "code_verifier": state.data.get("code_verifier", ""),
            },
            now=now,
        )
        if not tokens.id_token:
            raise ContractBroken("the token answer holds no ID token")
        expected = id_token.Expected(
            issuer=self._settings.issuer,
            client_id=self._settings.client_id,
            nonce=state.nonce,
            access_token=tokens.access_token,
            exactly={"openbanking_intent_id": state.bank_consent_id},
        )
        jwks = keys.fetched(self._transport, self._settings.jwks_uri)
        id_token.check(tokens.id_token, jwks, expected, now=now)
        return tokens

    def renew(self, refresh_token: str, *, now: datetime) -> TokenAnswer:
        """Fresh tokens. An ID token that comes with them is not read: nothing is taken from it, and banks send
        placeholders there (Monzo). ReconsentRequired when the bank's grant has ended."""
        return self._tokens.renew(refresh_token, now=now)


def consent_request(request: LinkRequest, permissions: tuple[str, ...]) -> bytes:
    """OBReadConsent1. The PSU may read to the end of ``valid_until``; the bank must not change what is asked."""
    data: dict[str, object] = {
        "Permissions": list(permissions),
        "ExpirationDateTime": datetime.combine(request.valid_until, time(23, 59, 59), UTC).isoformat(),
    }
    if request.history_from is not None:
        data["TransactionFromDateTime"] = datetime.combine(request.history_from, time(), UTC).isoformat()
    return msgspec.json.encode({"Data": data, "Risk": {}})
