"""userinfo as a client registered for it (OIDC Core 5.3.2)."""

import orjson
import pytest
from joserfc.jwk import RSAKey

from tests.oauth.oidc.rp import decrypted, public, set_client, verified
from tests.oauth.world import World

KEY = RSAKey.generate_key(2048)
TOLD = {"name": "Alice", "email": "alice@people.example", "email_verified": False}


@pytest.mark.parametrize("alg", ["RS256", "ES256", "PS256", "EdDSA"])
def test_oidcc_userinfo_rs256_it_is_signed_for_this_client(world: World, alg: str) -> None:
    set_client(world, userinfo_signed_response_alg=alg)
    response = world.userinfo(world.tokens()["access_token"])
    assert response.content_type == "application/jwt"
    assert response.headers["Cache-Control"] == "no-store"
    claims = verified(world, response.text, alg)
    assert {name: claims[name] for name in TOLD} == TOLD
    assert (claims["iss"], claims["aud"]) == (world.hub.settings.base_url, world.client.client.client_id)


def test_it_is_signed_and_then_encrypted(world: World) -> None:
    set_client(
        world,
        jwks={"keys": [public(KEY, use="enc")]},
        userinfo_signed_response_alg="ES256",
        userinfo_encrypted_response_alg="RSA-OAEP-256",
        userinfo_encrypted_response_enc="A256GCM",
    )
    response = world.userinfo(world.tokens()["access_token"])
    assert response.content_type == "application/jwt"
    header, inner = decrypted(response.text, KEY, "RSA-OAEP-256", "A256GCM")
    assert header["cty"] == "JWT"
    assert verified(world, inner.decode(), "ES256")["name"] == "Alice"


def test_encrypted_alone_it_holds_plain_claims(world: World) -> None:
    set_client(world, jwks={"keys": [public(KEY, use="enc")]}, userinfo_encrypted_response_alg="RSA-OAEP-256")
    header, inner = decrypted(world.userinfo(world.tokens()["access_token"]).text, KEY, "RSA-OAEP-256", "A128CBC-HS256")
    assert "cty" not in header
    assert orjson.loads(inner)["name"] == "Alice"


@pytest.mark.parametrize(
    "registered",
    [
        {"userinfo_signed_response_alg": "none"},
        {"userinfo_signed_response_alg": "HS256"},
        {"userinfo_encrypted_response_alg": "RSA-OAEP-256"},
        {"userinfo_encrypted_response_alg": "RSA1_5", "jwks": {"keys": [public(KEY, use="enc")]}},
    ],
)
def test_what_cannot_be_protected_as_registered_is_not_told_at_all(world: World, registered: dict[str, object]) -> None:
    token = world.tokens()["access_token"]
    set_client(world, **registered)
    response = world.userinfo(token)
    assert response.status_code == 403
    assert response.get_json()["reason"] == "invalid_client_metadata"
    assert "Alice" not in response.text
