"""FAPI 2.0 Message Signing: the request is signed by the client, the answer by the hub."""

from typing import Any

import pytest

from hub.oauth.clients import Registered
from hub.oauth.interaction import approve, deny
from tests.oauth.oidc.rp import verified
from tests.oauth.signing import LEFT_OUT, ClientKey
from tests.oauth.world import CALLBACK, World, query_of


@pytest.fixture
def signer(world: World) -> Registered:
    return world.register(profile="fapi2_ms")


def answer_of(world: World, url: str) -> dict[str, Any]:
    """What the JWT of the answer says; nothing may stand beside it."""
    assert url.startswith(CALLBACK + "?")
    query = query_of(url)
    assert set(query) == {"response"}
    return verified(world, query["response"], "ES256")


def test_the_whole_flow_is_signed_in_both_directions(world: World, signer: Registered) -> None:
    handle = world.handle(signer)
    choice = world.choice()
    told = answer_of(world, approve(world.hub, handle, world.person(), choice).url)
    now_s = int(world.hub.clock().timestamp())
    assert (told["iss"], told["aud"]) == (world.hub.settings.base_url, signer.client.client_id)
    assert now_s < told["exp"] <= now_s + 600
    assert told["state"] == "st4te"
    assert world.redeem(told["code"], signer).status_code == 200


def test_a_no_is_signed_as_well(world: World, signer: Registered) -> None:
    told = answer_of(world, deny(world.hub, world.handle(signer), world.person()).url)
    assert (told["error"], told["state"]) == ("access_denied", "st4te")


def test_unsigned_parameters_and_another_response_mode_are_refused(world: World, signer: Registered) -> None:
    plain = world.post("/oauth/par", world.request_of(signer), signer)
    assert (plain.status_code, plain.get_json()["error"]) == (400, "invalid_request")
    for mode in ("query", None):
        answer = world.push(signer, response_mode=mode)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_what_stands_beside_the_object_counts_for_nothing(world: World, signer: Registered) -> None:
    signed = world.request_object(signer, world.request_of(signer, state=None))
    pushed = world.post("/oauth/par", {"request": signed, "state": "beside", "scope": "openid"}, signer).get_json()
    asked = {"client_id": signer.client.client_id, "request_uri": pushed["request_uri"]}
    page = world.app.test_client().get("/oauth/authorize", query_string=asked).headers["Location"]
    told = answer_of(world, approve(world.hub, page.removeprefix("/consent/"), world.person(), world.choice()).url)
    assert "state" not in told


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "https://other.example"},
        {"aud": LEFT_OUT},
        {"iss": "somebody"},
        {"exp": LEFT_OUT},
        {"nbf": LEFT_OUT},
    ],
    ids=lambda change: f"{next(iter(change))}={'absent' if LEFT_OUT in change.values() else 'wrong'}",
)
def test_an_object_that_says_something_else_is_refused(
    world: World, signer: Registered, change: dict[str, Any]
) -> None:
    signed = world.request_object(signer, world.request_of(signer), **change)
    answer = world.post("/oauth/par", {"request": signed}, signer)
    assert answer.status_code in {400, 401}
    assert answer.get_json()["error"] in {"invalid_request_object", "invalid_request"}


def test_an_object_signed_with_another_clients_key_is_refused(world: World, signer: Registered) -> None:
    client_id, issuer = signer.client.client_id, world.hub.settings.base_url
    signed = ClientKey.make().request_object(
        world.request_of(signer), client_id=client_id, issuer=issuer, now=world.hub.clock()
    )
    answer = world.post("/oauth/par", {"request": signed}, signer)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request_object")
