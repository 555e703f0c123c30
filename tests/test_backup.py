"""A backup restores to the same hub, on both stores, and under no other keys."""

import json
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import make_url

from hub import backup, migrate
from hub.cli import main
from hub.context import Hub, build
from hub.db import Database
from hub.keys import AS
from hub.sealing import new_key_text
from hub.settings import Settings
from tests import postgres
from tests.people import alice
from tests.stored import everything

FIRST, SECOND = new_key_text(), new_key_text()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, data_dir=tmp_path / "var", master_keys=f"{SECOND},{FIRST}")


@contextmanager
def empty_one(hub: Hub, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, of the same store."""
    if hub.db.is_sqlite:
        yield f"sqlite:///{tmp_path / 'other' / 'rialto.db'}"
        return
    maintenance = make_url(hub.settings.database_url).set(database="postgres")
    with postgres.database(maintenance.render_as_string(hide_password=False), "restored") as url:
        yield url


def elsewhere(hub: Hub, url: str, **changes: str) -> Hub:
    return build(replace(hub.settings, database_url=url, **changes), clock=hub.clock)  # type: ignore[arg-type]


def test_what_is_restored_is_the_same_hub(hub: Hub, tmp_path: Path) -> None:
    alice(hub)
    signs = hub.keys.signing(AS).kid
    file = tmp_path / "hub.backup"
    made = backup.make(hub, file)
    assert made.schema == migrate.head()
    with hub.db.read() as session:
        before = everything(session)
    alice_came_later = file.read_bytes()
    with empty_one(hub, tmp_path) as url:
        other = elsewhere(hub, url)
        backup.restore(other, file)
        with other.db.read() as session:
            assert everything(session) == before
        assert other.keys.signing(AS).kid == signs, "a sealed key does not open"
        with pytest.raises(backup.BackupError, match="not empty"):
            backup.restore(other, file)
        other.close()
    assert file.read_bytes() == alice_came_later
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == [], "pieces were left"


def test_it_is_refused_under_other_keys_before_anything_is_written(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "hub.backup"
    backup.make(hub, file)
    kid = FIRST.partition(":")[0]
    impostor = f"{kid}:{new_key_text().partition(':')[2]}"
    with empty_one(hub, tmp_path) as url:
        for keys in (SECOND, f"{SECOND},{impostor}", new_key_text()):
            other = elsewhere(hub, url, master_keys=keys)
            with pytest.raises(backup.BackupError, match=kid):
                backup.restore(other, file)
            assert migrate.current(other.db) is None
            other.close()
        other = elsewhere(hub, url, master_keys=f"{new_key_text()},{FIRST},{SECOND}")
        backup.restore(other, file)
        assert migrate.current(other.db) == migrate.head()
        other.close()


def test_no_master_key_is_in_the_file(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "hub.backup"
    backup.make(hub, file)
    for text in (FIRST, SECOND):
        assert text.partition(":")[2].encode() not in file.read_bytes()
    with tarfile.open(file) as archive:
        note = archive.extractfile("manifest.json")
        assert note is not None
        assert set(json.load(note)["keys"]) == {text.partition(":")[0] for text in (FIRST, SECOND)}


def test_a_file_that_exists_is_not_replaced_and_half_a_backup_is_none(hub: Hub, tmp_path: Path) -> None:
    file, half = tmp_path / "hub.backup", tmp_path / "half.backup"
    backup.make(hub, file)
    with pytest.raises(backup.BackupError, match="exists"):
        backup.make(hub, file)
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with empty_one(hub, tmp_path) as url:
        other = elsewhere(hub, url)
        with pytest.raises(backup.BackupError):
            backup.restore(other, half)
        assert migrate.current(other.db) is None
        other.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_operator_types_it(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIALTO_MASTER_KEYS", f"{SECOND},{FIRST}")
    monkeypatch.setenv("DATABASE_URL", hub.settings.database_url)
    run = CliRunner()
    assert "schema" in run.invoke(main, ["backup", str(tmp_path / "b")]).output
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    done = run.invoke(main, ["restore", str(tmp_path / "b")])
    assert done.exit_code == 0, done.output
    assert "What was revoked since then is not" in done.output
    assert migrate.current(Database(f"sqlite:///{tmp_path / 'new.db'}")) == migrate.head()
    again = run.invoke(main, ["restore", str(tmp_path / "b")])
    assert again.exit_code == 1
    assert "not empty" in again.output
