"""OAuth at a bank: as its redirect approach ("integrated"), where a code grant with scope AIS:{id} authorises the
consent, or as a pre-step, where a token of the PSU's comes before the consent is asked for.

psd2-api 1.3.11: the link scaOAuth leads to the server's metadata (RFC 8414); RFC 6749 4.1, RFC 7636, RFC 9207. The
token goes with every call beside the consent id. What the metadata names is no more trusted than any link: the token
endpoint is at one of the bank's configured addresses, and a browser is sent to HTTPS.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import structs

from providers.berlin_group import authorise
from providers.berlin_group.settings import OAuth, PreStep
from providers.errors import ContractBroken, ReconsentRequired
from providers.oauth import callback as callbacks
from providers.oauth.client_auth import ClientAuth, certificate_only, private_key_jwt, secret_basic, secret_post
from providers.oauth.pkce import code_challenge, new_code_verifier
from providers.oauth.tokens import TokenAnswer, TokenEndpoint, expires_at, held, refresh_token
from providers.port import Access, LinkStart, LinkState, Redirect
from providers.rows import envelope
from providers.tpp import Tpp
from providers.transport import Transport


class _Metadata(msgspec.Struct, frozen=True):
    """RFC 8414 2, as far as a code grant needs it."""

    authorization_endpoint: str
    token_endpoint: str
    issuer: str = ""


_METADATA = msgspec.json.Decoder(_Metadata)


class AuthorisationServer:
    """``own_origins`` are where a browser may be sent without HTTPS. Raises ValueError if the secret is not there."""

    def __init__(self, transport: Transport, settings: OAuth, tpp: Tpp, own_origins: tuple[str, ...]) -> None:
        self._transport = transport
        self._settings = settings
        self._tpp = tpp
        self._own_origins = own_origins
        self._secret = settings.client_secret() if settings.client_auth.startswith("secret") else ""

    def begin(self, state: LinkState, metadata_url: str) -> LinkStart:
        """Where the PSU goes to authorise the consent, by what the server says of itself."""
        scope = self._settings.scope.replace("{consent_id}", state.bank_consent_id)
        return self._sent(state, self._server(metadata_url), scope, authorise.kept_tokens(authorise.granted(state)))

    def begin_pre_step(self, state: LinkState, how: PreStep) -> LinkStart:
        """Where the PSU goes before there is a consent; what ``state`` holds is kept."""
        if how.metadata_url:
            server = self._server(how.metadata_url)
        else:
            server = _Metadata(how.authorization_endpoint or "", how.token_endpoint or "")
        return self._sent(state, server, how.scope, state.data)

    def _server(self, metadata_url: str) -> _Metadata:
        """The token endpoint as an address of this bank."""
        answer = self._transport.call("GET", metadata_url)
        if answer.status != 200:
            raise ContractBroken(f"the authorisation server's metadata: HTTP {answer.status}", raw=answer.body)
        server = envelope(_METADATA, answer.body)
        return structs.replace(server, token_endpoint=self._transport.resolve(metadata_url, server.token_endpoint))

    def _sent(self, state: LinkState, server: _Metadata, scope: str, data: Mapping[str, str]) -> LinkStart:
        door = authorise.redirect_url(server.authorization_endpoint, own_origins=self._own_origins)
        verifier = new_code_verifier()
        parameters = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": state.redirect_uri,
            "scope": scope,
            "state": state.state,
            "code_challenge": code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        kept = {**data, "code_verifier": verifier, "token_endpoint": server.token_endpoint, "issuer": server.issuer}
        joint = "&" if urlsplit(door).query else "?"
        return LinkStart(Redirect(f"{door}{joint}{urlencode(parameters)}"), replace(state, data=kept))

    def granted(self, state: LinkState, callback: Mapping[str, str], *, now: datetime) -> Access:
        """The tokens for a code; when the consent ends is not said here. The bank's error, if it gave one instead."""
        code = callbacks.code_of(callback, issuer=state.data["issuer"] or None)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": state.redirect_uri,
            "code_verifier": state.data["code_verifier"],
        }
        endpoint = state.data["token_endpoint"]
        return _with(
            Access(state.bank_consent_id, None, None), self._endpoint(endpoint).ask(form, now=now), endpoint, now
        )

    def renewed(self, access: Access, *, now: datetime) -> Access:
        """Fresh tokens; the same access while a token without an end is held. Raises ReconsentRequired."""
        if "refresh_token" not in access.data:
            if access.expires_at is None or access.expires_at > now:
                return access
            raise ReconsentRequired("the token has ended and there is none to renew it with")
        endpoint = access.data["token_endpoint"]
        return _with(access, self._endpoint(endpoint).renew(refresh_token(access), now=now), endpoint, now)

    def _endpoint(self, url: str) -> TokenEndpoint:
        return TokenEndpoint(self._transport, url, self._auth(url))

    def _auth(self, url: str) -> ClientAuth:
        client_id = self._settings.client_id
        match self._settings.client_auth:
            case "certificate":
                return certificate_only(client_id)
            case "private_key_jwt":
                return private_key_jwt(self._tpp, client_id, url)
            case "secret_basic":
                return secret_basic(client_id, self._secret)
            case "secret_post":
                return secret_post(client_id, self._secret)


def _with(access: Access, tokens: TokenAnswer, endpoint: str, now: datetime) -> Access:
    data = {**held(tokens, access.data), "token_endpoint": endpoint}
    return replace(access, expires_at=expires_at(tokens, now), data=data)
