"""INSERT ... ON CONFLICT in the dialect at hand: both stores have it, SQLAlchemy spells it once for each."""

from collections.abc import Mapping

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from hub.db import Base


def insert_into(session: Session, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def inserts(table: Table) -> Mapping[str, sqlite.Insert | postgresql.Insert]:
    """One for each dialect, by its name: for a statement that is made once and said often."""
    return {"sqlite": sqlite.insert(table), "postgresql": postgresql.insert(table)}
