"""What an ID token says, how it is signed, and for whom it is encrypted."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from consent.model import Permission
from hub.identity.assurance import PHISHING_RESISTANT, TWO_FACTOR
from hub.models.oauth import Grant
from hub.oauth import id_token
from hub.oauth.encryption import NoEncryptionKey
from hub.oauth.interaction import approve
from hub.oauth.protection import of_id_tokens
from hub.oauth.response_jwt import NotSignable
from tests.oauth.oidc.rp import Key, decrypted, header_of, public, set_client, verified
from tests.oauth.world import World, claims_of, query_of

RSA = RSAKey.generate_key(2048)
KEYS: dict[str, Key] = {
    "RSA": RSA,
    "P-256": ECKey.generate_key("P-256"),
    "P-384": ECKey.generate_key("P-384"),
    "X25519": OKPKey.generate_key("X25519"),
}


def grant_of(world: World, **values: Any) -> Grant:
    """A grant of Alice's, as the token endpoint finds it."""
    world.tokens()
    with world.hub.db.write() as session:
        grant = session.query(Grant).order_by(Grant.id.desc()).first()
        assert grant is not None
        for name, value in values.items():
            setattr(grant, name, value)
    return grant


def minted(world: World, grant: Grant, **changes: Any) -> str:
    facts: dict[str, Any] = {"sub": "s", "nonce": "n", "access_token": "at", "now": world.hub.clock()}
    protected = of_id_tokens(world.hub, world.client.client)
    return id_token.mint(world.hub, world.client.client, grant, protected, **(facts | changes))


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "RS256"])
def test_it_is_signed_as_the_client_registered(world: World, alg: str) -> None:
    set_client(world, id_token_signed_response_alg=alg)
    token = world.tokens()
    claims = verified(world, token["id_token"], alg)
    assert header_of(token["id_token"]).keys() == {"alg", "kid", "typ"}
    digest = hashlib.new("sha512" if alg == "EdDSA" else "sha256", token["access_token"].encode()).digest()
    left = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    assert claims["at_hash"] == left


@pytest.mark.parametrize(
    ("profile", "alg"), [("fapi2", "RS256"), ("fapi2_ms", "RS256"), ("oidc", "none"), ("oidc", "HS256")]
)
def test_what_the_profile_does_not_allow_is_not_signed_at_all(world: World, profile: str, alg: str) -> None:
    grant = grant_of(world)
    set_client(world, profile=profile, id_token_signed_response_alg=alg)
    with pytest.raises(NotSignable):
        minted(world, grant)


def test_it_tells_of_the_login(world: World) -> None:
    person = world.person(amr=("pwd", "otp", "mfa"))
    code = query_of(approve(world.hub, world.handle(nonce="n" * 512), person, world.choice()).url)["code"]
    claims = claims_of(world.redeem(code).get_json()["id_token"])
    assert (claims["acr"], claims["amr"]) == (TWO_FACTOR, ["pwd", "otp", "mfa"])
    assert claims["nonce"] == "n" * 512
    assert claims["exp"] - claims["iat"] == world.hub.settings.id_token_ttl_s


def test_what_is_not_known_is_left_out(world: World) -> None:
    claims = claims_of(minted(world, grant_of(world, acr=None, amr=[], sid=None), nonce=None, access_token=None))
    assert claims.keys() == {"iss", "aud", "sub", "iat", "exp", "auth_time"}


def test_a_flow_can_add_claims_and_replace_none(world: World) -> None:
    extra = {"urn:x": 1, "sub": "mallory", "aud": "evil", "exp": 2**40, "acr": "phr", "nonce": "x"}
    claims = claims_of(minted(world, grant_of(world), extra=extra))
    assert claims["urn:x"] == 1
    assert (claims["sub"], claims["aud"], claims["nonce"]) == ("s", world.client.client.client_id, "n")
    assert claims["exp"] < 2**40
    assert claims["acr"] != "phr"


def test_an_essential_acr_is_told_in_the_clients_own_word(world: World) -> None:
    asked = {"id_token": {"acr": {"essential": True, "values": [TWO_FACTOR]}}}
    grant = grant_of(world, acr=PHISHING_RESISTANT, claims=asked)
    assert claims_of(minted(world, grant))["acr"] == TWO_FACTOR


def test_two_clients_cannot_tell_that_they_share_a_session(world: World) -> None:
    other = world.register(redirect_uris=["https://other.example/cb"]).client
    mine, theirs = (id_token.sid_at(world.hub, client, "the-session") for client in (world.client.client, other))
    assert mine != theirs
    assert "the-session" not in mine
    assert (
        mine
        == id_token.sid_at(world.hub, world.client.client, "the-session")
        != id_token.sid_at(world.hub, world.client.client, "s2")
    )
    assert claims_of(world.tokens()["id_token"])["sid"] == id_token.sid_at(
        world.hub, world.client.client, world.person().sid
    )


def test_oidcc_claims_in_the_id_token_are_those_asked_for_allowed_and_registered(world: World) -> None:
    asked = {"id_token": {"name": {"essential": True}, "email": {}}, "userinfo": {"email_verified": {}}}
    grant = grant_of(world, claims=asked)
    claims = claims_of(minted(world, grant))
    assert (claims["name"], claims["email"]) == ("Alice", "alice@people.example")
    assert "email_verified" not in claims
    grant.scope = "openid profile"
    assert "email" not in claims_of(minted(world, grant))
    grant.scope = "openid profile email"
    set_client(world, scopes=["openid", "email"])
    assert "name" not in claims_of(minted(world, grant))


