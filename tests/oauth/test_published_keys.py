"""Clients that publish their keys, by the conformance suite's modules, with keys on a server that really answers."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey, RSAKey
from werkzeug.test import TestResponse

from hub.certificates import ENVIRON_KEY, Authorities, Presented
from hub.context import Hub
from hub.oauth import encryption
from hub.oauth.authenticate import ASSERTION_TYPE
from hub.oauth.clients import Registered
from hub.oauth.encryption import NoEncryptionKey
from tests.certificates import Issued, self_signed
from tests.conftest import TestClock
from tests.oauth.oidc.rp import decrypted, public
from tests.oauth.registration.conftest import Registry
from tests.oauth.registration.documents import sign_in
from tests.oauth.signing import ClientKey
from tests.oauth.world import World
from tests.outbound.server import Answer, Site, serving


@pytest.fixture
def world(hub: Hub) -> World:
    return World(hub)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as made:
        yield made


def set_of(*jwks: dict[str, Any]) -> Answer:
    return Answer(body=orjson.dumps({"keys": jwks}))


def publishing(world: World, site: Site) -> Registered:
    """A client that has moved its keys to its jwks_uri."""
    known = world.register()
    site.answer = set_of(world.keys[known.client.client_id].jwk())
    with world.hub.db.write() as session:
        row = session.merge(known.client)
        row.jwks, row.jwks_uri = None, site.url
    known.client.jwks, known.client.jwks_uri = None, site.url
    return known


def test_oidcc_refresh_token_rp_key_rotation(world: World, site: Site, clock: TestClock) -> None:
    shop = publishing(world, site)
    tokens = world.tokens(shop, scope="openid offline_access")
    new = world.keys[shop.client.client_id] = ClientKey.make(kid="key-2")
    assert world.refresh(tokens["refresh_token"], shop).status_code == 401  # the key is not published yet
    site.answer = set_of(new.jwk())
    clock.advance(seconds=30)
    assert world.refresh(tokens["refresh_token"], shop).status_code == 200


def test_keys_that_are_published_before_use_change_without_a_pause(world: World, site: Site) -> None:
    shop = publishing(world, site)
    tokens = world.tokens(shop, scope="openid offline_access")
    new = world.keys[shop.client.client_id] = ClientKey.make(kid="key-2")
    site.answer = set_of(new.jwk())
    assert world.refresh(tokens["refresh_token"], shop).status_code == 200
    assert len(site.asked) == 2


def test_a_key_that_is_published_no_more_is_refused_when_its_time_is_over(
    world: World, site: Site, clock: TestClock
) -> None:
    shop = publishing(world, site)
    assert world.push(shop).status_code == 201
    site.answer = set_of(ClientKey.make(kid="key-2").jwk())
    clock.advance(seconds=300)
    assert world.push(shop).status_code == 401


def test_a_request_object_by_a_new_key(world: World, site: Site, clock: TestClock) -> None:
    known = world.register(profile="fapi2_ms")
    client_id = known.client.client_id
    old, new = world.keys[client_id], ClientKey.make(kid="key-2")
    site.answer = set_of(old.jwk())
    with world.hub.db.write() as session:
        row = session.merge(known.client)
        row.jwks, row.jwks_uri = None, site.url
    signed = {
        "request": new.request_object(
            world.request_of(known), client_id=client_id, issuer=world.hub.settings.base_url, now=world.hub.clock()
        )
    }
    assert world.post("/oauth/par", signed, known).status_code == 400
    site.answer = set_of(old.jwk(), new.jwk())
    clock.advance(seconds=30)
    assert world.post("/oauth/par", signed, known).status_code == 201


def test_oidcc_registration_jwks_uri(hub: Hub, site: Site) -> None:
    registry, key = Registry(hub), ClientKey.make()
    site.answer = set_of(key.jwk())
    told = registry.register(sign_in(token_endpoint_auth_method="private_key_jwt", jwks_uri=site.url))
    assert told["jwks_uri"] == site.url
    assertion = key.assertion(client_id=told["client_id"], issuer=hub.settings.base_url, now=hub.clock())
    form = {"token": "x", "client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    answer = registry.app.test_client().post("/oauth/introspect", data=form)
    assert (answer.status_code, answer.get_json()) == (200, {"active": False})


def test_a_sector_is_read_at_its_address(hub: Hub, site: Site) -> None:
    registry = Registry(hub)
    callbacks = ["https://nest.example/callback", "https://egg.example/callback"]
    wanted = sign_in(redirect_uris=callbacks, sector_identifier_uri=site.url)
    site.answer = Answer(body=orjson.dumps(callbacks[:1]))
    assert registry.post(wanted).status_code == 400
    site.answer = Answer(body=orjson.dumps(callbacks))
    assert registry.register(wanted)["sector_identifier_uri"] == site.url


def test_an_address_that_answers_wrongly_and_one_that_is_inside_sound_the_same(hub: Hub, site: Site) -> None:
    registry = Registry(hub)
    told = set()
    site.answer = Answer(404)
    for uri in (site.url, "https://10.0.0.1/jwks", "https://no-such-host.invalid/jwks"):
        answer = registry.post(sign_in(token_endpoint_auth_method="private_key_jwt", jwks_uri=uri))
        assert answer.status_code == 400
        told.add(answer.get_json()["error_description"])
    assert len(told) == 1


def test_a_self_signed_certificate_that_was_changed(world: World, site: Site, clock: TestClock) -> None:
    before, after = self_signed(), self_signed()
    shop = publishing(world, site)
    with world.hub.db.write() as session:
        session.merge(shop.client).token_endpoint_auth_method = "self_signed_tls_client_auth"
    site.answer = set_of(_jwk_of(before))
    assert _introspected(world, shop, before).status_code == 200
    assert _introspected(world, shop, after).status_code == 401
    clock.advance(seconds=30)
    site.answer = set_of(_jwk_of(after))
    assert _introspected(world, shop, after).status_code == 200
    assert _introspected(world, shop, before).status_code == 401
    site.answer = Answer(503)
    clock.advance(days=1)
    assert "503" in _introspected(world, shop, after).get_json()["error_description"]


def test_the_encryption_key_is_the_published_one(world: World, site: Site, clock: TestClock) -> None:
    key, new = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
    shop = publishing(world, site)
    shop.client.registration = {"id_token_encrypted_response_alg": "RSA-OAEP-256"}
    for one in (key, new):  # the second was published after the first was fetched, and the first is there no more
        site.answer = set_of(public(one, use="enc"))
        clock.advance(seconds=300)
        envelope = encryption.envelope(world.hub, shop.client, "id_token")
        assert envelope is not None
        token = envelope.seal("inner", signed=True)
        assert decrypted(token, one, "RSA-OAEP-256", "A128CBC-HS256")[1] == b"inner"
    site.answer = Answer(503)
    clock.advance(days=1)
    with pytest.raises(NoEncryptionKey, match="503"):
        encryption.envelope(world.hub, shop.client, "id_token")


def _jwk_of(issued: Issued) -> dict[str, Any]:
    return dict(ECKey.import_key(issued.key_pem).as_dict(private=False))


def _introspected(world: World, client: Registered, certificate: Issued) -> TestResponse:
    form = {"token": "x", "client_id": client.client.client_id}
    shown = {ENVIRON_KEY: Presented(certificate.client_cert, False, Authorities(world.hub.clock))}
    return world.app.test_client().post("/oauth/introspect", data=form, environ_overrides=shown)
