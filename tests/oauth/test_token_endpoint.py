"""What the token endpoint gives, and everything it refuses."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from consent.model import Actor
from hub.consents import service as consents
from hub.hashing import secret_hash
from hub.models.consent import ConsentRow
from hub.models.oauth import AuthorizationCode, Grant, RefreshToken
from hub.oauth import refusals
from tests.conftest import TestClock
from tests.oauth.world import CALLBACK, FORM, NATIVE_CALLBACK, SCOPE, VERIFIER, World, claims_of, s256


def test_a_code_gives_an_access_token_an_id_token_and_with_offline_access_a_refresh_token(world: World) -> None:
    answer = world.tokens()
    usual = {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert set(answer) == usual | {"grant_id"}
    assert (answer["token_type"], answer["expires_in"]) == ("DPoP", 300)
    assert world.tokens(world.web)["token_type"] == "Bearer"
    assert "refresh_token" not in world.tokens(scope="openid balances:read")
    assert "id_token" not in world.tokens(scope="balances:read")


def test_the_access_token_says_what_rfc_9068_wants_and_which_grant_it_is_of(world: World) -> None:
    answer = world.tokens()
    token = answer["access_token"]
    claims = claims_of(token)
    base_url, now_s = world.hub.settings.base_url, int(world.hub.clock().timestamp())
    with world.hub.db.read() as session:
        grant = session.scalars(select(Grant)).one()
    assert claims["iss"] == claims["aud"] == base_url
    assert claims["client_id"] == world.client.client.client_id
    assert (claims["iat"], claims["exp"], claims["auth_time"]) == (now_s, now_s + 300, now_s)
    assert (claims["authorization_id"], claims["consent_id"]) == (grant.id, grant.consent_id)
    assert claims["grant_id"] == answer["grant_id"] != grant.id  # as the client knows it
    assert claims["scope"] == " ".join(sorted(SCOPE.split()))
    assert world.alice not in token
    assert claims["sub"] not in {world.alice, claims["client_id"]}
    header = base64.urlsafe_b64decode(token.split(".")[0] + "==").decode()
    assert '"typ":"at+jwt"' in header
    assert '"alg":"ES256"' in header


def test_the_id_token_says_who_logged_in_when_for_whom_and_nothing_more(world: World) -> None:
    answer = world.tokens()
    claims = claims_of(answer["id_token"])
    about_the_login = {"auth_time", "acr", "amr", "sid"}
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "at_hash", "nonce"} | about_the_login
    assert claims["aud"] == world.client.client.client_id
    assert claims["nonce"] == "n0nce"
    assert claims["sub"] == claims_of(answer["access_token"])["sub"]


def test_answers_are_not_stored_by_anybody(world: World) -> None:
    for response in (world.redeem(world.code()), world.redeem("wrong")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.content_type == "application/json"


def test_codes_and_refresh_tokens_are_kept_as_hashes_only(world: World) -> None:
    code = world.code()
    refresh_token = world.redeem(code).get_json()["refresh_token"]
    with world.hub.db.read() as session:
        assert session.scalars(select(AuthorizationCode.code_hash)).all() == [secret_hash(code)]
        assert session.scalars(select(RefreshToken.token_hash)).all() == [secret_hash(refresh_token)]


def test_the_same_person_has_another_name_in_every_sector(world: World) -> None:
    here = world.register(redirect_uris=["https://buddy.example/other"])
    there = world.register(redirect_uris=["https://other.example/cb"])
    subs = {
        "first": claims_of(world.tokens()["id_token"])["sub"],
        "same host": claims_of(world.tokens(here, redirect_uri="https://buddy.example/other")["id_token"])["sub"],
        "other host": claims_of(world.tokens(there, redirect_uri="https://other.example/cb")["id_token"])["sub"],
        "native": claims_of(world.tokens(world.native, redirect_uri=NATIVE_CALLBACK)["id_token"])["sub"],
    }
    assert subs["first"] == subs["same host"]
    assert len(set(subs.values())) == 3


def exchange(code: str, change: dict[str, Any]) -> dict[str, str]:
    """A correct exchange but for ``change``; None leaves a parameter out."""
    facts = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return {name: value for name, value in (facts | change).items() if value is not None}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"code_verifier": "w" * 43}, "invalid_grant"),
    ({"code_verifier": s256()}, "invalid_grant"),
    ({"code_verifier": "short"}, "invalid_grant"),
    ({"code_verifier": "ü" * 43}, "invalid_grant"),
    ({"code_verifier": None}, "invalid_request"),
    ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
    ({"redirect_uri": None}, "invalid_request"),
    ({"code": "x" * 43}, "invalid_grant"),
    ({"code": None}, "invalid_request"),
    ({"grant_type": None}, "invalid_request"),
    ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
    ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "unsupported_grant_type"),
    ({"grant_type": "implicit"}, "unsupported_grant_type"),
]


def test_a_wrong_exchange_is_refused_and_uses_nothing_up(world: World) -> None:
    code = world.code()
    for change, error in WRONG:
        response = world.post("/oauth/token", exchange(code, change))
        assert (response.status_code, response.get_json()["error"]) == (400, error), change
    assert world.redeem(code).status_code == 200


def test_a_code_is_for_its_own_client_alone(world: World) -> None:
    code = world.code()
    other = world.register()
    assert world.redeem(code, other).get_json()["error"] == "invalid_grant"
    assert world.redeem(code, world.native).get_json()["error"] == "invalid_grant"
    assert world.redeem(code).status_code == 200


def test_a_code_lives_sixty_seconds(world: World, clock: TestClock) -> None:
    early, late = world.code(), world.code(prompt="consent")
    clock.advance(seconds=59)
    assert world.redeem(early).status_code == 200
    clock.advance(seconds=1)
    assert world.redeem(late).get_json()["error"] == "invalid_grant"


def test_a_second_use_of_a_code_ends_what_the_first_one_gave(world: World, clock: TestClock) -> None:
    code = world.code()
    first = world.redeem(code).get_json()
    assert world.works(first["access_token"])
    clock.advance(seconds=120)  # also when the code itself is over
    assert world.redeem(code).get_json()["error"] == "invalid_grant"
    assert not world.works(first["access_token"])
    assert world.refresh(first["refresh_token"]).get_json()["error"] == "invalid_grant"


def test_who_finds_a_used_code_but_cannot_prove_it_ends_nothing(world: World) -> None:
    code = world.code(world.native, redirect_uri=NATIVE_CALLBACK)
    first = world.redeem(code, world.native, redirect_uri=NATIVE_CALLBACK).get_json()
    world.redeem(code, world.native, redirect_uri=NATIVE_CALLBACK, code_verifier="w" * 43)
    world.redeem(code, world.client, redirect_uri=NATIVE_CALLBACK)
    assert world.works(first["access_token"])


def test_a_code_of_a_consent_revoked_meanwhile_gives_nothing(world: World, clock: TestClock) -> None:
    code = world.code()
    with world.hub.db.write() as session:
        row = session.scalars(select(ConsentRow)).one()
        consents.revoke(session, row.id, actor=Actor.PSU, psu_id=world.alice, now=clock())
    assert world.redeem(code).get_json()["error"] == "invalid_grant"


def test_no_token_lasts_longer_than_its_consent(world: World, clock: TestClock) -> None:
    code = world.code(days=1)
    token = world.redeem(code).get_json()
    clock.advance(days=1, seconds=-100)
    assert world.refresh(token["refresh_token"]).get_json()["expires_in"] == 100


# How a request may be broken before any grant is looked at -> what it is answered.
_BODY = {"grant_type": "client_credentials"}


def _send(world: World, **more: Any) -> Any:
    facts: dict[str, Any] = {"data": _BODY, "auth": (world.web.client.client_id, world.web.secret)} | more
    return world.app.test_client().post(facts.pop("path", "/oauth/token"), **facts)


def _secret(world: World) -> str:
    return world.web.secret or ""


def _id(world: World) -> str:
    return world.web.client.client_id


def _raw(world: World, credentials: str) -> Any:
    return _send(world, auth=None, headers={"Authorization": credentials})


BROKEN: list[tuple[str, Callable[[World], Any], int, str]] = [
    ("wrong secret", lambda w: _send(w, auth=(_id(w), "wrong")), 401, "invalid_client"),
    ("unknown client", lambda w: _send(w, auth=("nobody", "wrong")), 401, "invalid_client"),
    ("empty secret", lambda w: _send(w, auth=(_id(w), "")), 401, "invalid_client"),
    ("no authentication", lambda w: _send(w, auth=None), 401, "invalid_client"),
    ("id alone", lambda w: _send(w, auth=None, data=_BODY | {"client_id": _id(w)}), 401, "invalid_client"),
    (
        "secret by a method it is not registered for",
        lambda w: _send(w, auth=None, data=_BODY | {"client_id": _id(w), "client_secret": _secret(w)}),
        401,
        "invalid_client",
    ),
    (
        "two methods at once",
        lambda w: _send(w, data=_BODY | {"client_id": _id(w), "client_secret": _secret(w)}),
        400,
        "invalid_request",
    ),
    ("two ids", lambda w: _send(w, data=_BODY | {"client_id": w.native.client.client_id}), 401, "invalid_client"),
    ("not base64", lambda w: _raw(w, "Basic ???"), 401, "invalid_client"),
    ("no colon", lambda w: _raw(w, "Basic " + base64.b64encode(b"abc").decode()), 401, "invalid_client"),
    ("not UTF-8", lambda w: _raw(w, "Basic " + base64.b64encode(b"\xff:\xff").decode()), 401, "invalid_client"),
    ("another scheme", lambda w: _raw(w, "Bearer abc"), 401, "invalid_client"),
    ("JSON", lambda w: _send(w, data=None, json=_BODY), 400, "invalid_request"),
    ("multipart", lambda w: _send(w, content_type="multipart/form-data"), 400, "invalid_request"),
    ("grant in the query", lambda w: _send(w, path=f"/oauth/token?{urlencode(_BODY)}"), 400, "invalid_request"),
    ("any query", lambda w: _send(w, path="/oauth/token?x=1"), 400, "invalid_request"),
    ("a parameter twice", lambda w: _send(w, data={"grant_type": ["client_credentials"] * 2}), 400, "invalid_request"),
    ("a NUL", lambda w: _send(w, data=_BODY | {"x": "\0"}), 400, "invalid_request"),
    ("bad UTF-8", lambda w: _send(w, data=b"grant_type=%ff", content_type=FORM), 400, "invalid_request"),
    ("too long", lambda w: _send(w, data=_BODY | {"x": "x" * 5000}), 400, "invalid_request"),
    ("too many", lambda w: _send(w, data=_BODY | {f"x{n}": "1" for n in range(100)}), 400, "invalid_request"),
    ("another resource", lambda w: _send(w, data=_BODY | {"resource": "https://x.example"}), 400, "invalid_target"),
    ("a scope for nobody", lambda w: _send(w, data=_BODY | {"scope": "balances:read"}), 400, "invalid_scope"),
]


def test_every_broken_request_is_refused_in_rfc_6749s_words(world: World) -> None:
    answers = {name: send(world) for name, send, _status, _error in BROKEN}
    got = [(name, answer.status_code, answer.get_json()["error"]) for name, answer in answers.items()]
    assert got == [(name, status, error) for name, _send, status, error in BROKEN]
    for name, answer in answers.items():
        assert answer.headers["Cache-Control"] == "no-store", name
        used_header = "Authorization" in answer.request.headers
        assert ("WWW-Authenticate" in answer.headers) is (answer.status_code == 401 and used_header), name
        assert answer.headers.get("WWW-Authenticate", "Basic ").startswith("Basic "), name


def test_an_unknown_client_and_a_wrong_secret_look_the_same(world: World) -> None:
    wrong, unknown = _send(world, auth=(_id(world), "wrong")), _send(world, auth=("nobody", "wrong"))
    assert (wrong.status_code, wrong.data) == (unknown.status_code, unknown.data)
    assert wrong.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"]


def test_the_token_endpoint_answers_post_only(world: World) -> None:
    assert world.app.test_client().get("/oauth/token?grant_type=client_credentials").status_code == 405


def test_a_client_registered_for_post_authenticates_in_the_body_only(world: World) -> None:
    client = world.register(profile="oidc", auth_method="client_secret_post")
    body = _BODY | {"client_id": client.client.client_id, "client_secret": str(client.secret)}
    assert _send(world, auth=None, data=body).status_code == 200
    assert _send(world, auth=(client.client.client_id, client.secret)).status_code == 401


def test_basic_credentials_are_form_decoded(world: World) -> None:
    with world.hub.db.write() as session:
        session.merge(world.web.client).secret_hash = secret_hash("a+b:c%d ü")
    encoded = base64.b64encode(f"{_id(world)}:a%2Bb%3Ac%25d+%C3%BC".encode()).decode()
    assert _raw(world, f"basic {encoded}").status_code == 200


def test_a_public_client_cannot_send_any_secret(world: World) -> None:
    code = world.code(world.native, redirect_uri=NATIVE_CALLBACK)
    assert world.redeem(code, world.native, redirect_uri=NATIVE_CALLBACK, client_secret="x").status_code == 401
    assert world.redeem(code, world.native, redirect_uri=NATIVE_CALLBACK).status_code == 200


def test_client_credentials_give_a_token_that_speaks_for_the_client_alone(world: World) -> None:
    answer = _send(world).get_json()
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    claims = claims_of(answer["access_token"])
    assert claims["sub"] == claims["client_id"] == _id(world)
    assert claims["scope"] == ""
    assert not {"authorization_id", "grant_id", "consent_id", "auth_time"} & set(claims)
    assert world.userinfo(answer["access_token"]).status_code == 403


def test_a_public_client_has_no_client_credentials(world: World) -> None:
    response = world.post("/oauth/token", dict(_BODY), world.native)
    assert response.get_json()["error"] == "unauthorized_client"


def test_the_verifier_may_use_its_whole_alphabet(world: World) -> None:
    verifier = "-._~" + VERIFIER
    assert world.redeem(world.code(code_challenge=s256(verifier)), code_verifier=verifier).status_code == 200


def test_a_refused_assertion_says_what_would_have_been_right(world: World) -> None:
    """The expected audience and our time help a developer, and tell nothing about anybody else."""
    early = int(world.hub.clock().timestamp()) - 900
    cases: dict[str, dict[str, Any]] = {
        world.hub.settings.base_url: {"aud": "https://other.example"},
        "2026-11-23T09:00:00Z": {"exp": early, "iat": early - 60},
    }
    for told, change in cases.items():
        form = {"grant_type": "client_credentials"} | world.assertion_of(world.client, **change)
        answer = world.app.test_client().post("/oauth/token", data=form)
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")
        assert told in answer.get_json()["error_description"]


def test_an_assertion_is_good_once(world: World) -> None:
    form = {"grant_type": "client_credentials"} | world.assertion_of(world.client)
    key, browser = world.keys[world.client.client.client_id], world.app.test_client()
    statuses = [
        browser.post("/oauth/token", data=form, headers=world.proof_of(key, "POST", "/oauth/token")).status_code
        for _ in range(2)
    ]
    assert statuses == [200, 401]


def test_why_a_client_was_refused_is_there_for_its_developer_and_nothing_that_it_sent(world: World) -> None:
    world.redeem("not-a-code-of-ours")
    world.app.test_client().post("/oauth/token", data={"client_id": world.web.client.client_id, "code": "s3cret"})
    with world.hub.db.read() as session:
        proven = refusals.recent(session, world.client.client.client_id)[0]
        claimed = refusals.recent(session, world.web.client.client_id)[0]
        assert refusals.recent(session, world.native.client.client_id) == []
    assert (proven.endpoint, proven.error, proven.proven) == ("token", "invalid_grant", True)
    assert (claimed.error, claimed.proven) == ("invalid_client", False)
    assert "s3cret" not in f"{vars(claimed)}"
    for _ in range(refusals.PER_MINUTE * 2):
        world.redeem("again")
    with world.hub.db.read() as session:
        assert len(refusals.recent(session, world.client.client.client_id, limit=1000)) <= refusals.PER_MINUTE + 1
