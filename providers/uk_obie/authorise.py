"""Being let in: our own token, the signed request that goes out, the answer that comes back, tokens for a code.

FAPI 1.0 Advanced 5.2.2 and 8.6 (providers.fapi, providers.oauth), Account Access Consents v3.1.11. Three shapes of
answer: ``code`` in the query, ``code id_token`` in the fragment (hybrid; the ID token signs the code and the state),
and one signed JWT (JARM). What a browser brings is believed only so far as the bank signed it.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from providers.errors import ContractBroken, ProviderError
from providers.fapi import id_token, jarm, keys, request_object
from providers.oauth import callback as callbacks
from providers.oauth import client_auth, refusal
from providers.oauth.pkce import code_challenge
from providers.oauth.tokens import TokenAnswer, TokenEndpoint
from providers.port import LinkRequest, LinkState
from providers.tpp import Tpp
from providers.transport import Answer, Transport
from providers.uk_obie.refusals import own_rules
from providers.uk_obie.settings import Settings

INTENT = "openbanking_intent_id"


class Authoriser:
    """The token endpoint and the browser's leg, for one bank. Keeps no state but the secret that the bank gave us.

    Raises ValueError where that, or the certificate that stands in its place, is not there.
    """

    def __init__(self, transport: Transport, settings: Settings, tpp: Tpp) -> None:
        self._transport = transport
        self._settings = settings
        self._tpp = tpp
        rules = own_rules(settings.errors, "token")

        def refused(answer: Answer) -> ProviderError:
            return refusal.from_answer(answer, rules=rules)

        self._tokens = TokenEndpoint(
            transport, settings.token_endpoint, _proof(settings, tpp), settings.headers.send, refused
        )

    def app_token(self, now: datetime, *, scope: str) -> str:
        """Our own access token (client_credentials), for bank consents."""
        return self._tokens.ask({"grant_type": "client_credentials", "scope": scope}, now=now).access_token

    def nonce_for(self, request: LinkRequest) -> str:
        """The attempt's nonce, as much of it as the bank takes."""
        return request.nonce[: self._settings.authorize.nonce_length]

    def url(self, request: LinkRequest, consent_id: str, *, code_verifier: str, scope: str) -> str:
        """Where the PSU goes: the claims that matter are in the signed request object, valid for five minutes."""
        settings, wants = self._settings, self._settings.authorize
        asked: dict[str, object] = {
            "client_id": settings.client_id,
            "response_type": wants.response_type,
            "scope": scope,
            "redirect_uri": request.redirect_uri,
            "state": request.state,
            "nonce": self.nonce_for(request),
            "claims": _claims(consent_id, wants.acr_values),
        }
        if wants.response_mode is not None:
            asked["response_mode"] = wants.response_mode
        if wants.max_age_s is not None:
            asked["max_age"] = wants.max_age_s
        if wants.pkce:
            asked |= {"code_challenge": code_challenge(code_verifier), "code_challenge_method": "S256"}
        audience = wants.audience or settings.issuer
        signed = request_object.signed(
            self._tpp, asked, client_id=settings.client_id, audience=audience, now=request.now
        )
        # RFC 9101 5: client_id stands beside every request object; OpenID Connect Core 6.1 adds two more.
        outside = ("client_id", "response_type", "scope", *wants.outside)
        shown = {name: str(asked[name]) for name in outside if name in asked}
        return f"{settings.authorization_endpoint}?{urlencode({**wants.extra, **shown, 'request': signed})}"

    def finish(self, state: LinkState, callback: Mapping[str, str], *, scope: str, now: datetime) -> TokenAnswer:
        """Tokens for a callback that is ours, from this bank, and says yes; every ID token on the way verified.

        The bank's keys are fetched before the code is spent: a bank that cannot give them just now costs nothing.
        """
        settings, jwks = self._settings, None
        if settings.authorize.is_signed:
            if "state" in callback:  # beside the signed one: not this bank's doing, and never another attempt's
                callbacks.check_state(callback, state.state)
            jwks = self._jwks()
            callback = jarm.read(callback, jwks, issuer=settings.issuer, client_id=settings.client_id, now=now)
        callbacks.check_state(callback, state.state)
        code = callbacks.code_of(callback, issuer=settings.issuer)
        jwks = jwks or self._jwks()
        front = self._front_token(state, callback, code, jwks, now)
        tokens = self._tokens.ask(self._with_code(state, code, scope), now=now)
        if tokens.id_token:
            expected = self._expected(state, access_token=tokens.access_token, subject=front and front.get("sub"))
            self._check(tokens.id_token, jwks, expected, now)
        elif front is None and "no_id_token" not in settings.id_token_leniencies:
            raise ContractBroken("the token answer holds no ID token")
        return tokens

    def renew(self, refresh_token: str, *, scope: str, redirect_uri: str, now: datetime) -> TokenAnswer:
        """Fresh tokens. An ID token that comes with them is not read: nothing is taken from it, and banks send
        placeholders there (Monzo). ReconsentRequired when the bank's grant has ended."""
        again = {"scope": scope, "redirect_uri": redirect_uri}
        more: dict[str, str] = {name: again[name] for name in self._settings.tokens.refresh_with}
        return self._tokens.renew(refresh_token, now=now, more=more)

    def _with_code(self, state: LinkState, code: str, scope: str) -> dict[str, str]:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": state.redirect_uri}
        if self._settings.authorize.pkce:
            form["code_verifier"] = state.data.get("code_verifier", "")
        if self._settings.tokens.scope_with_code:
            form["scope"] = scope
        return form

    def _front_token(
        self, state: LinkState, answer: Mapping[str, str], code: str, jwks: bytes, now: datetime
    ) -> dict[str, object] | None:
        """The claims of the ID token beside the code, which a hybrid answer must have; before the code is spent."""
        if self._settings.authorize.response_type != "code id_token":
            return None
        if "id_token" not in answer:
            raise ContractBroken("the callback holds no ID token beside the code")
        return self._check(answer["id_token"], jwks, self._expected(state, code=code, bound_state=state.state), now)

    def _expected(
        self,
        state: LinkState,
        *,
        access_token: str | None = None,
        code: str | None = None,
        bound_state: str | None = None,
        subject: object = None,
    ) -> id_token.Expected:
        intent = {INTENT: state.bank_consent_id}
        may_lack = "no_intent_id" in self._settings.id_token_leniencies
        return id_token.Expected(
            issuer=self._settings.issuer,
            client_id=self._settings.client_id,
            nonce=state.nonce,
            access_token=access_token,
            exactly={} if may_lack else intent,
            if_there=intent if may_lack else {},
            code=code,
            state=bound_state,
            subject=subject,
        )

    def _check(
        self, unverified_token: str, jwks: bytes, expected: id_token.Expected, now: datetime
    ) -> dict[str, object]:
        leniencies = self._settings.id_token_leniencies
        return id_token.check(unverified_token, jwks, expected, now=now, leniencies=leniencies)

    def _jwks(self) -> bytes:
        return keys.fetched(self._transport, self._settings.jwks_uri)


def _claims(consent_id: str, acr_values: tuple[str, ...]) -> dict[str, object]:
    intent = {INTENT: {"value": consent_id, "essential": True}}
    acr = {"acr": {"values": list(acr_values), "essential": True}} if acr_values else {}
    return {"id_token": intent | acr, "userinfo": intent}


def _proof(settings: Settings, tpp: Tpp) -> client_auth.ClientAuth:
    match settings.token_auth:
        case "private_key_jwt":
            audience = settings.assertion_audience or settings.token_endpoint
            return client_auth.private_key_jwt(tpp, settings.client_id, audience)
        case "tls_client_auth":
            if (settings.client_certificate or tpp.client_certificate) is None:
                raise ValueError(
                    "token_auth tls_client_auth needs client_certificate: paths of a certificate and its key"
                )
            return client_auth.certificate_only(settings.client_id)
        case "client_secret_basic":
            return client_auth.secret_basic(settings.client_id, _secret(settings))
        case "client_secret_post":
            return client_auth.secret_post(settings.client_id, _secret(settings))


def _secret(settings: Settings) -> str:
    path = settings.client_secret_file or ""
    try:
        secret = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    if not secret:
        raise ValueError(f"client_secret_file {path!r} cannot be read, or is empty")
    return secret
