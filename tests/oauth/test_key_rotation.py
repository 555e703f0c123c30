"""Tokens through a rotation of the key that signed them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc import jws

from hub import keys
from hub.oauth import addresses, tokens
from hub.oauth.tokens import BadToken, read_access_token
from hub.signing import rotation
from hub.signing.lines import line_of
from tests.conftest import TestClock
from tests.oauth.world import World
from tests.statements import statements

LINE = line_of(keys.AS)


def kid_of(token: str) -> str:
    return str(jws.extract_compact(token.encode()).headers()["kid"])


def published(world: World) -> set[str]:
    return {key["kid"] for key in world.app.test_client().get(addresses.JWKS).get_json()["keys"]}


def rotate(world: World, *, at_once: bool = False) -> rotation.Rotated:
    kid = rotation.active_kids(world.hub, keys.AS)[LINE]
    done = rotation.rotate(world.hub, LINE, replaces=kid, now=world.hub.clock(), at_once=at_once)
    assert done is not None
    return done


def test_a_client_that_cached_the_keys_before_a_rotation_can_check_what_is_signed_after_it(
    world: World, clock: TestClock
) -> None:
    cached = published(world)
    clock.advance(days=1)
    rotate(world)
    answer = world.tokens()
    assert {kid_of(answer["access_token"]), kid_of(answer["id_token"])} <= cached


def test_a_token_of_a_retiring_key_works_to_its_end(world: World, clock: TestClock) -> None:
    published(world)
    clock.advance(days=1)
    answer = world.tokens()
    done = rotate(world)
    assert kid_of(answer["access_token"]) == done.replaced
    assert world.works(answer["access_token"])
    assert kid_of(world.refresh(answer["refresh_token"]).get_json()["access_token"]) == done.active
    clock.advance(seconds=answer["expires_in"] - 1)
    assert world.works(answer["access_token"])
    assert done.replaced in published(world)


def test_a_token_of_a_dropped_key_is_refused_though_it_was_verified_before(world: World) -> None:
    token = world.tokens()["access_token"]
    assert world.works(token)
    done = rotate(world, at_once=True)
    assert not world.works(token)
    assert done.replaced not in published(world)
    assert world.works(world.tokens(prompt="consent")["access_token"])


def test_another_process_refuses_it_as_soon_as_it_has_looked(world: World, clock: TestClock) -> None:
    token = world.tokens()["access_token"]
    kid = rotation.active_kids(world.hub, keys.AS)[LINE]
    assert world.works(token)
    other = replace(world.hub, keys=keys.KeyRing(world.hub.db, world.hub.sealer, clock))
    assert rotation.rotate(other, LINE, replaces=kid, now=clock(), at_once=True)
    clock.advance(seconds=keys.REREAD_S)
    assert not world.works(token)


def test_a_token_that_was_verified_costs_no_query_to_read_again(world: World, clock: TestClock) -> None:
    token = world.tokens()["access_token"]
    read_access_token(world.hub, token, clock())
    with statements(world.hub) as seen:
        for _ in range(50):
            read_access_token(world.hub, token, clock())
    assert seen == []


def test_forged_tokens_with_a_kid_each_cost_one_query_a_second(world: World, clock: TestClock) -> None:
    head, body, signature = world.tokens()["access_token"].split(".")
    read_access_token(world.hub, f"{head}.{body}.{signature}", clock())
    forged = [
        jws.serialize_compact(
            {"alg": "ES256", "kid": f"mine-{number}", "typ": "at+jwt"}, b"{}", world.hub.keys.signing(keys.AS)
        )
        for number in range(20)
    ]
    with statements(world.hub) as seen:
        for token in forged:
            with pytest.raises(BadToken):
                read_access_token(world.hub, token, clock())
    assert len(seen) == 1


@pytest.mark.parametrize("alg", ["PS256", "EdDSA", "RS256"])
def test_an_access_token_by_another_key_of_ours_is_none(world: World, clock: TestClock, alg: str) -> None:
    """Each key signs with its algorithm, and access tokens are signed with one."""
    good = world.tokens()["access_token"]
    payload = jws.extract_compact(good.encode()).payload
    key = world.hub.keys.signing(keys.AS, alg)
    header = {"alg": alg, "kid": str(key.kid), "typ": "at+jwt"}
    with pytest.raises(BadToken):
        read_access_token(world.hub, jws.serialize_compact(header, payload, key, algorithms=[alg]), clock())


def test_what_tokens_live_for_is_within_what_a_retiring_key_stays_for(world: World) -> None:
    lifetime = rotation.retiring_for(world.hub.settings)
    for name in ("access_token_ttl_s", "id_token_ttl_s"):
        assert timedelta(seconds=getattr(world.hub.settings, name) + tokens.CLOCK_SKEW_S + keys.REREAD_S) < lifetime
