"""What every test may ask for: a fresh migrated database on each store, a clock that obeys, a whole hub."""

import gc
import importlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from requests import Response
from requests.adapters import HTTPAdapter

from hub import migrate
from hub.context import Hub, build
from hub.db import Base, Database, in_transaction
from hub.settings import Settings
from tests import postgres

REQUIRED = os.environ.get("RIALTO_REQUIRE", "").split(
    ","
)  # CI: "postgres,browser,nginx,node,kafka" turns their skips into failures


def absent(what: str, why: str) -> None:
    """Skip with a clear line, or fail where the run promised to have it."""
    if what in REQUIRED:
        pytest.fail(f"{what} is required here, but {why}")
    pytest.skip(f"{what}: {why}")


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def advance(self, *, seconds: float = 0, days: float = 0) -> datetime:
        self.at += timedelta(seconds=seconds, days=days)
        return self.at


LONG = (
    "tests/storm/test_faults.py",
    "tests/test_soak.py",
    "tests/events/test_broker.py",
    "tests/web/",
    "tests/flows/",
    "tests/foreign/",
    "tests/storm/test_storm.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes comes first: no process is left alone with it at the end, nor are the two storms at once."""

    def place(item: pytest.Item) -> int:
        return next((place for place, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Sixteen thousand tests and all modules stay to the end: the collector need not walk them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_call_leaves_the_machine_inside_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 5, for every test: a bank that is slow must never hold a lock of ours."""
    send = HTTPAdapter.send

    def guarded(self: HTTPAdapter, *given: Any, **more: Any) -> Response:
        assert not in_transaction(), "a network call inside a database transaction"
        return send(self, *given, **more)

    monkeypatch.setattr(HTTPAdapter, "send", guarded)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "rialto.db"
    db = Database(f"sqlite:///{path}")
    migrate.upgrade(db)
    with db.writer.connect() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """The URL of the maintenance database of this run's own cluster."""
    if postgres.binaries() is None:
        absent("postgres", "no initdb and pg_ctl were found on this machine")
    with postgres.cluster() as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_database(postgres_cluster: str) -> Iterator[str]:
    """One migrated database for the whole run: emptying it costs a thirtieth of making another."""
    with postgres.database(postgres_cluster, "rialto_test") as url:
        db = Database(url)
        migrate.upgrade(db)
        db.dispose()
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database; the test runs once on each store. Its schema must stay as it is."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "rialto.db")
        yield f"sqlite:///{tmp_path / 'rialto.db'}"
        return
    url = request.getfixturevalue("_postgres_database")
    postgres.empty(url, [table.name for table in Base.metadata.sorted_tables])
    yield url


@pytest.fixture(params=["sqlite", "postgres"])
def own_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test alone, without any table: for tests that change the schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'own.db'}"
        return
    with postgres.database(request.getfixturevalue("postgres_cluster"), "own_test") as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path / "var")


@pytest.fixture
def hub(settings: Settings, clock: TestClock) -> Iterator[Hub]:
    made = build(settings, clock=clock)
    yield made
    made.close()


@pytest.fixture
def app(hub: Hub) -> Flask:
    return importlib.import_module("hub.app").create_app(hub)  # type: ignore[no-any-return]
