"""Whether an error says that the database cannot be used at present: it is no bug, and asking again helps."""

import sqlite3

from psycopg import errors
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

_SQLITE = frozenset({"BUSY", "LOCKED", "FULL", "IOERR", "CANTOPEN", "NOMEM", "PROTOCOL"})
"""Primary result codes of SQLite (sqlite.org/rescode.html): SQLITE_BUSY and so on, with any of their extensions."""
_POSTGRESQL = ("08", "40", "53", "57", "58")
"""Classes of SQLSTATE (PostgreSQL, appendix A): connection, rollback by the server, resources, operator intervention,
system."""


def is_away(error: Exception) -> bool:
    """True for a lost or refused connection, a crash or failover, a full disk, a lock that did not come free; False for
    whatever our own statement did wrong."""
    if isinstance(error, NoConnectionFree):
        return True
    cause: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return any(_name(cause) == one or _name(cause).startswith(f"{one}_") for one in _SQLITE)
    if isinstance(cause, errors.Error):
        is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
        if cause.sqlstate is None:  # psycopg's own: of these only the operational ones are about the connection
            return is_lost or isinstance(cause, errors.OperationalError)
        return is_lost or cause.sqlstate.startswith(_POSTGRESQL)
    return False


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_")
