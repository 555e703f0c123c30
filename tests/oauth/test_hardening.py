"""Small doors that a stranger tried: each stays shut."""

from typing import Any

import pytest

from hub.models.oauth import AuthorizationRequest
from hub.oauth import refusals
from tests.oauth.signing import LEFT_OUT
from tests.oauth.world import NATIVE_CALLBACK, World, query_of


def test_where_requests_must_be_signed_nothing_beside_the_object_counts_for_a_sign_in_client_either(
    world: World,
) -> None:
    """RFC 9101 6.3, 10.5."""
    client = world.register(profile="oidc", registration={"require_signed_request_object": True})
    with world.hub.db.write() as session:
        row = session.merge(client.client)
        row.jwks = world.keys[world.client.client.client_id].jwks()
    client.client.jwks = row.jwks
    world.keys[client.client.client_id] = world.keys[world.client.client.client_id]
    facts = world.request_of(client, nonce=None, state=None)
    browser = world.app.test_client()

    def ask(**changes: Any) -> Any:
        signed = world.request_object(client, facts, **changes)
        beside = facts | {"request": signed, "nonce": "theirs", "purpose": "theirs", "state": "theirs"}
        return browser.get("/oauth/authorize", query_string=beside)

    handle = ask().headers["Location"].removeprefix("/consent/")
    assert len(handle) == 43
    with world.hub.db.read() as session:
        kept = session.query(AuthorizationRequest).one().parameters
    assert not {"nonce", "purpose", "state"} & set(kept)
    for change in ({"exp": LEFT_OUT}, {"aud": LEFT_OUT}):
        assert query_of(ask(**change).headers["Location"])["error"] == "invalid_request_object"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*", None])
def test_introspection_is_json_unless_a_signed_answer_is_asked_for(world: World, accept: str | None) -> None:
    token = world.tokens()["access_token"]
    headers = {} if accept is None else {"Accept": accept}
    assert world.post("/oauth/introspect", {"token": token}, headers=headers).content_type == "application/json"


def test_a_client_id_that_cannot_be_one_is_nobodys(world: World) -> None:
    browser = world.app.test_client()
    for client_id in ("\0", "a%00b", "x" * 37, "ü", "' OR 1=1 --"):
        answer = browser.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, "s"))
        assert answer.status_code == 401, client_id
        assert browser.get("/oauth/authorize", query_string={"client_id": client_id}).status_code == 400


def test_a_flood_in_a_clients_name_does_not_hide_its_own_refusals(world: World) -> None:
    client_id = world.client.client.client_id
    for _ in range(refusals.PER_MINUTE * 2):
        world.app.test_client().post("/oauth/token", data={"client_id": client_id, "grant_type": "x"})
    world.redeem("not-a-code")
    with world.hub.db.read() as session:
        assert [row.proven for row in refusals.recent(session, client_id)].count(True) == 1


def test_a_public_clients_refresh_token_is_bound_to_the_key_it_was_got_with(world: World) -> None:
    code = world.code(world.native, redirect_uri=NATIVE_CALLBACK)
    key = world.keys[world.client.client.client_id]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": NATIVE_CALLBACK}
    headers = world.proof_of(key, "POST", "/oauth/token")
    got = world.post("/oauth/token", form | {"code_verifier": "v" * 43}, world.native, headers=headers).get_json()
    assert got["token_type"] == "DPoP"
    assert world.refresh(got["refresh_token"], world.native).get_json()["error"] == "invalid_grant"
    again = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"]}
    right = world.post("/oauth/token", again, world.native, headers=world.proof_of(key, "POST", "/oauth/token"))
    assert right.status_code == 200
    assert "refresh_token" not in right.get_json()  # a bound one need not rotate
