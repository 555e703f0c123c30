"""A request that the bank has before the PSU comes, and its signed response: what profiles with PAR and JARM share.

PAR (RFC 9126) with a signed request object (RFC 9101), PKCE, JARM, and an ID token beside the tokens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from providers import text
from providers.errors import ContractBroken
from providers.fapi import id_token, jarm, keys, request_object
from providers.fapi.jwe import opened
from providers.oauth import callback as callbacks
from providers.oauth import refusal
from providers.oauth.client_auth import ClientAuth
from providers.oauth.pkce import code_challenge
from providers.oauth.tokens import TokenAnswer, TokenEndpoint
from providers.port import LinkState
from providers.rows import envelope
from providers.tpp import Tpp
from providers.transport import Transport


class _Pushed(msgspec.Struct, frozen=True):
    request_uri: str


_PUSHED = msgspec.json.Decoder(_Pushed)


@dataclass(frozen=True, slots=True)
class Server:
    """The bank's authorisation server as its file names it, and who we are there. ``encrypts_id_tokens``: we registered
    for encrypted ones (id_token_encrypted_response_alg), and any other is refused."""

    issuer: str
    authorization_endpoint: str
    pushed_authorization_request_endpoint: str
    jwks_uri: str
    client_id: str
    encrypts_id_tokens: bool = False


@dataclass(frozen=True, slots=True)
class PushedFlow:
    """Keeps no state. ``auth`` proves us at the pushed request, ``tokens`` where the code is redeemed."""

    transport: Transport
    tpp: Tpp
    server: Server
    auth: ClientAuth
    tokens: TokenEndpoint

    def url(self, scope: str, state: LinkState, code_verifier: str, *, now: datetime, **more: object) -> str:
        """Where the PSU goes: to a request that the bank has already. ``more`` are a profile's own members."""
        asked: dict[str, object] = {
            "response_type": "code",
            "response_mode": "jwt",
            "scope": scope,
            "redirect_uri": state.redirect_uri,
            "state": state.state,
            "nonce": state.nonce,
            "code_challenge": code_challenge(code_verifier),
            "code_challenge_method": "S256",
            **more,
        }
        server = self.server
        signed = request_object.signed(self.tpp, asked, client_id=server.client_id, audience=server.issuer, now=now)
        form = {"request": signed, **self.auth(now).form}
        answer = self.transport.call("POST", server.pushed_authorization_request_endpoint, form=form)
        if not 200 <= answer.status < 300:
            raise refusal.from_answer(answer)
        pushed = envelope(_PUSHED, answer.body).request_uri
        return f"{server.authorization_endpoint}?{urlencode({'client_id': server.client_id, 'request_uri': pushed})}"

    def exchange(self, state: LinkState, callback: Mapping[str, str], *, now: datetime) -> TokenAnswer:
        """The signed response of this attempt, its code for tokens, and the ID token beside them."""
        server = self.server
        if not text.same(callback.get("state", state.state), state.state):
            raise ContractBroken("the callback's state is not of this attempt")
        jwks = keys.fetched(self.transport, server.jwks_uri)
        response = jarm.read(callback, jwks, issuer=server.issuer, client_id=server.client_id, now=now)
        callbacks.check_state(response, state.state)
        tokens = self.tokens.ask(
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
        expected = id_token.Expected(server.issuer, server.client_id, state.nonce, tokens.access_token)
        unverified = opened(tokens.id_token, self.tpp, must_be_encrypted=server.encrypts_id_tokens)
        id_token.check(unverified, jwks, expected, now=now)
        return tokens
