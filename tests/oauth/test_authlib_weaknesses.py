"""Authlib's server side, used as its examples show, has twelve measured weaknesses: here is one test for each."""

from typing import Any

import pytest
from authlib.oauth2.rfc6749 import grants
from joserfc import jws
from sqlalchemy import select

from hub.models.oauth import AuthorizationCode, RefreshToken
from hub.oauth.server import TOKEN_GRANTS, Server
from tests.oauth.test_races import at_once
from tests.oauth.world import CALLBACK, FORM, World, claims_of, query_of


def test_01_simultaneous_redemptions_of_one_code_have_one_winner(world: World) -> None:
    code = world.code()
    assert sorted(answer.status_code for answer in at_once([lambda: world.redeem(code)] * 4)) == [200, 400, 400, 400]


def test_02_the_reuse_of_a_code_revokes_what_it_gave(world: World) -> None:
    code = world.code()
    token = world.redeem(code).get_json()["access_token"]
    world.redeem(code)
    assert not world.works(token)


def test_03_no_algorithm_is_left_to_a_library_default(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """joserfc's own default would take HS256 and RS256; here both directions name ES256."""
    asked: list[object] = []
    for name in ("serialize_compact", "deserialize_compact"):
        original = getattr(jws, name)

        def note(*args: object, original: object = original, algorithms: object = None, **more: object) -> object:
            asked.append(algorithms)
            assert callable(original)
            return original(*args, algorithms=algorithms, **more)

        monkeypatch.setattr(jws, name, note)
    assert world.works(world.tokens()["access_token"])
    assert asked == [["ES256"]] * 3  # access token, ID token, check


def test_04_client_assertions_are_not_taken_until_they_can_be_checked_properly(world: World) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": world.native.client.client_id,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "e30.e30.e30",
    }
    response = world.app.test_client().post("/oauth/token", data=form)
    assert (response.status_code, response.get_json()["error"]) == (401, "invalid_client")


def test_05_a_request_object_is_refused_unread_and_never_fetched(world: World) -> None:
    for name in ("request", "request_uri"):
        change: dict[str, Any] = {name: "https://evil.example/x"}
        answer = query_of(world.ask(**change).headers["Location"])
        assert answer["error"] == f"{name}_not_supported"


def test_06_pkce_is_demanded_of_confidential_clients_too_and_already_at_the_authorization_endpoint(
    world: World,
) -> None:
    answer = query_of(world.ask(code_challenge=None, code_challenge_method=None).headers["Location"])
    assert answer["error"] == "invalid_request"
    assert query_of(world.ask(code_challenge_method=None).headers["Location"])["error"] == "invalid_request"


def test_07_the_token_endpoint_takes_nothing_from_its_query(world: World) -> None:
    code, auth = world.code(), (world.client.client.client_id, world.client.secret or "")
    browser = world.app.test_client()
    query = f"grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={'v' * 43}"
    assert browser.post(f"/oauth/token?{query}", auth=auth, content_type=FORM).status_code == 400
    assert world.redeem(code).status_code == 200


def test_08_no_parameter_may_come_twice_nonce_included(world: World) -> None:
    response = world.app.test_client().post(
        "/oauth/authorize", data=world.request_of(nonce=None) | {"nonce": ["one", "two"]}
    )
    assert query_of(response.headers["Location"])["error"] == "invalid_request"


def test_09_redirects_are_303_and_every_answer_names_its_issuer(world: World) -> None:
    good, bad = world.ask(), world.ask(scope="x")
    assert (good.status_code, bad.status_code) == (303, 303)
    assert query_of(bad.headers["Location"])["iss"] == world.hub.settings.base_url


def test_10_lifetimes_are_minutes_and_nothing_is_stored_in_clear(world: World) -> None:
    answer = world.tokens()
    claims = claims_of(answer["access_token"])
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 300
    with world.hub.db.read() as session:
        code = session.scalars(select(AuthorizationCode)).one()
        refresh = session.scalars(select(RefreshToken)).one()
        assert (code.expires_at - code.created_at).total_seconds() == 60
        stored = [str(value) for row in (code, refresh) for value in vars(row).values()]
    assert not [value for value in stored if answer["refresh_token"] in value or answer["access_token"] in value]


def test_11_the_bearer_check_sees_the_whole_request_and_any_case_of_the_scheme(world: World) -> None:
    token, browser = world.tokens()["access_token"], world.app.test_client()
    assert browser.get("/oauth/userinfo", headers={"Authorization": f"bEaReR {token}"}).status_code == 200
    assert browser.get("/oauth/userinfo", headers={"Authorization": f"DPoP {token}"}).status_code == 401


def test_12_transport_is_a_matter_of_settings_not_of_an_environment_variable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUTHLIB_INSECURE_TRANSPORT", raising=False)
    assert world.hub.settings.base_url.startswith("http://127.0.0.1")
    assert world.tokens()["access_token"]


def test_no_grant_of_authlibs_own_is_registered(world: World) -> None:
    theirs = (grants.AuthorizationCodeGrant, grants.ImplicitGrant, grants.ResourceOwnerPasswordCredentialsGrant)
    server = Server(world.hub)
    registered = [grant for grant, _extensions in server._token_grants]
    assert tuple(registered) == TOKEN_GRANTS
    assert not [grant for grant in registered if issubclass(grant, theirs)]
    assert server._authorization_grants == []