def test_a_claim_that_the_person_did_not_give_is_not_in_it(world: World) -> None:
    choice = replace(world.choice(), personal=frozenset({Permission.SIGN_IN}))
    world.redeem(query_of(approve(world.hub, world.handle(), world.person(), choice).url)["code"])
    with world.hub.db.read() as session:
        grant = session.query(Grant).one()
    grant.claims = {"id_token": {"name": {"essential": True}}}
    grant.scope = "openid profile email"
    assert "name" not in claims_of(minted(world, grant))


@pytest.mark.parametrize("enc", [None, "A256GCM", "A256CBC-HS512"])
@pytest.mark.parametrize(
    ("alg", "kind"),
    [
        ("RSA-OAEP-256", "RSA"),
        ("RSA-OAEP", "RSA"),
        ("ECDH-ES", "P-256"),
        ("ECDH-ES+A128KW", "P-384"),
        ("ECDH-ES+A256KW", "X25519"),
    ],
)
def test_it_is_encrypted_to_the_client_with_the_signature_inside(
    world: World, alg: str, kind: str, enc: str | None
) -> None:
    key = KEYS[kind]
    jwks = {"keys": [public(RSA, use="sig", kid="s"), public(key, use="enc", kid="e", alg=alg)]}
    set_client(world, jwks=jwks, id_token_encrypted_response_alg=alg, id_token_encrypted_response_enc=enc)
    header, inner = decrypted(world.tokens()["id_token"], key, alg, enc or "A128CBC-HS256")
    assert (header["cty"], header["kid"], header["enc"]) == ("JWT", "e", enc or "A128CBC-HS256")
    assert verified(world, inner.decode(), "ES256")["aud"] == world.client.client.client_id


def test_a_key_for_encryption_comes_before_one_for_no_use(world: World) -> None:
    grant = grant_of(world)
    jwks = {"keys": [public(RSAKey.generate_key(2048)), public(RSA, use="enc")]}
    set_client(world, jwks=jwks, id_token_encrypted_response_alg="RSA-OAEP-256")
    assert decrypted(minted(world, grant), RSA, "RSA-OAEP-256", "A128CBC-HS256")


@pytest.mark.parametrize(
    "jwks",
    [
        None,
        {},
        {"keys": None},
        {"keys": [1, "x", None]},
        {"keys": [public(RSA, use="sig")]},
        {"keys": [public(RSA, use="enc", alg="RSA1_5")]},
        {"keys": [public(RSA, use="enc", key_ops=["verify"])]},
        {"keys": [public(RSA, use="enc", key_ops="encrypt")]},
        {"keys": [public(RSA, use="enc", key_ops=[])]},
        {"keys": [public(RSA, key_ops=["deriveBits"])]},
        {"keys": [public(RSA, use="enc", key_ops=["wrapKey", "verify"])]},
        {"keys": [public(RSA, use="enc", key_ops=[["wrapKey"]])]},
        {"keys": [public(RSA, use="enc", kid=7)]},
        {"keys": [dict(RSA.as_dict(private=True))]},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0LWtleS1vZi1lbm91Z2gtYml0cy10by1iZS1vbmU", "use": "enc"}]},
        {"keys": [public(KEYS["P-256"], use="enc")]},
        {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "use": "enc"}]},
        {"keys": [{"kty": "RSA", "n": 5, "e": [], "use": "enc"}]},
        {"keys": [public(RSA, use="enc") | {"e": "A" * 80 + "Q"}]},
    ],
)
def test_without_a_key_that_fits_there_is_no_token_rather_than_a_readable_one(world: World, jwks: Any) -> None:
    grant = grant_of(world)
    set_client(world, jwks=jwks, id_token_encrypted_response_alg="RSA-OAEP-256")
    with pytest.raises(NoEncryptionKey):
        minted(world, grant)


@pytest.mark.parametrize(
    ("kind", "alg", "operation"),
    [
        ("RSA", "RSA-OAEP-256", "wrapKey"),
        ("RSA", "RSA-OAEP", "encrypt"),
        ("P-256", "ECDH-ES", "deriveKey"),
        ("P-256", "ECDH-ES+A128KW", "deriveBits"),
        ("X25519", "ECDH-ES+A256KW", "deriveBits"),
    ],
)
def test_what_a_key_allows_is_what_others_do_with_its_public_part(
    world: World, kind: str, alg: str, operation: str
) -> None:
    grant = grant_of(world)
    key = KEYS[kind]
    set_client(world, jwks={"keys": [public(key, key_ops=[operation])]}, id_token_encrypted_response_alg=alg)
    assert decrypted(minted(world, grant), key, alg, "A128CBC-HS256")


def test_a_point_of_small_order_is_no_key(world: World) -> None:
    grant = grant_of(world)
    nothing = {"kty": "OKP", "crv": "X25519", "x": "A" * 43, "use": "enc"}
    set_client(world, jwks={"keys": [nothing]}, id_token_encrypted_response_alg="ECDH-ES")
    with pytest.raises(NoEncryptionKey):
        minted(world, grant)


@pytest.mark.parametrize(("alg", "enc"), [("RSA1_5", None), ("dir", None), ("RSA-OAEP-256", "none")])
def test_weak_ways_of_encrypting_are_refused(world: World, alg: str, enc: str | None) -> None:
    grant = grant_of(world)
    set_client(world, jwks={"keys": [public(RSA, use="enc")]}, id_token_encrypted_response_alg=alg)
    set_client(world, id_token_encrypted_response_enc=enc)
    with pytest.raises(NoEncryptionKey):
        minted(world, grant)
