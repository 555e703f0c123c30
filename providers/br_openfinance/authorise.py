"""Being let in: who the PSU is, a consent with a URN of its own, a scope that names it, a pushed and signed request.

Open Finance Brasil Financial-grade API Security Profile 1.0 on FAPI 1.0 Advanced: private_key_jwt, PAR, dynamic scope
``consent:{ConsentId}``, JARM, ID tokens that may be encrypted to us (5.2.2, 7.1). A consent that the PSU does not
authorise within an hour becomes REJECTED by itself.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time

import msgspec

from providers.br_openfinance import wire
from providers.br_openfinance.settings import Settings
from providers.errors import ProviderError, Refused, Transient
from providers.fapi.pushed import PushedFlow, Server
from providers.oauth.client_auth import private_key_jwt
from providers.oauth.tokens import TokenAnswer, TokenEndpoint
from providers.port import Ask, Field, LinkState
from providers.tpp import Tpp
from providers.transport import Transport

CPF = "cpf"


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
        self._settings = settings
        self._auth = private_key_jwt(tpp, settings.client_id, settings.token_endpoint)
        self._tokens = TokenEndpoint(transport, settings.token_endpoint, self._auth)
        server = Server(
            issuer=settings.issuer,
            authorization_endpoint=settings.authorization_endpoint,
            pushed_authorization_request_endpoint=settings.pushed_authorization_request_endpoint,
            jwks_uri=settings.jwks_uri,
            client_id=settings.client_id,
            encrypts_id_tokens=settings.id_token_encrypted,
        )
        self._flow = PushedFlow(transport, tpp, server, self._auth, self._tokens)

    def app_token(self, now: datetime) -> str:
        """Our own access token, for the consent resource (client_credentials, scope consents)."""
        return self._tokens.ask({"grant_type": "client_credentials", "scope": "consents"}, now=now).access_token

    def url(self, state: LinkState, consent_id: str, code_verifier: str, *, now: datetime) -> str:
        """Where the PSU goes: to a request that the bank has already."""
        return self._flow.url(f"{self._settings.asked_scope} consent:{consent_id}", state, code_verifier, now=now)

    def exchange(self, state: LinkState, callback: Mapping[str, str], *, now: datetime) -> TokenAnswer:
        return self._flow.exchange(state, callback, now=now)

    def renew(self, refresh_token: str, *, now: datetime) -> TokenAnswer:
        return self._tokens.renew(refresh_token, now=now)
