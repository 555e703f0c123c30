"""A bound token opens nothing without its key: whatever was stolen, something is missing."""

from typing import Any

import pytest

from tests.conftest import TestClock
from tests.oauth.signing import LEFT_OUT, ClientKey
from tests.oauth.world import World, claims_of

USERINFO = "/oauth/userinfo"


def show(world: World, headers: dict[str, str], *, method: str = "GET", path: str = USERINFO) -> Any:
    return world.app.test_client().open(path, method=method, headers=headers)


def key_of(world: World) -> ClientKey:
    return world.keys[world.client.client.client_id]


def test_the_token_names_its_key_and_works_with_it_alone(world: World) -> None:
    token = world.tokens()["access_token"]
    assert claims_of(token)["cnf"] == {"jkt": key_of(world).thumbprint}
    assert show(world, world.shown(token)).status_code == 200
    thief = world.proof_of(ClientKey.make(), "GET", USERINFO, access_token=token)
    stolen = show(world, {"Authorization": f"DPoP {token}"} | thief)
    assert (stolen.status_code, stolen.get_json()["reason"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Authorization": "Bearer {token}"}, "invalid_token"),
        ({"Authorization": "Bearer {token}", "DPoP": None}, "invalid_token"),
        ({"DPoP": None}, "invalid_dpop_proof"),
        ({"DPoP": "{token}"}, "invalid_dpop_proof"),
        ({"DPoP": ""}, "invalid_dpop_proof"),
    ],
)
def test_scheme_and_proof_belong_together(world: World, change: dict[str, str | None], reason: str) -> None:
    token = world.tokens()["access_token"]
    changed = world.shown(token) | {name: value and value.format(token=token) for name, value in change.items()}
    answer = show(world, {name: value for name, value in changed.items() if value is not None})
    assert (answer.status_code, answer.get_json()["reason"]) == (401, reason)
    assert ("Authorization: DPoP" in answer.get_json()["detail"]) is ("Authorization" in change), "says what would do"
    challenges = answer.headers.getlist("WWW-Authenticate")
    assert [one.split()[0] for one in challenges] == ["DPoP", "Bearer"]
    assert all(f'error="{reason}"' in one for one in challenges)


def test_a_proof_is_for_one_request_only(world: World, clock: TestClock) -> None:
    token, key = world.tokens()["access_token"], key_of(world)
    other = world.tokens(prompt="consent")["access_token"]
    made = {
        "another method": world.proof_of(key, "POST", USERINFO, access_token=token),
        "another address": world.proof_of(key, "GET", "/v1/accounts", access_token=token),
        "another token": world.proof_of(key, "GET", USERINFO, access_token=other),
        "no token": world.proof_of(key, "GET", USERINFO),
        "an hour old": world.proof_of(key, "GET", USERINFO, access_token=token, iat=int(clock().timestamp()) - 3600),
        "no jti": world.proof_of(key, "GET", USERINFO, access_token=token, jti=LEFT_OUT),
    }
    for name, proof in made.items():
        answer = show(world, {"Authorization": f"DPoP {token}"} | proof)
        assert (answer.status_code, answer.get_json()["reason"]) == (401, "invalid_dpop_proof"), name
    shown = world.shown(token)
    assert show(world, shown).status_code == 200
    again = show(world, shown)
    assert (again.status_code, again.get_json()["reason"]) == (401, "invalid_dpop_proof")


def test_without_our_nonce_the_answer_brings_one(world: World) -> None:
    token, key = world.tokens()["access_token"], key_of(world)
    bare = world.proof_of(key, "GET", USERINFO, access_token=token, nonce=None)
    asked = show(world, {"Authorization": f"DPoP {token}"} | bare)
    assert (asked.status_code, asked.get_json()["reason"]) == (401, "use_dpop_nonce")
    assert 'error="use_dpop_nonce"' in asked.headers["WWW-Authenticate"]
    retried = world.proof_of(key, "GET", USERINFO, access_token=token, nonce=asked.headers["DPoP-Nonce"])
    assert show(world, {"Authorization": f"DPoP {token}"} | retried).status_code == 200
    stale = world.proof_of(key, "GET", USERINFO, access_token=token, nonce="not-ours")
    assert show(world, {"Authorization": f"DPoP {token}"} | stale).get_json()["reason"] == "use_dpop_nonce"


def test_a_client_that_became_a_banks_client_loses_its_bearer_tokens(world: World) -> None:
    token = world.tokens(world.web)["access_token"]
    assert world.works(token)
    with world.hub.db.write() as session:
        session.merge(world.web.client).profile = "fapi2"
    assert not world.works(token)


def test_what_a_sign_in_client_was_registered_for_by_mistake_opens_nothing(world: World) -> None:
    """Effective scope = token ∩ registration ∩ profile: a row that says too much says it in vain."""
    with world.hub.db.write() as session:
        session.merge(world.web.client).scopes = ["openid", "accounts:read"]
    refused = world.ask(world.web, scope="openid accounts:read")
    assert "error=invalid_scope" in refused.headers["Location"]
