"""Pushed authorization requests (RFC 9126): what is taken, for how long, by whom, and how often it is answered."""

from typing import Any
from urllib.parse import urlencode

import pytest

from hub.errors import Conflict
from hub.oauth.interaction import approve
from tests.conftest import TestClock
from tests.oauth.signing import ClientKey
from tests.oauth.world import CALLBACK, World, query_of


def reference(world: World, **changes: Any) -> str:
    answer = world.push(**changes)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    uri: str = answer.get_json()["request_uri"]
    return uri


def load(world: World, request_uri: str, client_id: str | None = None, **more: str) -> Any:
    asked = {"client_id": client_id or world.client.client.client_id, "request_uri": request_uri} | more
    return world.app.test_client().get("/oauth/authorize?" + urlencode(asked))


def test_it_is_an_unguessable_reference_that_lives_ninety_seconds(world: World, clock: TestClock) -> None:
    answer = world.push().get_json()
    assert answer["expires_in"] == 90
    assert answer["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert len(answer["request_uri"].rpartition(":")[2]) == 43
    clock.advance(seconds=89)
    assert load(world, answer["request_uri"]).status_code == 303
    clock.advance(seconds=1)
    late = load(world, answer["request_uri"])
    assert (late.status_code, "Location" in late.headers) == (400, False)


def test_loading_the_page_uses_nothing_up_answering_it_does(world: World) -> None:
    uri = reference(world)
    first, second = (load(world, uri).headers["Location"].removeprefix("/consent/") for _ in range(2))
    assert approve(world.hub, second, world.person(), world.choice()).url.startswith(CALLBACK)
    with pytest.raises(Conflict):
        approve(world.hub, first, world.person(), world.choice())
    assert load(world, uri).status_code == 400


def test_who_opened_it_in_time_may_take_longer_to_answer(world: World, clock: TestClock) -> None:
    handle = load(world, reference(world)).headers["Location"].removeprefix("/consent/")
    clock.advance(seconds=300)
    assert "code=" in approve(world.hub, handle, world.person(), world.choice()).url


def test_it_is_its_own_clients_alone_and_what_stands_beside_it_counts_for_nothing(world: World) -> None:
    uri, other = reference(world), world.register()
    assert load(world, uri, other.client.client_id).status_code == 400
    assert load(world, uri, "nobody").status_code == 400
    page = load(world, uri, state="other", redirect_uri="https://evil.example", scope="everything", prompt="none")
    answer = approve(world.hub, page.headers["Location"].removeprefix("/consent/"), world.person(), world.choice())
    assert answer.url.startswith(CALLBACK + "?")
    assert query_of(answer.url)["state"] == "st4te"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/cb"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"scope": "openid payments:write"}, "invalid_scope"),
        ({"dpop_jkt": "short"}, "invalid_request"),
        ({"resource": "https://nobody.example"}, "invalid_target"),
        ({"request": "e30.e30.e30"}, "invalid_request_object"),
    ],
)
def test_what_is_wrong_is_told_to_whoever_pushed_it(world: World, change: dict[str, Any], error: str) -> None:
    answer = world.push(**change)
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)
    assert answer.get_json()["error_description"]


def test_a_refusal_names_the_scopes_that_are_not_the_apps_and_repeats_nothing_that_only_it_said(world: World) -> None:
    barred, unknown = (
        world.push(scope=f"openid {words}").get_json() for words in ("payments:write webhooks holders:read", "sesame")
    )
    assert "not registered for holders:read, payments:write," in barred["error_description"]
    assert "for webhooks: it is had by client_credentials" in barred["error_description"]
    assert "openid" not in barred["error_description"]
    assert "not known" in unknown["error_description"]
    assert "sesame" not in unknown["error_description"]


def test_only_an_authenticated_client_pushes_and_only_by_post(world: World) -> None:
    bare = world.app.test_client().post("/oauth/par", data=world.request_of())
    assert (bare.status_code, bare.get_json()["error"]) == (401, "invalid_client")
    assert world.app.test_client().get("/oauth/par").status_code == 405
    foreign = world.post("/oauth/par", world.request_of(client_id=world.web.client.client_id))
    assert foreign.status_code == 401


def test_a_banks_client_cannot_go_round_it(world: World) -> None:
    asked = "/oauth/authorize?" + urlencode(world.request_of())
    answer = query_of(world.app.test_client().get(asked).headers["Location"])
    assert (answer["error"], answer["iss"]) == ("invalid_request", world.hub.settings.base_url)
    assert "code" not in answer


def test_a_code_is_bound_to_the_key_of_the_pushed_request(world: World) -> None:
    code = world.code()
    mine = world.keys[world.client.client.client_id]
    world.keys["thief"] = other = ClientKey.make()
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": "v" * 43}
    form |= world.assertion_of(world.client)
    browser = world.app.test_client()
    stolen = browser.post("/oauth/token", data=form, headers=world.proof_of(other, "POST", "/oauth/token"))
    assert (stolen.status_code, stolen.get_json()["error"]) == (400, "invalid_grant")
    form |= world.assertion_of(world.client)
    right = browser.post("/oauth/token", data=form, headers=world.proof_of(mine, "POST", "/oauth/token"))
    assert right.status_code == 200


def test_two_different_keys_for_one_code_are_refused_where_they_are_named(world: World) -> None:
    answer = world.push(dpop_jkt=ClientKey.make().thumbprint)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_dpop_proof")
    assert world.push(dpop_jkt=world.keys[world.client.client.client_id].thumbprint).status_code == 201
