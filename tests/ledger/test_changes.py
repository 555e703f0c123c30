"""transactions/sync: a client that only applies what it is told always ends with what the ledger holds."""

import base64
from datetime import date, timedelta
from threading import Thread
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.decide import Allowed
from hub.db import Database
from hub.errors import BadInput
from hub.ledger import history
from hub.ledger.history import ChangesPage, HistoryQuery
from providers.model import Status, Transaction
from tests.ledger.bank import SEALER, Home, account, days_ago, pending, row
from tests.ledger.conftest import statements


class Client:
    """Applies pages, and takes offence at an ``added`` it has, or a ``modified`` or ``removed`` it has not."""

    def __init__(self, home: Home, **consent: Any) -> None:
        self.home = home
        self.consent = consent
        self.rows: dict[str, dict[str, Any]] = {}
        self.cursor: str | None = None

    @property
    def allowed(self) -> Allowed:
        return self.home.allowed(**self.consent)

    def page(self, count: int = 100) -> ChangesPage:
        with self.home.db.read() as session:
            page = history.changes(session, SEALER, self.allowed, self.cursor, count)
        told = [*orjson.loads(page.added), *orjson.loads(page.modified), *orjson.loads(page.removed)]
        assert len(told) <= count
        for one in orjson.loads(page.added):
            assert one["id"] not in self.rows
            self.rows[one["id"]] = one
        for one in orjson.loads(page.modified):
            assert one["id"] in self.rows
            self.rows[one["id"]] = one
        for one in orjson.loads(page.removed):
            del self.rows[one["id"]]
        self.cursor = page.next_cursor
        return page

    def catch_up(self, count: int = 100) -> int:
        """End the update under way, if any, and then have one more; returns how many pages it took."""
        pages = 0
        for _ in range(2):
            has_more = True
            while has_more:
                has_more = self.page(count).has_more
                pages += 1
                assert pages < 1000
        return pages

    def truth(self) -> dict[str, dict[str, Any]]:
        with self.home.db.read() as session:
            page = history.transactions(session, self.allowed, HistoryQuery(limit=500))
        return {one["id"]: one for one in page.items}


def test_the_first_call_tells_the_whole_history_as_added(home: Home) -> None:
    home.sync([pending("-1", text="a"), *(row(f"-{number}", days_ago(number)) for number in range(2, 12))])
    home.sync([row("-1", text="a"), *(row(f"-{number}", days_ago(number)) for number in range(2, 12))])
    client = Client(home)
    kinds = []
    while True:
        page = client.page(count=3)
        kinds += [len(orjson.loads(part)) for part in (page.modified, page.removed)]
        if not page.has_more:
            break
    assert not any(kinds)
    assert client.rows == client.truth()
    assert len(client.rows) == 11


def test_a_booked_row_and_the_end_of_its_pending_one_come_in_one_update(home: Home) -> None:
    home.sync([pending()])
    client = Client(home)
    client.catch_up()
    (old,) = client.rows
    home.sync([row()])
    page = client.page()
    (added,), (removed,) = orjson.loads(page.added), orjson.loads(page.removed)
    assert (added["supersedes"], orjson.loads(page.modified)) == (old, [])
    assert removed == {"id": old, "account_id": home.account_id, "superseded_by": added["id"]}


def test_what_came_and_went_between_two_calls_is_not_mentioned(home: Home) -> None:
    client = Client(home)
    client.catch_up()
    home.sync([pending(), row("-9")])
    home.sync([row("-9")])
    page = client.page()
    assert [one["amount"] for one in orjson.loads(page.added)] == ["-9"]
    assert (page.modified, page.removed, page.has_more) == (b"[]", b"[]", False)


def test_a_row_that_changed_and_went_is_only_removed(home: Home) -> None:
    home.sync([pending("-1", transactionId="a")])
    client = Client(home)
    client.catch_up()
    home.sync([pending("-2", transactionId="a")])
    home.sync([])
    page = client.page()
    assert (page.added, page.modified, len(orjson.loads(page.removed))) == (b"[]", b"[]", 1)


def test_nothing_new_is_an_empty_answer(home: Home) -> None:
    home.sync([row()])
    client = Client(home)
    client.catch_up()
    page = client.page()
    assert (page.added, page.modified, page.removed, page.has_more) == (b"[]", b"[]", b"[]", False)


def test_pages_of_one_update_do_not_shift_while_the_ledger_changes(home: Home) -> None:
    shown = [row(f"-{number}", days_ago(number)) for number in range(1, 21)]
    home.sync(shown)
    client = Client(home)
    client.page(count=5)
    home.sync([*shown, row("-99")])
    told = 5
    while (page := client.page(count=5)).has_more:
        told += len(orjson.loads(page.added))
    assert told + len(orjson.loads(page.added)) == 20
    client.catch_up()
    assert client.rows == client.truth()


def test_an_earlier_cursor_may_be_used_again_at_any_time(home: Home) -> None:
    client = Client(home)
    kept: list[tuple[str | None, dict[str, dict[str, Any]]]] = []
    for round_ in range(5):
        home.sync([row(f"-{number}", days_ago(1)) for number in range(1, round_ + 3)] + [pending(f"-{50 + round_}")])
        kept.append((client.cursor, dict(client.rows)))
        client.page(count=2)
    for cursor, rows in kept:
        client.cursor, client.rows = cursor, rows
        client.catch_up(count=3)
        assert client.rows == client.truth()


def test_a_consent_that_begins_late_hears_nothing_of_before(home: Home) -> None:
    client = Client(home, since=days_ago(10))
    home.sync([row("-1", days_ago(1)), row("-2", days_ago(30)), pending("-3", days_ago(20)), pending("-4")])
    client.catch_up()
    assert {one["amount"] for one in client.rows.values()} == {"-1", "-4"}
    home.sync([row("-1", days_ago(1)), row("-2", days_ago(30))])
    page = client.page()
    assert len(orjson.loads(page.removed)) == 1
    assert client.rows == client.truth()


