"""``rialto banks``: what an operator types to be registered with a bank, and what they read."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import responses
from click.testing import CliRunner, Result

from hub.cli import main
from hub.context import Hub
from tests.providers.test_uk_registration import statement

Command = Callable[..., Result]
BANK = "http://127.0.0.1:8110"


@pytest.fixture
def rialto(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("hub.commands.banks.hub_of_environ", lambda: hub)
    return lambda *words: CliRunner().invoke(main, ["banks", *words])


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.post(f"{BANK}/token", json={"access_token": "at-1", "token_type": "bearer"})
        yield mock


@pytest.fixture
def ssa(tmp_path: Path) -> str:
    path = tmp_path / "statement.jwt"
    path.write_text(statement(software_redirect_uris=...) + "\n")
    return str(path)


def test_what_a_bank_gives_is_shown_once(rialto: Command, bank: responses.RequestsMock, ssa: str) -> None:
    made = {"client_id": "c-1", "client_secret": "hush", "client_secret_expires_at": 0}
    bank.post(f"{BANK}/register", json=made, status=201)
    done = rialto("register", "cambria", ssa)
    assert done.exit_code == 0, done.output
    assert [line.split() for line in done.output.splitlines()] == [["client_id", "c-1"], ["client_secret", "hush"]]


def test_what_a_bank_knows_is_shown_changed_and_forgotten(
    rialto: Command, bank: responses.RequestsMock, ssa: str, tmp_path: Path
) -> None:
    bank.get(f"{BANK}/register/rialto", json={"client_id": "rialto", "scope": "openid accounts"})
    bank.put(f"{BANK}/register/rialto", json={"client_id": "rialto"})
    bank.delete(f"{BANK}/register/rialto", status=204)
    assert '"scope": "openid accounts"' in rialto("registration", "cambria").output
    token = tmp_path / "token"
    token.write_text("rat-1\n")
    assert "rialto" in rialto("update", "cambria", ssa, "--token-file", str(token)).output
    assert bank.calls[-1].request.headers["Authorization"] == "Bearer rat-1"
    assert rialto("unregister", "cambria").exit_code == 1  # nobody said yes
    assert bank.calls[-1].request.method == "PUT"
    assert rialto("unregister", "cambria", "--yes").exit_code == 0
    assert bank.calls[-1].request.method == "DELETE"


def test_a_refusal_is_one_line_that_says_which_step(rialto: Command, bank: responses.RequestsMock, ssa: str) -> None:
    bank.post(f"{BANK}/register", json={"error": "unapproved_software_statement"}, status=400)
    done = rialto("register", "cambria", ssa)
    assert (done.exit_code, done.output) == (1, "Error: cambria: register: unapproved_software_statement\n")


def test_a_bank_without_a_directory_needs_no_statement_and_others_do(
    rialto: Command, bank: responses.RequestsMock
) -> None:
    made = {"client_id": "c-1", "registration_access_token": "rat-1"}
    bank.post("http://127.0.0.1:8103/register", json=made, status=201)
    assert [line.split() for line in rialto("register", "melusine").output.splitlines()] == [
        ["client_id", "c-1"],
        ["access_token", "rat-1"],
    ]
    told = rialto("register", "cambria")
    assert (told.exit_code, told.output) == (
        1,
        "Error: cambria: register: the directory's software statement is needed\n",
    )


@pytest.mark.parametrize(
    ("name", "word"), [("lorelei", "register elsewhere"), ("albion", "not described"), ("x", "No such institution")]
)
def test_a_bank_where_nobody_registers_is_said_plainly(rialto: Command, ssa: str, name: str, word: str) -> None:
    done = rialto("register", name, ssa)
    assert done.exit_code == 1
    assert word in done.output
