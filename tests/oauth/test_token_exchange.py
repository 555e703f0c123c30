"""Token exchange (RFC 8693) for member services: who may exchange what for whom, and what ends it."""

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from consent.model import Actor
from hub.consents import service as consents
from hub.models.client import Client
from hub.oauth import clients, grant_types, issue, tokens
from hub.oauth.bearer import resolve
from hub.oauth.clients import Registered
from hub.oauth.grants.token_exchange import ACCESS_TOKEN, MAX_ACTORS
from hub.oauth.tokens import BadToken
from tests.conftest import TestClock
from tests.oauth.signing import ClientKey
from tests.oauth.world import World, claims_of

BILLING, SCORING, TAXES = (f"https://{name}.example/api" for name in ("billing", "scoring", "taxes"))
READING = "accounts:read balances:read"


def service(world: World, resource: str, *targets: str, scope: str = READING) -> Registered:
    """A resource server as the operator registers it: with keys, and what it may exchange for."""
    made = world.register(profile="resource_server", scopes=scope.split())
    with world.hub.db.write() as session:
        row = session.get_one(Client, made.client.client_id)
        key = world.keys[row.client_id] = ClientKey.make()
        row.token_endpoint_auth_method, row.secret_hash, row.jwks = "private_key_jwt", None, key.jwks()
        row.grant_types, row.redirect_uris, row.sector = [grant_types.EXCHANGE], [], row.client_id
        row.registration = {
            "resource": resource,
            "token_exchange_targets": list(targets),
            "dpop_bound_access_tokens": True,
        }
    return Registered(row)


def exchange(world: World, by: Registered, subject_token: str, **changes: Any) -> TestResponse:
    form = {
        "grant_type": grant_types.EXCHANGE,
        "subject_token": subject_token,
        "subject_token_type": ACCESS_TOKEN,
        **changes,
    }
    return world.post("/oauth/token", {name: value for name, value in form.items() if value is not None}, by)


def exchanged(world: World, by: Registered, subject_token: str, **changes: Any) -> str:
    answer = exchange(world, by, subject_token, **changes)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["access_token"])


def counts(world: World, token: str) -> bool:
    """Whether the token would open anything now, whoever it is for."""
    claims = tokens.read_access_token(world.hub, token, world.hub.clock(), for_us=False)
    try:
        with world.hub.db.read() as session:
            return resolve(session, claims).consent is not None
    except BadToken:
        return False


@pytest.fixture
def billing(world: World) -> Registered:
    return service(world, BILLING, world.hub.settings.base_url, SCORING)


@pytest.fixture
def given(world: World, billing: Registered) -> dict[str, Any]:
    """What the token endpoint answered the client for the service's API."""
    return world.tokens(resource=BILLING)


def test_a_service_gets_a_token_of_its_own_for_the_hub(
    world: World, billing: Registered, given: dict[str, Any]
) -> None:
    answer = exchange(world, billing, given["access_token"])
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert told["issued_token_type"] == ACCESS_TOKEN
    assert told["token_type"] == "DPoP"
    assert "refresh_token" not in told
    assert told["scope"] == READING
    before, after = claims_of(given["access_token"]), claims_of(told["access_token"])
    assert after["aud"] == world.hub.settings.base_url
    assert after["client_id"] == billing.client.client_id
    assert after["act"] == {"sub": billing.client.client_id}
    assert after["cnf"]["jkt"] == world.keys[billing.client.client_id].thumbprint
    assert after["authorization_id"] == before["authorization_id"]
    assert "grant_id" not in after  # the client's name for it is none of the service's business
    assert after["exp"] <= before["exp"]
    assert after["sub"] != before["sub"]
    claims = tokens.read_access_token(world.hub, told["access_token"], world.hub.clock())
    with world.hub.db.read() as session:
        token = resolve(session, claims)
    assert token.client_id == world.client.client.client_id  # whom the person allowed
    assert token.actor == billing.client.client_id
    assert token.psu_id == world.alice


