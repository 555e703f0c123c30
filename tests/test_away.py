"""A database that is away is said to be away, 503 with when to ask again; a mistake of our own is not."""

import logging
import socket
import sqlite3
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from hub.away import is_away
from hub.context import Hub
from hub.db import PATIENCE, Database
from tests.api.world import READS, World
from tests.people import alice


def _caught(db: Database, statement: str) -> SQLAlchemyError:
    with pytest.raises(SQLAlchemyError) as caught, db.write() as session:
        session.execute(text(statement))
    return caught.value


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM nothing",
        "SELEKT 1",
        "INSERT INTO schedule (name) VALUES (NULL)",
        "INSERT INTO psu_session (id, psu_id) VALUES ('1', 'nobody')",
    ],
)
def test_a_mistake_of_ours_is_no_excuse(hub: Hub, statement: str) -> None:
    assert not is_away(_caught(hub.db, statement))


def test_a_write_through_the_reader_is_a_mistake_of_ours(hub: Hub) -> None:
    with pytest.raises(SQLAlchemyError) as caught, hub.db.read() as session:
        session.execute(text("DELETE FROM schedule"))
    assert not is_away(caught.value)


def test_what_python_raises_is_no_database() -> None:
    assert not is_away(ValueError("database is locked"))
    assert not is_away(psycopg.ProgrammingError("cannot adapt"))
    assert is_away(psycopg.OperationalError("the connection is closed"))
    assert is_away(NoConnectionFree())


def _states(sqlstate: str) -> str:
    return f"DO $$ BEGIN RAISE EXCEPTION 'made' USING ERRCODE = '{sqlstate}'; END $$"


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("sqlstate", "says"),
    [
        ("08006", True),
        ("25006", True),
        ("40001", True),
        ("40P01", True),
        ("53100", True),
        ("53300", True),
        ("57P01", True),
        ("57014", True),
        ("58030", True),
        ("23505", False),
        ("22001", False),
        ("25P02", False),
        ("42P01", False),
        ("P0001", False),
    ],
)
def test_what_postgresql_says(hub: Hub, sqlstate: str, says: bool) -> None:
    assert is_away(_caught(hub.db, _states(sqlstate))) is says


def test_a_server_that_cannot_be_reached() -> None:
    with pytest.raises(DBAPIError) as caught, Database("postgresql://nobody@127.0.0.1:1/none").read() as session:
        session.execute(text("SELECT 1"))
    assert is_away(caught.value)


def test_a_server_that_takes_the_call_and_says_nothing_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PATIENCE, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        db = Database(f"postgresql://nobody@127.0.0.1:{mute.getsockname()[1]}/none")
        with pytest.raises(DBAPIError) as caught, db.read() as session:
            session.execute(text("SELECT 1"))
    assert is_away(caught.value)


def test_a_full_disk_and_a_lock_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "small.db"
    first = sqlite3.connect(path, isolation_level=None, timeout=0.05)
    second = sqlite3.connect(path, isolation_level=None, timeout=0.05)
    first.execute("CREATE TABLE one (what TEXT)")
    first.execute("PRAGMA max_page_count = 3")
    with pytest.raises(sqlite3.OperationalError) as full:
        first.execute("INSERT INTO one VALUES (printf('%.*c', 100000, 'x'))")
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as locked:
        second.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as nothing:
        second.execute("SELECT * FROM nothing")
    assert [is_away(one.value) for one in (full, locked, nothing)] == [True, True, False]
    first.close()
    second.close()


def _break_all(hub: Hub) -> None:
    """Every connection to the database, as a server that crashes does."""
    with psycopg.connect(hub.db.url.set(drivername="postgresql").render_as_string(hide_password=False)) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_who_asks_while_connections_break_is_told_when_to_ask_again(
    hub: Hub, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    psu_id, world = alice(hub), World(hub, app)
    (account,) = world.link(psu_id, "albion", {"GB33BUKB20201555555555": "GBP"})
    caller = world.caller(psu_id, {account: READS})
    assert caller.get("/v1/accounts").status_code == 200
    _break_all(hub)
    with caplog.at_level(logging.ERROR):
        told = caller.get("/v1/accounts")
    assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
    assert told.json["type"].endswith("#unavailable")
    assert "the database is away" in caplog.text
    assert caller.get("/v1/accounts").status_code == 200, "it connects again by itself"


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_where_the_connection_that_takes_a_broken_ones_place_breaks_too_the_database_is_away(
    hub: Hub, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    psu_id, world = alice(hub), World(hub, app)
    (account,) = world.link(psu_id, "albion", {"GB33BUKB20201555555555": "GBP"})
    caller = world.caller(psu_id, {account: READS})
    assert caller.get("/v1/accounts").status_code == 200
    monkeypatch.setattr("hub.db.PING_AFTER_S", 0.0)
    _break_all(hub)
    for engine in (hub.db.reader, hub.db.writer):
        event.listen(engine, "connect", lambda *_: _break_all(hub))
    told = caller.get("/v1/accounts")
    assert (told.status_code, told.headers.get("Retry-After")) == (503, "5")
    assert told.json["type"].endswith("#unavailable")
