"""A page that the bank shows as it did before is not read again, and its rows count as shown all the same."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from hub.db import Database
from hub.ledger import tables
from hub.ledger.ingest import Applied
from providers.model import Page, RejectedRow, Transaction
from tests.ledger.bank import SEALER, Home, days_ago, pending, row
from tests.ledger.conftest import statements
from tests.ledger.test_any_telling import Pages, histories
from tests.ledger.test_ingest import ledger, log

FIRST_PAGE = [row("-1", days_ago(1), transactionId="a"), row("-2", days_ago(2), transactionId="b")]
SECOND_PAGE = [row("-3", days_ago(3), transactionId="c"), row("-4", days_ago(4), transactionId="d")]


def shown(home: Home) -> list[tuple[int, bool, bool]]:
    return [(one.amount, one.missing_since is not None, one.removed_at is not None) for one in ledger(home)]


@pytest.mark.parametrize("at_once", [False, True])
def test_known_pages_are_not_read_and_nothing_goes_missing(home: Home, at_once: bool) -> None:
    home.read(FIRST_PAGE, SECOND_PAGE)
    again = home.read(FIRST_PAGE, SECOND_PAGE, at_once=at_once)
    assert (again.skipped, again.read, again.applied) == (2, 0, Applied())
    assert shown(home) == [(-4, False, False), (-3, False, False), (-2, False, False), (-1, False, False)]


def test_reading_known_pages_writes_nothing_but_when(home: Home) -> None:
    home.read(FIRST_PAGE, SECOND_PAGE)
    with statements(home.db.writer) as seen:
        home.read(FIRST_PAGE, SECOND_PAGE)
    written = [one for one in seen if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [one.split()[:2] for one in written] == [["UPDATE", "account"]]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_page_that_changed_is_read_beside_one_that_did_not(home: Home, at_once: bool) -> None:
    home.read(FIRST_PAGE, SECOND_PAGE)
    new = row("-9", transactionId="new")
    again = home.read([new, *FIRST_PAGE], SECOND_PAGE, at_once=at_once)
    assert (again.skipped, again.applied) == (1, Applied(added=1))
    assert [one[1] for one in shown(home)] == [False] * 5
    assert home.read([new, *FIRST_PAGE], SECOND_PAGE).skipped == 2


@pytest.mark.parametrize("at_once", [False, True])
def test_a_third_equal_coffee_is_a_third_coffee_though_one_page_is_known(home: Home, at_once: bool) -> None:
    home.read([row()], [row(), row("-9")])
    home.read([row(), row()], [row(), row("-9")], at_once=at_once)
    assert sorted(one[0] for one in shown(home)) == [-350, -350, -350, -9]


def test_a_row_of_a_known_page_that_another_page_repeats_is_one_row(home: Home) -> None:
    home.read(FIRST_PAGE, SECOND_PAGE)
    home.read(FIRST_PAGE, [FIRST_PAGE[1], *SECOND_PAGE])
    home.read([FIRST_PAGE[0]], [FIRST_PAGE[1], *SECOND_PAGE])
    assert shown(home) == [(-4, False, False), (-3, False, False), (-2, False, False), (-1, False, False)]


def test_a_row_that_was_only_repeated_on_a_known_page_is_seen_when_it_is_left_there_alone(home: Home) -> None:
    home.read([FIRST_PAGE[0], SECOND_PAGE[0]], SECOND_PAGE)
    home.read([FIRST_PAGE[0]], SECOND_PAGE)
    assert [one[1] for one in shown(home)] == [False] * 3


def test_a_row_that_leaves_with_its_page_is_missing_and_found_when_the_page_is_back(home: Home) -> None:
    home.read(FIRST_PAGE, SECOND_PAGE, [row("-9", days_ago(9))])
    home.read(FIRST_PAGE, [row("-9", days_ago(9))])
    assert [one[0] for one in shown(home) if one[1]] == [-4, -3]
    home.read(FIRST_PAGE, SECOND_PAGE, [row("-9", days_ago(9))])
    assert [one[0] for one in shown(home) if one[1]] == []


def test_a_pending_row_that_left_its_page_is_still_withdrawn(home: Home) -> None:
    home.read([pending("-7")], SECOND_PAGE)
    assert home.read([], SECOND_PAGE).applied == Applied(removed=1)


def test_a_page_is_known_only_once_its_reading_has_ended(home: Home) -> None:
    home.read(FIRST_PAGE, SECOND_PAGE, finish=False)
    assert home.read(FIRST_PAGE, SECOND_PAGE).skipped == 0
    assert home.read(FIRST_PAGE, SECOND_PAGE).skipped == 2


def test_rows_from_elsewhere_make_the_pages_unknown(home: Home) -> None:
    """A file that was imported may have given a row of the page to something else."""
    home.read(FIRST_PAGE, SECOND_PAGE)
    home.sync([row("-5", days_ago(5))], finish=False)
    assert home.read(FIRST_PAGE, SECOND_PAGE).skipped == 0


def test_new_rules_and_a_new_connection_read_everything_anew(home: Home) -> None:
    home.read(FIRST_PAGE)
    fetch = replace(home.fetch(), normaliser="test/2")
    with home.db.read() as session:
        assert fetch.known_pages(session, SEALER) == {}
    home.connection_id = home.connect()
    home.link(home.shown)
    assert home.read(FIRST_PAGE).skipped == 0


def test_a_page_with_a_rejected_row_is_read_every_time_so_that_the_row_stays_reported(home: Home) -> None:
    page = Page(tuple(FIRST_PAGE), "next", (RejectedRow("bookingDate is not a date", b"{}"),), b"d" * 32)
    for _ in range(2):
        fetch = home.fetch()
        with home.db.write() as session:
            assert fetch.known_pages(session, SEALER) == {}
            fetch.apply_pages(session, SEALER, [page], home.now)
            fetch.finish(session, home.now)
        assert [one.reason for one in fetch.rejected] == ["bookingDate is not a date"]


def test_the_bank_s_link_is_kept_sealed(home: Home) -> None:
    fetch = home.fetch()
    with home.db.write() as session:
        page = Page(tuple(FIRST_PAGE), "/next?session=secret", digest=b"d" * 32, link="/next?session=secret")
        fetch.apply_pages(session, SEALER, [page], home.now)
        fetch.finish(session, home.now)
        assert home.fetch().known_pages(session, SEALER) == {b"d" * 32: "/next?session=secret"}
        (sealed,) = session.scalars(select(tables.seen_page.c.next_sealed))
    assert b"secret" not in bytes(sealed)


def test_pages_that_the_bank_shows_no_more_are_forgotten(home: Home) -> None:
    home.read(FIRST_PAGE, SECOND_PAGE)
    home.read([*FIRST_PAGE, *SECOND_PAGE])
    with home.db.read() as session:
        assert session.scalar(select(func.count()).select_from(tables.seen_page)) == 1


def test_a_log_that_moved_between_the_reading_and_the_writing_is_noticed(home: Home) -> None:
    home.read(FIRST_PAGE)
    fetch = home.fetch()
    with home.db.read() as session:
        (digest,) = fetch.known_pages(session, SEALER)
    home.sync([row("-5", days_ago(5))], finish=False)
    read = []

    def unread() -> Page:
        read.append(digest)
        return Page(tuple(FIRST_PAGE), None, digest=digest)

    with home.db.write() as session:
        fetch.apply_pages(session, SEALER, [Page((), None, digest=digest, unread=unread)], home.now)
    assert read == [digest]


SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@SETTINGS
@given(history=histories(), at_once=st.booleans(), twice=st.booleans(), relinks=st.booleans())
def test_any_telling_by_pages_ends_in_the_same_ledger(
    db: Database, history: tuple[list[Pages], list[Transaction]], at_once: bool, twice: bool, relinks: bool
) -> None:
    """Also where the person links the bank anew between two readings, and its accounts get other addresses there."""
    fetches, told = history
    clean, home = Home(db), Home(db)
    clean.read(told)
    for number, pages in enumerate(fetches):
        if relinks and number:
            home.connection_id = home.connect()
            again = [replace(one, resource_id=f"{one.resource_id}-{number}") for one in home.shown]
            assert home.link(again) == home.ids
        for _ in range(1 + twice):
            home.read(*pages, at_once=at_once)
    assert told_by(home) == told_by(clean)
    assert not any(one[1] for one in shown(home))


def told_by(home: Home) -> Counter[str]:
    """What the ledger shows, wherever it stands in it: an open row keeps its place when the bank moves its day."""
    with home.db.read() as session:
        mine = (tables.transaction.c.account_id == home.account_id, tables.transaction.c.removed_at.is_(None))
        return Counter(session.scalars(select(tables.transaction.c.fingerprint).where(*mine)))


def test_a_long_history_is_forgotten_page_by_page_and_still_one_history(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.ledger.ingest._MANY", 4)
    days: Sequence[int] = range(0, 60, 3)
    pages = [[row("-3.50", days_ago(day)), row("-3.50", days_ago(day)), pending("-9", days_ago(day))] for day in days]
    home.read(*pages)
    told = [*log(home)]
    home.read(*pages, [row("-1", days_ago(59))])
    assert len(log(home)) == len(told) + 1
    with home.db.write() as session:
        session.execute(text("DELETE FROM seen_page"))
    home.read(*pages[::-1], [row("-1", days_ago(59))])
    assert len(log(home)) == len(told) + 1
    assert not any(one[1] or one[2] for one in shown(home))
