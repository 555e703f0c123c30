"""Being let in: who the PSU is, a consent with a URN of its own, a scope that names it, a pushed and signed request.

Open Finance Brasil Financial-grade API Security Profile 1.0 on FAPI 1.0 Advanced: private_key_jwt, PAR, dynamic scope
``consent:{ConsentId}``, JARM, ID tokens that may be encrypted to us (5.2.2, 7.1). A consent that the PSU does not
authorise within an hour becomes REJECTED by itself.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from urllib.parse import urlencode

import msgspec

from providers import text
from providers.br_openfinance import wire
from providers.br_openfinance.settings import Settings
from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.fapi import id_token, jarm, keys, request_object
from providers.fapi.jwe import opened
from providers.oauth import callback as callbacks
from providers.oauth import refusal
from providers.oauth.client_auth import private_key_jwt
from providers.oauth.pkce import code_challenge
from providers.oauth.tokens import TokenAnswer, TokenEndpoint
from providers.port import Ask, Field, LinkState
from providers.rows import envelope
from providers.tpp import Tpp
from providers.transport import Transport

CPF = "cpf"

_PUSHED = msgspec.json.Decoder(wire.Pushed)


def ask_for_cpf(*, was_wrong: bool = False) -> Ask:
    """The bank wants to know from us who will come (data.loggedUser): there is no consent without it."""
    return Ask(
        fields=(Field(CPF, "CPF", kind="code", hint="000.000.000-00", max_length=20),),
        explanation="This bank asks who you are before it lets you in. Your CPF is sent to the bank and not kept here.",
        error="That is not a CPF. Please check the digits." if was_wrong else "",
    )


def consent_request(cpf: str, until: str, permissions: tuple[str, ...]) -> bytes:
    """CreateConsent. ``until`` is a day; the PSU may read to its end."""
    end = datetime.combine(datetime.fromisoformat(until), time(23, 59, 59), UTC)
    return msgspec.json.encode(
        {
            "data": {
                "loggedUser": {"document": {"identification": cpf, "rel": "CPF"}},
                "permissions": list(permissions),
                "expirationDateTime": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        }
    )


def not_authorised(consent: wire.ConsentData) -> ProviderError:
    """Why a consent that is not AUTHORISED after the callback cannot be used."""
    if consent.status == "AWAITING_AUTHORISATION":
        return Transient("the bank consent is AWAITING_AUTHORISATION", retry_after_s=5, answered=True)
    return Refused("the PSU did not authorise the bank consent", code="access_denied")


class Authoriser:
    """The bank's authorisation server. Keeps no state."""

    def __init__(self, transport: Transport, settings: Settings, tpp: Tpp) -> None:
        self._transport = transport
        self._settings = settings
        self._tpp = tpp
        self._auth = private_key_jwt(tpp, settings.client_id, settings.token_endpoint)
        self._tokens = TokenEndpoint(transport, settings.token_endpoint, self._auth)

    def app_token(self, now: datetime) -> str:
        """Our own access token, for the consent resource (client_credentials, scope consents)."""
        return self._tokens.ask({"grant_type": "client_credentials", "scope": "consents"}, now=now).access_token

    def url(self, state: LinkState, consent_id: str, code_verifier: str, *, now: datetime) -> str:
        """Where the PSU goes: to a request that the bank has already."""
        settings = self._settings
        asked = {
            "response_type": "code",
            "response_mode": "jwt",
            "scope": f"{settings.scope} consent:{consent_id}",
            "redirect_uri": state.redirect_uri,
            "state": state.state,
            "nonce": state.nonce,
            "code_challenge": code_challenge(code_verifier),
            "code_challenge_method": "S256",
        }
        signed = request_object.signed(
            self._tpp, asked, client_id=settings.client_id, audience=settings.issuer, now=now
        )
        form = {"request": signed, **self._auth(now).form}
        answer = self._transport.call("POST", settings.pushed_authorization_request_endpoint, form=form)
        if not 200 <= answer.status < 300:
            raise refusal.from_answer(answer)
        pushed = envelope(_PUSHED, answer.body).request_uri
        query = urlencode({"client_id": settings.client_id, "request_uri": pushed})
        return f"{settings.authorization_endpoint}?{query}"

    def exchange(self, state: LinkState, callback: Mapping[str, str], *, now: datetime) -> TokenAnswer:
        """The signed response of this attempt, its code for tokens, and the ID token beside them."""
        settings = self._settings
        if not text.same(callback.get("state", state.state), state.state):
            raise ContractBroken("the callback's state is not of this attempt")
        jwks = keys.fetched(self._transport, settings.jwks_uri)
        response = jarm.read(callback, jwks, issuer=settings.issuer, client_id=settings.client_id, now=now)
        callbacks.check_state(response, state.state)
        tokens = self._tokens.ask(
            {
                "grant_type": "authorization_code",
                "code": callbacks.code_of(response),
                "redirect_uri": state.redirect_uri,
                "code_verifier": state.data.get("code_verifier", ""),
            },
            now=now,
        )
        if not tokens.id_token:
            raise ContractBroken("the token answer holds no ID token")
        expected = id_token.Expected(settings.issuer, settings.client_id, state.nonce, tokens.access_token)
        id_token.check(opened(tokens.id_token, self._tpp), jwks, expected, now=now)
        return tokens

    def renew(self, refresh_token: str, *, now: datetime) -> TokenAnswer:
        return self._tokens.renew(refresh_token, now=now)