def test_the_next_service_knows_the_person_by_its_own_name(
    world: World, billing: Registered, given: dict[str, Any]
) -> None:
    scoring = service(world, SCORING, world.hub.settings.base_url)
    there = exchanged(world, billing, given["access_token"], resource=SCORING)
    home = exchanged(world, billing, given["access_token"])
    assert claims_of(there)["aud"] == SCORING
    assert len({claims_of(token)["sub"] for token in (given["access_token"], there, home)}) == 3
    seen = world.post("/oauth/introspect", {"token": there}, scoring).get_json()
    assert seen["active"] is True
    assert seen["act"] == {"sub": billing.client.client_id}
    assert seen["sub"] == claims_of(there)["sub"]
    back = exchanged(world, scoring, there)
    assert claims_of(back)["act"] == {"sub": scoring.client.client_id, "act": {"sub": billing.client.client_id}}
    assert counts(world, back)


def test_the_chain_has_an_end(world: World, billing: Registered, given: dict[str, Any]) -> None:
    assert MAX_ACTORS == 2
    scoring = service(world, SCORING, TAXES)
    taxes = service(world, TAXES, world.hub.settings.base_url)
    second = exchanged(world, billing, given["access_token"], resource=SCORING)
    third = exchanged(world, scoring, second, audience=TAXES)
    assert exchange(world, taxes, third).get_json()["error"] == "invalid_request"


def test_it_is_narrowed_and_never_widened(world: World, billing: Registered, given: dict[str, Any]) -> None:
    scoring = service(world, SCORING, world.hub.settings.base_url)
    narrow = exchanged(world, billing, given["access_token"], resource=SCORING, scope="accounts:read")
    assert claims_of(narrow)["scope"] == "accounts:read"
    for scope in ("accounts:read balances:read", "balances:read"):
        assert exchange(world, scoring, narrow, scope=scope).get_json()["error"] == "invalid_scope"
    for scope in ("openid", "offline_access", "transactions:read", "payments:write"):
        assert exchange(world, billing, given["access_token"], scope=scope).get_json()["error"] == "invalid_scope"


def test_it_ends_no_later_than_what_it_came_from(
    world: World, billing: Registered, given: dict[str, Any], clock: TestClock
) -> None:
    clock.advance(seconds=200)
    late = exchanged(world, billing, given["access_token"])
    assert claims_of(late)["exp"] == claims_of(given["access_token"])["exp"]


