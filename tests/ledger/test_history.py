"""Reading through a consent: what is shown, in which order, to whom, and at what cost."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from consent.decide import Allowed, for_owner
from consent.disclose import fields
from consent.model import Permission
from hub.db import Database
from hub.errors import BadInput, NotFound, NotPermitted
from hub.ledger import history
from hub.ledger.balances import store_balances
from hub.ledger.history import HistoryQuery
from providers.model import Balance, BalanceType, Money, Scheme, Status
from tests.ledger.bank import TODAY, Home, account, days_ago, pending, row
from tests.ledger.conftest import statements


def read(home: Home, allowed: Allowed | None = None, **query: Any) -> list[dict[str, Any]]:
    """Every page, one after the other."""
    result: list[dict[str, Any]] = []
    after = None
    with home.db.read() as session:
        while True:
            page = history.transactions(session, allowed or home.allowed(), HistoryQuery(**query, after=after))
            assert page.count == len(page.items) <= query.get("limit", 100)
            result += page.items
            if (after := page.next_cursor) is None:
                return result


@pytest.fixture
def household(db: Database) -> Home:
    """Three accounts with rows on the same days."""
    home = Home(db, accounts=("EUR", "GBP", "JPY"))
    for number, (account_id, currency) in enumerate(zip(home.ids, home.accounts, strict=True)):
        shown = [row(f"-{day + number}", days_ago(day), currency=currency) for day in range(1, 11)]
        home.sync(shown, account_id=account_id)
    return home


def test_a_transaction_is_told_in_the_api_s_words(home: Home) -> None:
    home.sync([row("-12.30", days_ago(1), after="100", entryReference="r1", text=['say "hi"', "ü"])])
    (found,) = read(home, home.allowed(with_parties=True))
    assert found == {
        "id": found["id"],
        "account_id": home.account_id,
        "status": "BOOK",
        "booking_date": "2026-11-22",
        "value_date": "2026-11-22",
        "transaction_datetime": None,
        "amount": "-12.30",
        "currency": "EUR",
        "counterparty_name": "Coffee House",
        "counterparty_account": None,
        "remittance": ['say "hi"', "ü"],
        "bank_transaction_code": None,
        "proprietary_code": None,
        "merchant_category_code": None,
        "balance_after": "100",
        "details": None,
        "entry_reference": "r1",
        "supersedes": None,
        "superseded_by": None,
        "link_reason": None,
        "link_confidence": None,
        "first_seen_at": "2026-11-23T15:00:00Z",
        "last_updated": "2026-11-23T15:00:00Z",
    }


@pytest.mark.parametrize("limit", [1, 7, 30, 500])
@pytest.mark.parametrize("how_many", [1, 2, 3])
def test_pages_hold_every_row_once_and_the_newest_first(household: Home, limit: int, how_many: int) -> None:
    allowed = household.allowed(accounts=household.ids[:how_many])
    found = read(household, allowed, limit=limit)
    assert len({one["id"] for one in found}) == len(found) == 10 * how_many
    order = [(one["booking_date"], one["id"]) for one in found]
    assert order == sorted(order, reverse=True)


def test_rows_that_arrive_while_a_client_turns_pages_shift_nothing(household: Home) -> None:
    with household.db.read() as session:
        first = history.transactions(session, household.allowed(), HistoryQuery(limit=10))
    household.sync([row("-99", TODAY)], account_id=household.ids[0], finish=False)
    with household.db.read() as session:
        rest = history.transactions(session, household.allowed(), HistoryQuery(limit=100, after=first.next_cursor))
    assert len({one["id"] for one in first.items + rest.items}) == 30


@pytest.mark.parametrize("how_many", [1, 3])
def test_a_page_costs_one_statement(household: Home, how_many: int) -> None:
    with statements(household.db.reader) as seen:
        read(household, household.allowed(accounts=household.ids[:how_many]), limit=500)
    assert len(seen) == 1


def test_more_accounts_than_a_union_bears_are_read_all_the_same(household: Home) -> None:
    """SQLite joins at most 500 selects."""
    allowed = for_owner(household.psu_id, [*household.ids, *(f"none-{number}" for number in range(600))])
    assert len(read(household, allowed, limit=20)) == 30


def test_withdrawn_and_replaced_rows_are_not_listed(home: Home) -> None:
    home.sync([pending(day=days_ago(1)), pending("-9", text="gone soon")])
    assert [one["status"] for one in read(home)] == ["PDNG", "PDNG"]
    home.sync([row()])
    (shown,) = read(home)
    assert shown["supersedes"]
    with home.db.read() as session:
        old = history.transaction(session, home.allowed(), shown["supersedes"])
        assert (old["superseded_by"], old["status"]) == (shown["id"], "PDNG")


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["-3.50", "-20", "7.001", "100.00"]),
    ({"direction": "in"}, ["7.001", "100.00"]),
    ({"direction": "out"}, ["-3.50", "-20"]),
    ({"min_amount": Decimal("7.001")}, ["7.001", "100.00"]),
    ({"min_amount": Decimal("7.0010000000000000000001")}, ["100.00"]),
    ({"max_amount": Decimal("7.001")}, ["-3.50", "-20", "7.001"]),
    ({"max_amount": Decimal("7.00")}, ["-3.50", "-20"]),
    ({"min_amount": Decimal("-20"), "max_amount": Decimal("-3.5")}, ["-3.50", "-20"]),
    ({"min_amount": Decimal("1e30")}, []),
    ({"max_amount": Decimal("1e30")}, ["-3.50", "-20", "7.001", "100.00"]),
    ({"date_from": days_ago(2)}, ["-3.50", "-20"]),
    ({"date_to": days_ago(3)}, ["7.001", "100.00"]),
    ({"date_from": days_ago(3), "date_to": days_ago(2)}, ["-20", "7.001"]),
    ({"status": "PDNG"}, ["-3.50"]),
    ({"status": "BOOK", "direction": "out"}, ["-20"]),
    ({"text": "müller"}, ["-20"]),
    ({"text": "MÜLLER"}, ["-20"]),
    ({"text": "100%"}, ["7.001"]),
    ({"text": "a_b"}, ["7.001"]),
    ({"text": "/"}, ["100.00"]),
    ({"text": '"quoted"'}, ["100.00"]),
    ({"text": "["}, []),
    ({"text": "' OR 1=1 --"}, []),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS, ids=[str(one[0]) for one in FILTERS])
def test_filters_are_exact(home: Home, query: dict[str, Any], expected: list[str]) -> None:
    home.sync(
        [
            pending("-3.50", days_ago(1), text="kiosk"),
            row("-20", days_ago(2), name="Bäckerei Müller"),
            row("7.001", days_ago(3), text="100% a_b"),
            row("100.00", days_ago(4), text='and/or "quoted"'),
        ]
    )
    assert [one["amount"] for one in read(home, **query)] == expected


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"limit": 0}, "limit"),
    ({"limit": 501}, "limit"),
    ({"direction": "up"}, "direction"),
    ({"min_amount": Decimal("NaN")}, "min_amount"),
    ({"max_amount": Decimal("1e999999")}, "max_amount"),
    ({"text": "a\x00"}, "q"),
    ({"text": "\ud800"}, "q"),
    ({"text": "x" * 201}, "q"),
    ({"after": ""}, "after"),
    ({"after": "A" * 27}, "after"),
    ({"after": "é" * 27}, "after"),
    ({"after": "____________________________"}, "after"),
]


@pytest.mark.parametrize(("query", "parameter"), REFUSED, ids=[str(one[0])[:40] for one in REFUSED])
def test_a_query_that_cannot_be_right_names_its_parameter(home: Home, query: dict[str, Any], parameter: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_once(home, query)
    assert refused.value.parameter == parameter


def read_once(home: Home, query: dict[str, Any]) -> None:
    with home.db.read() as session:
        history.transactions(session, home.allowed(), HistoryQuery(**query))


def test_a_client_sees_nothing_before_the_day_its_consent_begins(home: Home) -> None:
    home.sync([row("-1", days_ago(1)), row("-2", days_ago(30))])
    both = {one["amount"]: one["id"] for one in read(home)}
    narrow = home.allowed(since=days_ago(10))
    assert [one["amount"] for one in read(home, narrow)] == ["-1"]
    assert [one["amount"] for one in read(home, narrow, date_from=days_ago(60))] == ["-1"]
    with home.db.read() as session, pytest.raises(NotFound):
        history.transaction(session, narrow, both["-2"])


def test_a_stranger_finds_nothing(db: Database) -> None:
    alice, charlie = Home(db), Home(db, "charlie")
    alice.sync([row()])
    (hers,) = read(alice)
    assert read(charlie) == []
    theirs = charlie.allowed(), charlie.allowed(Permission.BALANCES_READ), charlie.allowed(Permission.ACCOUNTS_READ)
    with db.read() as session:
        for attempt in (
            lambda: history.transaction(session, theirs[0], hers["id"]),
            lambda: history.transactions(session, theirs[0], HistoryQuery(account_id=alice.account_id)),
            lambda: history.balances(session, theirs[1], alice.account_id),
            lambda: history.account(session, theirs[2], alice.account_id),
            lambda: history.account(session, theirs[2], "no-such-account"),
        ):
            with pytest.raises(NotFound):
                attempt()


def test_an_account_outside_the_consent_does_not_exist(household: Home) -> None:
    narrow = household.allowed(accounts=household.ids[:1])
    outside = read(household, household.allowed(accounts=household.ids[1:2]))[0]["id"]
    assert {one["account_id"] for one in read(household, narrow)} == {household.ids[0]}
    with household.db.read() as session:
        with pytest.raises(NotFound):
            history.transactions(session, narrow, HistoryQuery(account_id=household.ids[1]))
        with pytest.raises(NotFound):
            history.transaction(session, narrow, outside)


def test_an_allowed_for_one_reading_is_refused_by_another(home: Home) -> None:
    with home.db.read() as session, pytest.raises(NotPermitted):
        history.transactions(session, home.allowed(Permission.BALANCES_READ), HistoryQuery())
    with home.db.read() as session, pytest.raises(NotPermitted):
        history.balances(session, home.allowed(Permission.ACCOUNTS_READ))
    with home.db.read() as session, pytest.raises(NotPermitted):
        history.accounts(session, home.allowed(Permission.TRANSACTIONS_READ))


@pytest.mark.parametrize("with_parties", [False, True])
def test_only_the_disclosed_fields_are_shown(home: Home, with_parties: bool) -> None:
    home.sync([row()])
    held = {Permission.PARTIES_READ} if with_parties else set()
    for permission, found in (
        (Permission.TRANSACTIONS_READ, read(home, home.allowed(with_parties=with_parties))[0]),
        (Permission.ACCOUNTS_READ, _account(home, home.allowed(Permission.ACCOUNTS_READ, with_parties=with_parties))),
    ):
        assert set(found) <= fields(permission, held | {permission})
    assert ("counterparty_account" in read(home, home.allowed(with_parties=with_parties))[0]) is with_parties


def _account(home: Home, allowed: Allowed) -> dict[str, Any]:
    with home.db.read() as session:
        return history.account(session, allowed, home.account_id)


def test_an_account_shows_its_number_only_with_parties_read(home: Home) -> None:
    (iban,) = home.link([account(iban="DE89370400440532013000", more={Scheme.MASKED_PAN: "1234"})])
    home.ids = [iban]
    plain = _account(home, home.allowed(Permission.ACCOUNTS_READ))
    assert [one["value"] for one in plain["identifiers_masked"]] == ["••••3000", "••••"]
    assert not {"identifiers", "owner_name", "bic"} & set(plain)
    whole = _account(home, home.allowed(Permission.ACCOUNTS_READ, with_parties=True))
    assert whole["identifiers"][0] == {"scheme": "IBAN", "value": "DE89370400440532013000"}
    assert whole["owner_name"] == "Alice Example"


def test_parties_read_alone_shows_whose_account_it_is_and_no_more(home: Home) -> None:
    found = _account(home, home.allowed(Permission.PARTIES_READ))
    assert set(found) == {"id", "identifiers", "owner_name", "bic"}


def test_balances_are_told_exactly(home: Home) -> None:
    with home.db.write() as session:
        given = [Balance(BalanceType.INTERIM_BOOKED, Money(Decimal("-0.05"), "EUR"), as_of=home.now)]
        store_balances(session, home.account_id, given, home.now)
    with home.db.read() as session:
        assert history.balances(session, home.allowed(Permission.BALANCES_READ)) == [
            {
                "account_id": home.account_id,
                "type": "ITBD",
                "bank_type": "",
                "amount": "-0.05",
                "currency": "EUR",
                "credit_line_included": None,
                "credit_limit": None,
                "as_of": "2026-11-23T09:00:00Z",
                "last_updated": "2026-11-23T09:00:00Z",
            }
        ]


def test_an_owner_reads_everything(home: Home) -> None:
    home.sync([row("-1", days_ago(400)), row("-2", day=TODAY + timedelta(days=3))])
    assert len(read(home, for_owner(home.psu_id, home.ids))) == 2


def test_what_moved_no_money_is_listed_only_when_asked_for(home: Home) -> None:
    home.sync([row("-1"), row("-2", status=Status.INFORMATION), row("-3", status=Status.REJECTED), pending("-4")])
    assert {one["amount"] for one in read(home)} == {"-1", "-4"}
    assert [one["amount"] for one in read(home, status="RJCT")] == ["-3"]
    assert [one["amount"] for one in read(home, status="INFO")] == ["-2"]


def test_nobody_s_accounts_hold_nothing(home: Home) -> None:
    assert read(home, for_owner(home.psu_id, [])) == []


def test_a_cursor_reads_no_further_than_its_consent(db: Database) -> None:
    """It is a place in time, not a right: Charlie may use Alice's and sees his own rows."""
    alice, charlie = Home(db), Home(db, "charlie")
    for home in (alice, charlie):
        home.sync([row("-1", date(2026, 11, day)) for day in range(1, 5)])
    with db.read() as session:
        page = history.transactions(session, alice.allowed(), HistoryQuery(limit=2))
    with db.read() as session:
        rest = history.transactions(session, charlie.allowed(), HistoryQuery(after=page.next_cursor))
    assert {one["account_id"] for one in rest.items} == {charlie.account_id}
