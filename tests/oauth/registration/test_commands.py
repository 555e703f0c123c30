"""What an operator types about clients, and reads."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from hub.cli import main
from hub.models.client import Client
from tests.oauth.registration.conftest import Registry
from tests.oauth.registration.documents import bank_data, jwks, public, sign_in

Command = Callable[..., Result]


@pytest.fixture
def rialto(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Command:
    for part in ("clients", "registration_tokens", "trust_anchors"):
        monkeypatch.setattr(f"hub.commands.{part}.hub_of_environ", lambda: registry.hub)
    return lambda *words: CliRunner().invoke(main, list(words))


def written(folder: Path, document: Any) -> str:
    path = folder / "document.json"
    path.write_bytes(document if isinstance(document, bytes) else orjson.dumps(document))
    return str(path)


def shown(output: str, name: str) -> str:
    found = re.search(rf"^{name} +(\S+)", output, re.M)
    assert found, output
    return found[1]


def test_a_client_is_registered_from_a_file_and_its_secret_shown_once(rialto: Command, tmp_path: Path) -> None:
    done = rialto("clients", "register", written(tmp_path, sign_in()))
    assert done.exit_code == 0, done.output
    client_id, secret = shown(done.output, "client_id"), shown(done.output, "client_secret")
    told = rialto("clients", "show", client_id).output
    assert orjson.loads(told)["client_name"] == "Nest Egg"
    assert (secret in told, orjson.loads(told)["made_by"]) == (False, "operator")
    assert "client_secret" not in rialto("clients", "register", written(tmp_path, bank_data())).output
    assert [line.split()[1] for line in rialto("clients", "list").output.splitlines()[1:]] == ["oidc", "fapi2"]


def test_only_the_operator_makes_a_resource_server(rialto: Command, registry: Registry, tmp_path: Path) -> None:
    file = written(tmp_path, {"client_name": "The API"})
    done = rialto("clients", "register", file, "--profile", "resource_server")
    basic = (shown(done.output, "client_id"), shown(done.output, "client_secret"))
    asking = registry.app.test_client()
    assert asking.post("/oauth/introspect", auth=basic, data={"token": "x"}).get_json() == {"active": False}
    assert asking.post("/oauth/token", auth=basic, data={"grant_type": "client_credentials"}).status_code in {400, 401}


def test_member_services_with_keys_at_one_host_know_people_by_different_names(
    rialto: Command, registry: Registry, tmp_path: Path
) -> None:
    registry.publish("https://keys.example/jwks", jwks())
    by_key = {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://keys.example/jwks"}
    for name in ("billing", "scoring"):
        service = {"client_name": name, "resource": f"https://{name}.example/api"} | by_key
        done = rialto("clients", "register", written(tmp_path, service), "--profile", "resource_server")
        client_id = shown(done.output, "client_id")
        with registry.hub.db.read() as session:
            assert session.get_one(Client, client_id).sector == client_id


def test_what_will_not_do_is_said(rialto: Command, tmp_path: Path) -> None:
    done = rialto("clients", "register", written(tmp_path, sign_in(redirect_uris=[])))
    assert (done.exit_code, done.output.startswith("Error: redirect_uris: ")) == (1, True)
    assert rialto("clients", "register", written(tmp_path, b'{"a":1,"a":2}')).exit_code == 1
    for words in (("show", "x"), ("verify", "x"), ("delete", "x", "--yes")):
        assert rialto("clients", *words).output == "Error: there is no such client\n"


def test_a_client_is_verified_and_not_any_more_and_deleted(rialto: Command, registry: Registry) -> None:
    client_id = registry.register()["client_id"]

    def row() -> Client:
        with registry.hub.db.read() as session:
            return session.get_one(Client, client_id)

    assert rialto("clients", "verify", client_id).output == "Nest Egg: verified\n"
    assert row().verified_at is not None
    assert orjson.loads(rialto("clients", "show", client_id).output)["verified_by"] == "the operator"
    rialto("clients", "verify", client_id, "--off")
    assert row().verified_at is None
    assert rialto("clients", "delete", client_id, "--yes").exit_code == 0
    assert row().deleted_at is not None


def test_tokens_are_made_listed_and_revoked(rialto: Command, registry: Registry) -> None:
    made = rialto("registration-token", "new", "--uses", "2", "--days", "3", "--profile", "oidc")
    token, token_id = shown(made.output, "token"), shown(made.output, "id")
    registry.register(token=token)
    listed = rialto("registration-token", "list").output
    assert token not in listed
    assert re.search(rf"{token_id} +1 +2026-11-26 09:00 +oidc +none +good", listed)
    assert rialto("registration-token", "revoke", token_id).output == "revoked\n"
    assert rialto("registration-token", "list").output.rstrip().endswith("revoked")
    assert registry.post(sign_in(), token=token).status_code == 401
    assert rialto("registration-token", "revoke", token_id).exit_code == 1
    for words in (("--uses", "0"), ("--days", "0"), ("--trust-anchor", "Nobody")):
        assert rialto("registration-token", "new", *words).exit_code == 1


def test_anchors_are_added_listed_and_removed(rialto: Command, tmp_path: Path) -> None:
    keys = written(tmp_path, jwks(public(kid="anchor")))
    add = ("trust-anchors", "add", "Directory", "--issuer", "https://directory.example")
    assert rialto(*add, "--jwks-file", keys).output == "Directory is believed\n"
    assert rialto(*add, "--jwks-file", keys).exit_code == 1
    assert rialto(*add, "--jwks-file", written(tmp_path, b"[]")).exit_code == 1
    assert "https://directory.example" in rialto("trust-anchors", "list").output
    assert "clients that lost its word: 0" in rialto("trust-anchors", "remove", "Directory").output
    assert rialto("trust-anchors", "remove", "Directory").exit_code == 1