REFUSED: dict[str, tuple[dict[str, str | None], str]] = {
    "no token": ({"subject_token": None}, "invalid_request"),
    "no type": ({"subject_token_type": None}, "invalid_request"),
    "another type": ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
    "a refresh token": ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
    "an actor": ({"actor_token": "x", "actor_token_type": ACCESS_TOKEN}, "invalid_request"),
    "an unknown target": ({"resource": "https://elsewhere.example"}, "invalid_target"),
    "a target that is not allowed": ({"resource": TAXES}, "invalid_target"),
    "the same by another name": ({"audience": TAXES}, "invalid_target"),
    "two targets": ({"resource": BILLING, "audience": SCORING}, "invalid_target"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(world: World, billing: Registered, given: dict[str, Any], what: str) -> None:
    service(world, TAXES)
    changes, error = REFUSED[what]
    answer = exchange(world, billing, **({"subject_token": given["access_token"]} | changes))
    assert (answer.status_code, answer.get_json()["error"]) == (400, error)


def test_other_tokens_are_no_subject(world: World, billing: Registered, given: dict[str, Any]) -> None:
    """An ID token, a refresh token, a token for the hub or for another service, a client's own, and no token at all."""
    service(world, SCORING)
    own = world.post("/oauth/token", {"grant_type": "client_credentials", "resource": BILLING}, world.client).get_json()
    others = [
        given["id_token"],
        given["refresh_token"],
        world.tokens(resource=SCORING)["access_token"],
        world.tokens()["access_token"],
        own["access_token"],
        given["access_token"][:-8] + "AAAAAAAA",
        "x",
    ]
    for token in others:
        answer = exchange(world, billing, token)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


def test_who_is_not_registered_for_it_cannot(world: World, given: dict[str, Any]) -> None:
    assert exchange(world, world.client, given["access_token"]).get_json()["error"] == "unauthorized_client"


def test_a_thief_of_the_token_is_not_the_service(world: World, billing: Registered, given: dict[str, Any]) -> None:
    form = {
        "grant_type": grant_types.EXCHANGE,
        "client_id": billing.client.client_id,
        "subject_token": given["access_token"],
        "subject_token_type": ACCESS_TOKEN,
    }
    answer = world.app.test_client().post("/oauth/token", data=form)
    assert answer.get_json()["error"] == "invalid_client"
    unbound = world.app.test_client().post("/oauth/token", data=form | world.assertion_of(billing))
    assert (unbound.status_code, unbound.get_json()["error"]) == (400, "invalid_dpop_proof")


def _revoke_grant(world: World, claims: dict[str, Any], _billing: Registered) -> None:
    with world.hub.db.write() as session:
        issue.revoke_grant(session, claims["authorization_id"], reason="test", now=world.hub.clock())


def _revoke_consent(world: World, claims: dict[str, Any], _billing: Registered) -> None:
    with world.hub.db.write() as session:
        now = world.hub.clock()
        consents.revoke(session, claims["consent_id"], actor=Actor.PSU, psu_id=world.alice, now=now)


def _revoke_subject(world: World, claims: dict[str, Any], _billing: Registered) -> None:
    world.post("/oauth/revoke", {"token": claims["raw"]}, world.client)


def _delete_client(world: World, _claims: dict[str, Any], _billing: Registered) -> None:
    with world.hub.db.write() as session:
        clients.end(session, session.get_one(Client, world.client.client.client_id), now=world.hub.clock())


def _delete_service(world: World, _claims: dict[str, Any], billing: Registered) -> None:
    with world.hub.db.write() as session:
        clients.end(session, session.get_one(Client, billing.client.client_id), now=world.hub.clock())


def _forbid_service(world: World, _claims: dict[str, Any], billing: Registered) -> None:
    with world.hub.db.write() as session:
        session.get_one(Client, billing.client.client_id).grant_types = []


@pytest.mark.parametrize(
    "ends", [_revoke_grant, _revoke_consent, _revoke_subject, _delete_client, _delete_service, _forbid_service]
)
def test_what_ends_it_at_once(
    world: World,
    billing: Registered,
    given: dict[str, Any],
    ends: Callable[[World, dict[str, Any], Registered], None],
) -> None:
    """Also two exchanges further on; and what is over is exchanged no more."""
    scoring = service(world, SCORING, world.hub.settings.base_url)
    there = exchanged(world, billing, given["access_token"], resource=SCORING)
    further = exchanged(world, scoring, there)
    assert active(world, scoring, there)
    ends(world, claims_of(given["access_token"]) | {"raw": given["access_token"]}, billing)
    assert not active(world, scoring, there)
    assert exchange(world, scoring, there).get_json()["error"] == "invalid_request"
    assert not world.works(further)


def active(world: World, by: Registered, token: str) -> bool:
    found: bool = world.post("/oauth/introspect", {"token": token}, by).get_json()["active"]
    return found


def test_a_service_that_loses_a_scope_loses_it_in_every_token(
    world: World, billing: Registered, given: dict[str, Any]
) -> None:
    token = exchanged(world, billing, given["access_token"])
    with world.hub.db.write() as session:
        session.get_one(Client, billing.client.client_id).scopes = ["accounts:read"]
    claims = tokens.read_access_token(world.hub, token, world.hub.clock())
    with world.hub.db.read() as session:
        assert resolve(session, claims).scopes == {"accounts:read"}


def test_an_exchanged_token_signs_nobody_in(world: World, billing: Registered, given: dict[str, Any]) -> None:
    token = exchanged(world, billing, given["access_token"])
    assert world.userinfo(token).status_code == 403
