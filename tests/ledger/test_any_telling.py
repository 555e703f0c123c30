"""However a bank tells a growing history, the ledger ends as one clean fetch of it would have left it. Without a
database: the ledger is a piece of paper, so that very many tellings can be tried.

A movement may be announced, pending and booked in turn; its ids may be its own, absent, constant, new at every fetch or
new once it is booked; its text may change when it is booked. Pages come in any split, order and overlap.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.ledger.movement import Stored, fetched
from hub.ledger.reconcile import Matching, Settled, Taken, Window
from hub.ledger.rows import ids_in_bank_order
from providers.model import Status, Transaction
from tests.ledger.bank import FIRST, NOW, TODAY, days_ago, row

WINDOW = Window(FIRST, TODAY + timedelta(days=60))
STATES = (None, Status.FUTURE, Status.PENDING, Status.BOOKED)
STYLES = ("own", "absent", "constant", "reissued", "half", "new when booked")
SETTINGS = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Pages = list[list[Transaction]]


@dataclass
class Paper:
    """A ledger without a database: what was taken and settled is written down at once."""

    rows: dict[str, Stored] = field(default_factory=dict)
    settled_at: datetime | None = None
    now: datetime = NOW

    def fetch(
        self, pages: Pages, *, forgetful: bool = False, finish: bool = True
    ) -> tuple[list[Taken], Settled | None]:
        self.now += timedelta(hours=6)
        matching = Matching()
        matching.know(self._held())
        taken = []
        for page in pages:
            if forgetful:
                days = [one.booking_date or one.value_date or TODAY for one in page]
                matching.forget(min(days, default=TODAY), max(days, default=TODAY))
                matching.know(self._held())
            taken.append(matching.take([fetched(one) for one in page], ids_in_bank_order))
            self._write(taken[-1])
        if not finish:
            return taken, None
        matching.know(self._held())
        settled = matching.settle(WINDOW, today=TODAY, settled_at=self.settled_at)
        self._settle(settled)
        self.settled_at = self.now
        return taken, settled

    def _held(self) -> list[Stored]:
        return list(self.rows.values())

    def _write(self, taken: Taken) -> None:
        for insert in taken.insert:
            movement = insert.row.movement
            assert insert.id not in self.rows
            self.rows[insert.id] = Stored(insert.id, movement, insert.occurrence, movement.day or TODAY, self.now)
        for update in taken.update:
            self.rows[update.was.id] = structs.replace(
                self.rows[update.was.id], movement=update.row.movement, occurrence=update.occurrence, is_removed=False
            )

    def _settle(self, settled: Settled) -> None:
        for link in settled.supersede:
            del self.rows[link.old]
            assert self.rows[link.new].supersedes is None
            self.rows[link.new] = structs.replace(self.rows[link.new], supersedes=link.old)
        for id_ in settled.expire:
            self.rows[id_] = structs.replace(self.rows[id_], is_removed=True)
        for ids, is_missing in ((settled.missing, True), (settled.found, False)):
            for id_ in ids:
                self.rows[id_] = structs.replace(self.rows[id_], is_missing=is_missing)

    @property
    def live(self) -> Counter[Any]:
        return Counter(row.movement.content for row in self.rows.values() if not row.is_removed)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Pages], list[Transaction]]:
    """(the fetches, each a list of pages; the last state told plainly)."""
    count = draw(st.integers(1, 10))
    style = draw(st.sampled_from(STYLES))
    movements = [
        (
            draw(st.sampled_from(["-3.50", "-9", "1000"])),
            draw(st.integers(0, 4)),
            draw(st.sampled_from(["coffee", "rent"])),
        )
        for _ in range(count)
    ]
    states = [0] * count
    fetches, told = [], list[Transaction]()
    for fetch in range(draw(st.integers(1, 4))):
        states = [draw(st.integers(state, 3)) for state in states]
        told = [
            one
            for number, (movement, state) in enumerate(zip(movements, states, strict=True))
            if (one := _told(movement, STATES[state], style, fetch, number))
        ]
        if style == "constant":  # what proves that the id is constant stands on the first page of each fetch
            told = [*(row(amount, days_ago(9), transactionId="BANK") for amount in ("-777", "-778")), *told]
        fetches.append(_paged(draw, told, style))
    return fetches, told


def _told(
    movement: tuple[str, int, str], status: Status | None, style: str, fetch: int, number: int
) -> Transaction | None:
    amount, age, text = movement
    if status is None:
        return None
    words = f"{text} card 4711" if status is Status.BOOKED else text
    day = days_ago(age) if status is not Status.FUTURE else TODAY + timedelta(days=age + 1)
    ids: dict[str, dict[str, str]] = {
        "own": {"transactionId": f"id-{number}"},
        "absent": {},
        "constant": {"transactionId": "BANK"},
        "reissued": {"transactionId": f"r{fetch}-{number}"},
        "half": {"entryReference": f"e-{number}"} if number % 2 else {},
        "new when booked": {"transactionId": f"{status}-{number}"},
    }
    return structs.replace(row(amount, day, text=words, status=status), bank_ids=ids[style])


def _paged(draw: st.DrawFn, told: list[Transaction], style: str) -> Pages:
    fixed = 2 if style == "constant" else 0
    order = told[:fixed] + draw(st.permutations(told[fixed:]))
    cuts = sorted(draw(st.sets(st.integers(max(1, fixed), max(1, fixed, len(order) - 1)), max_size=3)))
    pages = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    if style in {"own", "reissued", "new when booked"} and told:  # only an id tells a repetition from a twin
        for repeated in draw(st.lists(st.sampled_from(told), max_size=3)):
            pages[draw(st.integers(0, len(pages) - 1))].append(repeated)
    return pages


def clean(told: list[Transaction]) -> Counter[Any]:
    return Counter(fetched(one).movement.content for one in told)


@SETTINGS
@given(histories(), st.booleans())
def test_any_telling_ends_in_the_same_ledger(history: tuple[list[Pages], list[Transaction]], forgetful: bool) -> None:
    fetches, told = history
    paper = Paper()
    for pages in fetches:
        paper.fetch(pages, forgetful=forgetful)
    assert paper.live == clean(told)
    assert not any(row.is_missing for row in paper.rows.values())


@SETTINGS
@given(histories(), st.integers(0, 3))
def test_a_fetch_that_breaks_off_changes_nothing_in_the_end(
    history: tuple[list[Pages], list[Transaction]], after: int
) -> None:
    fetches, told = history
    paper = Paper()
    for pages in fetches:
        paper.fetch(pages[:after], finish=False)
        paper.fetch(pages)
    assert paper.live == clean(told)


@SETTINGS
@given(histories())
def test_the_same_again_means_nothing(history: tuple[list[Pages], list[Transaction]]) -> None:
    fetches, _ = history
    paper = Paper()
    for pages in (*fetches, fetches[-1]):
        taken, settled = paper.fetch(pages)
    assert [(one.insert, one.update) for one in taken] == [((), ())] * len(taken)
    assert settled == Settled()


@SETTINGS
@given(histories(), st.data())
def test_booked_rows_that_vanish_are_flagged_and_return_as_themselves(
    history: tuple[list[Pages], list[Transaction]], data: st.DataObject
) -> None:
    fetches, told = history
    paper = Paper()
    for pages in fetches:
        paper.fetch(pages)
    before = dict(paper.rows)
    booked = [one for one in told if one.status is Status.BOOKED]
    kept = data.draw(st.lists(st.sampled_from(told), unique_by=id)) if told else []
    paper.fetch([kept])
    assert Counter(row.movement.content for row in paper.rows.values() if row.movement.status == "BOOK") >= clean(
        booked
    )
    paper.fetch(fetches[-1])
    assert paper.live == clean(told)
    assert {id_ for id_, row in paper.rows.items() if row.movement.status == "BOOK"} == {
        id_ for id_, row in before.items() if row.movement.status == "BOOK"
    }
    assert not any(row.is_missing for row in paper.rows.values())
