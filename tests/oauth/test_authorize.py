"""The authorization endpoint: what it refuses, where it says so, and what it keeps."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from hub.hashing import secret_hash
from hub.models.oauth import AuthorizationRequest
from tests.oauth.world import CALLBACK, SCOPE, SIGN_IN_SCOPE, World, query_of

# change to a correct request -> the error that goes back to the client
REDIRECTED: list[tuple[str, dict[str, Any], str]] = [
    ("no response_type", {"response_type": None}, "invalid_request"),
    ("implicit", {"response_type": "token"}, "unsupported_response_type"),
    ("hybrid", {"response_type": "code id_token"}, "unsupported_response_type"),
    ("fragment", {"response_mode": "fragment"}, "invalid_request"),
    ("unknown mode", {"response_mode": "pigeon"}, "invalid_request"),
    ("method without challenge", {"code_challenge": None}, "invalid_request"),
    ("empty challenge", {"code_challenge": ""}, "invalid_request"),
    ("plain PKCE", {"code_challenge_method": "plain"}, "invalid_request"),
    ("PKCE without method", {"code_challenge_method": None}, "invalid_request"),
    ("short challenge", {"code_challenge": "x" * 42}, "invalid_request"),
    ("long challenge", {"code_challenge": "x" * 44}, "invalid_request"),
    ("padded challenge", {"code_challenge": "x" * 42 + "="}, "invalid_request"),
    ("no scope", {"scope": None}, "invalid_scope"),
    ("protocol scopes only", {"scope": "offline_access"}, "invalid_scope"),
    ("nothing but unknown scopes", {"scope": "everything"}, "invalid_scope"),
    ("account data", {"scope": "openid transactions:read"}, "invalid_scope"),
    ("unsigned request object", {"request": "e30.e30."}, "invalid_request_object"),
    ("request_uri", {"request_uri": "https://evil.example/object"}, "request_uri_not_supported"),
    ("registration", {"registration": "{}"}, "registration_not_supported"),
    ("foreign resource", {"resource": "https://other.example"}, "invalid_target"),
    ("unknown prompt", {"prompt": "select_account"}, "invalid_request"),
    ("none and login", {"prompt": "none login"}, "invalid_request"),
    ("negative max_age", {"max_age": "-1"}, "invalid_request"),
    ("max_age in words", {"max_age": "soon"}, "invalid_request"),
    ("max_age in other digits", {"max_age": "٣"}, "invalid_request"),
    ("consent of no days", {"consent_days": "0"}, "invalid_request"),
    ("consent beyond a year", {"consent_days": "366"}, "invalid_request"),
    ("history beyond ours", {"history_days": "731"}, "invalid_request"),
    ("long purpose", {"purpose": "x" * 201}, "invalid_request"),
    ("long nonce", {"nonce": "x" * 513}, "invalid_request"),
    ("long unknown parameter", {"whatever": "x" * 4097}, "invalid_request"),
    ("nobody logged in for prompt=none", {"prompt": "none"}, "login_required"),
]


def test_an_error_goes_back_with_state_and_issuer(world: World) -> None:
    for name, change, error in REDIRECTED:
        response = world.ask(world.web, **change)
        assert response.status_code == 303, name
        url = response.headers["Location"]
        assert url.startswith(CALLBACK + "?"), name
        answer = query_of(url)
        answer.pop("error_description", None)
        assert answer == {"error": error, "state": "st4te", "iss": world.hub.settings.base_url}, name
        assert response.headers["Referrer-Policy"] == "no-referrer", name


NOT_REDIRECTED: list[tuple[str, Callable[[World], dict[str, Any]]]] = [
    ("no client", lambda world: {"client_id": None}),
    ("unknown client", lambda world: {"client_id": "0192f0c1-0000-7000-8000-000000000000"}),
    ("no redirect_uri", lambda world: {"redirect_uri": None}),
    ("another site", lambda world: {"redirect_uri": "https://evil.example/callback"}),
    ("a longer path", lambda world: {"redirect_uri": CALLBACK + "/more"}),
    ("a query added", lambda world: {"redirect_uri": CALLBACK + "?more=1"}),
    ("a fragment", lambda world: {"redirect_uri": CALLBACK + "#x"}),
    ("another case", lambda world: {"redirect_uri": CALLBACK.upper()}),
    ("a subdomain", lambda world: {"redirect_uri": "https://buddy.example.evil.example/callback"}),
    ("credentials before", lambda world: {"redirect_uri": "https://buddy.example@evil.example/callback"}),
    ("another port", lambda world: {"redirect_uri": "https://buddy.example:444/callback"}),
    ("a dot segment", lambda world: {"redirect_uri": "https://buddy.example/x/../callback"}),
    ("a NUL", lambda world: {"state": "a\0b"}),
    ("a line break", lambda world: {"state": "a\r\nSet-Cookie: x"}),
    ("javascript", lambda world: {"redirect_uri": "javascript:alert(1)"}),
]


def test_nothing_is_sent_to_an_address_that_is_not_the_clients(world: World) -> None:
    answers = {name: world.ask(world.web, **change(world)) for name, change in NOT_REDIRECTED}
    assert {name: answer.status_code for name, answer in answers.items()} == {name: 400 for name, _ in NOT_REDIRECTED}
    assert [name for name, answer in answers.items() if "Location" in answer.headers] == []


def test_a_deleted_client_is_unknown(world: World) -> None:
    from_before = world.request_of(world.web)
    with world.hub.db.write() as session:
        row = session.merge(world.web.client)
        row.deleted_at = world.hub.clock()
    response = world.app.test_client().get("/oauth/authorize?" + urlencode(from_before))
    assert response.status_code == 400
    assert "Location" not in response.headers


def test_a_client_or_address_named_twice_is_an_error_for_the_person(world: World) -> None:
    for name in ("client_id", "redirect_uri"):
        pairs = [*world.request_of(world.web).items(), (name, world.request_of(world.web)[name])]
        response = world.app.test_client().get("/oauth/authorize?" + urlencode(pairs))
        assert response.status_code == 400, name
        assert "Location" not in response.headers, name


def test_any_other_parameter_that_comes_twice_is_an_error_for_the_client(world: World) -> None:
    for name in ("nonce", "scope", "code_challenge", "prompt", "made_up"):
        pairs = [*world.request_of(world.web, prompt="login", made_up="1").items(), (name, "")]
        response = world.app.test_client().get("/oauth/authorize?" + urlencode(pairs))
        assert query_of(response.headers["Location"])["error"] == "invalid_request", name


def test_a_state_that_comes_twice_is_not_sent_back(world: World) -> None:
    pairs = [*world.request_of(world.web).items(), ("state", "other")]
    answer = query_of(world.app.test_client().get("/oauth/authorize?" + urlencode(pairs)).headers["Location"])
    assert answer["error"] == "invalid_request"
    assert "state" not in answer


def test_a_state_of_two_thousand_characters_is_fine_and_a_longer_one_is_not(world: World) -> None:
    assert world.ask(world.web, state="s" * 2048).headers["Location"].startswith("/consent/")
    answer = query_of(world.ask(world.web, state="s" * 2049).headers["Location"])
    assert answer["error"] == "invalid_request"
    assert "state" not in answer


def test_the_query_of_a_registered_redirect_uri_is_kept(world: World) -> None:
    uri = "https://buddy.example/cb?dummy1=lorem&dummy2=ipsum"
    client = world.register(profile="oidc", redirect_uris=[uri])
    answer = query_of(world.ask(client, redirect_uri=uri, scope=None).headers["Location"])
    assert (answer["dummy1"], answer["dummy2"], answer["error"]) == ("lorem", "ipsum", "invalid_scope")


def test_a_correct_request_waits_at_an_unguessable_address_of_which_only_the_hash_is_kept(world: World) -> None:
    handle = world.handle(world.web, max_age="60", purpose="To show your budget", consent_days="30", history_days="90")
    assert len(handle) == 43
    with world.hub.db.read() as session:
        row = session.scalars(select(AuthorizationRequest)).one()
    assert row.handle_hash == secret_hash(handle)
    assert row.parameters["scope"] == " ".join(sorted(SIGN_IN_SCOPE.split()))
    assert row.parameters["state"] == "st4te"
    assert (row.parameters["max_age"], row.parameters["history_days"], row.parameters["consent_days"]) == (60, 90, 30)
    assert (row.expires_at - row.created_at).total_seconds() == world.hub.settings.authorization_request_ttl_s
    assert row.psu_id is None


def test_an_unknown_scope_is_passed_over_for_sign_in_and_an_error_for_a_bank_client(world: World) -> None:
    assert world.ask(world.web, scope="openid everything").headers["Location"].startswith("/consent/")
    assert world.ask(scope=f"{SCOPE} everything").get_json()["error"] == "invalid_scope"
    assert world.ask(scope="openid transactions:read").get_json()["error"] == "invalid_scope"


def test_pkce_is_a_must_for_public_and_bank_clients_only(world: World) -> None:
    bare = {"code_challenge": None, "code_challenge_method": None}
    assert world.ask(world.web, **bare).headers["Location"].startswith("/consent/")
    native = world.ask(world.native, redirect_uri=CALLBACK, **bare)
    assert query_of(native.headers["Location"])["error"] == "invalid_request"
    assert world.ask(**bare).get_json()["error"] == "invalid_request"


def test_a_refused_request_leaves_nothing_behind(world: World) -> None:
    world.ask(world.web, scope="everything")
    world.ask(world.web, redirect_uri="https://evil.example")
    with world.hub.db.read() as session:
        assert session.scalars(select(AuthorizationRequest)).all() == []


def test_a_request_may_come_by_post_from_the_clients_own_page(world: World) -> None:
    response = world.app.test_client().post("/oauth/authorize", data=world.request_of(world.web))
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/consent/")


def test_a_post_with_a_query_or_of_another_type_is_not_read(world: World) -> None:
    browser = world.app.test_client()
    assert browser.post("/oauth/authorize?state=x", data=world.request_of(world.web)).status_code == 400
    assert browser.post("/oauth/authorize", json=world.request_of(world.web)).status_code == 400


def test_a_silent_post_is_turned_into_a_get_so_that_the_session_comes_along(world: World) -> None:
    world.logged_in = world.person()
    browser = world.app.test_client()
    response = browser.post("/oauth/authorize", data=world.request_of(world.web, prompt="none"))
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/oauth/authorize?")
    assert query_of(browser.get(response.headers["Location"]).headers["Location"])["error"] == "consent_required"


def test_the_authorization_endpoint_has_no_cors(world: World) -> None:
    browser = world.app.test_client()
    for method in (browser.get, browser.options):
        response = method(
            "/oauth/authorize?" + urlencode(world.request_of(world.web)), headers={"Origin": "https://evil.example"}
        )
        assert not [name for name, _ in response.headers if name.lower().startswith("access-control-")]


def test_a_native_app_may_listen_on_any_port_of_loopback(world: World) -> None:
    assert world.handle(world.native, redirect_uri="http://127.0.0.1:51234/cb")
    for other in ("http://127.0.0.1:51234/other", "http://localhost:51234/cb", "http://127.0.0.1:99999/cb"):
        assert world.ask(world.native, redirect_uri=other).status_code == 400


def test_a_confidential_client_must_name_its_loopback_port(world: World) -> None:
    client = world.register(profile="oidc", redirect_uris=["http://127.0.0.1:8080/cb"])
    assert world.handle(client, redirect_uri="http://127.0.0.1:8080/cb")
    assert world.ask(client, redirect_uri="http://127.0.0.1:8081/cb").status_code == 400
