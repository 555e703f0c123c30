"""An app that is not ours: requests_oauth2client, told nothing but the issuer, its client id and its key."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import requests
from requests_oauth2client import AuthorizationRequest, BearerToken, OAuth2Client, PrivateKeyJwt


@dataclass
class ThirdParty:
    """``private_key`` is the JWK that the developer page shows once."""

    issuer: str
    client_id: str
    private_key: str = field(repr=False)
    redirect_uri: str
    _asked: AuthorizationRequest | None = field(default=None, repr=False)

    @cached_property
    def client(self) -> OAuth2Client:
        key = json.loads(self.private_key)
        return OAuth2Client.from_discovery_endpoint(
            issuer=self.issuer,
            auth=PrivateKeyJwt(self.client_id, key, alg="ES256", aud=self.issuer),
            redirect_uri=self.redirect_uri,
            dpop_bound_access_tokens=True,
            id_token_signed_response_alg="ES256",
            testing=self.issuer.startswith("http:"),
        )

    def ask(self, scope: str, **more: Any) -> str:
        """Push a request; the address to send the browser to."""
        self._asked = self.client.authorization_request(scope=scope, dpop=True, **more)
        return str(self.client.pushed_authorization_request(self._asked))

    def redeem(self, came_back_to: str) -> BearerToken:
        """The library checks state, issuer, nonce and the ID token's signature."""
        assert self._asked is not None
        answer = self._asked.validate_callback(came_back_to)
        token = self.client.authorization_code(answer, validate=False)
        # The library's own check breaks over a DPoP token (1.8.0), so the ID token is looked at beside a bearer's.
        BearerToken(token.access_token, id_token=token.id_token).validate_id_token(self.client, answer)
        return token

    def get(self, token: BearerToken, path: str) -> requests.Response:
        return requests.get(f"{self.issuer}{path}", auth=token, timeout=10)
