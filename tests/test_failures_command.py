"""``rialto failures``: what a bank sent that could not be read, and nothing of anybody unless asked for."""

from collections.abc import Callable

import orjson
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from hub.cli import main
from hub.connections import sealed
from hub.context import Hub
from hub.models.connection import Connection
from hub.redaction import redacted, shape
from tests.ledger.bank import Home

Command = Callable[..., Result]
RAW = b'{"bookingDate":"2026-13-45","amount":12.5,"name":"Alice","ok":true,"to":["DE89",null]}\n<p>Caf\xc3\xa9 7</p>'


@pytest.fixture
def rialto(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("hub.commands.failures.hub_of_environ", lambda: hub)
    return lambda *words: CliRunner().invoke(main, ["failures", *words])


@pytest.fixture
def broken(hub: Hub) -> str:
    """A connection whose last sync set a row aside."""
    home = Home(hub.db)
    with hub.db.write() as session:
        session.execute(
            update(Connection).values(
                failure_kind="rows_rejected",
                failure_detail="1 rows: bookingDate is not a day of the calendar",
                failure_raw_sealed=sealed.seal_failure_raw(hub.sealer, home.connection_id, RAW),
                last_failure_at=home.now,
            )
        )
    return home.connection_id


def test_the_list_says_where_and_what_and_shows_no_value(broken: str, rialto: Command) -> None:
    shown = rialto("list").output
    assert broken in shown
    assert "first-bank" in shown
    assert "bookingDate is not a day of the calendar" in shown
    assert "Alice" not in shown


def test_an_export_keeps_the_bank_s_names_and_the_shapes_of_its_values(broken: str, rialto: Command) -> None:
    shown = rialto("export", broken).output
    row, _, rest = shown.rpartition("\n<")
    assert orjson.loads(row) == {
        "bookingDate": "9999-99-99",
        "amount": "number 99.9",
        "name": "Aaaaa",
        "ok": True,
        "to": ["AA99", None],
    }
    assert rest == "a>Aaaa 9</a>\n"


def test_the_bank_s_own_bytes_come_only_when_asked_for_and_with_a_warning(broken: str, rialto: Command) -> None:
    done = rialto("export", broken, "--as-sent")
    assert done.stdout_bytes == RAW + b"\n"
    assert "a person's data" in done.stderr


def test_what_is_not_there_is_said_plainly(hub: Hub, rialto: Command) -> None:
    home = Home(hub.db)
    assert "no such connection" in rialto("export", "nobody").output
    assert "nothing was kept" in rialto("export", home.connection_id).output
    with hub.db.write() as session:
        session.execute(update(Connection).values(failure_raw_sealed=b"\x01\x00broken"))
    assert "RIALTO_MASTER_KEYS" in rialto("export", home.connection_id).output


@pytest.mark.parametrize(("raw", "shown"), [(b"", ""), (b"7", '"number 9"'), (b"\xff1", "�9"), (b"[1", "[9")])
def test_bytes_of_every_kind_can_be_shown(raw: bytes, shown: str) -> None:
    assert redacted(raw) == shown


def test_a_long_text_is_cut() -> None:
    assert shape("x" * 500) == "a" * 80
