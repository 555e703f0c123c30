"""The npm package openid-client, told nothing but the issuer, drives the whole FAPI 2.0 flow.

It registers itself, and checks what it gets as a careful app would: every signature against the published keys.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hub.oauth import addresses
from hub.oauth.decoupled import INTERVAL_S
from hub.stack import Stack
from tests.conftest import absent
from tests.foreign import certificates, npm, openid_client_app
from tests.foreign.alice import Alice
from tests.foreign.npm import Absent
from tests.foreign.openid_client_app import OpenidClientApp, Refused
from tests.foreign.registrations import DEVICES, ELSEWHERE, FAPI2, MESSAGE_SIGNING, SCOPE, Registration

pytestmark = pytest.mark.timeout(180)
ACCOUNTS = "/v1/accounts"
CLIENTS = {**FAPI2, **MESSAGE_SIGNING}
Register = Callable[..., OpenidClientApp]


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    try:
        npm.install(openid_client_app.FOLDER)
    except Absent as why:
        absent("node", str(why))


@pytest.fixture
def register(stack: Stack, redirect_uri: str) -> Iterator[Register]:
    """Start an app and let it register itself."""
    with ExitStack() as apps:

        def made(registration: Registration, *, dpop: bool = True, **more: Any) -> OpenidClientApp:
            app = apps.enter_context(OpenidClientApp(stack))
            app.tell(
                "register",
                issuer=stack.url,
                metadata=registration.metadata(redirect_uri),
                alg=registration.alg,
                dpopAlg=registration.alg if dpop else None,
                jar=registration.jar,
                jarm=registration.jarm,
                decrypts=registration.decrypts,
                **more,
            )
            return app

        yield made


def allowed(app: OpenidClientApp, alice: Alice, redirect_uri: str) -> dict[str, Any]:
    """The tokens that the app has once Alice said yes."""
    came_back = alice.allow(app.tell("ask", scope=SCOPE, redirectUri=redirect_uri))
    tokens: dict[str, Any] = app.tell("redeem", url=came_back)
    return tokens


@pytest.mark.parametrize("registration", [pytest.param(one, id=name) for name, one in CLIENTS.items()])
def test_the_whole_flow(
    registration: Registration, register: Register, stack: Stack, alice: Alice, redirect_uri: str
) -> None:
    app = register(registration)
    api = f"{stack.url}{ACCOUNTS}"

    asked = app.tell("ask", scope=SCOPE, redirectUri=redirect_uri)
    nonce_first = [("POST", addresses.PAR, 400), ("POST", addresses.PAR, 201)]
    assert app.requests == nonce_first, "the hub demands a nonce, and the library takes it"
    came_back = alice.allow(asked)
    assert ("response=" in came_back) is registration.jarm
    tokens = app.tell("redeem", url=came_back)
    assert tokens["token_type"] == "dpop"
    assert tokens["claims"]["acr"]
    encrypted = registration.decrypts is not None
    assert sorted(tokens["decrypted"]) == (["authorization_response", "id_token"] if encrypted else [])

    assert app.tell("userinfo", token=tokens["access_token"], sub=tokens["claims"]["sub"])["name"] == "Alice"
    app.tell("forget")
    assert len(app.tell("read", url=api, token=tokens["access_token"])["data"]) == 1
    assert app.requests == [("GET", ACCOUNTS, 401), ("GET", ACCOUNTS, 200)], "the API demands a nonce as well"

    app.tell("forget")
    renewed = app.tell("refresh", token=tokens["refresh_token"])
    assert app.requests == [("POST", addresses.TOKEN, 400), ("POST", addresses.TOKEN, 200)]
    assert renewed["access_token"] != tokens["access_token"]
    about = app.tell("introspect", token=renewed["access_token"])
    assert about["active"] is True
    assert about["token_type"] == "DPoP"
    assert set(about["scope"].split()) == set(SCOPE.split())

    app.tell("revoke", token=tokens["refresh_token"])
    assert app.tell("introspect", token=renewed["access_token"]) == {"active": False}
    with pytest.raises(Refused) as refused:
        app.tell("read", url=api, token=renewed["access_token"])
    assert (refused.value.error, refused.value.status) == ("invalid_token", 401)
    with pytest.raises(Refused) as refused:
        app.tell("refresh", token=tokens["refresh_token"])
    assert (refused.value.error, refused.value.status) == ("invalid_grant", 400)


def test_a_stolen_token_is_refused_without_its_key(
    register: Register, stack: Stack, alice: Alice, redirect_uri: str
) -> None:
    app = register(FAPI2["ES256"])
    token = allowed(app, alice, redirect_uri)["access_token"]
    thief = register(FAPI2["ES256"])
    for who in (app, thief):
        for key in ("other", "none"):
            with pytest.raises(Refused) as refused:
                who.tell("read", url=f"{stack.url}{ACCOUNTS}", token=token, key=key)
            assert (refused.value.error, refused.value.status) == ("invalid_token", 401), key


def test_a_stolen_refresh_token_is_refused_to_another_client(
    register: Register, alice: Alice, redirect_uri: str
) -> None:
    app, thief = register(FAPI2["ES256"]), register(FAPI2["ES256"])
    token = allowed(app, alice, redirect_uri)["refresh_token"]
    with pytest.raises(Refused) as refused:
        thief.tell("refresh", token=token)
    assert refused.value.error == "invalid_grant"
    assert app.tell("refresh", token=token)["access_token"]


def test_a_replayed_proof_is_refused(register: Register, stack: Stack, alice: Alice, redirect_uri: str) -> None:
    app = register(FAPI2["ES256"])
    token = allowed(app, alice, redirect_uri)["access_token"]
    app.tell("read", url=f"{stack.url}{ACCOUNTS}", token=token)
    again = app.tell("again")
    assert again["status"] == 401
    assert 'error="invalid_dpop_proof"' in again["challenge"]


@pytest.mark.parametrize("profile", DEVICES)
def test_a_device_without_a_browser(profile: str, register: Register, stack: Stack, alice: Alice) -> None:
    """RFC 8628. The library waits the hub's interval before it asks."""
    app = register(DEVICES[profile])
    shown = app.tell("startDevice", scope=SCOPE)
    alice.connect(shown["verification_uri"], shown["user_code"])
    tokens = app.tell("awaitDevice")
    assert app.requests[:2] == [("POST", addresses.TOKEN, 400), ("POST", addresses.TOKEN, 200)], "a nonce, then tokens"
    assert tokens["claims"]["sub"]
    assert len(app.tell("read", url=f"{stack.url}{ACCOUNTS}", token=tokens["access_token"])["data"]) == 1
    assert app.tell("refresh", token=tokens["refresh_token"])["token_type"] == "dpop"
    with pytest.raises(Refused) as refused:
        app.tell("awaitDevice")
    assert refused.value.error == "invalid_grant"


