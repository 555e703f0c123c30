"""However a bank pages, orders and repeats a growing history, the ledger ends as one clean fetch would have it."""

from collections import Counter
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.db import Database
from providers.model import Transaction
from tests.ledger.bank import Home, days_ago, row
from tests.ledger.test_ingest import live_of

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


MOVEMENTS = st.lists(
    st.tuples(st.sampled_from(["-3.50", "-9", "1000"]), st.integers(0, 4), st.sampled_from(["coffee", "rent"])),
    min_size=1,
    max_size=12,
)
ID_STYLES = ["own", "absent", "constant", "reissued", "half"]


def _told(movements: list[tuple[str, int, str]], style: str, fetch: int) -> list[Transaction]:
    plain = [row(amount, days_ago(age), text=text) for amount, age, text in movements]
    ids: dict[str, Any] = {
        "own": lambda number: {"transactionId": f"id-{number}"},
        "absent": lambda _: {},
        "constant": lambda _: {"transactionId": "BANK"},
        "reissued": lambda number: {"transactionId": f"{fetch}-{number}"},
        "half": lambda number: {"entryReference": f"e-{number}"} if number % 2 else {},
    }
    return [structs.replace(one, bank_ids=ids[style](number)) for number, one in enumerate(plain)]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[list[Transaction]]], list[Transaction]]:
    """(the fetches, each a list of pages; the last state told plainly). Constant ids only where rows prove them so."""
    movements = draw(MOVEMENTS)
    style = draw(st.sampled_from(ID_STYLES))
    if style == "constant":
        movements = [("-777", 0, "one"), ("-778", 1, "two"), *movements]
    known = [*sorted(draw(st.lists(st.integers(1, len(movements)), max_size=2))), len(movements)]
    if style == "constant":
        known = [max(2, number) for number in known]
    fetches = []
    for fetch, upto in enumerate(known):
        told = draw(st.permutations(_told(movements[:upto], style, fetch)))
        cuts = sorted(draw(st.sets(st.integers(1, max(1, upto - 1)), max_size=3)))
        pages = [told[a:b] for a, b in zip([0, *cuts], [*cuts, upto], strict=True)]
        if style == "own":
            repeats = draw(st.lists(st.sampled_from(told), max_size=3))
            pages[-1] = [*pages[-1], *repeats]
        fetches.append(pages)
    return fetches, _told(movements, style, len(known) - 1)


def _truth(home: Home, told: list[Transaction]) -> Counter[tuple[Any, ...]]:
    home.sync(told)
    return live_of(home)


@SETTINGS
@given(history=histories())
def test_any_telling_of_a_history_ends_in_the_same_ledger(
    db: Database, history: tuple[list[list[list[Transaction]]], list[Transaction]]
) -> None:
    fetches, told = history
    clean = _truth(Home(db), told)
    assert sum(clean.values()) == len(told)
    home = Home(db)
    for pages in fetches:
        home.sync(*pages)
    assert live_of(home) == clean


@SETTINGS
@given(history=histories(), crash=st.integers(0, 3))
def test_a_crash_in_any_fetch_changes_nothing(
    db: Database, history: tuple[list[list[list[Transaction]]], list[Transaction]], crash: int
) -> None:
    fetches, told = history
    clean = _truth(Home(db), told)
    home = Home(db)
    for pages in fetches:
        home.sync(*pages[:crash], finish=False)
        home.sync(*pages)
    assert live_of(home) == clean


@st.composite
def long_histories(draw: st.DrawFn) -> list[list[list[Transaction]]]:
    """Fetches whose pages lie so many days apart that a reading cannot remember them all, in any order, some twice."""
    ages: st.SearchStrategy[int | None] = st.sampled_from([0, 1, 40, 41, 200, 400, None])
    days = [None if age is None else days_ago(age) for age in draw(st.lists(ages, min_size=2, max_size=10))]
    told = [row("-3.50", day, transactionId=f"id-{number}") for number, day in enumerate(days)]
    fetches = []
    for _ in range(2):
        order = draw(st.permutations(told))
        cuts = sorted(draw(st.sets(st.integers(1, len(told) - 1), max_size=3)))
        pages = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(told)], strict=True)]
        fetches.append([*pages, *draw(st.lists(st.sampled_from(pages), max_size=2))])
    return fetches


@SETTINGS
@given(fetches=long_histories())
def test_what_a_reading_forgets_it_knows_again_when_it_needs_it(
    db: Database, fetches: list[list[list[Transaction]]]
) -> None:
    ledgers = []
    for many in (0, 5000):
        home = Home(db)
        with patch("hub.ledger.ingest._MANY", many):
            for pages in fetches:
                home.sync(*pages)
        ledgers.append(live_of(home))
    assert ledgers[0] == ledgers[1]
