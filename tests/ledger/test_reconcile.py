"""What a bank shows now against what the ledger holds: the rules, as tables."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from msgspec import structs

from hub.ledger.evidence import LEARNING, IdTrust, Trust
from hub.ledger.movement import Fetched, Stored, fetched
from hub.ledger.reconcile import Matching, Settled, Taken, Window
from providers.model import Status, Transaction
from tests.ledger.bank import FIRST, NOW, TODAY, days_ago, pending, row

WINDOW = Window(FIRST, TODAY)
YESTERDAY = NOW - timedelta(days=1)


def stored(*transactions: Transaction, **more: object) -> list[Stored]:
    """Rows of the ledger, named s0, s1 ..."""
    seen: dict[str, int] = {}
    result = []
    for number, one in enumerate(transactions):
        movement = fetched(one).movement
        occurrence = seen.get(movement.fingerprint, 0)
        seen[movement.fingerprint] = occurrence + 1
        made = Stored(f"s{number}", movement, occurrence, movement.day or TODAY, YESTERDAY)
        result.append(structs.replace(made, **more))
    return result


@dataclass(frozen=True, slots=True)
class Plan:
    taken: Taken
    settled: Settled


def plan(
    shown: Sequence[Transaction],
    known: Sequence[Stored] = (),
    *,
    window: Window = WINDOW,
    trust: IdTrust = LEARNING,
) -> Plan:
    """One whole fetch against the ledger."""
    matching = Matching(Trust(trust))
    matching.know(known)
    taken = matching.take([fetched(one) for one in shown], named)
    return Plan(taken, matching.settle(window, today=TODAY, settled_at=YESTERDAY))


def named(rows: Sequence[Fetched]) -> list[str]:
    return [f"n{number}" for number, _ in enumerate(rows)]


def inserted(one: Plan) -> int:
    return len(one.taken.insert)


# --- twins, overlaps and the ids of banks ---------------------------------------------------------------

COFFEE = row()
TWINS = [
    ("two identical coffees without ids stay two", [COFFEE, COFFEE], 2),
    ("two identical coffees with ids of their own stay two", [row(transactionId="a"), row(transactionId="b")], 2),
    ("one row repeated by an overlapping page is one", [row(transactionId="a"), row(transactionId="a")], 1),
    ("a constant id says nothing", [row(transactionId="X"), row(transactionId="X"), row("-9", transactionId="X")], 3),
    ("NOTPROVIDED says nothing", [row(transactionId="NOTPROVIDED"), row(transactionId="NOTPROVIDED")], 2),
    ("a row of zeros says nothing", [row(transactionId="0000"), row(transactionId="0000")], 2),
    (
        "an id on two different rows makes neither of them vanish",
        [row(transactionId="a", after="10"), row(transactionId="a", after="6.50")],
        2,
    ),
    ("a shared mandate is no row id", [row(mandateId="m"), row(mandateId="m")], 2),
    (
        "an entry reference that changes within one answer does not split a row",
        [row(transactionId="a", entryReference="1"), row(transactionId="a", entryReference="2")],
        1,
    ),
    (
        "a batch's common entry reference does not merge its rows",
        [row(transactionId="a", entryReference="1"), row(transactionId="b", entryReference="1")],
        2,
    ),
]


@pytest.mark.parametrize(("shown", "count"), [one[1:] for one in TWINS], ids=[one[0] for one in TWINS])
def test_rows_are_counted_as_the_bank_means_them(shown: list[Transaction], count: int) -> None:
    assert inserted(plan(shown)) == count


@pytest.mark.parametrize("shown", [one[1] for one in TWINS], ids=[one[0] for one in TWINS])
def test_reading_the_same_again_changes_nothing(shown: list[Transaction]) -> None:
    first = plan(shown)
    known = [
        Stored(one.id, one.row.movement, one.occurrence, one.row.movement.day or TODAY, NOW)
        for one in first.taken.insert
    ]
    again = plan(list(reversed(shown)), known)
    assert (again.taken.insert, again.taken.update) == ((), ())
    assert again.settled == plan([], []).settled


UNCHANGED = [
    ("the same row", row(), row(), 0),
    ("the same amount in another notation", row("-3.5"), row("-3.50"), 0),
    ("an id that the bank renamed", row(transactionId="a"), row(transactionId="b"), 0),
    ("an id gained", row(), row(transactionId="b"), 1),
    ("a text corrected under the same id", row(text="card", transactionId="a"), row(text="shop", transactionId="a"), 1),
    ("a balance after, added later", row(), row(after="100"), 1),
    ("a hold that grew under the same id", pending("-1", transactionId="a"), pending("-60", transactionId="a"), 1),
    ("a pending row that moves to today without any id", pending(day=days_ago(1)), pending(), 1),
]


@pytest.mark.parametrize(("was", "now", "updates"), [one[1:] for one in UNCHANGED], ids=[one[0] for one in UNCHANGED])
def test_a_known_row_keeps_its_id(was: Transaction, now: Transaction, updates: int) -> None:
    result = plan([now], stored(was))
    assert result.taken.insert == ()
    assert [one.was.id for one in result.taken.update] == ["s0"] * updates
    assert result.settled == plan([], []).settled


def test_a_known_row_is_never_given_to_two() -> None:
    result = plan([row(), row()], stored(row()))
    assert (inserted(result), result.taken.unchanged) == (1, 1)
    assert result.taken.insert[0].occurrence == 1


def test_a_fetched_page_may_hold_anything_in_any_order() -> None:
    shown = [row(), row("-9"), pending("-4"), row("-9", day=None), pending("-4", None)]
    expected = {one.row.movement.content for one in plan(shown).taken.insert}
    for order in itertools.permutations(shown):
        assert {one.row.movement.content for one in plan(order).taken.insert} == expected


def test_twins_swallowed_as_an_overlap_come_back_when_their_id_is_found_to_mean_nothing() -> None:
    matching = Matching()
    one, other = fetched(row(transactionId="X")), fetched(row("-9", transactionId="X"))
    assert len(matching.take([one, one, one], named).insert) == 1
    assert len(matching.take([other], lambda rows: [f"m{number}" for number, _ in enumerate(rows)]).insert) == 3


# --- pending becomes booked -----------------------------------------------------------------------------

BOOKED = [
    ("same id", pending(transactionId="a"), row(text="other", name=None, transactionId="a"), "same_id_and_amount", 99),
    (
        "same end-to-end id",
        pending(endToEndId="e", text="x"),
        row(endToEndId="e", text="y", name="Z"),
        "same_reference_and_amount",
        97,
    ),
    (
        "another id, the same day and text",
        pending(transactionId="p"),
        row(transactionId="b"),
        "same_amount_day_and_text",
        95,
    ),
    (
        "a masked card number in another notation (ING Romania)",
        pending(name=None, text="xxxxxxxxxxxx1111"),
        row(name=None, text="Xxxx Xxxx Xxxx 1111"),
        "same_amount_day_and_text",
        95,
    ),
    (
        "a prefix on the booked text (NBG)",
        pending(text="ΑΓΟΡΑ shop 12"),
        row(text="E-COMMERCE ΑΓΟΡΑ shop 12"),
        "same_amount_day_and_text",
        95,
    ),
    ("days later with the same text", pending(day=days_ago(5)), row(), "same_amount_and_text", 90),
    (
        "a tip under the same id",
        pending("-40", day=days_ago(1), transactionId="a"),
        row("-44", transactionId="a"),
        "same_id_other_amount",
        80,
    ),
    (
        "a text that says nothing, the next day",
        pending(day=days_ago(1), name=None, text="reserved"),
        row(name="Bakery", text="thank you"),
        "same_amount_and_near_day",
        60,
    ),
    ("a tip without any id", pending("-40", day=days_ago(1)), row("-44"), "same_text_near_amount", 55),
]


@pytest.mark.parametrize(
    ("was", "now", "reason", "confidence"), [one[1:] for one in BOOKED], ids=[one[0] for one in BOOKED]
)
def test_a_pending_row_is_replaced_by_its_booked_one(
    was: Transaction, now: Transaction, reason: str, confidence: int
) -> None:
    result = plan([now], stored(was))
    (link,) = result.settled.supersede
    assert (link.old, link.new, link.reason, link.confidence) == ("s0", "n0", reason, confidence)
    assert result.settled.expire == ()


NOT_BOOKED = [
    ("another amount and another text", pending("-3.50"), row("-9.99", text="rent", name="Landlord")),
    ("money that goes the other way", pending("-3.50"), row("3.50")),
    ("another currency", pending("-3.50"), row("-3.50", currency="USD")),
    ("the same amount long after, with another text", pending(day=days_ago(20)), row(text="rent", name="Landlord")),
    ("a declined payment of the same amount", pending(), row(status=Status.REJECTED, text="declined")),
]


@pytest.mark.parametrize(("was", "now"), [one[1:] for one in NOT_BOOKED], ids=[one[0] for one in NOT_BOOKED])
def test_a_pending_row_that_no_booked_one_fits_is_withdrawn(was: Transaction, now: Transaction) -> None:
    result = plan([now], stored(was))
    assert result.settled.supersede == ()
    assert result.settled.expire == ("s0",)


def test_a_pending_row_that_the_bank_still_shows_is_not_replaced() -> None:
    result = plan([pending(), row()], stored(pending()))
    assert (result.settled.supersede, result.settled.expire) == ((), ())


def test_what_was_booked_before_replaces_nothing_now() -> None:
    """Two coffees: one was booked while the other was pending. The second vanishes; the first did not become it."""
    known = stored(pending(text="first"), row(text="second"))
    known = [known[0], structs.replace(known[1], first_seen_at=YESTERDAY - timedelta(days=1))]
    result = plan([row(text="second")], known)
    assert (result.settled.supersede, result.settled.expire) == ((), ("s0",))


@pytest.mark.parametrize("reverse", [False, True])
def test_equal_twins_are_paired_by_their_number(reverse: bool) -> None:
    shown = [row(transactionId="x"), row(transactionId="y")]
    result = plan(shown[::-1] if reverse else shown, stored(pending(), pending(), pending()))
    assert [(link.old, link.new) for link in result.settled.supersede] == [("s0", "n0"), ("s1", "n1")]
    assert result.settled.expire == ("s2",)


def test_each_booked_row_takes_the_pending_one_that_fits_it_best() -> None:
    known = stored(pending(text="bakery berlin"), pending(text="cinema paris"))
    result = plan([row(text="cinema paris 7"), row(text="bakery berlin 9")], known)
    assert {(link.old, link.new) for link in result.settled.supersede} == {("s0", "n1"), ("s1", "n0")}


def test_a_withdrawn_pending_row_is_still_found_by_its_booked_one() -> None:
    result = plan([row()], stored(pending(day=days_ago(3)), is_removed=True))
    assert [(link.old, link.new) for link in result.settled.supersede] == [("s0", "n0")]
    assert result.settled.expire == ()


def test_a_withdrawn_pending_row_that_comes_back_is_the_same_row() -> None:
    (update,) = plan([pending()], stored(pending(), is_removed=True)).taken.update
    assert (update.was.id, update.is_revived) == ("s0", True)


def test_a_constant_id_links_nothing() -> None:
    known = stored(pending("-1", transactionId="X", text="a", name="A"))
    shown = [row("-7", transactionId="X", text="b"), row("-9", transactionId="X", text="c")]
    assert plan(shown, known).settled.supersede == ()


# --- booked rows that vanish ----------------------------------------------------------------------------


def test_a_vanished_booked_row_is_flagged_and_stays() -> None:
    known = stored(row("-1", days_ago(5)), row("-2", days_ago(9)), row("-3", days_ago(1)))
    result = plan([row("-2", days_ago(9))], known)
    assert result.settled.missing == ("s0", "s2")
    assert result.settled.expire == ()


def test_a_row_that_is_shown_again_is_no_longer_missing() -> None:
    assert plan([row()], stored(row(), is_missing=True)).settled.found == ("s0",)


NOT_MISSING = [
    ("outside the window", row("-1", FIRST - timedelta(days=1))),
    ("booked inside, valued outside", structs.replace(row("-1", FIRST), value_date=FIRST - timedelta(days=1))),
    ("older than all the bank shows: it may have cut its history", row("-1", days_ago(50))),
    ("rejected", row("-1", days_ago(5), status=Status.REJECTED)),
]


@pytest.mark.parametrize("was", [one[1] for one in NOT_MISSING], ids=[one[0] for one in NOT_MISSING])
def test_a_row_that_the_bank_need_not_show_is_not_missing(was: Transaction) -> None:
    assert plan([row("-2", days_ago(30))], stored(was)).settled.missing == ()


def test_a_booked_row_that_comes_again_on_another_day_is_a_correction() -> None:
    known = stored(row("-1", days_ago(5), transactionId="a"), row("-2", days_ago(30)))
    result = plan([row("-1", days_ago(4), transactionId="a"), row("-2", days_ago(30))], known)
    (link,) = result.settled.supersede
    assert (link.old, link.new, link.reason) == ("s0", "n0", "corrected_by_bank")
    assert result.settled.missing == ()


def test_a_pending_row_before_the_window_lives_until_it_is_stale() -> None:
    narrow = Window(days_ago(2), TODAY)
    assert plan([], stored(pending(day=days_ago(10))), window=narrow).settled.expire == ()
    assert plan([], stored(pending(day=days_ago(15))), window=narrow).settled.expire == ("s0",)


def test_texts_that_no_database_holds_are_made_storable() -> None:
    one: Fetched = fetched(row(text="a\x00b\ud800", name="N\x00"))
    assert (one.movement.remittance, one.movement.counterparty) == ('["ab?"]', "N")


# --- what is known of a bank's ids beforehand ---------------------------------------------------------------


def test_an_id_that_the_bank_s_rules_distrust_makes_no_two_rows_one() -> None:
    shown = [row(transactionId="a"), row(transactionId="a")]
    assert inserted(plan(shown, [], trust=IdTrust())) == 1
    assert inserted(plan(shown, [], trust=IdTrust(distrusted=["transactionId"]))) == 2


SURVIVING: list[tuple[Sequence[str] | None, str]] = [
    (None, "same_id_and_amount"),
    (["transactionId"], "same_id_and_amount"),
    (["entryReference"], "same_amount_and_near_day"),
]


@pytest.mark.parametrize(("surviving", "reason"), SURVIVING)
def test_only_an_id_that_survives_booking_says_what_became_of_a_pending_row(
    surviving: Sequence[str] | None, reason: str
) -> None:
    known = stored(pending("-3.50", days_ago(1), text="hold", name="A", transactionId="7"))
    shown = [row("-3.50", text="bought", name="B", transactionId="7")]
    (link,) = plan(shown, known, trust=IdTrust(surviving=surviving)).settled.supersede
    assert link.reason == reason


def test_a_booked_row_keeps_its_id_whether_ids_survive_booking_or_not() -> None:
    known = stored(row("-1", days_ago(5), transactionId="a"), row("-2", days_ago(30)))
    shown = [row("-1", days_ago(4), transactionId="a"), row("-2", days_ago(30))]
    (link,) = plan(shown, known, trust=IdTrust(surviving=["entryReference"])).settled.supersede
    assert link.reason == "corrected_by_bank"


# --- what is announced ----------------------------------------------------------------------------------------


def announced(amount: str = "-9", day: date = TODAY + timedelta(days=3), id_: str = "") -> Transaction:
    made = row(amount, day, status=Status.FUTURE, text="rent", name="Landlord")
    return structs.replace(made, bank_ids={"transactionId": id_})


BECOMES = [
    ("pending", pending("-9", text="rent", name="Landlord"), True),
    ("booked", row("-9", text="rent", name="Landlord"), True),
    ("declined, by the id it had", row("-9", status=Status.REJECTED, transactionId="f"), True),
    ("something else", row("-700", text="groceries", name="Market"), False),
]


@pytest.mark.parametrize(("now", "is_linked"), [one[1:] for one in BECOMES], ids=[one[0] for one in BECOMES])
def test_an_announced_row_becomes_what_is_pending_or_booked(now: Transaction, is_linked: bool) -> None:
    known = stored(announced(day=TODAY + timedelta(days=1), id_="f"))
    settled = plan([now], known).settled
    assert [(one.old, one.new) for one in settled.supersede] == ([("s0", "n0")] if is_linked else [])
    assert settled.expire == (() if is_linked else ("s0",))


def test_an_announced_row_may_change_its_day_and_amount_before_anything_happens() -> None:
    known = stored(announced(id_="f"))
    taken = plan([announced("-9.50", TODAY + timedelta(days=5), id_="f")], known).taken
    assert [one.was.id for one in taken.update] == ["s0"]


def test_a_booked_row_is_preferred_to_a_pending_one_as_what_was_announced() -> None:
    known = stored(announced(day=TODAY + timedelta(days=1)))
    shown = [pending("-9", text="rent", name="Landlord"), row("-9", text="rent", name="Landlord")]
    (link,) = plan(shown, known).settled.supersede
    assert link.new == "n1"
