"""Bring a database to the schema of this code. Safe to run from several processes at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from hub.db import Database
from hub.retention import ENDS

SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"
_LOCK = 7_423_001  # any constant; only our migrations take it


def config() -> Config:
    result = Config()
    result.set_main_option("script_location", str(SCRIPTS))
    return result


def head() -> str | None:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(config()).get_current_head()


def current(db: Database) -> str | None:
    """The revision the database is at, None if it is empty."""
    with db.reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def fits(revision: str | None) -> bool:
    """Whether this code can serve a database at ``revision``: its own, or a later one. Migrations only add, so that
    the code before them goes on serving while a newer one is being rolled out.
    """
    known = head()
    return revision == known or _is_later(revision, known)


def _is_later(revision: str | None, known: str | None) -> bool:
    """Revisions are numbers, counted up."""
    return revision is not None and known is not None and revision.isdigit() and int(revision) > int(known)


def upgrade(db: Database, revision: str = "head") -> None:
    """One transaction: a crash leaves the database as it was. One that newer code has upgraded is left alone."""
    if revision == "head" and _is_later(current(db), head()):
        return
    with db.writer.begin() as connection:
        if not db.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
        if not db.is_sqlite and revision == "head":
            _vacuum_often(connection)


def downgrade(db: Database, revision: str) -> None:
    with db.writer.begin() as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, revision)


def _vacuum_often(connection: Connection) -> None:
    """Tables whose rows come and go are vacuumed when a fiftieth of them is dead, not a fifth: the room that a sweep
    frees is used again before they grow. Kept beside the list of those tables, so that a new line there is enough.
    """
    option = "autovacuum_vacuum_scale_factor=0.02"
    untuned = (
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid) AND relname = ANY(:names)"
        " AND NOT coalesce(:option = ANY(reloptions), false)"  # a table in partitions has no options, its parts do
    )
    names = sorted({ends.table.name for ends in ENDS})
    for table in connection.execute(text(untuned), {"names": names, "option": option}).scalars().all():
        connection.execute(text(f'ALTER TABLE "{table}" SET ({option})'))  # a name of ours, and a constant
