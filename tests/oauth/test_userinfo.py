"""Who the person is: sub always, anything else by consent and scope."""

from dataclasses import replace

from sqlalchemy import select

from consent.model import Permission
from hub.models.consent import ConsentAccess
from hub.models.psu import Psu
from hub.oauth.interaction import approve
from tests.oauth.world import World, claims_of, query_of


def test_it_says_what_was_given_and_asked_for(world: World) -> None:
    token = world.tokens()["access_token"]
    response = world.userinfo(token)
    sub = claims_of(token)["sub"]
    assert response.get_json() == {
        "sub": sub,
        "name": "Alice",
        "email": "alice@people.example",
        "email_verified": False,
    }
    assert response.headers["Cache-Control"] == "no-store"
    narrowed = world.tokens(scope="openid email balances:read", prompt="consent")["access_token"]
    told = {"sub": sub, "email": "alice@people.example", "email_verified": False}
    assert world.userinfo(narrowed).get_json() == told


def test_an_address_that_was_verified_is_said_to_be(world: World) -> None:
    with world.hub.db.write() as session:
        session.get_one(Psu, world.alice).email_verified_at = world.hub.clock()
    assert world.userinfo(world.tokens()["access_token"]).get_json()["email_verified"] is True


def test_it_keeps_back_what_the_person_did_not_give(world: World) -> None:
    choice = replace(world.choice(), personal=frozenset({Permission.SIGN_IN}))
    code = query_of(approve(world.hub, world.handle(), world.person(), choice).url)["code"]
    token = world.redeem(code).get_json()["access_token"]
    assert world.userinfo(token).get_json() == {"sub": claims_of(token)["sub"]}


def test_it_needs_openid(world: World) -> None:
    response = world.userinfo(world.tokens(scope="profile balances:read")["access_token"])
    assert response.status_code == 403
    assert "Alice" not in response.text


def test_it_answers_post_as_well(world: World) -> None:
    token = world.tokens()["access_token"]
    response = world.app.test_client().post("/oauth/userinfo", headers=world.shown(token, method="POST"))
    assert response.get_json()["name"] == "Alice"


def test_a_sign_in_client_may_post_its_bearer_token_a_bound_one_never_travels_so(world: World) -> None:
    """RFC 6750 2.2; FAPI 2.0 5.3.4 wants the header only."""
    browser = world.app.test_client()
    bearer, bound = world.tokens(world.web)["access_token"], world.tokens()["access_token"]
    assert browser.post("/oauth/userinfo", data={"access_token": bearer}).get_json()["name"] == "Alice"
    assert browser.post("/oauth/userinfo", data={"access_token": bound}).status_code == 401
    assert browser.get("/oauth/userinfo", data={"access_token": bearer}).status_code == 401
    twice = browser.post(
        "/oauth/userinfo", data={"access_token": bearer}, headers={"Authorization": f"Bearer {bearer}"}
    )
    assert twice.status_code == 401


def test_signing_in_alone_is_enough(world: World) -> None:
    token = world.tokens(scope="openid")["access_token"]
    assert set(world.userinfo(token).get_json()) == {"sub"}


def test_each_reading_is_on_the_persons_record(world: World) -> None:
    world.userinfo(world.tokens()["access_token"])
    with world.hub.db.read() as session:
        read = session.execute(select(ConsentAccess.permission, ConsentAccess.times)).all()
    assert sorted(map(tuple, read)) == [("email", 1), ("openid", 1), ("profile", 1)]
