"""The whole database as one file, and back into an empty one.

The file is a tar of ``manifest.json`` and ``database``: a copy of the SQLite file made while it is written to (its
online backup), or pg_dump's custom format. Neither holds a master key; the manifest holds their check values, so that a
restore under other keys, which could open nothing, is refused before anything is written.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect

from hub import migrate
from hub.context import Hub
from hub.db import Database

FORMAT = 1
_MANIFEST, _DATABASE = "manifest.json", "database"
_MANIFEST_BYTES = 64 * 1024


class BackupError(Exception):
    """Nothing was written, or nothing that counts. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """``keys``: check values by key id (hub.sealing.Sealer.check_values). ``made_at``: UTC, ISO 8601."""

    store: str
    schema: str
    made_at: str
    keys: dict[str, str]
    format: int = FORMAT


def make(hub: Hub, path: Path) -> Manifest:
    """Write the database as it is at one moment; the hub may run. Raises BackupError, also for a file that exists."""
    if path.exists():
        raise BackupError(f"{path} exists: name another file, for a backup replaces none")
    schema = migrate.current(hub.db)
    if schema is None:
        raise BackupError("the database is empty: there is nothing to back up")
    manifest = Manifest(_store(hub.db), schema, hub.clock().isoformat(), hub.sealer.check_values())
    with _beside(path) as folder:
        copied, whole = folder / _DATABASE, folder / "whole"
        (_copy_sqlite if hub.db.is_sqlite else _dump)(hub.db, copied)
        note = folder / _MANIFEST
        note.write_text(json.dumps(asdict(manifest)))
        with tarfile.open(whole, "w") as archive:
            for part in (note, copied):
                archive.add(part, part.name, filter=_without_owner)
        _to_disk(whole)
        try:
            os.link(whole, path)  # whole or not at all, and never over another one
        except FileExistsError:
            raise BackupError(f"{path} was made meanwhile by somebody else") from None
    return manifest


def restore(hub: Hub, path: Path) -> Manifest:
    """Fill the empty database of ``hub``, and bring its schema to this code's. Raises BackupError."""
    try:
        with tarfile.open(path, "r:") as archive:
            manifest = _read_manifest(archive)
            _check(hub, manifest)
            source = archive.extractfile(_DATABASE)
            if source is None:
                raise BackupError(f"{path} holds no database")
            with _beside(_near(hub, path)) as folder:
                copied = folder / _DATABASE
                with source, copied.open("wb") as file:
                    shutil.copyfileobj(source, file)
                (_place_sqlite if hub.db.is_sqlite else _load)(hub.db, copied)
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise BackupError(f"{path} is no whole backup of a hub") from error
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror or type(error).__name__}") from error
    migrate.upgrade(hub.db)
    return manifest


def _read_manifest(archive: tarfile.TarFile) -> Manifest:
    file = archive.extractfile(_MANIFEST)
    try:
        told: dict[str, Any] = json.loads(file.read(_MANIFEST_BYTES)) if file else {}
        manifest = Manifest(**told)
    except (ValueError, TypeError) as error:
        raise BackupError("the backup's manifest cannot be read: was it made by a newer release?") from error
    if manifest.format != FORMAT:
        raise BackupError(f"the backup has format {manifest.format}, and this release reads {FORMAT}")
    return manifest


def _check(hub: Hub, manifest: Manifest) -> None:
    if manifest.store != _store(hub.db):
        raise BackupError(f"the backup is of {manifest.store}, and DATABASE_URL names {_store(hub.db)}")
    ours = hub.sealer.check_values()
    wrong = sorted(kid for kid, value in manifest.keys.items() if ours.get(kid) != value)
    if wrong:
        raise BackupError(
            f"RIALTO_MASTER_KEYS lacks the keys {', '.join(wrong)} of the backup, or has others by their names: "
            "without them no bank token and no signing key would open"
        )
    if not _is_empty(hub.db):
        raise BackupError("the database is not empty: stop the hub, and move the old database away or name a new one")


def _is_empty(db: Database) -> bool:
    if not db.is_sqlite:
        return not inspect(db.reader).get_table_names()
    path = _sqlite_path(db)
    if path.exists() and path.stat().st_size == 0:
        path.unlink()  # as a first look leaves it
    return not path.exists()


def _store(db: Database) -> str:
    return "sqlite" if db.is_sqlite else "postgresql"


def _sqlite_path(db: Database) -> Path:
    return Path(str(db.url.database))


def _copy_sqlite(db: Database, to: Path) -> None:
    """All pages in one go, read in one transaction: writers go on, in the log beside the file."""
    with closing(sqlite3.connect(_sqlite_path(db))) as source, closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")


def _place_sqlite(db: Database, copied: Path) -> None:
    with closing(sqlite3.connect(copied)) as copy:
        try:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise BackupError("the copy in the backup is no database any more") from error
    if found != "ok":
        raise BackupError("the copy in the backup is damaged")
    _to_disk(copied)
    db.dispose()
    try:
        os.link(copied, _sqlite_path(db))
    except FileExistsError:
        raise BackupError("a database was made meanwhile: is a hub running?") from None


def _dump(db: Database, to: Path) -> None:
    _run(db, "pg_dump", "--format=custom", "--no-unlogged-table-data", f"--file={to}", f"--dbname={_conninfo(db)}")


def _load(db: Database, copied: Path) -> None:
    """One transaction: all of it or nothing."""
    _run(db, "pg_restore", "--single-transaction", "--exit-on-error", f"--dbname={_conninfo(db)}", str(copied))


def _conninfo(db: Database) -> str:
    """Without the password: everybody on this machine sees what a process was called with."""
    return db.url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)


def _run(db: Database, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed here: it comes with PostgreSQL's client programs")
    password = {"PGPASSWORD": str(db.url.password)} if db.url.password else {}
    command = [found, "--no-owner", "--no-privileges", "--no-password", *arguments]
    done = subprocess.run(  # noqa: S603  # a program of that name and arguments of ours
        command, env={**os.environ, **password}, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise BackupError(f"{program} failed: {said[0] if said else done.returncode}")


def _near(hub: Hub, path: Path) -> Path:
    """Where there is room: beside what is to be, so that it can be linked; else beside the backup."""
    return _sqlite_path(hub.db) if hub.db.is_sqlite else path


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A folder of ours alone (mode 0700) on the same disk; what is made in it nobody else can read."""
    before = os.umask(0o077)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.absolute().parent) as folder:
            yield Path(folder)
    finally:
        os.umask(before)


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
