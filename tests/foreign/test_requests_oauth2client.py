"""The PyPI package requests_oauth2client drives the whole FAPI 2.0 flow.

It knows no JARM and verifies neither signed userinfo nor signed introspection, so no client here has those.
"""

from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
import requests
from requests_oauth2client import (
    BackChannelAuthenticationPollingJob,
    DeviceAuthorizationPollingJob,
    DPoPKey,
    DPoPToken,
)
from requests_oauth2client.exceptions import AuthorizationPending, InvalidClient, InvalidGrant

from hub.oauth import addresses
from hub.stack import Stack
from tests.foreign import certificates
from tests.foreign.alice import Alice
from tests.foreign.registrations import DEVICE, ELSEWHERE, FAPI2, SCOPE, Registration
from tests.foreign.requests_app import RequestsApp, forgetful

pytestmark = pytest.mark.timeout(180)
ACCOUNTS = "/v1/accounts"


def _plain_userinfo(registration: Registration) -> Registration:
    told = {name: value for name, value in registration.more.items() if name != "userinfo_signed_response_alg"}
    return replace(registration, more=told)


CLIENTS = {name: _plain_userinfo(one) for name, one in FAPI2.items()}
CLIENTS |= {f"{name}, signed requests": replace(one, jar=True) for name, one in CLIENTS.items()}


@pytest.mark.parametrize("registration", [pytest.param(one, id=name) for name, one in CLIENTS.items()])
def test_the_whole_flow(registration: Registration, stack: Stack, alice: Alice, redirect_uri: str) -> None:
    app = RequestsApp(stack, registration, redirect_uri)
    client, sent = app.client, app.sent
    sent.taken()

    asked = app.ask()
    nonce_first = [("POST", addresses.PAR, 400), ("POST", addresses.PAR, 201)]
    assert sent.taken() == nonce_first, "the hub demands a nonce, and the library takes it"
    token = app.redeem(alice.allow(asked))
    assert token.token_type == "DPoP"

    sent.taken()
    assert client.userinfo(forgetful(token))["name"] == "Alice"
    assert sent.taken() == [("POST", addresses.USERINFO, 401), ("POST", addresses.USERINFO, 200)]
    assert len(app.get(forgetful(token), ACCOUNTS).json()["data"]) == 1
    assert sent.taken() == [("GET", ACCOUNTS, 401), ("GET", ACCOUNTS, 200)], "the API demands a nonce as well"

    renewed = client.refresh_token(forgetful(token))
    assert sent.taken() == [("POST", addresses.TOKEN, 400), ("POST", addresses.TOKEN, 200)]
    assert app.get(renewed, ACCOUNTS).status_code == HTTPStatus.OK
    about = client.introspect_token(renewed)
    assert (about["active"], about["token_type"]) == (True, "DPoP")
    assert set(about["scope"].split()) == set(SCOPE.split())

    assert client.revoke_refresh_token(token)
    assert client.introspect_token(renewed) == {"active": False}
    assert "invalid_token" in _refusal(app.get(renewed, ACCOUNTS))
    with pytest.raises(InvalidGrant):
        client.refresh_token(token)


def test_a_stolen_token_is_refused_without_its_key(stack: Stack, alice: Alice, redirect_uri: str) -> None:
    app = RequestsApp(stack, CLIENTS["ES256"], redirect_uri)
    token = app.redeem(alice.allow(app.ask()))
    stolen = DPoPToken(token.access_token, _dpop_key=DPoPKey.generate())
    assert "invalid_token" in _refusal(app.get(stolen, ACCOUNTS))
    bearer = {"Authorization": f"Bearer {token.access_token}"}
    assert "invalid_token" in _refusal(app.http.get(f"{stack.url}{ACCOUNTS}", headers=bearer, timeout=10))


def test_a_stolen_refresh_token_is_refused_to_another_client(stack: Stack, alice: Alice, redirect_uri: str) -> None:
    app, thief = (RequestsApp(stack, CLIENTS["ES256"], redirect_uri) for _ in range(2))
    token = app.redeem(alice.allow(app.ask()))
    with pytest.raises(InvalidGrant):
        thief.client.refresh_token(token)
    assert app.client.refresh_token(token).access_token


def test_a_replayed_proof_is_refused(stack: Stack, alice: Alice, redirect_uri: str) -> None:
    app = RequestsApp(stack, CLIENTS["ES256"], redirect_uri)
    token = app.redeem(alice.allow(app.ask()))
    answered = app.get(token, ACCOUNTS)
    assert answered.status_code == HTTPStatus.OK
    assert "invalid_dpop_proof" in _refusal(app.again(answered))


def test_a_device_without_a_browser(stack: Stack, alice: Alice, redirect_uri: str) -> None:
    """RFC 8628."""
    app = RequestsApp(stack, DEVICE, redirect_uri)
    shown = app.client.authorize_device(scope=SCOPE)
    with pytest.raises(AuthorizationPending):
        app.client.device_code(shown, dpop=True)
    alice.connect(str(shown.verification_uri), str(shown.user_code))
    token = DeviceAuthorizationPollingJob(app.client, shown, dpop=True)()
    assert isinstance(token, DPoPToken)
    assert len(app.get(token, ACCOUNTS).json()["data"]) == 1
    assert app.client.refresh_token(token).access_token
    with pytest.raises(InvalidGrant):
        app.client.device_code(shown, dpop=True)


def test_a_person_who_is_elsewhere(stack: Stack, alice: Alice, redirect_uri: str) -> None:
    """CIBA, poll: of somebody whom the app knows, by the ID token that it has of her."""
    app = RequestsApp(stack, ELSEWHERE, redirect_uri)
    known = app.redeem(alice.allow(app.ask()))
    asked = app.ask_elsewhere(str(known.id_token), "Order 17")
    with pytest.raises(AuthorizationPending):
        app.client.ciba(asked, dpop=True)
    alice.answer_waiting()
    token = BackChannelAuthenticationPollingJob(app.client, asked, dpop=True)()
    assert isinstance(token, DPoPToken)
    assert len(app.get(token, ACCOUNTS).json()["data"]) == 1
    assert app.client.refresh_token(token).access_token
    with pytest.raises(InvalidGrant):
        app.client.ciba(asked, dpop=True)


@pytest.mark.parametrize("method", ["self_signed_tls_client_auth", "tls_client_auth"])
def test_tokens_bound_to_a_certificate(
    method: str, stack: Stack, alice: Alice, redirect_uri: str, tmp_path: Path
) -> None:
    """RFC 8705: the certificate stands for the assertion and for the DPoP proof."""
    mine, thiefs = certificates.proof(method, stack, tmp_path), certificates.proof(method, stack, tmp_path)
    app = RequestsApp(stack, Registration(), redirect_uri, mine)
    token = app.redeem(alice.allow(app.ask()))
    assert token.token_type == "Bearer"
    assert app.client.userinfo(token)["name"] == "Alice"
    renewed = app.client.refresh_token(token)
    assert len(app.get(renewed, ACCOUNTS).json()["data"]) == 1
    assert app.client.introspect_token(renewed)["cnf"]["x5t#S256"]
    for shown in ((str(thiefs.certificate), str(thiefs.key)), None):
        app.http.cert = shown
        assert "invalid_token" in _refusal(app.get(renewed, ACCOUNTS))
        with pytest.raises(InvalidClient):
            app.client.refresh_token(token)


def _refusal(answer: requests.Response) -> str:
    """The challenge of a 401."""
    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    return answer.headers["WWW-Authenticate"]
