"""Which payments come again, how much, and when next."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.insights.movement import Movement
from hub.insights.recurring import PriceChange, Series, State, recurring
from hub.insights.rhythm import Rhythm, beat

TODAY = date(2026, 7, 10)


def paid(payee: str, *when: tuple[str, str], account: str = "a", text: str = "") -> list[Movement]:
    return [
        Movement(
            f"{payee}-{day}-{amount}-{number}", account, date.fromisoformat(day), Decimal(amount), "EUR", payee, text
        )
        for number, (day, amount) in enumerate(when)
    ]


def only(movements: list[Movement], today: date = TODAY) -> Series:
    (found,) = recurring(movements, today=today)
    return found


MONTHS = ["2026-02-01", "2026-03-02", "2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01"]


def test_rent_is_a_monthly_series_with_its_next_date() -> None:
    rent = only(paid("Landlord", *((day, "-900") for day in MONTHS)))
    assert (rent.rhythm, rent.state, rent.is_fixed) == (Rhythm.MONTHLY, State.ESTABLISHED, True)
    assert (rent.last_amount, rent.usual_amount) == (Decimal(-900), Decimal(-900))
    assert (rent.first_date, rent.last_date, rent.next_date) == (date(2026, 2, 1), date(2026, 7, 1), date(2026, 8, 1))
    assert len(rent.transactions) == 6
    assert rent.price_changes == ()


def test_a_dearer_subscription_is_the_same_one_and_says_when_it_rose() -> None:
    prices = ["-9.99", "-9.99", "-9.99", "-12.99", "-12.99", "-12.99"]
    series = only(paid("Netflix", *zip(MONTHS, prices, strict=True)))
    assert series.is_fixed
    assert series.usual_amount == Decimal("-12.99")
    assert series.price_changes == (PriceChange(date(2026, 5, 1), Decimal("-9.99"), Decimal("-12.99")),)


def test_a_salary_that_varies_has_a_usual_amount_and_no_price_changes() -> None:
    amounts = ["2510.10", "2498.40", "2600", "2512", "2505", "2511"]
    salary = only(paid("ACME", *zip(MONTHS, amounts, strict=True)))
    assert not salary.is_fixed
    assert salary.usual_amount == Decimal("2510.55")
    assert salary.price_changes == ()


@pytest.mark.parametrize(
    ("days", "rhythm", "due"),
    [
        (["2026-06-05", "2026-06-12", "2026-06-19", "2026-06-26", "2026-07-03"], Rhythm.WEEKLY, "2026-07-10"),
        (["2026-05-08", "2026-05-22", "2026-06-05", "2026-06-19", "2026-07-03"], Rhythm.FORTNIGHTLY, "2026-07-17"),
        (["2026-03-05", "2026-04-02", "2026-04-30", "2026-05-28", "2026-06-25"], Rhythm.FOUR_WEEKLY, "2026-07-23"),
        (["2025-12-15", "2026-02-16", "2026-04-15", "2026-06-15"], Rhythm.TWO_MONTHLY, "2026-08-15"),
        (["2025-10-01", "2026-01-02", "2026-04-01", "2026-07-01"], Rhythm.QUARTERLY, "2026-10-01"),
        (["2025-07-01", "2026-01-02", "2026-07-01"], Rhythm.HALF_YEARLY, "2027-01-01"),
        (["2024-07-08", "2025-07-07", "2026-07-06"], Rhythm.YEARLY, "2027-07-07"),
        (["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-29", "2026-06-30"], Rhythm.MONTHLY, "2026-07-31"),
        (["2026-03-30", "2026-05-01", "2026-05-30", "2026-07-01"], Rhythm.MONTHLY, "2026-07-30"),
    ],
)
def test_rhythms_are_told_apart(days: list[str], rhythm: Rhythm, due: str) -> None:
    series = only(paid("Somebody", *((day, "-10") for day in days)))
    assert (series.rhythm, series.next_date) == (rhythm, date.fromisoformat(due))


def test_one_month_left_out_does_not_end_a_series_and_silence_does() -> None:
    kept = ["2026-01-01", "2026-02-01", "2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01"]
    assert only(paid("Gym", *((day, "-30") for day in kept))).state is State.ESTABLISHED
    gone = only(paid("Gym", *((day, "-30") for day in MONTHS)), today=date(2026, 9, 1))
    assert (gone.state, gone.next_date) == (State.ENDED, None)


def test_three_payments_are_early_signs() -> None:
    assert only(paid("Netflix", *((day, "-9.99") for day in MONTHS[3:]))).state is State.EARLY


def test_two_subscriptions_at_one_payee_are_two() -> None:
    small = paid("Apple", *((day, "-2.99") for day in MONTHS))
    large = paid("Apple", *((f"2026-0{month}-17", "-10.99") for month in range(2, 7)))
    found = recurring(small + large, today=TODAY)
    assert sorted((one.last_amount, one.rhythm) for one in found) == [
        (Decimal("-10.99"), Rhythm.MONTHLY),
        (Decimal("-2.99"), Rhythm.MONTHLY),
    ]
    assert len({one.id for one in found}) == 2


def test_accounts_directions_and_currencies_are_kept_apart() -> None:
    out = paid("Bob", *((day, "-50") for day in MONTHS))
    into = paid("Bob", *((day, "50") for day in MONTHS))
    elsewhere = paid("Bob", *((day, "-50") for day in MONTHS), account="b")
    assert len(recurring(out + into + elsewhere, today=TODAY)) == 3


@pytest.mark.parametrize(
    "when",
    [
        [("2026-06-01", "-31"), ("2026-06-04", "-12"), ("2026-06-15", "-50"), ("2026-07-02", "-8")],
        [("2026-06-05", "-31"), ("2026-06-12", "-62"), ("2026-06-19", "-15"), ("2026-06-26", "-40")],
        [("2026-07-01", "-9.99"), ("2026-06-01", "-9.99")],
        [("2026-07-01", "-9"), ("2026-07-01", "-9"), ("2026-07-01", "-9"), ("2026-07-01", "-9")],
    ],
)
def test_shopping_that_merely_repeats_is_no_series(when: list[tuple[str, str]]) -> None:
    assert recurring(paid("Rewe", *when), today=TODAY) == ()


def test_between_own_accounts_and_without_a_payee_nothing_is_claimed() -> None:
    nameless = paid("", *((day, "-10") for day in MONTHS))
    assert recurring(nameless, today=TODAY) == ()


def test_days_at_the_ends_of_the_calendar_are_no_payments() -> None:
    for days in (["9999-12-29", "9999-12-30", "9999-12-31"], ["0001-01-01", "0001-02-01", "0001-03-01"]):
        assert recurring(paid("Odd", *((day, "-1") for day in days)), today=TODAY) == ()


def test_the_name_of_the_series_does_not_change_as_it_grows() -> None:
    all_of_it = paid("Landlord", *((day, "-900") for day in MONTHS))
    assert only(all_of_it[:4], date(2026, 5, 2)).id == only(all_of_it).id


@given(st.permutations(paid("Landlord", *((day, "-900") for day in MONTHS)) + paid("X", ("2026-05-05", "-3"))))
def test_the_order_of_the_history_does_not_matter(shuffled: list[Movement]) -> None:
    assert recurring(shuffled, today=TODAY) == recurring(sorted(shuffled, key=lambda one: one.id), today=TODAY)


@given(
    st.dates(date(2019, 1, 1), date(2024, 1, 1)),
    st.lists(st.integers(-2, 2), min_size=8, max_size=24),
    st.sampled_from([7, 14]),
)
def test_weeks_with_a_day_of_delay_are_found_wherever_they_begin(start: date, delays: list[int], days: int) -> None:
    when = [start + timedelta(days=days * turn + (delay > 1)) for turn, delay in enumerate(delays)]
    found = beat(when)
    assert found is not None
    assert found.rhythm is (Rhythm.WEEKLY if days == 7 else Rhythm.FORTNIGHTLY)
    assert found.due_after(when[-1]) > when[-1]


@given(st.lists(st.dates(date(2000, 1, 1), date(2090, 1, 1)), max_size=30))
def test_any_days_are_survived(days: list[date]) -> None:
    found = beat(sorted(days))
    if found is not None:
        assert found.due_after(max(days)) > max(days)
