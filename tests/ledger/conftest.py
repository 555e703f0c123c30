"""A database on each store, emptied for every test (making one costs more than most tests here), and Alice at home."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event, text

from hub import migrate
from hub.db import Database
from tests import postgres
from tests.ledger.bank import Home


@pytest.fixture(scope="session")
def _sqlite_ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("ledger") / "rialto.db"
    shutil.copy(request.getfixturevalue("_sqlite_template"), path)
    made = Database(f"sqlite:///{path}")
    # Listeners run in their order, so this one comes after the hub's own: a test run survives no power cut.
    event.listen(made.writer, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def _postgres_ledger(request: pytest.FixtureRequest) -> Iterator[Database]:
    with postgres.database(request.getfixturevalue("postgres_cluster"), "ledger") as url:
        made = Database(url)
        migrate.upgrade(made)
        yield made
        made.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest) -> Database:
    made: Database = request.getfixturevalue(f"_{request.param}_ledger")
    with made.write() as session:
        session.execute(text("DELETE FROM psu"))  # everything of a person's goes with them
    return made


@pytest.fixture
def home(db: Database) -> Home:
    return Home(db)


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that run inside the block."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
