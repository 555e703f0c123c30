"""Being let in: a pushed and signed request, a signed response, and an arrangement that comes of it.

Consumer Data Standards 1.36, Information Security profile: PAR (RFC 9126) with a request object, response_type code,
response_mode jwt (JARM), PKCE, private_key_jwt; claims.sharing_duration in seconds, at most a year; the token answer
names the cdr_arrangement_id. Revocation: Arrangement Revocation endpoint.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

import msgspec

from providers import text
from providers.au_cdr import wire
from providers.au_cdr.settings import Settings
from providers.errors import ContractBroken
from providers.fapi import id_token, jarm, keys, request_object
from providers.oauth import callback as callbacks
from providers.oauth import refusal
from providers.oauth.client_auth import private_key_jwt
from providers.oauth.pkce import code_challenge
from providers.oauth.tokens import TokenAnswer, TokenEndpoint
from providers.port import LinkRequest, LinkState
from providers.rows import envelope
from providers.tpp import Tpp
from providers.transport import Transport

LONGEST_SHARING = timedelta(days=365)

_PUSHED = msgspec.json.Decoder(wire.Pushed)


def sharing_duration(request: LinkRequest) -> timedelta:
    """To the end of the day that is asked for, and no longer than the standard allows."""
    end = datetime.combine(request.valid_until + timedelta(days=1), time(), UTC)
    return max(timedelta(days=1), min(end - request.now, LONGEST_SHARING))


class Authoriser:
    """The holder's authorisation server. Keeps no state."""

    def __init__(self, transport: Transport, settings: Settings, tpp: Tpp) -> None:
        self._transport = transport
        self._settings = settings
        self._tpp = tpp
        self._auth = private_key_jwt(tpp, settings.client_id, settings.issuer)
        self._tokens = TokenEndpoint(transport, settings.token_endpoint, self._auth)

    def url(self, request: LinkRequest, code_verifier: str) -> str:
        """Where the PSU goes: to a request that the holder has already."""
        settings = self._settings
        claims: dict[str, object] = {
            "sharing_duration": int(sharing_duration(request).total_seconds()),
            "id_token": {"acr": {"essential": True, "values": [settings.acr]}},
        }
        asked = {
            "response_type": "code",
            "response_mode": "jwt",
            "scope": " ".join(settings.scopes),
            "redirect_uri": request.redirect_uri,
            "state": request.state,
            "nonce": request.nonce,
            "code_challenge": code_challenge(code_verifier),
            "code_challenge_method": "S256",
            "claims": claims,
        }
        signed = request_object.signed(
            self._tpp, asked, client_id=settings.client_id, audience=settings.issuer, now=request.now
        )
        form = {"request": signed, **self._auth(request.now).form}
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
        id_token.check(tokens.id_token, jwks, expected, now=now)
        if not tokens.cdr_arrangement_id:
            raise ContractBroken("the token answer names no arrangement")
        return tokens

    def renew(self, refresh_token: str, *, now: datetime) -> TokenAnswer:
        return self._tokens.renew(refresh_token, now=now)

    def end(self, arrangement_id: str, *, now: datetime) -> None:
        """422 says that the holder does not know the arrangement, or has ended it already."""
        form = {"cdr_arrangement_id": arrangement_id, **self._auth(now).form}
        answer = self._transport.call("POST", self._settings.cdr_arrangement_revocation_endpoint, form=form)
        if answer.status != 422 and not 200 <= answer.status < 300:
            raise refusal.from_answer(answer)
