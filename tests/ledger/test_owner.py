"""What the person's own pages show of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from consent.decide import for_owner
from hub.db import Database
from hub.errors import NotFound, NotPermitted
from hub.ledger import history
from hub.ledger.balances import store_balances
from providers.model import Balance, BalanceType, Money
from tests.ledger.bank import NOW, SEALER, TODAY, Home, account, days_ago, pending, row


def put(home: Home, account_id: str, amount: str, currency: str = "EUR") -> None:
    with home.db.write() as session:
        kind = BalanceType.INTERIM_BOOKED
        store_balances(session, account_id, [Balance(kind, Money(Decimal(amount), currency))], NOW)


def test_totals_never_add_currencies_or_invent_zeros(db: Database) -> None:
    home = Home(db, accounts=("EUR", "EUR", "GBP", "JPY"))
    for account_id, amount, currency in zip(home.ids, ("0.10", "0.20", "-5.005"), home.accounts, strict=False):
        put(home, account_id, amount, currency)
    with db.read() as session:
        found = history.totals(session, for_owner(home.psu_id, home.ids))
    assert found.by_currency == {"EUR": Decimal("0.30"), "GBP": Decimal("-5.005")}
    assert found.by_connection == {home.connection_id: found.by_currency}
    assert found.unknown == (home.ids[3],)


def test_an_account_that_is_gone_counts_no_more(home: Home) -> None:
    put(home, home.account_id, "5")
    home.link([account("EUR")])
    with home.db.read() as session:
        assert history.totals(session, for_owner(home.psu_id, home.ids)).by_currency == {}


def test_daily_balances_run_backwards_from_today_exactly(db: Database) -> None:
    home = Home(db, accounts=("EUR", "EUR"))
    put(home, home.ids[0], "100.00")
    put(home, home.ids[1], "1.001")
    home.sync(
        [row("-0.10", TODAY), row("-20.00", days_ago(2)), row("50", days_ago(2), text="pay"), pending("-7", TODAY)],
        account_id=home.ids[0],
    )
    home.sync([row("0.001", days_ago(1)), row("-9", days_ago(1), currency="USD")], account_id=home.ids[1])
    with db.read() as session:
        found = history.daily_balances(session, for_owner(home.psu_id, home.ids), days=5, today=TODAY)
    assert found == {
        "EUR": (
            (days_ago(4), Decimal("71.100")),
            (days_ago(3), Decimal("71.100")),
            (days_ago(2), Decimal("101.100")),
            (days_ago(1), Decimal("101.101")),
            (TODAY, Decimal("101.001")),
        )
    }


def test_a_row_booked_ahead_is_not_in_today_s_total_yet(home: Home) -> None:
    put(home, home.account_id, "10")
    home.sync([row("-4", TODAY + timedelta(days=1))])
    with home.db.read() as session:
        found = history.daily_balances(session, for_owner(home.psu_id, home.ids), days=1, today=TODAY)
    assert found == {"EUR": ((TODAY, Decimal(14)),)}


def test_the_person_may_see_where_a_row_comes_from(home: Home) -> None:
    shown = row()
    home.sync([shown])
    owner = for_owner(home.psu_id, home.ids)
    with home.db.read() as session:
        (one,) = history.transactions(session, owner, history.HistoryQuery()).items
        found = history.provenance(session, SEALER, owner, one["id"])
        assert (found.raw, found.trace, found.normaliser) == (shown.raw, {"money": "transactionAmount"}, "test/1")
        with pytest.raises(NotFound):
            history.provenance(session, SEALER, home.allowed(), one["id"])
        with pytest.raises(NotFound):
            history.provenance(session, SEALER, for_owner(Home(home.db, "charlie").psu_id, []), one["id"])
        with pytest.raises(NotPermitted):
            history.totals(session, home.allowed())
