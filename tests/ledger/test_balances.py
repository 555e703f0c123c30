"""What is current, what is available, and what replaces what."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from consent.model import Permission
from hub.errors import NotFound, NotPermitted
from hub.ledger import history
from hub.ledger.balances import store_balances
from hub.models.ledger import Balance as BalanceRow
from providers.model import Balance, BalanceType, Money
from providers.rules.profile import Balances
from tests.ledger.bank import NOW, Home, days_ago


def balance(kind: BalanceType, amount: str, currency: str = "EUR", age: int = 0) -> Balance:
    as_of = NOW.replace(day=days_ago(age).day)
    return Balance(kind, Money(Decimal(amount), currency), as_of=as_of, source_label="x" * 80)


def kept(home: Home) -> dict[str, tuple[int, int, str]]:
    with home.db.read() as session:
        return {one.type: (one.amount, one.scale, one.currency) for one in session.scalars(select(BalanceRow))}


def store(home: Home, *balances: Balance) -> None:
    with home.db.write() as session:
        store_balances(session, home.account_id, balances, NOW)


def test_a_fetch_replaces_what_was_known(home: Home) -> None:
    store(home, balance(BalanceType.INTERIM_BOOKED, "1.00"), balance(BalanceType.EXPECTED, "2"))
    store(home, balance(BalanceType.INTERIM_BOOKED, "-3.001"))
    assert kept(home) == {"ITBD": (-3001, 3, "EUR")}


def test_a_bank_that_gives_none_takes_none_away(home: Home) -> None:
    store(home, balance(BalanceType.INTERIM_BOOKED, "1"))
    store(home)
    assert kept(home) == {"ITBD": (1, 0, "EUR")}


def test_of_several_of_a_type_the_account_s_own_currency_and_the_latest_is_kept(home: Home) -> None:
    kind = BalanceType.CLOSING_BOOKED
    store(home, balance(kind, "1", age=2), balance(kind, "2", age=1), balance(kind, "3", "USD", age=0))
    assert kept(home) == {"CLBD": (2, 0, "EUR")}


def test_of_two_that_differ_by_a_granted_credit_the_one_without_it_is_kept(home: Home) -> None:
    with_credit = replace(balance(BalanceType.EXPECTED, "900"), credit_line_included=True)
    without = replace(balance(BalanceType.EXPECTED, "-100"), credit_line_included=False)
    for given in ((with_credit, without), (without, with_credit)):
        store(home, *given)
        assert kept(home) == {"XPCD": (-100, 0, "EUR")}


@pytest.mark.parametrize(("currency", "kept_limit"), [("EUR", "500.00"), ("USD", None)])
def test_a_credit_limit_is_kept_where_it_is_one_of_this_balance(
    home: Home, currency: str, kept_limit: str | None
) -> None:
    limit = Money(Decimal("500.00"), currency)
    store(home, replace(balance(BalanceType.INTERIM_AVAILABLE, "1"), credit_limit=limit))
    with home.db.read() as session:
        (shown,) = history.balances(session, home.allowed(Permission.BALANCES_READ))
    assert shown["credit_limit"] == kept_limit


def test_what_is_current_and_available_is_chosen_by_the_bank_s_own_lists_where_it_has_any(home: Home) -> None:
    store(home, balance(BalanceType.INTERIM_BOOKED, "1.50"), balance(BalanceType.EXPECTED, "2"))
    allowed = home.allowed(Permission.BALANCES_READ)
    with home.db.read() as session:
        (common,) = history.chosen_balances(session, allowed, {})
        (own,) = history.chosen_balances(session, allowed, {"first-bank": Balances(current={"*": ("XPCD",)})})
    assert (common["current"]["amount"], own["current"]["amount"]) == ("1.50", "2")
    assert "the bank's own list" in own["current"]["reason"]
    assert (common["available"]["amount"], common["credit_left"]) == ("2", None)


def test_a_stranger_is_shown_no_chosen_balance(home: Home) -> None:
    store(home, balance(BalanceType.INTERIM_BOOKED, "1.50"))
    with home.db.read() as session:
        assert history.chosen_balances(session, home.allowed(Permission.BALANCES_READ, accounts=["another"]), {}) == []
        with pytest.raises(NotFound):
            history.chosen_balances(
                session, home.allowed(Permission.BALANCES_READ, accounts=["another"]), {}, home.account_id
            )
        with pytest.raises(NotPermitted):
            history.chosen_balances(session, home.allowed(), {})


def test_a_balance_in_another_currency_alone_is_still_the_balance(home: Home) -> None:
    store(home, balance(BalanceType.INTERIM_BOOKED, "1.50", "USD"))
    with home.db.read() as session:
        (shown,) = history.chosen_balances(session, home.allowed(Permission.BALANCES_READ), {})
    assert (shown["current"]["amount"], shown["current"]["currency"]) == ("1.50", "USD")


def test_two_balances_without_an_iso_type_stand_beside_each_other(home: Home) -> None:
    """SEB Kort's debt is the sum of what is on the invoice and what is not yet on one."""
    spent = replace(balance(BalanceType.OTHER, "-250.00"), source_label="nonInvoiced")
    authorised = replace(balance(BalanceType.OTHER, "90.00"), source_label="authorised")
    invoiced = replace(balance(BalanceType.EXPECTED, "1000.00"), source_label="expected")
    store(home, authorised, spent, replace(spent, money=Money(Decimal(1), "USD")), invoiced)
    allowed = home.allowed(Permission.BALANCES_READ)
    with home.db.read() as session:
        shown = history.balances(session, allowed)
        rules = {"first-bank": Balances(current={"*": ("-expected +nonInvoiced",)})}
        (chosen,) = history.chosen_balances(session, allowed, rules)
    assert [(one["type"], one["bank_type"], one["amount"]) for one in shown] == [
        ("OTHR", "authorised", "90.00"),
        ("OTHR", "nonInvoiced", "-250.00"),
        ("XPCD", "expected", "1000.00"),
    ]
    assert chosen["current"]["amount"] == "-1250.00"
