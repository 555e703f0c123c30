"""Hears that somebody has put a job, so that a person who waits does not wait for the next look.

PostgreSQL tells by NOTIFY. SQLite counts, for each connection, the changes that others made: looking at that number
costs microseconds. A bell that is deaf for a while (the database is away) makes nothing wrong, only later.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from hub.db import PATIENCE, Database
from hub.jobs.queue import CHANNEL

log = logging.getLogger(__name__)
LOOK_S = 0.05
DEAF_S = 2.0


def listen(db: Database, ring: Callable[[], None], stopping: threading.Event) -> None:
    """Call ``ring`` at each sign of a new job, until ``stopping`` is set. For a thread of its own."""
    hear = _sqlite if db.is_sqlite else _postgresql
    while not stopping.is_set():
        try:
            hear(db, ring, stopping)
        except (psycopg.Error, sqlite3.Error) as error:
            log.warning("the job bell is deaf", extra={"error": type(error).__name__})
            stopping.wait(DEAF_S)


def _sqlite(db: Database, ring: Callable[[], None], stopping: threading.Event) -> None:
    connection = sqlite3.connect(str(db.url.database))
    try:
        seen = None
        while not stopping.wait(LOOK_S):
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                ring()
    finally:
        connection.close()


def _postgresql(db: Database, ring: Callable[[], None], stopping: threading.Event) -> None:
    address = db.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(make_conninfo(address, **PATIENCE), autocommit=True) as connection:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
        while not stopping.is_set():
            for _ in connection.notifies(timeout=0.5, stop_after=1):
                ring()
