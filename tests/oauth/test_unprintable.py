"""Characters that a database cannot keep, inside what clients sign: the form around it is checked, the JWT is not."""

import pytest
from werkzeug.test import TestResponse

from hub.oauth.authenticate import ASSERTION_TYPE
from tests.oauth.signing import ClientKey
from tests.oauth.world import World

NUL, LONE = "a\x00b", "a\x85b"


def refused(answer: TestResponse, *errors: str) -> bool:
    return answer.status_code in {400, 401} and answer.get_json()["error"] in errors


@pytest.mark.parametrize("text", [NUL, LONE])
@pytest.mark.parametrize("name", ["state", "nonce", "purpose", "login_hint", "scope", "redirect_uri", "extra"])
def test_in_a_request_object(world: World, name: str, text: str) -> None:
    """RFC 9101 6.3: the object's parameters are held to what a form's are."""
    signer = world.register(profile="fapi2_ms")
    assert refused(world.push(signer, **{name: text}), "invalid_request", "invalid_request_object")


@pytest.mark.parametrize("text", [NUL, LONE])
@pytest.mark.parametrize("claim", ["sub", "iss", "jti", "aud"])
def test_in_a_client_assertion(world: World, claim: str, text: str) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "x"} | world.assertion_of(world.client, **{claim: text})
    answer = world.app.test_client().post("/oauth/token", data=form)
    if claim == "jti":
        assert answer.status_code < 500
    else:
        assert refused(answer, "invalid_client")


@pytest.mark.parametrize("text", [NUL, LONE])
def test_in_the_kid_of_an_assertion_and_in_a_proof(world: World, text: str) -> None:
    signed = world.assertion_of(world.client, header={"kid": text})
    answer = world.app.test_client().post("/oauth/token", data={"grant_type": "refresh_token"} | signed)
    assert refused(answer, "invalid_client")
    proof = world.proof_of(ClientKey.make(), "POST", "/oauth/par", jti=text)
    pushed = world.assertion_of(world.client) | world.request_of()
    assert world.app.test_client().post("/oauth/par", data=pushed, headers=proof).status_code < 500


def test_in_the_credentials_themselves(world: World) -> None:
    for form in (
        {"client_id": NUL},
        {"client_assertion": NUL, "client_assertion_type": ASSERTION_TYPE},
        {"client_id": "x", "client_secret": NUL},
    ):
        answer = world.app.test_client().post("/oauth/token", data={"grant_type": "client_credentials"} | form)
        assert refused(answer, "invalid_request", "invalid_client")