def test_a_person_who_is_elsewhere(register: Register, stack: Stack, alice: Alice, redirect_uri: str) -> None:
    """CIBA, poll: of somebody whom the app knows, by the ID token that it has of her."""
    app = register(ELSEWHERE)
    known = allowed(app, alice, redirect_uri)
    asked = app.tell("askElsewhere", scope=SCOPE, idTokenHint=known["id_token"], message="Order 17")
    assert asked["interval"] == INTERVAL_S
    alice.answer_waiting()
    tokens = app.tell("awaitElsewhere")
    assert tokens["claims"]["sub"] == known["claims"]["sub"]
    assert tokens["claims"]["urn:openid:params:jwt:claim:auth_req_id"] == asked["auth_req_id"]
    assert len(app.tell("read", url=f"{stack.url}{ACCOUNTS}", token=tokens["access_token"])["data"]) == 1
    assert app.tell("refresh", token=tokens["refresh_token"])["token_type"] == "dpop"
    with pytest.raises(Refused) as refused:
        app.tell("awaitElsewhere")
    assert refused.value.error == "invalid_grant"


@pytest.mark.parametrize("method", ["self_signed_tls_client_auth", "tls_client_auth"])
def test_tokens_bound_to_a_certificate(
    method: str, register: Register, stack: Stack, alice: Alice, redirect_uri: str, tmp_path: Path
) -> None:
    """RFC 8705: the certificate stands for the assertion and for the DPoP proof."""
    mine, thiefs = certificates.proof(method, stack, tmp_path), certificates.proof(method, stack, tmp_path)
    api = f"{stack.url}{ACCOUNTS}"
    app = register(Registration(more=mine.metadata), dpop=False, **mine.files)
    tokens = allowed(app, alice, redirect_uri)
    assert tokens["token_type"] == "bearer"
    assert app.tell("userinfo", token=tokens["access_token"], sub=tokens["claims"]["sub"])["name"] == "Alice"
    assert len(app.tell("read", url=api, token=tokens["access_token"])["data"]) == 1
    renewed = app.tell("refresh", token=tokens["refresh_token"])["access_token"]
    assert app.tell("introspect", token=renewed)["cnf"]["x5t#S256"]
    for shown in (thiefs.files, {}):
        app.tell("show", **shown)
        with pytest.raises(Refused) as refused:
            app.tell("read", url=api, token=renewed)
        assert (refused.value.error, refused.value.status) == ("invalid_token", 401)
        with pytest.raises(Refused) as refused:
            app.tell("refresh", token=tokens["refresh_token"])
        assert (refused.value.error, refused.value.status) == ("invalid_client", 401)
