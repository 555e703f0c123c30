"""Registering apps and looking after them."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from consent.model import Status
from hub import context, migrate
from hub.errors import BadInput, NotFound
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.oauth import clients
from hub.oauth.policy import Profile
from hub.oauth.registration import rows, service
from hub.oauth.registration.prepare import prepare
from hub.settings import from_environ
from tests.oauth.world import World, claims_of
from tests.registered import registered


def test_only_its_owner_sees_and_changes_a_client(world: World) -> None:
    client_id = world.register(owner=world.alice).client.client_id
    now = world.hub.clock()
    with world.hub.db.read() as session:
        assert [one.client_id for one in clients.list_for_owner(session, world.alice)] == [client_id]
        assert clients.list_for_owner(session, world.bob) == []
    with world.hub.db.write() as session:
        for owner in (world.bob, world.charlie):
            with pytest.raises(NotFound):
                clients.owned(session, client_id, owner_psu_id=owner)
            with pytest.raises(NotFound):
                clients.rotate_secret(session, client_id, owner_psu_id=owner, now=now)
            with pytest.raises(NotFound):
                clients.delete(session, client_id, owner_psu_id=owner, now=now)
        assert clients.owned(session, client_id, owner_psu_id=world.alice).client_id == client_id


def test_a_rotated_secret_replaces_the_old_one_at_once(world: World) -> None:
    old, form = world.web, {"grant_type": "client_credentials"}
    assert old.secret is not None
    assert old.secret not in repr(old)
    with world.hub.db.write() as session:
        new = clients.rotate_secret(session, old.client.client_id, owner_psu_id=world.charlie, now=world.hub.clock())
    assert world.post("/oauth/token", dict(form), old).status_code == 401
    assert world.post("/oauth/token", dict(form), new).status_code == 200


def test_a_public_client_has_no_secret_to_rotate(world: World) -> None:
    with world.hub.db.write() as session, pytest.raises(BadInput):
        clients.rotate_secret(session, world.native.client.client_id, owner_psu_id=world.charlie, now=world.hub.clock())


def test_a_client_that_moves_to_another_host_does_not_take_the_subs_along(world: World) -> None:
    hub, client_id = world.hub, world.client.client.client_id
    before = claims_of(world.tokens()["access_token"])["sub"]
    elsewhere = "https://elsewhere.example/cb"
    with hub.db.read() as session:
        present = session.get_one(Client, client_id)
    document = rows.document(present) | {"redirect_uris": [elsewhere]}
    prepared = prepare(hub, document, now=hub.clock(), wanted=Profile(present.profile), present=present)
    with hub.db.write() as session:
        service.replace(session, session.get_one(Client, client_id), prepared, now=hub.clock())
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


_COLD = """
from hub import context
from hub.settings import from_environ
from hub.oauth import clients

print(clients.look(context.build(from_environ({environ!r})), {client_id!r}).name)
"""


def test_a_process_that_has_asked_nothing_yet_can_look_a_client_up(tmp_path: Path) -> None:
    """As the first request after a start does: SQLAlchemy has made no query that would have set its classes up."""
    environ = {"DATABASE_URL": f"sqlite:///{tmp_path / 'cold.db'}", "RIALTO_DATA_DIR": str(tmp_path)}
    hub = context.build(from_environ(environ))
    migrate.upgrade(hub.db)
    with hub.db.write() as session:
        made = registered(session, redirect_uris=["https://cold.example/cb"], scopes=["openid"], now=hub.clock())
    hub.close()
    code = _COLD.format(environ=environ, client_id=made.client.client_id)
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert asked.stdout == "Budget Buddy\n", asked.stderr