def test_another_account_of_the_same_connection_is_not_heard_of(db: Database) -> None:
    home = Home(db, accounts=("EUR", "GBP"))
    client = Client(home, accounts=home.ids[:1])
    home.sync([row()], account_id=home.ids[0])
    home.sync([row("-9", currency="GBP")], account_id=home.ids[1])
    client.catch_up()
    assert {one["account_id"] for one in client.rows.values()} == {home.ids[0]}


def test_a_cursor_gives_nothing_away(db: Database) -> None:
    home = Home(db, accounts=("EUR", "GBP"))
    client = Client(home, accounts=home.ids[:1])
    client.catch_up()
    assert client.cursor is not None
    plain = base64.urlsafe_b64decode(client.cursor + "==")
    assert home.connection_id.encode() not in plain


def test_another_consent_s_cursor_is_refused(home: Home) -> None:
    home.sync([row()])
    client = Client(home)
    client.catch_up()
    (other,) = home.link([account("USD")])
    for narrower in ({"consent_id": "consent-2"}, {"since": date(2026, 11, 1)}, {"accounts": [other]}):
        stranger = Client(home, **narrower)
        stranger.cursor = client.cursor
        with pytest.raises(BadInput, match="without a cursor"):
            stranger.page()


@pytest.mark.parametrize("cursor", ["", "x", "é", "A" * 100, "AAAA====", " "])
def test_a_made_up_cursor_is_refused(home: Home, cursor: str) -> None:
    client = Client(home)
    client.cursor = cursor
    with pytest.raises(BadInput) as refused:
        client.page()
    assert refused.value.parameter == "cursor"


@pytest.mark.parametrize("count", [0, 501, -1])
def test_a_count_out_of_range_is_refused(home: Home, count: int) -> None:
    with pytest.raises(BadInput):
        Client(home).page(count)


def test_a_stranger_hears_nothing(db: Database) -> None:
    alice, charlie = Home(db), Home(db, "charlie")
    alice.sync([row()])
    client = Client(charlie)
    client.catch_up()
    assert client.rows == {}


def test_an_account_that_moved_to_a_new_connection_goes_on(home: Home) -> None:
    home.sync([row("-1"), pending("-2")])
    client = Client(home)
    client.page(count=1)
    renewed = home.connect()
    home.connection_id = renewed
    assert home.link([home.shown[0]]) == home.ids
    home.sync([row("-1"), row("-2"), row("-3")])
    client.catch_up(count=1)
    assert client.rows == client.truth()
    fresh = Client(home)
    fresh.catch_up(count=1)
    assert fresh.rows == fresh.truth()


def test_a_page_costs_four_statements(home: Home) -> None:
    home.sync([row(f"-{number}") for number in range(1, 60)])
    client = Client(home)
    with statements(home.db.reader) as seen:
        client.page(count=50)
    assert len(seen) == 4


def test_a_client_misses_nothing_while_several_writers_work(db: Database) -> None:
    """A position is visible only after every position before it, whoever wrote them."""
    home = Home(db, accounts=("EUR", "GBP"))
    client = Client(home)

    def write(account_id: str) -> None:
        for number in range(12):
            shown = [row(f"-{one + 1}", days_ago(1)) for one in range(number)] + [pending(f"-{100 + number}")]
            at = home.now + timedelta(minutes=number)
            fetch = home.fetch(account_id)
            with db.write() as session:
                fetch.apply(session, SEALER, shown, at)
                fetch.finish(session, at)

    writers = [Thread(target=write, args=(account_id,)) for account_id in home.ids]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        client.page(count=7)
    for writer in writers:
        writer.join()
    client.catch_up(count=7)
    assert len(client.rows) == 24
    assert client.rows == client.truth()


def test_a_row_that_was_withdrawn_and_then_turns_out_booked_is_not_removed_twice(home: Home) -> None:
    home.sync([pending("-2", days_ago(2))])
    client = Client(home)
    client.catch_up()
    home.sync([])
    client.catch_up()
    assert client.rows == {}
    home.sync([row("-2", days_ago(1))])
    page = client.page()
    (added,) = orjson.loads(page.added)
    assert added["supersedes"]
    assert page.removed == b"[]"


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("sync"), st.sets(st.integers(0, 8)), st.booleans()),
        st.tuples(st.just("page"), st.integers(1, 4), st.just(False)),
    ),
    min_size=3,
    max_size=14,
)
SHOWN: list[Transaction] = [
    row("-1", days_ago(3), transactionId="a"),
    row("-1", days_ago(3), text="corrected", transactionId="a"),
    pending("-2", days_ago(2)),
    row("-2", days_ago(1)),
    pending("-3", days_ago(12), transactionId="h"),
    pending("-4", days_ago(12), transactionId="h"),
    row("-5", days_ago(40)),
    pending("-6", days_ago(9)),
    row("-6", days_ago(8), status=Status.REJECTED, transactionId="a"),
]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(moves=MOVES, since=st.sampled_from([None, days_ago(10)]))
def test_a_client_ends_equal_whatever_happens_while_it_reads(
    db: Database, moves: list[Any], since: date | None
) -> None:
    home = Home(db)
    client = Client(home, since=since)
    for what, detail, finish in moves:
        if what == "sync":
            shown = [SHOWN[number] for number in sorted(detail)]
            home.sync(shown[:2], shown[2:], finish=finish)
        else:
            client.page(detail)
    client.catch_up(count=2)
    assert client.rows == client.truth()
