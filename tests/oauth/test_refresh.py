"""Refreshing: no rotation for clients that prove themselves, rotation with a safety net for those that cannot."""

from typing import Any

import pytest
from sqlalchemy import select

from consent.model import Actor
from hub.consents import service as consents
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import RefreshToken
from hub.oauth.grants.refresh_token import RETRIES, RETRY_S
from tests.conftest import TestClock
from tests.oauth.world import NATIVE_CALLBACK, SCOPE, World


def native_tokens(world: World) -> dict[str, Any]:
    return world.tokens(world.native, redirect_uri=NATIVE_CALLBACK)


def rotate(world: World, refresh_token: str) -> dict[str, Any]:
    response = world.refresh(refresh_token, world.native)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


def refused(world: World, refresh_token: str) -> bool:
    response = world.refresh(refresh_token, world.native)
    return response.status_code == 400 and response.get_json()["error"] == "invalid_grant"


def test_a_confidential_client_keeps_its_refresh_token(world: World, clock: TestClock) -> None:
    refresh_token = world.tokens()["refresh_token"]
    for _ in range(3):
        clock.advance(seconds=600)
        answer = world.refresh(refresh_token).get_json()
        assert set(answer) == {"access_token", "token_type", "expires_in", "scope", "grant_id"}
        assert world.works(answer["access_token"])


def test_a_refresh_may_narrow_the_scope_for_one_token_and_never_widen_it(world: World) -> None:
    refresh_token = world.tokens()["refresh_token"]
    assert world.refresh(refresh_token, scope="openid").get_json()["scope"] == "openid"
    for more in ("openid transactions:read", "openid everything"):
        assert world.refresh(refresh_token, scope=more).get_json()["error"] == "invalid_scope"
    assert world.refresh(refresh_token).get_json()["scope"] == " ".join(sorted(SCOPE.split()))


def test_a_refresh_token_is_for_its_own_client_alone(world: World) -> None:
    refresh_token = world.tokens()["refresh_token"]
    assert world.refresh(refresh_token, world.register()).get_json()["error"] == "invalid_grant"
    assert world.refresh(refresh_token, world.native).get_json()["error"] == "invalid_grant"
    assert world.refresh("x" * 43).get_json()["error"] == "invalid_grant"
    assert world.refresh(refresh_token).status_code == 200


def test_an_unused_refresh_token_dies_and_a_used_one_lives_on_within_its_consent(
    world: World, clock: TestClock
) -> None:
    used, unused = world.tokens(days=60)["refresh_token"], world.tokens(days=60, prompt="consent")["refresh_token"]
    clock.advance(days=20)
    assert world.refresh(used).status_code == 200
    clock.advance(days=20)
    assert world.refresh(used).status_code == 200
    assert world.refresh(unused).get_json()["error"] == "invalid_grant"
    clock.advance(days=20)
    assert world.refresh(used).get_json()["error"] == "invalid_grant"


def test_a_revoked_consent_refreshes_nothing(world: World, clock: TestClock) -> None:
    refresh_token = world.tokens()["refresh_token"]
    with world.hub.db.write() as session:
        row = session.scalars(select(ConsentRow)).one()
        consents.revoke(session, row.id, actor=Actor.PSU, psu_id=world.alice, now=clock())
    assert world.refresh(refresh_token).get_json()["error"] == "invalid_grant"


def test_a_public_client_gets_the_next_token_with_every_refresh(world: World, clock: TestClock) -> None:
    token = native_tokens(world)["refresh_token"]
    seen = {token}
    for _ in range(3):
        clock.advance(seconds=600)
        token = rotate(world, token)["refresh_token"]
        seen.add(token)
    assert len(seen) == 4


def test_a_lost_answer_may_be_asked_for_again_until_its_token_is_used(world: World, clock: TestClock) -> None:
    first = native_tokens(world)["refresh_token"]
    lost = rotate(world, first)["refresh_token"]
    clock.advance(seconds=5)
    second = rotate(world, first)["refresh_token"]
    assert second != lost
    clock.advance(seconds=5)
    third = rotate(world, second)
    assert world.works(third["access_token"])
    assert rotate(world, third["refresh_token"])


def test_the_retry_works_all_in_one_instant_and_late_in_the_line(world: World) -> None:
    token = native_tokens(world)["refresh_token"]
    for _ in range(3):
        rotate(world, token)
        token = rotate(world, token)["refresh_token"]
    assert rotate(world, token)


@pytest.mark.parametrize("who_comes_first", ["the client", "the thief"])
def test_a_copied_token_ends_the_family_whoever_comes_first(
    world: World, clock: TestClock, who_comes_first: str
) -> None:
    stolen = native_tokens(world)["refresh_token"]
    one = rotate(world, stolen)  # inside the retry window both get a successor ...
    clock.advance(seconds=1)
    other = rotate(world, stolen)
    clock.advance(seconds=1)
    first, second = (one, other) if who_comes_first == "the client" else (other, one)
    newest = rotate(world, first["refresh_token"])
    assert refused(world, second["refresh_token"])  # ... but only one of them can be used,
    assert refused(world, newest["refresh_token"])  # and the attempt to use the other ends all.
    assert not world.works(newest["access_token"])


def test_an_old_token_comes_too_late_once_its_successor_is_used(world: World, clock: TestClock) -> None:
    first = native_tokens(world)["refresh_token"]
    second = rotate(world, first)["refresh_token"]
    clock.advance(seconds=1)
    third = rotate(world, second)
    clock.advance(seconds=1)
    assert refused(world, first)
    assert refused(world, third["refresh_token"])
    assert not world.works(third["access_token"])


def test_an_old_token_comes_too_late_after_a_minute(world: World, clock: TestClock) -> None:
    first = native_tokens(world)["refresh_token"]
    second = rotate(world, first)["refresh_token"]
    clock.advance(seconds=RETRY_S + 1)
    assert refused(world, first)
    assert refused(world, second)


def test_retries_are_counted(world: World) -> None:
    first = native_tokens(world)["refresh_token"]
    for _ in range(1 + RETRIES):
        rotate(world, first)
    assert refused(world, first)
    with world.hub.db.read() as session:
        assert len(session.scalars(select(RefreshToken)).all()) == 2 + RETRIES


def test_a_stranger_with_an_old_token_ends_nothing(world: World, clock: TestClock) -> None:
    first = native_tokens(world)["refresh_token"]
    second = rotate(world, first)["refresh_token"]
    clock.advance(seconds=RETRY_S + 1)
    assert world.refresh(first, world.client).get_json()["error"] == "invalid_grant"
    assert rotate(world, second)


def test_a_deleted_client_refreshes_nothing(world: World, clock: TestClock) -> None:
    refresh_token = world.tokens()["refresh_token"]
    with world.hub.db.write() as session:
        session.get_one(Client, world.client.client.client_id).deleted_at = clock()
    response = world.refresh(refresh_token)
    assert (response.status_code, response.get_json()["error"]) == (401, "invalid_client")
