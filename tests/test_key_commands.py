"""``rialto keys``: what an operator types and reads."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from hub.cli import main
from hub.context import Hub
from hub.keys import AS, TPP
from hub.signing import lines, rotation
from tests.conftest import TestClock

Command = Callable[..., Result]


@pytest.fixture
def rialto(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("hub.commands.keys.hub_of_environ", lambda: hub)
    return lambda *words: CliRunner().invoke(main, ["keys", *words])


def test_the_list_shows_each_key_with_its_state(hub: Hub, clock: TestClock, rialto: Command) -> None:
    hub.keys.jwks(AS)
    clock.advance(days=1)
    assert rialto("rotate", "--alg", "ES256").exit_code == 0
    shown = rialto("list").output.splitlines()
    assert shown[0].split()[:4] == ["purpose", "alg", "kid", "state"]
    found = [line.split()[:2] + line.split()[3:] for line in shown[1:]]
    until = (clock() + rotation.retiring_for(hub.settings)).strftime("%Y-%m-%d %H:%M").split()
    today, yesterday = (f"{at:%Y-%m-%d %H:%M}".split() for at in (clock(), clock() - timedelta(days=1)))
    assert [line for line in found if line[1] == "ES256"] == [
        [AS, "ES256", "next", *today],
        [AS, "ES256", "active", *today],
        [AS, "ES256", "retiring", *today, *until],
    ]
    assert [AS, "EdDSA", "active", *yesterday] in found
    assert len(found) == 9
    assert {line.split()[2] for line in shown[1:]} >= {key["kid"] for key in hub.keys.jwks(AS)["keys"]}


def test_rotate_moves_every_line_that_has_begun(hub: Hub, clock: TestClock, rialto: Command) -> None:
    before = {alg: hub.keys.signing(AS, alg).kid for alg in ("ES256", "EdDSA")}
    hub.keys.jwks(AS)
    clock.advance(days=1)
    done = rialto("rotate")
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) == len(lines.ALGORITHMS[AS])
    for alg, kid in before.items():
        assert f"{kid} is published until" in done.output
        assert hub.keys.signing(AS, alg).kid != kid


def test_too_early_says_when_and_offers_the_way_for_an_emergency(hub: Hub, clock: TestClock, rialto: Command) -> None:
    hub.keys.jwks(AS)
    kid = hub.keys.signing(AS).kid
    early = rialto("rotate", "--alg", "ES256")
    assert early.exit_code == 1
    assert f"{clock() + timedelta(days=1):%Y-%m-%d %H:%M}" in early.output
    assert "--now" in early.output
    assert hub.keys.signing(AS).kid == kid
    compromised = rialto("rotate", "--alg", "ES256", "--now")
    assert compromised.exit_code == 0
    assert f"dropped {kid}" in compromised.output
    assert "refused from then on" in compromised.output
    assert kid not in {key["kid"] for key in hub.keys.jwks(AS)["keys"]}


def test_the_banks_key_moves_only_when_it_is_named(hub: Hub, clock: TestClock, rialto: Command) -> None:
    hub.keys.jwks(AS)
    hub.keys.jwks(TPP)
    kid = hub.keys.signing(TPP).kid
    clock.advance(days=1)
    assert rialto("rotate").exit_code == 0
    assert hub.keys.signing(TPP).kid == kid
    assert rialto("rotate", "--purpose", "tpp").exit_code == 0
    assert hub.keys.signing(TPP).kid != kid


@pytest.mark.parametrize("words", [("rotate",), ("rotate", "--alg", "HS256"), ("rotate", "--purpose", "nobody")])
def test_what_is_not_there_is_not_rotated(words: tuple[str, ...], rialto: Command) -> None:
    assert rialto(*words).exit_code != 0


def test_no_command_prints_a_private_key(hub: Hub, rialto: Command) -> None:
    hub.keys.jwks(AS)
    secret = str(hub.keys.signing(AS).as_dict(private=True)["d"])
    for words in (("list",), ("rotate", "--now"), ("reseal",)):
        assert secret not in rialto(*words).output
