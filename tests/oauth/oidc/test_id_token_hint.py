"""An ID token that comes back: what is one of ours, and what only looks like it."""

import base64
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from hub import keys
from hub.oauth import id_token_hint, response_jwt
from hub.oauth.id_token import sid_at
from hub.oauth.response_jwt import NotOurs
from hub.signing import rotation
from hub.signing.lines import Line
from tests.conftest import TestClock
from tests.oauth.oidc.rp import set_client
from tests.oauth.world import World, claims_of


def b64(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


@pytest.mark.parametrize("alg", ["ES256", "PS256", "EdDSA", "RS256"])
def test_an_expired_one_still_says_whom_the_client_means(world: World, clock: TestClock, alg: str) -> None:
    set_client(world, id_token_signed_response_alg=alg)
    token = world.tokens()["id_token"]
    clock.advance(days=2)
    hint = id_token_hint.read(world.hub, token)
    assert (hint.client_id, hint.sub) == (world.client.client.client_id, claims_of(token)["sub"])
    assert hint.sid == sid_at(world.hub, world.client.client, world.person().sid)


def test_one_of_a_key_that_retires_counts_and_of_one_that_is_gone_does_not(world: World, clock: TestClock) -> None:
    token, hub = world.tokens()["id_token"], world.hub
    line = Line(keys.AS, "ES256")
    hub.keys.jwks(keys.AS)
    clock.advance(days=2)
    kid = hub.keys.signing(keys.AS).kid
    assert kid is not None
    assert rotation.rotate(hub, line, replaces=kid, now=clock())
    assert id_token_hint.read(hub, token).client_id == world.client.client.client_id
    clock.advance(seconds=hub.settings.session_ttl_s + 3600)
    with pytest.raises(NotOurs):
        id_token_hint.read(hub, token)


def test_what_is_not_an_id_token_of_ours_is_none(world: World) -> None:
    hub, answer = world.hub, world.tokens()
    token = answer["id_token"]
    header, body, signature = token.split(".")
    claims = claims_of(token)
    ours = hub.keys.signing(keys.AS)
    stranger = ECKey.generate_key("P-256", {"kid": str(ours.kid), "alg": "ES256"})
    full = {"alg": "ES256", "kid": ours.kid, "typ": "JWT"}

    def signed(key: Any, header: dict[str, Any], payload: bytes) -> str:
        return jws.serialize_compact(header, payload, key, algorithms=["ES256"])

    for name, bad in {
        "empty": "",
        "no JWT": "not.a.jwt",
        "two parts": f"{header}.{body}",
        "modified": f"{header}.{b64(claims | {'sub': 'mallory'})}.{signature}",
        "signature cut": token[:-4],
        "no signature": f"{header}.{body}.",
        "alg none": f"{b64({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "alg none with our kid": f"{b64({'alg': 'none', 'kid': ours.kid, 'typ': 'JWT'})}.{body}.",
        "HMAC with the public key": f"{b64(full | {'alg': 'HS256'})}.{body}.{signature}",
        "a stranger's key under our kid": signed(stranger, full, orjson.dumps(claims)),
        "a key of its own": signed(stranger, full | {"jwk": dict(stranger.as_dict(private=False))}, b"{}"),
        "an access token": answer["access_token"],
        "a logout token": response_jwt.sign(hub, claims, alg="ES256", typ="logout+jwt"),
        "a signed userinfo answer": response_jwt.sign(
            hub, {"iss": claims["iss"], "aud": claims["aud"], "sub": claims["sub"]}, alg="ES256", typ="JWT"
        ),
        "another issuer's": response_jwt.sign(hub, claims | {"iss": "https://evil.example"}, alg="ES256", typ="JWT"),
        "several audiences": response_jwt.sign(hub, claims | {"aud": [claims["aud"], "x"]}, alg="ES256", typ="JWT"),
        "no object": signed(ours, full, b"[1]"),
        "no JSON": signed(ours, full, b"{"),
        "not ASCII": token + "é",
        "endless": token + "A" * 9000,
    }.items():
        with pytest.raises(NotOurs):
            pytest.fail(f"{name}: {id_token_hint.read(hub, bad)}")
