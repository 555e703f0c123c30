"""What a request may say about who should log in, how, and what about them it would like to know."""

import json
from datetime import timedelta
from typing import Any

import pytest

from hub.errors import NotPermitted
from hub.identity.assurance import PHISHING_RESISTANT, TWO_FACTOR
from hub.oauth.interaction import Ask, LoginReason, NeedsLogin, Redirect, approve, open_request
from tests.conftest import TestClock
from tests.oauth.world import World, claims_of, query_of


def claims(**members: Any) -> str:
    return json.dumps(members)


def test_a_claim_by_name_is_asked_of_the_person_and_told_where_it_was_asked_for(world: World) -> None:
    wanted = claims(userinfo={"name": {"essential": True}}, id_token={"email": None})
    shown = open_request(world.hub, world.handle(world.web, scope="openid", claims=wanted), world.person())
    assert isinstance(shown, Ask)
    assert {one.value for one in shown.permissions} == {"openid", "profile", "email"}
    code = world.code(world.web, scope="openid profile email", claims=wanted)
    answer = world.redeem(code, world.web).get_json()
    assert claims_of(answer["id_token"])["email"] == "alice@people.example"
    assert world.userinfo(answer["access_token"]).get_json()["name"] == "Alice"


def test_claims_that_cannot_be_read_are_refused_and_unknown_ones_passed_over(world: World) -> None:
    for broken in ("{", "[]", claims(userinfo=[]), claims(id_token={"acr": {"essential": 1}})):
        assert query_of(world.ask(world.web, claims=broken).headers["Location"])["error"] == "invalid_request", broken
    assert world.handle(world.web, claims=claims(userinfo={"favourite_colour": {"essential": True}}, more={}))


def test_an_essential_acr_that_no_login_here_can_be_is_refused_at_once(world: World) -> None:
    wanted = claims(id_token={"acr": {"essential": True, "values": ["urn:nobody:knows"]}})
    answer = query_of(world.ask(world.web, claims=wanted).headers["Location"])
    assert answer["error"] == "unmet_authentication_requirements"


def test_an_essential_acr_sends_to_a_stronger_login_once_and_is_then_met_or_refused(
    world: World, clock: TestClock
) -> None:
    wanted = claims(id_token={"acr": {"essential": True, "values": [TWO_FACTOR]}})
    weak = world.person()
    clock.advance(seconds=10)
    handle, other = (world.handle(world.web, claims=wanted) for _ in range(2))
    assert open_request(world.hub, handle, weak) == NeedsLogin(LoginReason.ACR, None, TWO_FACTOR)
    with pytest.raises(NotPermitted):
        approve(world.hub, handle, weak, world.choice("openid"))
    clock.advance(seconds=10)
    strong, still_weak = world.person(amr=("pwd", "otp", "mfa")), world.person()
    assert isinstance(open_request(world.hub, handle, strong), Ask)
    # Who comes without a session logs in before anybody can tell them how: they are asked to be stronger, once.
    assert open_request(world.hub, other, still_weak) == NeedsLogin(LoginReason.ACR, None, TWO_FACTOR)
    refused = open_request(world.hub, other, still_weak)
    assert isinstance(refused, Redirect)
    assert query_of(refused.delivery.url)["error"] == "unmet_authentication_requirements"


def test_a_voluntary_acr_asks_once_and_then_tells_what_it_was(world: World, clock: TestClock) -> None:
    weak = world.person()
    clock.advance(seconds=10)
    handle = world.handle(world.web, acr_values=f"urn:nobody:knows {PHISHING_RESISTANT}")
    assert open_request(world.hub, handle, weak) == NeedsLogin(LoginReason.ACR, None, PHISHING_RESISTANT)
    clock.advance(seconds=10)
    fresh = world.person()
    assert isinstance(open_request(world.hub, handle, fresh), Ask)
    code = query_of(approve(world.hub, handle, fresh, world.choice(" ".join(world.web.client.scopes))).url)["code"]
    assert claims_of(world.redeem(code, world.web).get_json()["id_token"])["acr"] == fresh.acr


@pytest.mark.parametrize("how", ["hint", "claim"])
def test_when_another_person_is_meant_nobody_else_answers(world: World, clock: TestClock, how: str) -> None:
    answer = world.tokens(world.web)
    sub = claims_of(answer["id_token"])["sub"]
    change = {
        "hint": {"id_token_hint": answer["id_token"]},
        "claim": {"claims": claims(id_token={"sub": {"value": sub}})},
    }[how]
    alice, bob = world.person(world.alice), world.person(world.bob)
    clock.advance(seconds=10)
    handle, late, third = (world.handle(world.web, prompt="consent", **change) for _ in range(3))
    assert open_request(world.hub, handle, bob) == NeedsLogin(LoginReason.PERSON, None)
    with pytest.raises(NotPermitted):
        approve(world.hub, handle, bob, world.choice("openid"))
    assert isinstance(open_request(world.hub, handle, alice), Ask)
    clock.advance(seconds=10)
    again = open_request(world.hub, late, world.person(world.bob))
    assert isinstance(again, Redirect)
    assert query_of(again.delivery.url)["error"] == "login_required"
    world.logged_in = world.person(world.bob)
    silent = query_of(world.ask(world.web, prompt="none", **change).headers["Location"])
    assert silent["error"] == "login_required"
    assert isinstance(open_request(world.hub, third, alice), Ask)


def test_a_hint_may_be_old_but_must_be_this_clients_own(world: World, clock: TestClock) -> None:
    mine, others = world.tokens(world.web)["id_token"], world.tokens()["id_token"]
    clock.advance(days=1)
    world.logged_in = world.person(auth_time=clock() - timedelta(seconds=5))
    assert "code" in query_of(world.ask(world.web, prompt="none", id_token_hint=mine).headers["Location"])
    for hint in (others, mine[:-4] + "AAAA", "e30.e30.", world.tokens(world.web, prompt="consent")["access_token"]):
        answer = query_of(world.ask(world.web, id_token_hint=hint).headers["Location"])
        assert answer["error"] == "invalid_request"
