"""Providers are declared by the operator, and what is wrong in a file is named before anybody logs in."""

import json
from pathlib import Path
from typing import Any

import pytest

from hub.settings import Settings, SettingsError
from hub.upstream import catalogue

GOOD: dict[str, Any] = {
    "id": "lagoon",
    "name": "Lagoon Mobility",
    "issuer": "https://login.lagoon.example",
    "client_id": "rialto",
}
PUBLIC = {"base_url": "https://hub.example"}


def load(tmp_path: Path, *files: dict[str, Any], **settings: Any) -> dict[str, Any]:
    for number, file in enumerate(files):
        (tmp_path / f"{number}.json").write_text(json.dumps(file))
    return dict(catalogue.load(Settings(upstream_dirs=(tmp_path,), **settings)))


def test_a_short_file_is_enough_and_the_defaults_are_the_strict_ones(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD, **PUBLIC)["lagoon"]
    assert found.token_endpoint_auth_method == "private_key_jwt"
    assert found.scopes == ("openid",)
    assert "RS256" not in found.algorithms
    assert catalogue.load(Settings()) == {}


WRONG: dict[str, dict[str, Any]] = {
    "plain http": {"issuer": "http://login.lagoon.example"},
    "http on loopback of a public hub": {"issuer": "http://127.0.0.1:9000"},
    "issuer with a query": {"issuer": "https://login.lagoon.example?x=1"},
    "issuer with an empty query": {"issuer": "https://login.lagoon.example?"},
    "issuer with a fragment": {"issuer": "https://login.lagoon.example#x"},
    "issuer with a user": {"issuer": "https://me@login.lagoon.example"},
    "issuer is no address": {"issuer": "lagoon"},
    "issuer with a bad port": {"issuer": "https://login.lagoon.example:x"},
    "this very hub": {"issuer": "https://hub.example"},
    "secret without use": {"client_secret": "s"},
    "no secret": {"token_endpoint_auth_method": "client_secret_basic"},
    "unknown method": {"token_endpoint_auth_method": "none"},
    "no openid": {"scopes": ["profile"]},
    "alg none": {"algorithms": ["none"]},
    "symmetric": {"algorithms": ["HS256"]},
    "no algorithm": {"algorithms": []},
    "scope with a space": {"scopes": ["openid", "a b"]},
    "id with a path": {"id": "../x"},
    "two lines of name": {"name": "Lagoon\nMobility"},
    "misspelt": {"isuer": "x"},
    "origin without TLS": {"origins": ["http://api.lagoon.example"]},
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_file_is_named(tmp_path: Path, mistake: str) -> None:
    with pytest.raises(SettingsError, match=r"RIALTO_UPSTREAM_PROVIDERS: .*0\.json"):
        load(tmp_path, GOOD | WRONG[mistake], **PUBLIC)


@pytest.mark.parametrize("change", [{"issuer": "https://other.example"}, {"id": "other"}])
def test_ids_and_issuers_come_once(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"1\.json"):
        load(tmp_path, GOOD, GOOD | change, **PUBLIC)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        catalogue.load(Settings(upstream_dirs=(tmp_path / "nowhere",)))


def test_between_processes_of_one_machine_http_will_do(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD | {"issuer": "http://127.0.0.1:9000"})
