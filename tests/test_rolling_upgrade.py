"""The schema goes first, the code follows: the release before this one tells its whole story on this one's schema."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from sqlalchemy import text

from hub import housekeeping, migrate
from hub.clock import now
from hub.context import build
from hub.db import Database
from hub.settings import Settings
from tests.conftest import absent

PREVIOUS, ITS_REVISION = "ffb818b", "0018"
"""The release that may still be serving while this one is rolled out: move both on with each release."""
ROOT = Path(__file__).resolve().parent.parent
TELL = """
import pathlib, sys
from demo.__main__ import _tell
sys.exit(_tell(pathlib.Path(sys.argv[1])))
"""


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """The code of the previous release."""
    archive = subprocess.run(["git", "archive", PREVIOUS], cwd=ROOT, capture_output=True, check=False, timeout=60)
    if archive.returncode != 0:
        absent("history", f"the commit {PREVIOUS} is not in this clone")
    (tmp_path / "code.tar").write_bytes(archive.stdout)
    with tarfile.open(tmp_path / "code.tar") as packed:
        packed.extractall(tmp_path / "previous", filter="data")
    return tmp_path / "previous"


def stamp(db: Database, revision: str) -> None:
    with db.writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


@pytest.mark.timeout(300)
def test_the_release_before_goes_on_serving_on_this_schema(previous: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    settings = Settings(database_url=f"sqlite:///{folder / 'rialto.db'}", data_dir=folder)
    db = Database(settings.database_url)
    migrate.upgrade(db)
    stamp(db, ITS_REVISION)  # it does not know a later one; ``rialto db upgrade`` of this release would leave it alone
    told = subprocess.run(
        [sys.executable, "-c", TELL, str(folder)],
        cwd=previous,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert told.returncode == 0, told.stdout[-3000:] + told.stderr[-3000:]
    stamp(db, str(migrate.head()))
    with db.reader.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        linked = connection.execute(text("SELECT count(*) FROM connection WHERE status = 'ready'")).scalar_one()
    assert linked >= 2
    hub = build(settings, clock=lambda: now().replace(year=now().year + 1))
    assert housekeeping.tidy(hub)["connections given their job"] == linked
    hub.close()
    db.dispose()


@pytest.mark.parametrize(("revision", "fits"), [("head", True), ("9999", True), ("0018", False), (None, False)])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_later_schema_is_served_and_left_alone_and_an_older_one_is_not(
    database_url: str, revision: str | None, fits: bool
) -> None:
    assert migrate.fits(migrate.head() if revision == "head" else revision) is fits
    db = Database(database_url)
    stamp(db, "9999")
    migrate.upgrade(db)
    assert migrate.current(db) == "9999"
    db.dispose()
