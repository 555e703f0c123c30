"""Tables that grow with every visit are swept, in batches."""

from datetime import timedelta

from sqlalchemy import func, select

from hub.models.oauth import AuthorizationCode, AuthorizationRequest, DeniedToken, Grant, RefreshToken
from hub.oauth.sweep import sweep
from tests.conftest import TestClock
from tests.oauth.world import World


def count(world: World, table: type) -> int:
    with world.hub.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_only_what_ended_long_enough_ago_goes_and_only_a_batch_at_a_time(world: World, clock: TestClock) -> None:
    token = world.tokens()["access_token"]
    world.post("/oauth/revoke", {"token": token})
    for _ in range(4):
        world.handle()
    assert sweep(world.hub, clock()) == 0
    assert sweep(world.hub, clock.advance(days=2), batch=3) == 5  # three requests, the code, the denied token
    assert sweep(world.hub, clock()) == 2
    assert [count(world, table) for table in (AuthorizationRequest, AuthorizationCode, DeniedToken)] == [0, 0, 0]
    assert (count(world, RefreshToken), count(world, Grant)) == (1, 1)
    assert sweep(world.hub, clock() + timedelta(days=60)) == 1


def test_a_used_code_stays_recognisable_for_a_day(world: World, clock: TestClock) -> None:
    code = world.code()
    answer = world.redeem(code).get_json()
    sweep(world.hub, clock.advance(seconds=3600))
    assert world.redeem(code).get_json()["error"] == "invalid_grant"
    assert world.refresh(answer["refresh_token"]).get_json()["error"] == "invalid_grant"
