"""``rialto institutions``: what an operator types and reads."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from hub.cli import main
from hub.context import build
from hub.settings import SHIPPED_INSTITUTIONS, Settings
from providers.registry import CatalogueError

Command = Callable[..., Result]
MINE = {
    "extends": "la_banque_postale_fr",
    "enabled": True,
    "api": {
        "authorization_endpoint": "https://bank.example/authorize",
        "token_endpoint": "https://bank.example/token",
        "resource_base": "https://bank.example/v1",
        "client_id": "us",
    },
}


@pytest.fixture
def rialto() -> Command:
    return lambda *words: CliRunner().invoke(main, ["institutions", *map(str, words)])


def write(folder: Path, content: dict[str, Any]) -> Path:
    (folder / "mine.json").write_text(json.dumps(content))
    return folder


def test_the_list_says_what_it_takes_to_enable_a_bank(rialto: Command) -> None:
    lines = rialto("list", "--country", "DK").output.splitlines()
    assert [line.split()[0] for line in lines] == ["id", "danske_dk"]
    assert "an Open Banking transport certificate (OBWAC)" in lines[1]
    assert "api.client_id" in lines[1]
    sandbox = rialto("list", "--status", "sandbox").output
    assert "albion" in sandbox
    assert "danske_dk" not in sandbox


def test_banks_that_an_operator_enabled_are_shown_as_such(
    rialto: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIALTO_INSTITUTIONS", str(write(tmp_path, MINE)))
    (line,) = (line for line in rialto("list").output.splitlines() if line.startswith("la_banque_postale_fr"))
    assert line.split()[-1] == "enabled"


def test_a_folder_is_checked_beside_the_banks_that_are_shipped(rialto: Command, tmp_path: Path) -> None:
    answer = rialto("check", write(tmp_path, MINE))
    assert answer.exit_code == 0, answer.output
    assert "all files fit" in answer.output


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"api": {"client_id": "us"}}, "it is enabled and lacks api.authorization_endpoint"),
        ({"api": {**MINE["api"], "client_idd": "us"}}, "no member 'client_idd'"),  # type: ignore[dict-item]
        ({"api": {**MINE["api"], "token_endpoint": "bank.example"}}, "token_endpoint"),  # type: ignore[dict-item]
        ({"extends": "no_such_bank"}, "no earlier folder has a bank of that id"),
        ({"extends": "bnl_it"}, "it cannot be enabled"),
    ],
)
def test_what_is_wrong_in_a_folder_is_named(
    rialto: Command, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    answer = rialto("check", write(tmp_path, MINE | changed))
    assert answer.exit_code == 1
    assert said in answer.output


def test_the_schema_is_one_that_editors_read(rialto: Command) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(rialto("schema").output))


def test_a_hub_does_not_start_with_a_wrong_file_of_a_bank_that_is_only_listed(tmp_path: Path) -> None:
    wrong = {"extends": "hsbc_gb", "api": {"token_endpoint": "bank.example"}}
    settings = replace(Settings(), data_dir=tmp_path, institution_dirs=(SHIPPED_INSTITUTIONS, write(tmp_path, wrong)))
    with pytest.raises(CatalogueError, match="institution hsbc_gb: api: token_endpoint"):
        build(settings)
