"""``rialto renormalise``: what an operator types and reads."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from hub.cli import main
from hub.context import Hub
from hub.errors import NotFound
from providers.model import Account, Party, Status, Transaction
from providers.port import Capabilities
from providers.registry import Institution
from providers.rows import BrokenRow
from tests.ledger.bank import Home, row
from tests.ledger.test_ingest import ledger

Command = Callable[..., Result]
WAS = row(name="KAUF COFFEE HOUSE", text="secret words")
BROKEN = row("-9", name="Other")


class Adapter:
    capabilities = Capabilities("test", rules_version=2)

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: object) -> Transaction:
        if raw != WAS.raw:
            raise BrokenRow("amount is not an amount")
        return structs.replace(WAS, counterparty=Party("Coffee House"))


BANK = Institution(id="first-bank", name="First", standard="test", version="1", country="DE", api={})


@pytest.fixture
def rialto(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("hub.commands.renormalise.hub_of_environ", lambda: hub)
    monkeypatch.setattr(Hub, "institution", lambda _, _id: BANK)
    monkeypatch.setattr(Hub, "adapter", lambda _, _id: Adapter())
    return lambda *words: CliRunner().invoke(main, ["renormalise", *words])


@pytest.fixture
def home(hub: Hub) -> Home:
    made = Home(hub.db)
    with hub.db.write() as session:
        fetch = made.fetch()
        fetch.apply(session, hub.sealer, [WAS, BROKEN], made.now)
        fetch.finish(session, made.now)
    return made


def test_a_dry_run_says_what_would_change_by_its_shape_and_changes_nothing(home: Home, rialto: Command) -> None:
    done = rialto("--dry-run")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-4:] == [
        "  2 rows read, 1 would change",
        "    counterparty_name: 1",
        "      AAAA AAAAAA AAAAA  ->  Aaaaaa Aaaaa",
        "    left as they were: 1: amount is not an amount",
    ]
    assert "KAUF" not in done.output
    assert {one.counterparty_name for one in ledger(home)} == {"KAUF COFFEE HOUSE", "Other"}


def test_the_run_itself_changes_it_and_leaves_the_row_that_cannot_be_read(home: Home, rialto: Command) -> None:
    assert "2 rows read, 1 changed" in rialto().output
    assert {one.counterparty_name for one in ledger(home)} == {"Coffee House", "Other"}
    assert "1 rows read, 0 changed" in rialto("--institution", "first-bank").output


def test_another_bank_s_rows_are_not_read(home: Home, rialto: Command) -> None:
    assert "rows read" not in rialto("--institution", "second-bank").output
    assert {one.counterparty_name for one in ledger(home)} == {"KAUF COFFEE HOUSE", "Other"}


def test_a_bank_that_has_left_the_catalogue_is_named(
    home: Home, rialto: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_hub: Hub, _id: str) -> Institution:
        raise NotFound("no such institution")

    monkeypatch.setattr(Hub, "institution", gone)
    assert "first-bank: no rules here" in rialto().output
