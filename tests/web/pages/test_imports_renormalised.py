"""``rialto renormalise`` over imported statements: what was kept of a file, which is gone, suffices."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from msgspec import structs
from sqlalchemy import delete, select, update

from hub.cli import main
from hub.imports import run
from hub.models.file_import import FileReading
from hub.models.ledger import Account, Change, Transaction, TransactionRaw
from providers.files import kept, rows
from providers.model import Party
from providers.rules.engine import Engine
from providers.rules.told import Told
from tests.providers.files import test_camt, test_mt940, test_ofx, test_qif
from tests.web.pages.test_imports import CSV, OWN, imported
from tests.web.pages.world import World

Command = Callable[..., Result]
SHOP = "<RltdPties><Cdtr><Nm>Shop</Nm></Cdtr></RltdPties>"
FILES: dict[str, tuple[bytes, dict[str, str]]] = {
    "camt": (test_camt.statement(test_camt.entry(test_camt.payment(SHOP)), account=f"<Id><IBAN>{OWN}</IBAN></Id>"), {}),
    "mt940": (test_mt940.statement(":61:240315D12,50NTRFNONREF//B1", ":86:166?32Shop", account=OWN), {}),
    "ofx": (test_ofx.sgml(f"<STMTTRN>{test_ofx.ROW}</STMTTRN>"), {}),
    "qif": (test_qif.BANK.encode(), {"currency": "EUR", "name-0": "Purse"}),
    "csv": (CSV, {"currency": "EUR", "name-0": "Purse"}),
}


@pytest.fixture
def rialto(world: World, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setattr("hub.commands.renormalise.hub_of_environ", lambda: world.hub)
    monkeypatch.setattr(run, "WAIT_S", 60.0)
    return lambda *words: CliRunner().invoke(main, ["renormalise", "--institution", "file", *words])


@pytest.fixture
def better(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that write names in capitals; called once something was imported by the old ones."""
    plain = rows.read_row

    def capital(engine: Engine, told: Told) -> object:
        row = plain(engine, told)
        name = row.counterparty.name if row.counterparty else None
        return structs.replace(row, counterparty=Party(name.upper())) if name else row

    monkeypatch.setattr(kept, "read_row", capital)


def names(world: World) -> dict[str, str | None]:
    """Of the imported rows, by id."""
    with world.hub.db.read() as session:
        query = select(Transaction.id, Transaction.counterparty_name).join(
            Account, Account.id == Transaction.account_id
        )
        found = session.execute(query.where(Account.institution_id == "file")).all()
    return {row.id: row.counterparty_name for row in found}


def changes(world: World) -> int:
    with world.hub.db.read() as session:
        return len(session.scalars(select(Change.seq).where(Change.kind == "modified")).all())


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.usefixtures("better")
def test_rows_of_a_file_that_is_gone_are_read_again_once_under_their_ids(
    world: World, rialto: Command, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    raw, said = FILES[kind]
    imported(world.browser(), raw, **said)
    before = names(world)
    assert before
    assert " 0 rows read" in rialto().output, "today's rules have read them"
    monkeypatch.setattr(kept, "VERSION", kept.VERSION + 1)
    dry = rialto("--dry-run").output
    assert f"{len(before)} rows read" in dry
    assert "would change" in dry
    assert "counterparty_name" in dry
    assert "Shop" not in dry
    assert (names(world), changes(world)) == (before, 0)
    done = rialto()
    assert done.exit_code == 0, done.output
    assert "left as they were" not in done.output
    assert names(world) == {id_: name and name.upper() for id_, name in before.items()} != before
    assert changes(world) > 0
    assert " 0 rows read" in rialto().output


def test_rows_whose_reading_was_not_kept_are_named_and_stay(world: World, rialto: Command) -> None:
    raw, said = FILES["csv"]
    imported(world.browser(), raw, **said)
    before = names(world)
    with world.hub.db.write() as session:
        session.execute(delete(FileReading))
        session.execute(
            update(TransactionRaw).values(normaliser="csv/1").where(TransactionRaw.transaction_id.in_(before))
        )
    assert f"left as they were: {len(before)}: {kept.NOT_KEPT}" in rialto().output
    assert names(world) == before


def test_a_way_of_writing_is_kept_once_for_an_account(world: World, rialto: Command) -> None:
    alice, (raw, said) = world.browser(), FILES["csv"]
    imported(alice, raw, **said)
    imported(alice, raw + b"13.03.2024;Kiosk;Zeitung;-1,00\n", **said)
    with world.hub.db.read() as session:
        assert len(session.scalars(select(FileReading.digest)).all()) == 1
