"""The database: exact amounts, aware times, one transaction at a time, readers that cannot write."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hub.context import Hub
from hub.db import amount_text, in_transaction, scaled, unscaled
from hub.ids import new_id
from hub.models.psu import SecurityEvent
from tests.people import alice


@given(st.integers(min_value=0, max_value=4).flatmap(lambda places: st.decimals(-(10**12), 10**12, places=places)))
def test_an_amount_survives_storage_exactly(number: Decimal) -> None:
    assert unscaled(*scaled(number)) == number
    assert Decimal(amount_text(*scaled(number))) == number


@pytest.mark.parametrize(
    ("number", "stored", "shown"),
    [
        ("12.30", (1230, 2), "12.30"),
        ("3.7000", (370, 2), "3.70"),
        ("-0.05", (-5, 2), "-0.05"),
        ("1E+2", (100, 0), "100"),
        ("0", (0, 0), "0"),
        ("-0.00", (0, 2), "0.00"),
        ("0.12345678", (12345678, 8), "0.12345678"),
        ("-92233720368547758.07", (-(2**63 - 1), 2), "-92233720368547758.07"),
    ],
)
def test_amounts_have_one_notation(number: str, stored: tuple[int, int], shown: str) -> None:
    assert scaled(Decimal(number)) == stored
    assert amount_text(*stored) == shown


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+30", "0.1234567890123456789", "92233720368547758.08"])
def test_what_cannot_be_stored_exactly_is_refused(number: str) -> None:
    with pytest.raises(ValueError):
        scaled(Decimal(number))


def test_a_transaction_is_not_opened_inside_another(hub: Hub) -> None:
    with hub.db.write():
        assert in_transaction()
        with pytest.raises(RuntimeError), hub.db.write():
            pass
    assert not in_transaction()


def test_a_network_call_inside_a_transaction_is_caught(hub: Hub) -> None:
    """The guard of every test bites: see conftest."""
    with hub.db.write(), pytest.raises(AssertionError, match="inside a database transaction"):
        requests.get("http://127.0.0.1:9", timeout=1)
    with pytest.raises(requests.ConnectionError):
        requests.get("http://127.0.0.1:9", timeout=1)


def test_a_failed_block_leaves_nothing_and_frees_the_thread(hub: Hub) -> None:
    psu_id = alice(hub)

    def break_off() -> None:
        with hub.db.write() as session:
            session.execute(text("UPDATE psu SET name = 'Mallory'"))
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    with hub.db.read() as session:
        assert session.scalar(text("SELECT name FROM psu WHERE id = :id"), {"id": psu_id}) == "Alice"
    assert not in_transaction()


def test_a_reader_cannot_write(hub: Hub) -> None:
    alice(hub)
    with pytest.raises(DBAPIError), hub.db.read() as session:
        session.execute(text("UPDATE psu SET name = 'Mallory'"))


def test_a_stored_moment_comes_back_aware_and_a_naive_one_is_refused(hub: Hub) -> None:
    psu_id = alice(hub)
    at = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    event = SecurityEvent(id=new_id(), psu_id=psu_id, at=at, kind="login", detail={}, user_agent="", ip_address="")
    with hub.db.write() as session:
        session.add(event)
    with hub.db.read() as session:
        assert session.get_one(SecurityEvent, event.id).at == at
    with pytest.raises(Exception, match="aware"), hub.db.write() as session:
        session.get_one(SecurityEvent, event.id).at = datetime(2026, 1, 1)  # noqa: DTZ001  # the point of the test


def test_a_connection_that_was_cut_off_while_it_rested_is_replaced(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failover of PostgreSQL, between two requests."""
    if hub.db.is_sqlite:
        pytest.skip("SQLite has no connection that could be cut off")
    with hub.db.read() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    with hub.db.writer.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        other.commit()
    monkeypatch.setattr("hub.db.PING_AFTER_S", 0.0)
    with hub.db.read() as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) != pid
