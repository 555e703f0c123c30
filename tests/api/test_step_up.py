"""An endpoint demands a stronger or fresher login, says so in its challenge, and takes the token of that login
(RFC 9470), through the whole hub.
"""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from consent.model import Permission
from hub.context import Hub
from hub.identity.assurance import TWO_FACTOR
from hub.oauth import interaction
from hub.oauth.clients import Registered
from hub.oauth.interaction import LoginReason, NeedsLogin, Redirect
from hub.settings import Settings, SettingsError
from tests.conftest import TestClock
from tests.oauth.world import World, query_of

SCOPE = "openid accounts:read parties:read"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, parties_acr=TWO_FACTOR, parties_max_age_s=600)


@pytest.fixture
def world(hub: Hub, app: Flask) -> World:
    made = World(hub)
    made.app = app
    return made


@pytest.fixture
def reader(world: World) -> Registered:
    return world.register(scopes=SCOPE.split())


def read(world: World, token: str, path: str = "/v1/parties") -> TestResponse:
    return world.app.test_client().get(path, headers=world.shown(token, path))


def asked_for(answer: TestResponse, scheme: str) -> dict[str, str]:
    """The parameters of the challenge for that scheme."""
    (value,) = (one for one in answer.headers.getlist("WWW-Authenticate") if one.startswith(scheme))
    return dict(re.findall(r'(\w+)="([^"]*)"', value))


def token_of(world: World, client: Registered, *, amr: tuple[str, ...], **asked: str) -> str:
    """Alice logs in by ``amr`` for this request and says yes, or has said it before."""
    handle = world.handle(client, scope=SCOPE, **asked)
    opened = interaction.open_request(world.hub, handle, world.person(amr=amr))
    if isinstance(opened, Redirect):
        delivery = opened.delivery
    else:
        delivery = interaction.approve(world.hub, handle, world.person(amr=amr), world.choice(SCOPE))
    answer: dict[str, Any] = world.redeem(query_of(delivery.url)["code"], client).get_json()
    return str(answer["access_token"])


def test_the_challenge_names_what_would_do_in_both_schemes(world: World, reader: Registered) -> None:
    refused = read(world, token_of(world, reader, amr=("pwd",)))
    assert refused.status_code == 401
    for scheme in ("DPoP", "Bearer"):
        challenge = asked_for(refused, scheme)
        assert challenge["error"] == "insufficient_user_authentication"
        assert (challenge["acr_values"], challenge["max_age"]) == (TWO_FACTOR, "600")
    assert refused.get_json()["type"].endswith("/docs/problems#login-not-enough")


def test_the_token_of_the_login_that_was_asked_for_passes(world: World, reader: Registered, clock: TestClock) -> None:
    old = token_of(world, reader, amr=("pwd",))
    challenge = asked_for(read(world, old), "DPoP")
    wanted = {name: challenge[name] for name in ("acr_values", "max_age")}

    # The hub itself asks for the stronger login, by what the client passed on.
    weak = world.person()
    clock.advance(seconds=1)
    needed = interaction.open_request(world.hub, world.handle(reader, scope=SCOPE, **wanted), weak)
    assert isinstance(needed, NeedsLogin)
    assert (needed.reason, needed.acr) == (LoginReason.ACR, TWO_FACTOR)

    new = token_of(world, reader, amr=("pwd", "otp", "mfa"), **wanted)
    assert read(world, new).status_code == 200
    assert read(world, old).status_code == 401  # the older token tells of the older login for ever
    assert read(world, old, "/v1/accounts").status_code == 200  # and is enough where nothing more is demanded


def test_a_login_grows_old(world: World, reader: Registered, clock: TestClock) -> None:
    handle = world.handle(reader, scope=SCOPE)
    logged_in = world.person(amr=("pwd", "otp", "mfa"))
    clock.advance(seconds=500)
    delivery = interaction.approve(world.hub, handle, logged_in, world.choice(SCOPE))
    token = world.redeem(query_of(delivery.url)["code"], reader).get_json()["access_token"]
    clock.advance(seconds=100)
    assert read(world, token).status_code == 200
    clock.advance(seconds=1)
    assert asked_for(read(world, token), "Bearer")["error"] == "insufficient_user_authentication"


def test_nobody_is_sent_to_log_in_for_what_the_consent_does_not_allow(world: World, reader: Registered) -> None:
    handle = world.handle(reader, scope=SCOPE)
    choice = replace(world.choice(SCOPE), accounts={world.account: frozenset({Permission.ACCOUNTS_READ})})
    delivery = interaction.approve(world.hub, handle, world.person(), choice)
    token = world.redeem(query_of(delivery.url)["code"], reader).get_json()["access_token"]
    assert read(world, token).status_code == 403


def test_a_word_that_is_no_login_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match="RIALTO_PARTIES_ACR"):
        Settings(parties_acr="urn:rialto:acr:three-factor")
