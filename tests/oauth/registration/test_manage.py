"""A client looks after its own registration (RFC 7592), and others try to.

Names in brackets are the conformance suite's modules that ask the same.
"""

from typing import Any

import pytest
from sqlalchemy import select

from hub.hashing import secret_hash
from hub.models.client import Client
from hub.models.signal import Signal
from tests.oauth.registration.conftest import Registry
from tests.oauth.registration.documents import CALLBACK, bank_data, jwks, public, sign_in

BY_SERVER = ("registration_access_token", "registration_client_uri", "client_id_issued_at", "client_secret_expires_at")
METHODS = ("GET", "PUT", "DELETE")


def sent_back(told: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a client would put, of what it was told."""
    kept = {name: value for name, value in told.items() if name not in BY_SERVER}
    return {name: value for name, value in (kept | changes).items() if value is not None}


def row(registry: Registry, client_id: str) -> Client:
    with registry.hub.db.read() as session:
        return session.get_one(Client, client_id)


def test_what_was_registered_can_be_read_but_the_secret_cannot(registry: Registry) -> None:
    told = registry.register(sign_in())
    answer = registry.call("GET", told["client_id"], told["registration_access_token"])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    without_secret = {k: v for k, v in told.items() if k not in {"client_secret", "client_secret_expires_at"}}
    assert answer.get_json() == without_secret


def test_an_update_replaces_everything(registry: Registry) -> None:
    """[brazildcr-update-client-config]"""
    told = registry.register(bank_data(policy_uri="https://nest.example/privacy"))
    client_id, token = told["client_id"], told["registration_access_token"]
    change = sent_back(told, client_name="Nest Egg 2", policy_uri=None, jwks=jwks(public(kid="new")))
    answer = registry.call("PUT", client_id, token, change)
    assert answer.status_code == 200, answer.text
    now_told = answer.get_json()
    assert now_told["client_name"] == "Nest Egg 2"
    assert "policy_uri" not in now_told
    assert now_told["jwks"]["keys"][0]["kid"] == "new"
    assert row(registry, client_id).registration.get("policy_uri") is None
    with registry.hub.db.read() as session:
        kinds = session.scalars(select(Signal.kind).where(Signal.subject_id == client_id)).all()
    assert sorted(kinds) == ["client.registered", "client.updated"]


def test_the_old_token_works_until_the_new_one_is_used(registry: Registry) -> None:
    told = registry.register()
    client_id, old = told["client_id"], told["registration_access_token"]
    lost = registry.call("PUT", client_id, old, sent_back(told)).get_json()["registration_access_token"]
    new = registry.call("PUT", client_id, old, sent_back(told)).get_json()["registration_access_token"]
    assert len({old, lost, new}) == 3
    assert registry.call("GET", client_id, lost).status_code == 401  # only the latest of them counts
    assert registry.call("GET", client_id, old).status_code == 200
    assert registry.call("GET", client_id, new).get_json()["registration_access_token"] == new
    assert registry.call("GET", client_id, old).status_code == 401
    assert registry.call("GET", client_id, new).status_code == 200


def test_a_deleted_client_is_gone_with_all_it_held(registry: Registry) -> None:
    """[brazildcr-client-delete]"""
    told = registry.register(sign_in(grant_types=["client_credentials"], response_types=[]))
    client_id, token = told["client_id"], told["registration_access_token"]
    basic = {"auth": (client_id, told["client_secret"]), "data": {"grant_type": "client_credentials"}}
    answer = registry.call("DELETE", client_id, token)
    assert (answer.status_code, answer.data) == (204, b"")
    assert row(registry, client_id).deleted_at is not None
    assert registry.app.test_client().post("/oauth/token", **basic).status_code == 401
    for method in METHODS:
        assert registry.call(method, client_id, token, sent_back(told)).status_code == 401


@pytest.mark.parametrize("method", METHODS)
def test_nobody_elses_token_opens_a_registration(registry: Registry, method: str) -> None:
    """[brazildcr-invalid-registration-access-token]"""
    mine, yours = registry.register(), registry.register()
    initial = registry.initial()
    for token in (yours["registration_access_token"], mine["client_secret"], initial, "x", "", None):
        answer = registry.call(method, mine["client_id"], token, sent_back(mine))
        assert answer.status_code == 401, token
        assert answer.get_json()["error"] == "invalid_token"
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="rialto"')
    for client_id in ("unknown", "%00", "x" * 300):
        assert registry.call(method, client_id, mine["registration_access_token"]).status_code in {401, 404}
    assert row(registry, mine["client_id"]).deleted_at is None


INVALID = 'Bearer realm="rialto", error="invalid_token"'
CHALLENGES: list[tuple[list[tuple[str, str]], int, str]] = [
    ([], 401, 'Bearer realm="rialto"'),
    ([("Authorization", "Basic eDp5")], 401, 'Bearer realm="rialto"'),
    ([("Authorization", "DPoP abc")], 401, 'Bearer realm="rialto"'),
    ([("Authorization", "Bearer nobody's")], 401, INVALID),
    ([("Authorization", "Bearer " + "x" * 501)], 401, INVALID),
    ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], 401, INVALID),
]


@pytest.mark.parametrize(("headers", "status", "challenge"), CHALLENGES, ids=range(len(CHALLENGES)))
def test_a_challenge_names_an_error_only_where_a_token_was_sent(
    registry: Registry, headers: list[tuple[str, str]], status: int, challenge: str
) -> None:
    """RFC 6750 3. There is no protected resource metadata to point at (RFC 9728): no access token opens these."""
    told = registry.register()
    by_token = registry.configured(registration="token")
    for method, path in (*((one, f"/{told['client_id']}") for one in METHODS), ("POST", "")):
        answer = by_token.app.test_client().open(
            f"/oauth/register{path}", method=method, json=sign_in(), headers=headers
        )
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (status, challenge), method


def test_a_client_of_a_developer_has_no_token_that_fits(registry: Registry) -> None:
    told = registry.register()
    with registry.hub.db.write() as session:
        session.get_one(Client, told["client_id"]).registration_token_hash = None
    for token in (told["registration_access_token"], "nobody holds this", ""):
        assert registry.call("GET", told["client_id"], token).status_code == 401


def test_an_unknown_client_and_a_wrong_token_look_the_same(registry: Registry) -> None:
    told = registry.register()
    one, other = registry.call("GET", told["client_id"], "x"), registry.call("GET", "unknown", "x")
    assert (one.status_code, one.get_json()) == (other.status_code, other.get_json())


BAD_UPDATES: list[tuple[dict[str, Any], str, str]] = [
    ({"client_id": None}, "invalid_client_metadata", "client_id"),
    ({"client_id": "another"}, "invalid_client_metadata", "client_id"),
    ({"client_secret": "my own"}, "invalid_client_metadata", "client_secret"),
    ({"client_secret": 7}, "invalid_client_metadata", "client_secret"),
    ({"redirect_uris": ["https://nest.example/#x"]}, "invalid_redirect_uri", "redirect_uris"),
    ({"jwks": None, "jwks_uri": "https://nest.example/nothing"}, "invalid_client_metadata", "jwks_uri"),
    ({"jwks": {"keys": []}}, "invalid_client_metadata", "jwks"),
    ({"token_endpoint_auth_method": "client_secret_basic"}, "invalid_client_metadata", "token_endpoint_auth_method"),
]


@pytest.mark.parametrize(("change", "error", "member"), BAD_UPDATES, ids=lambda value: str(value)[:40])
def test_a_bad_update_changes_nothing(registry: Registry, change: dict[str, Any], error: str, member: str) -> None:
    """[brazildcr-update-client-config-bad-jwks-uri, -invalid-jwks-by-value, -invalid-redirect-uri]"""
    told = registry.register(bank_data())
    client_id, token = told["client_id"], told["registration_access_token"]
    answer = registry.call("PUT", client_id, token, sent_back(told, **change))
    assert answer.status_code == 400
    assert (answer.get_json()["error"], answer.get_json()["error_description"].partition(":")[0]) == (error, member)
    assert registry.call("GET", client_id, token).get_json() == told


def test_the_present_secret_may_be_sent_along(registry: Registry) -> None:
    told = registry.register()
    answer = registry.call("PUT", told["client_id"], told["registration_access_token"], sent_back(told))
    assert answer.status_code == 200
    assert "client_secret" not in answer.get_json()
    assert row(registry, told["client_id"]).secret_hash == secret_hash(told["client_secret"])


def test_a_client_that_turns_to_keys_loses_its_secret_and_back_gets_a_new_one(registry: Registry) -> None:
    told = registry.register()
    client_id, token = told["client_id"], told["registration_access_token"]
    keyed = sent_back(told, client_secret=None, token_endpoint_auth_method="private_key_jwt", jwks=jwks())
    assert registry.call("PUT", client_id, token, keyed).status_code == 200
    assert row(registry, client_id).secret_hash is None
    back = registry.call("PUT", client_id, token, sent_back(told, client_secret=None)).get_json()
    assert back["client_secret"] not in {None, told["client_secret"]}


def test_a_sign_in_client_does_not_become_one_for_data(registry: Registry) -> None:
    """Or a token for sign-in clients, and the demand of a software statement, could be walked around."""
    told = registry.register(sign_in())
    change = bank_data(client_id=told["client_id"])
    answer = registry.call("PUT", told["client_id"], told["registration_access_token"], change)
    assert (answer.status_code, answer.get_json()["error_description"].partition(":")[0]) == (400, "scope")


def test_a_bank_client_may_become_stricter_and_never_laxer(registry: Registry) -> None:
    told = registry.register(bank_data())
    client_id, token = told["client_id"], told["registration_access_token"]
    assert registry.call("PUT", client_id, token, sent_back(told, scope="openid")).status_code == 200
    assert row(registry, client_id).profile == "fapi2"
    signed = sent_back(told, require_signed_request_object=True)
    assert registry.call("PUT", client_id, token, signed).status_code == 200
    assert row(registry, client_id).profile == "fapi2_ms"
    assert registry.call("PUT", client_id, token, sent_back(told)).status_code == 200
    assert row(registry, client_id).profile == "fapi2_ms"


def test_whoever_was_verified_is_not_any_more_after_changing_its_face(registry: Registry) -> None:
    told = registry.register()
    client_id, token = told["client_id"], told["registration_access_token"]

    def verify() -> None:
        with registry.hub.db.write() as session:
            session.get_one(Client, client_id).verified_at = registry.hub.clock()

    for change in (
        {"client_name": "Albion Bank"},
        {"redirect_uris": ["https://evil.example/cb"]},
        {"client_uri": "https://albion.example"},
        {"policy_uri": "https://evil.example/p"},
    ):
        verify()
        unchanged = registry.call("GET", client_id, token).get_json()
        registry.call("PUT", client_id, token, sent_back(unchanged))
        assert row(registry, client_id).verified_at is not None
        assert registry.call("PUT", client_id, token, sent_back(unchanged, **change)).status_code == 200
        assert row(registry, client_id).verified_at is None, change


def test_known_keys_by_address_are_not_fetched_again(registry: Registry) -> None:
    url = registry.publish("https://nest.example/jwks", jwks())
    told = registry.register(bank_data(jwks=None, jwks_uri=url))
    registry.published.clear()
    change = sent_back(told, redirect_uris=[CALLBACK, "https://nest.example/second"])
    assert registry.call("PUT", told["client_id"], told["registration_access_token"], change).status_code == 200
