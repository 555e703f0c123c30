"""Registering apps and looking after them."""

from typing import Any

import pytest
from sqlalchemy import select

from consent.model import Status
from hub.errors import BadInput, NotFound
from hub.hashing import secret_hash
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.oauth import clients
from tests.oauth.world import CALLBACK, SCOPE, World, claims_of


def description(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Budget Buddy",
        "site_uri": None,
        "redirect_uris": [CALLBACK],
        "scopes": SCOPE.split(),
        "description": "",
    } | changes


def test_a_confidential_client_gets_a_secret_once_and_only_its_hash_is_kept(world: World) -> None:
    made = world.register(profile="oidc")
    assert made.secret is not None
    assert len(made.secret) == 43
    assert made.client.secret_hash == secret_hash(made.secret)
    assert made.secret not in repr(made)
    assert made.client.grant_types == ["authorization_code", "refresh_token", "client_credentials"]


def test_a_public_client_has_no_secret_and_no_client_credentials(world: World) -> None:
    made = world.register(profile="oidc", public=True)
    assert (made.secret, made.client.secret_hash, made.client.token_endpoint_auth_method) == (None, None, "none")
    assert made.client.grant_types == ["authorization_code", "refresh_token"]


def test_what_cannot_be_registered_is_named(world: World) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "Two\nlines"}, "name"),
        ({"site_uri": "http://buddy.example"}, "site_uri"),
        ({"site_uri": "javascript:alert(1)"}, "site_uri"),
        ({"site_uri": "https://a@b.example"}, "site_uri"),
        ({"site_uri": "https://["}, "site_uri"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"redirect_uris": [f"{CALLBACK}/{n}" for n in range(21)]}, "redirect_uris"),
        ({"redirect_uris": [CALLBACK, "http://evil.example"]}, "redirect_uris"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"description": "x" * 2001}, "description"),
        ({"auth_method": "none"}, "auth_method"),
        ({"auth_method": "private_key_jwt"}, "auth_method"),
    ]
    for change, parameter in cases:
        facts = description() | {"public": False} | change
        with world.hub.db.write() as session, pytest.raises(BadInput) as caught:
            clients.register(session, owner_psu_id=world.charlie, now=world.hub.clock(), **facts)
        assert caught.value.parameter == parameter, change


def test_only_its_owner_sees_and_changes_a_client(world: World) -> None:
    client_id = world.register(owner=world.alice).client.client_id
    now = world.hub.clock()
    with world.hub.db.read() as session:
        assert [one.client_id for one in clients.list_for_owner(session, world.alice)] == [client_id]
        assert clients.list_for_owner(session, world.bob) == []
    with world.hub.db.write() as session:
        for owner in (world.bob, world.charlie):
            with pytest.raises(NotFound):
                clients.update(session, client_id, owner_psu_id=owner, now=now, **description(name="Mine"))
            with pytest.raises(NotFound):
                clients.rotate_secret(session, client_id, owner_psu_id=owner, now=now)
            with pytest.raises(NotFound):
                clients.delete(session, client_id, owner_psu_id=owner, now=now)
        changed = clients.update(session, client_id, owner_psu_id=world.alice, now=now, **description(name="Mine"))
    assert changed.name == "Mine"


def test_a_rotated_secret_replaces_the_old_one_at_once(world: World) -> None:
    old, form = world.web, {"grant_type": "client_credentials"}
    with world.hub.db.write() as session:
        new = clients.rotate_secret(session, old.client.client_id, owner_psu_id=world.charlie, now=world.hub.clock())
    assert world.post("/oauth/token", dict(form), old).status_code == 401
    assert world.post("/oauth/token", dict(form), new).status_code == 200


def test_a_public_client_has_no_secret_to_rotate(world: World) -> None:
    with world.hub.db.write() as session, pytest.raises(BadInput):
        clients.rotate_secret(session, world.native.client.client_id, owner_psu_id=world.charlie, now=world.hub.clock())


def test_a_client_that_moves_to_another_host_does_not_take_the_subs_along(world: World) -> None:
    before = claims_of(world.tokens()["access_token"])["sub"]
    elsewhere = "https://elsewhere.example/cb"
    with world.hub.db.write() as session:
        clients.update(
            session,
            world.client.client.client_id,
            owner_psu_id=world.charlie,
            now=world.hub.clock(),
            **description(redirect_uris=[elsewhere]),
        )
    assert claims_of(world.tokens(redirect_uri=elsewhere, prompt="consent")["access_token"])["sub"] != before


def test_a_deleted_client_takes_its_grants_and_consents_along(world: World) -> None:
    answer, other = world.tokens(), world.tokens(world.native)
    with world.hub.db.write() as session:
        clients.delete(session, world.client.client.client_id, owner_psu_id=world.charlie, now=world.hub.clock())
    assert not world.works(answer["access_token"])
    assert world.works(other["access_token"])
    with world.hub.db.read() as session:
        statuses = {row.client_id: row.status for row in session.scalars(select(ConsentRow))}
        assert session.get_one(Client, world.client.client.client_id).deleted_at is not None
        left = {one.client_id for one in clients.list_for_owner(session, world.charlie)}
    assert left == {world.web.client.client_id, world.native.client.client_id}
    assert statuses == {
        world.client.client.client_id: Status.REVOKED.value,
        world.native.client.client_id: Status.VALID.value,
    }
