"""Many new rows into one table, by the fastest way that each store has: COPY, or one prepared statement for all.

Values go to the driver as they are: no type of SQLAlchemy's stands between, which would cost more than the row itself.
So each caller gives what the column holds: text, whole numbers, bytes, JSON as text, and days and moments in the
``notation`` of the store.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, SmallInteger, Table
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Notation:
    """How a store writes days and moments; None stays None."""

    day: Callable[[date | None], Any]
    moment: Callable[[datetime | None], Any]


@lru_cache(maxsize=4096)  # the rows of a batch share a few days
def _day_text(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _moment_text(value: datetime | None) -> str | None:
    """As SQLAlchemy reads it back."""
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


_TEXTS = Notation(_day_text, _moment_text)
_AS_THEY_ARE = Notation(lambda value: value, lambda value: value)


def notation(session: Session) -> Notation:
    """SQLite has neither days nor moments, and keeps them as text."""
    return _TEXTS if _is_sqlite(session) else _AS_THEY_ARE


def insert(session: Session, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """``columns`` names what each place of a row holds."""
    named = f'"{table.name}" ({", ".join(columns)})'
    if _is_sqlite(session):
        if told := list(map(tuple, rows)):
            # Names of our own tables and columns; the values are bound.
            statement = f"INSERT INTO {named} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
            session.connection().exec_driver_sql(statement, told)
        return
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {named} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types([_postgres_type(table.c[name].type) for name in columns])
        for row in rows:
            copy.write_row(row)


def _postgres_type(kind: TypeEngine[Any]) -> str:
    """The binary form is that of one type exactly."""
    kind = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    for known, name in ((BigInteger, "int8"), (SmallInteger, "int2"), (Integer, "int4")):
        if isinstance(kind, known):
            return name
    return _POSTGRES_TYPES[kind.python_type]


_POSTGRES_TYPES = {str: "text", bytes: "bytea", date: "date", datetime: "timestamptz", bool: "bool"}


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"
