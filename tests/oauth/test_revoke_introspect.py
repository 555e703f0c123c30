"""RFC 7009 and RFC 7662."""

from typing import Any

from sqlalchemy import func, select

from consent.model import Actor
from hub.consents import service as consents
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import DeniedToken
from hub.oauth.clients import Registered
from tests.conftest import TestClock
from tests.oauth.world import NATIVE_CALLBACK, SCOPE, World, claims_of

INACTIVE = {"active": False}


def introspect(world: World, token: str, client: Registered | None = None) -> Any:
    response = world.post("/oauth/introspect", {"token": token}, client)
    assert response.status_code == 200, response.text
    return response.get_json()


def revoke(world: World, token: str, client: Registered | None = None, **more: str) -> int:
    return world.post("/oauth/revoke", {"token": token} | more, client).status_code


def test_an_access_token_is_described_as_it_is_worth_now(world: World) -> None:
    token = world.tokens()["access_token"]
    claims = claims_of(token)
    assert introspect(world, token) == {
        "active": True,
        "scope": " ".join(sorted(SCOPE.split())),
        "token_type": "DPoP",
        **{name: claims[name] for name in ("client_id", "exp", "iat", "sub", "aud", "iss", "jti")},
        **{name: claims[name] for name in ("cnf", "acr", "auth_time")},
    }
    with world.hub.db.write() as session:
        session.get_one(Client, world.client.client.client_id).scopes = ["openid"]
    assert introspect(world, token)["scope"] == "openid"


def test_a_refresh_token_is_described_too(world: World) -> None:
    answer = world.tokens()
    found = introspect(world, answer["refresh_token"])
    assert found["active"] is True
    assert found["sub"] == claims_of(answer["access_token"])["sub"]
    assert "token_type" not in found


def test_another_clients_token_is_not_active_to_a_client_but_to_a_resource_server(world: World) -> None:
    answer, other = world.tokens(), world.register(profile="oidc")
    for token in (answer["access_token"], answer["refresh_token"]):
        assert introspect(world, token, other) == INACTIVE
    with world.hub.db.write() as session:
        session.get_one(Client, other.client.client_id).profile = "resource_server"
    assert introspect(world, answer["access_token"], other)["active"] is True
    assert introspect(world, answer["refresh_token"], other) == INACTIVE  # no business of a resource server's


def test_a_resource_server_is_told_of_tokens_for_itself_only(world: World) -> None:
    member = "https://member.example/api"
    server = world.register(profile="resource_server", registration={"resource": member})
    for_us = world.tokens(prompt="consent")["access_token"]
    for_member = world.tokens(prompt="consent", resource=member)["access_token"]
    assert claims_of(for_member)["aud"] == member
    assert introspect(world, for_us, server) == INACTIVE
    assert introspect(world, for_member, server)["active"] is True
    assert not world.works(for_member)  # nor does the hub's own API take it


def test_an_answer_is_signed_for_whoever_wants_it_so(world: World) -> None:
    """RFC 9701 5."""
    token = world.tokens()["access_token"]
    server = world.register(profile="resource_server", registration={"introspection_signed_response_alg": "ES256"})
    response = world.post("/oauth/introspect", {"token": token}, server)
    assert response.content_type == "application/token-introspection+jwt"
    claims = claims_of(response.text)
    assert (claims["iss"], claims["aud"]) == (world.hub.settings.base_url, server.client.client_id)
    assert claims["token_introspection"]["active"] is True
    assert not {"sub", "exp"} & set(claims)
    accepts = {"Accept": "application/token-introspection+jwt"}
    asked_for = world.post("/oauth/introspect", {"token": token}, headers=accepts)
    assert asked_for.content_type == response.content_type


def test_whatever_is_not_usable_is_not_active_and_says_nothing_else(world: World, clock: TestClock) -> None:
    answer = world.tokens()
    assert introspect(world, "x" * 43) == INACTIVE
    assert introspect(world, answer["id_token"]) == INACTIVE
    clock.advance(seconds=300)
    assert introspect(world, answer["access_token"]) == INACTIVE
    fresh = world.refresh(answer["refresh_token"]).get_json()["access_token"]
    assert introspect(world, fresh)["active"] is True
    with world.hub.db.write() as session:
        row = session.scalars(select(ConsentRow)).one()
        consents.revoke(session, row.id, actor=Actor.PSU, psu_id=world.alice, now=clock())
    assert introspect(world, fresh) == INACTIVE
    assert introspect(world, answer["refresh_token"]) == INACTIVE


def test_introspection_is_for_clients_that_prove_themselves(world: World) -> None:
    token = world.tokens(world.native, redirect_uri=NATIVE_CALLBACK)["access_token"]
    response = world.post("/oauth/introspect", {"token": token}, world.native)
    assert (response.status_code, response.get_json()["error"]) == (401, "invalid_client")
    assert world.post("/oauth/introspect", {}).get_json()["error"] == "invalid_request"
    assert world.app.test_client().get(f"/oauth/introspect?token={token}").status_code == 405


def test_a_revoked_access_token_is_out_at_once_and_the_others_stay(world: World) -> None:
    answer = world.tokens()
    assert revoke(world, answer["access_token"]) == 200
    assert not world.works(answer["access_token"])
    assert introspect(world, answer["access_token"]) == INACTIVE
    assert world.works(world.refresh(answer["refresh_token"]).get_json()["access_token"])
    assert revoke(world, answer["access_token"]) == 200  # again is fine
    with world.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(DeniedToken)) == 1


def test_a_revoked_refresh_token_takes_its_whole_grant_along_but_not_the_consent(world: World) -> None:
    answer = world.tokens()
    assert revoke(world, answer["refresh_token"]) == 200
    assert not world.works(answer["access_token"])
    assert world.refresh(answer["refresh_token"]).get_json()["error"] == "invalid_grant"
    with world.hub.db.read() as session:
        assert session.scalars(select(ConsentRow.status)).all() == ["valid"]


def test_an_old_token_of_a_public_client_still_revokes_its_family(world: World) -> None:
    first = world.tokens(world.native, redirect_uri=NATIVE_CALLBACK)["refresh_token"]
    second = world.refresh(first, world.native).get_json()
    assert revoke(world, first, world.native) == 200
    assert not world.works(second["access_token"])


def test_a_client_cannot_revoke_anothers_token(world: World) -> None:
    answer, other = world.tokens(), world.register()
    for token in (answer["access_token"], answer["refresh_token"]):
        assert world.post("/oauth/revoke", {"token": token}, other).status_code == 200  # which tells nothing
    assert world.works(answer["access_token"])
    assert world.refresh(answer["refresh_token"]).status_code == 200


def test_an_unknown_token_and_an_unknown_hint_are_no_errors(world: World) -> None:
    assert revoke(world, "x" * 43) == 200
    answer = world.tokens()
    assert revoke(world, answer["refresh_token"], token_type_hint="access_token") == 200
    assert not world.works(answer["access_token"])
    assert revoke(world, "x" * 43, token_type_hint="something_else") == 200


def test_revocation_wants_an_authenticated_client_and_a_token(world: World) -> None:
    assert world.post("/oauth/revoke", {}).get_json()["error"] == "invalid_request"
    assert world.app.test_client().post("/oauth/revoke", data={"token": "x"}).status_code == 401
