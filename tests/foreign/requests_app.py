"""An app that is built on requests_oauth2client, told nothing but the issuer, its client id and its key."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from jwskate import Jwk, Jwt
from requests.adapters import HTTPAdapter
from requests_oauth2client import (
    AuthorizationRequest,
    BackChannelAuthenticationResponse,
    BearerToken,
    DPoPKey,
    DPoPToken,
    OAuth2Client,
    PrivateKeyJwt,
    PublicApp,
    RepeatedDPoPNonce,
)

from hub.oauth import addresses
from hub.stack import Stack
from tests.foreign.certificates import Proof
from tests.foreign.registrations import SCOPE, Registration

REQUEST_LIFE_S = 60


@dataclass(frozen=True)
class _Signed:
    """What the library's PAR needs of a request. Its own signed request cannot be pushed (1.8.0)."""

    args: dict[str, str]
    dpop_key: DPoPKey | None


class Recorder(HTTPAdapter):
    """Keeps what was sent, the library's own second attempts included."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[requests.Response] = []

    def send(self, *given: Any, **more: Any) -> requests.Response:
        answer = super().send(*given, **more)
        self.answers.append(answer)
        return answer

    def taken(self) -> list[tuple[str, str, int]]:
        """Method, path and status of what was sent since this was asked last."""
        answers, self.answers = self.answers, []
        return [(one.request.method or "", urlsplit(one.url).path, one.status_code) for one in answers]


@dataclass
class RequestsApp:
    """One client of the hub. ``proof`` is its TLS certificate, where that stands for assertions and DPoP."""

    stack: Stack
    registration: Registration
    redirect_uri: str
    proof: Proof | None = None
    key: Jwk = field(init=False, repr=False)
    client_id: str = field(init=False)
    http: requests.Session = field(init=False, repr=False)
    sent: Recorder = field(default_factory=Recorder, repr=False)
    _asked: AuthorizationRequest | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.key = Jwk.generate(alg=self.registration.alg, kid="k1")
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = str(self.stack.ca_file)
        self.http.mount("https://", self.sent)
        public = {"jwks": {"keys": [self.key.public_jwk().to_dict()]}}
        if self.proof is not None:
            self.http.cert = (str(self.proof.certificate), str(self.proof.key))
            public = self.proof.metadata
        metadata = self.registration.metadata(self.redirect_uri) | public
        registered = self.http.post(f"{self.stack.url}{addresses.REGISTER}", json=metadata, timeout=10)
        assert registered.status_code == 201, registered.text
        self.client_id = registered.json()["client_id"]

    @cached_property
    def client(self) -> OAuth2Client:
        alg, url = self.registration.alg, self.stack.url
        by_key = PrivateKeyJwt(self.client_id, self.key, alg=alg, aud=url)  # FAPI 2.0 5.3.2.1 (8): the issuer alone
        return OAuth2Client.from_discovery_endpoint(
            issuer=url,
            auth=by_key if self.proof is None else PublicApp(self.client_id),
            redirect_uri=self.redirect_uri,
            dpop_bound_access_tokens=self.proof is None,
            dpop_alg=alg,
            id_token_signed_response_alg=self.registration.more.get("id_token_signed_response_alg", "ES256"),
            device_authorization_endpoint=f"{url}{addresses.DEVICE_AUTHORIZATION}",  # it looks for neither (1.8.0)
            backchannel_authentication_endpoint=f"{url}{addresses.BACKCHANNEL_AUTHENTICATION}",
            session=self.http,
        )

    def ask(self) -> str:
        """Push a request; the address to send the browser to."""
        dpop: dict[str, Any] = {} if self.proof else {"dpop": True, "dpop_alg": self.registration.alg}
        if self.registration.jar:  # FAPI 2.0 Message Signing 5.3.2; the library adds iat and exp itself
            now = Jwt.timestamp()
            dpop |= {"iss": self.client_id, "aud": self.stack.url, "nbf": now}
        self._asked = self.client.authorization_request(scope=SCOPE, **dpop)
        return str(self.client.pushed_authorization_request(self._pushed(self._asked)))

    def _pushed(self, asked: AuthorizationRequest) -> Any:
        if not self.registration.jar:
            return asked
        signed = asked.sign(self.key, alg=self.registration.alg, lifetime=REQUEST_LIFE_S)
        return _Signed({"client_id": self.client_id, "request": str(signed.request)}, asked.dpop_key)

    def redeem(self, came_back_to: str) -> BearerToken:
        """The library checks state, issuer, nonce and the ID token's signature."""
        assert self._asked is not None
        answer = self._asked.validate_callback(came_back_to)
        token = self.client.authorization_code(answer, validate=False)
        # The library's own check breaks over a DPoP token (1.8.0), so the ID token is looked at beside a bearer's.
        BearerToken(token.access_token, id_token=token.id_token).validate_id_token(self.client, answer)
        return token

    def ask_elsewhere(self, id_token: str, message: str) -> BackChannelAuthenticationResponse:
        """The library signs the members, of which the JWT's own are the app's to add (CIBA 7.1.1)."""
        now = Jwt.timestamp()
        of_the_jwt: dict[str, Any] = {
            "iss": self.client_id,
            "aud": self.stack.url,
            "iat": now,
            "nbf": now,
            "exp": now + REQUEST_LIFE_S,
            "jti": str(uuid4()),
        }
        return self.client.backchannel_authentication_request(
            SCOPE, id_token_hint=id_token, binding_message=message, private_jwk=self.key, **of_the_jwt
        )

    def get(self, token: BearerToken, path: str) -> requests.Response:
        try:
            return self.http.get(f"{self.stack.url}{path}", auth=token, timeout=10)
        except RepeatedDPoPNonce as error:
            return error.response  # the library takes every 401 for a demand of another nonce (1.8.0)

    def again(self, answer: requests.Response) -> requests.Response:
        """The request that was answered so once more, to the letter."""
        return self.sent.send(answer.request, verify=self.http.verify)


def forgetful(token: BearerToken) -> BearerToken:
    """The same token and key, without the nonces that were learnt."""
    assert isinstance(token, DPoPToken)
    token.dpop_key.as_nonce = token.dpop_key.rs_nonce = None
    return token
