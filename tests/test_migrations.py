"""The migrations and the models are the same schema, and every step can be taken back."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

import hub.models  # noqa: F401  # loads every table
from hub import migrate
from hub.db import Base, Database


def test_the_models_are_what_the_migrations_made(database_url: str) -> None:
    db = Database(database_url)
    with db.writer.connect() as connection:
        comparable = {"include_object": lambda _item, name, *_: name != "ix_transaction_history"}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **comparable})
        assert compare_metadata(context, Base.metadata) == []
        # An index over expressions cannot be compared, so the one that carries every history read is asked for by name.
        names = "SELECT name FROM sqlite_master" if db.is_sqlite else "SELECT indexname FROM pg_indexes"
        assert "ix_transaction_history" in connection.execute(text(names)).scalars().all()
    db.dispose()


def test_down_and_up_again(own_database_url: str) -> None:
    db = Database(own_database_url)
    migrate.upgrade(db)
    assert migrate.current(db) == migrate.head()
    migrate.downgrade(db, "base")
    with db.reader.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    migrate.upgrade(db)
    migrate.upgrade(db)  # a second process starting at once finds nothing to do
    assert migrate.current(db) == migrate.head()
    db.dispose()
