"""JARM 2.2: the answer that a browser carries, for the client's eyes only."""

from typing import Any

import pytest
from joserfc.jwk import ECKey

from hub.errors import BadInput
from hub.oauth.interaction import approve, deny
from tests.oauth.oidc.rp import decrypted, public, set_client, verified
from tests.oauth.world import World, query_of

ALG, ENC = "ECDH-ES+A256KW", "A256GCM"
KEY = ECKey.generate_key("P-256")


@pytest.fixture
def encrypting(world: World) -> World:
    world.client = world.register(profile="fapi2_ms", registration={"authorization_encrypted_response_alg": ALG})
    set_client(world, jwks={"keys": [public(KEY, use="enc")]})
    return world


def opened(world: World, url: str, enc: str = "A128CBC-HS256") -> dict[str, Any]:
    answer = query_of(url)
    assert set(answer) == {"response"}
    header, inner = decrypted(answer["response"], KEY, ALG, enc)
    assert header["cty"] == "JWT"
    return verified(world, inner.decode(), "ES256")


def test_yes_and_no_are_signed_and_then_encrypted(encrypting: World) -> None:
    world = encrypting
    yes = opened(world, approve(world.hub, world.handle(), world.person(), world.choice()).url)
    assert {"code", "state", "iss", "aud", "exp"} <= set(yes)
    no = opened(world, deny(world.hub, world.handle(), world.person()).url)
    assert (no["error"], no["aud"]) == ("access_denied", world.client.client.client_id)


def test_the_client_chooses_how_its_content_is_encrypted(encrypting: World) -> None:
    set_client(encrypting, authorization_encrypted_response_enc=ENC)
    assert opened(encrypting, deny(encrypting.hub, encrypting.handle(), encrypting.person()).url, ENC)


def test_without_a_key_there_is_no_answer_rather_than_a_readable_one(encrypting: World) -> None:
    set_client(encrypting, jwks={"keys": []})
    with pytest.raises(BadInput, match="encrypted"):
        approve(encrypting.hub, encrypting.handle(), encrypting.person(), encrypting.choice())
