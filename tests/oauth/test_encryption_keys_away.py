"""The client's encryption key cannot be had just now: nothing is used up for an answer that cannot be made."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from hub.errors import BadInput
from hub.models.client import Client
from hub.models.consent import ConsentAccess, ConsentRow
from hub.models.oauth import Grant
from hub.models.psu import Psu
from hub.oauth import approvals, grant_types
from hub.oauth.clients import Registered
from hub.oauth.interaction import approve, deny
from tests.conftest import TestClock
from tests.oauth import elsewhere
from tests.oauth.oidc.rp import decrypted, public, set_client
from tests.oauth.world import CALLBACK, World, query_of
from tests.outbound.server import Answer, Site, serving

ALG, ENC = "ECDH-ES+A256KW", "A128CBC-HS256"
KEY = ECKey.generate_key("P-256")
THERE, AWAY = Answer(body=orjson.dumps({"keys": [public(KEY, use="enc")]})), Answer(503)
PAUSE_S = 30


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(AWAY) as made:
        yield made


@pytest.fixture
def shop(world: World, site: Site) -> Registered:
    """Signs people in with a secret, and publishes the key for its ID tokens; its web server is down."""
    world.client = world.web
    told = {"id_token_encrypted_response_alg": ALG, "userinfo_encrypted_response_alg": ALG}
    set_client(world, jwks_uri=site.url, **told)
    return world.web


def says_why(answer: TestResponse) -> bool:
    told = answer.get_json()
    return (answer.status_code, told["error"]) == (400, "invalid_client_metadata") and (
        "jwks_uri cannot be fetched" in told["error_description"] and "503" in told["error_description"]
    )


def is_readable(answer: TestResponse) -> bool:
    assert answer.status_code == 200, answer.text
    return bool(decrypted(answer.get_json()["id_token"], KEY, ALG, ENC)[1])


def test_a_code_outlives_the_time_in_which_the_key_is_away(
    world: World, shop: Registered, site: Site, clock: TestClock
) -> None:
    code = world.code(shop)
    assert says_why(world.redeem(code, shop))
    site.answer = THERE
    clock.advance(seconds=PAUSE_S)
    assert is_readable(world.redeem(code, shop))


def test_a_grant_that_brings_no_id_token_needs_no_key(world: World, shop: Registered) -> None:
    answer = world.redeem(world.code(shop, scope="profile"), shop)
    assert (answer.status_code, "id_token" in answer.get_json()) == (200, False), answer.text


def test_nor_does_a_devices(world: World, site: Site) -> None:
    shop = world.client = elsewhere.television(world)
    set_client(world, jwks_uri=site.url, id_token_encrypted_response_alg=ALG)
    told = elsewhere.start(world, shop, scope="profile").get_json()
    page = elsewhere.type_code(world, told["user_code"])
    approve(world.hub, page, world.person(), world.choice("profile"))
    answer = elsewhere.poll(world, shop, told["device_code"])
    assert (answer.status_code, "id_token" in answer.get_json()) == (200, False), answer.text


def test_a_code_that_comes_twice_still_ends_the_grant(
    world: World, shop: Registered, site: Site, clock: TestClock
) -> None:
    site.answer = THERE
    code = world.code(shop)
    assert is_readable(world.redeem(code, shop))
    assert world.redeem(code, shop).get_json()["error"] == "invalid_grant"
    with world.hub.db.read() as session:
        assert session.query(Grant).one().revoked_at is not None


def test_a_refresh_needs_no_key(world: World, shop: Registered, site: Site, clock: TestClock) -> None:
    site.answer = THERE
    refresh_token = world.tokens(shop)["refresh_token"]
    site.answer = AWAY
    clock.advance(days=1)
    assert world.refresh(refresh_token, shop).status_code == 200


def test_a_device_waits_as_ever_and_hears_of_the_key_once_it_would_have_tokens(
    world: World, site: Site, clock: TestClock
) -> None:
    shop = world.client = elsewhere.television(world)
    set_client(world, jwks_uri=site.url, id_token_encrypted_response_alg=ALG)
    told = elsewhere.start(world, shop).get_json()
    assert elsewhere.poll(world, shop, told["device_code"]).get_json()["error"] == "authorization_pending"
    elsewhere.say_yes(world, elsewhere.type_code(world, told["user_code"]), shop)
    assert says_why(elsewhere.poll(world, shop, told["device_code"]))
    site.answer = THERE
    clock.advance(seconds=PAUSE_S)
    assert is_readable(elsewhere.poll(world, shop, told["device_code"]))


def test_so_does_a_backchannel_client(world: World, shop: Registered, site: Site, clock: TestClock) -> None:
    elsewhere.with_grant(world, shop, grant_types.BACKCHANNEL)
    with world.hub.db.write() as session:
        session.get_one(Psu, world.alice).email_verified_at = clock()
        session.get_one(Client, shop.client.client_id).verified_at = clock()
    asked = {"scope": "openid", "login_hint": "alice@people.example"}
    told = world.post("/oauth/backchannel_authentication", asked, shop).get_json()
    form = {"grant_type": grant_types.BACKCHANNEL, "auth_req_id": told["auth_req_id"]}
    assert world.post("/oauth/token", form, shop).get_json()["error"] == "authorization_pending"
    with world.hub.db.read() as session:
        row, _client = approvals.waiting(session, world.alice, clock())[0]
    page = approvals.open_page(world.hub, world.person(), row.id, clock()).removeprefix("/consent/")
    approve(world.hub, page, world.person(), world.choice("openid"))
    assert says_why(world.post("/oauth/token", form, shop))
    site.answer = THERE
    clock.advance(seconds=PAUSE_S)
    assert is_readable(world.post("/oauth/token", form, shop))


@pytest.mark.parametrize("says_yes", [True, False])
def test_the_persons_answer_can_be_given_again(world: World, site: Site, clock: TestClock, says_yes: bool) -> None:
    """JARM 2.2: the client wants its answers encrypted; nothing is decided while nobody can be told of it."""

    def answer(handle: str) -> str:
        if says_yes:
            return approve(world.hub, handle, world.person(), world.choice("openid")).url
        return deny(world.hub, handle, world.person()).url

    told: dict[str, Any] = {"response_mode": "jwt", "redirect_uri": CALLBACK, "scope": "openid"}
    handle = world.handle(world.web, **told)
    world.client = world.web
    set_client(world, jwks_uri=site.url, authorization_encrypted_response_alg=ALG)
    with pytest.raises(BadInput, match="none was sent"):
        answer(handle)
    with world.hub.db.read() as session:
        assert session.query(ConsentRow).count() == 0
    site.answer = THERE
    clock.advance(seconds=PAUSE_S)
    assert decrypted(query_of(answer(handle))["response"], KEY, ALG, ENC)


def test_what_cannot_be_told_is_not_written_down_as_read(
    world: World, shop: Registered, site: Site, clock: TestClock
) -> None:
    site.answer = THERE
    token = world.tokens(shop)["access_token"]
    site.answer = AWAY
    set_client(world, userinfo_encrypted_response_alg="RSA-OAEP-256")  # of which there never was a key
    refused = world.userinfo(token)
    assert refused.status_code == 403
    world.hub.access_log.flush()
    with world.hub.db.read() as session:
        assert session.query(ConsentAccess).count() == 0
