"""Being let in: a pushed and signed request, a signed response, and an arrangement that comes of it.

Consumer Data Standards 1.36, Information Security profile: PAR (RFC 9126) with a request object, response_type code,
response_mode jwt (JARM), PKCE, private_key_jwt; claims.sharing_duration in seconds, at most a year; the token answer
names the cdr_arrangement_id. Revocation: Arrangement Revocation endpoint.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from providers.au_cdr.settings import Settings
from providers.errors import ContractBroken
from providers.fapi.pushed import PushedFlow, Server
from providers.oauth import refusal
from providers.oauth.client_auth import private_key_jwt
from providers.oauth.tokens import TokenAnswer, TokenEndpoint
from providers.port import LinkRequest, LinkState
from providers.tpp import Tpp
from providers.transport import Transport

LONGEST_SHARING = timedelta(days=365)


def sharing_duration(request: LinkRequest) -> timedelta:
    """To the end of the day that is asked for, and no longer than the standard allows."""
    end = datetime.combine(request.valid_until + timedelta(days=1), time(), UTC)
    return max(timedelta(days=1), min(end - request.now, LONGEST_SHARING))


class Authoriser:
    """The holder's authorisation server. Keeps no state."""

    def __init__(self, transport: Transport, settings: Settings, tpp: Tpp) -> None:
        self._transport = transport
        self._settings = settings
        self._auth = private_key_jwt(tpp, settings.client_id, settings.issuer)
        self._tokens = TokenEndpoint(transport, settings.token_endpoint, self._auth)
        server = Server(
            issuer=settings.issuer,
            authorization_endpoint=settings.authorization_endpoint,
            pushed_authorization_request_endpoint=settings.pushed_authorization_request_endpoint,
            jwks_uri=settings.jwks_uri,
            client_id=settings.client_id,
        )
        self._flow = PushedFlow(transport, tpp, server, self._auth, self._tokens)

    def url(self, request: LinkRequest, state: LinkState, code_verifier: str) -> str:
        """Where the PSU goes: to a request that the holder has already."""
        claims = {
            "sharing_duration": int(sharing_duration(request).total_seconds()),
            "id_token": {"acr": {"essential": True, "values": [self._settings.acr]}},
        }
        scope = " ".join(self._settings.scopes)
        return self._flow.url(scope, state, code_verifier, now=request.now, claims=claims)

    def exchange(self, state: LinkState, callback: Mapping[str, str], *, now: datetime) -> TokenAnswer:
        tokens = self._flow.exchange(state, callback, now=now)
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
