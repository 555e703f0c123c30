"""Which row took the place of which one that was pending or announced. Pure; the rules are one ordered table.

A bank gives the booked row another id, another text, sometimes another amount (tips, fuel holds). Each rule proposes
pairs, the best evidence first; a row is given away once. Equal twins are paired by their number, in the order of
(day, id), so the outcome never depends on the order in which a bank lists them.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from hub.ledger.evidence import Trust
from hub.ledger.movement import Movement
from providers.model import Status

DAYS_BEFORE = 2  # a booking day a little before the day we first saw the pending row: time zones, value dates
DAYS_AFTER = 14
_NEAR_DAYS = 3
_SIMILAR = 0.75
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Row:
    """``day`` is never None: the day first seen stands in."""

    id: str
    day: date
    movement: Movement


@dataclass(frozen=True, slots=True)
class Link:
    """``old`` was replaced by ``new``. ``confidence`` is per cent."""

    old: str
    new: str
    reason: str
    confidence: int


Keys = Callable[[Row, Trust], Iterable[Hashable]]
Likeness = Callable[[Row, Row], float]


@dataclass(frozen=True, slots=True)
class Matcher:
    """``keys``: two rows meet where they share one. ``likeness``: 0 = no match, else the higher the better."""

    reason: str
    confidence: int
    keys: Keys
    likeness: Likeness
    rejected_too: bool = False  # whether it may also say that a pending row became a rejected one


def _in_time(old: Row, new: Row) -> bool:
    return -DAYS_BEFORE <= (new.day - old.day).days <= DAYS_AFTER


def similarity(one: Movement, other: Movement) -> float:
    """0..1 over counterparty and remittance, blind to case, spacing, masks and punctuation."""
    a, b = _words(one), _words(other)
    if not a or not b:
        return 0.0
    shared = len(set(a) & set(b)) / min(len(set(a)), len(set(b)))
    return max(shared, SequenceMatcher(None, "".join(a), "".join(b), autojunk=False).ratio())


def _words(movement: Movement) -> list[str]:
    # Cut, so that a bank that sends essays cannot make us compare them.
    return _WORD.findall(f"{movement.counterparty or ''} {movement.remittance}"[:300].casefold())


def _same_money_and_id(row: Row, trust: Trust) -> Iterable[Hashable]:
    return [(row.movement.money, one) for one in trust.surviving(row.movement)]


def _same_money_and_own_id(row: Row, trust: Trust) -> Iterable[Hashable]:
    return [(row.movement.money, one) for one in trust.believed(row.movement)]


def _same_id(row: Row, trust: Trust) -> Iterable[Hashable]:
    return [(_way(row), one) for one in trust.surviving(row.movement)]


def _same_money_and_reference(row: Row, _trust: Trust) -> Iterable[Hashable]:
    return [(row.movement.money, row.movement.reference)] if row.movement.reference else []


def _same_money(row: Row, _trust: Trust) -> Iterable[Hashable]:
    return [row.movement.money]


def _same_way(row: Row, _trust: Trust) -> Iterable[Hashable]:
    return [_way(row)]


def _way(row: Row) -> tuple[bool, str]:
    return row.movement.amount >= 0, row.movement.currency


def _any_time(_old: Row, _new: Row) -> float:
    return 1.0


def _timely(old: Row, new: Row) -> float:
    return 1.0 if _in_time(old, new) else 0.0


def _same_day_and_text(old: Row, new: Row) -> float:
    alike = similarity(old.movement, new.movement)
    same_day = old.day in {new.day, new.movement.value_date}
    return alike if same_day and alike >= _SIMILAR else 0.0


def _same_text(old: Row, new: Row) -> float:
    alike = similarity(old.movement, new.movement)
    return alike if _in_time(old, new) and alike >= _SIMILAR else 0.0


def _same_text_near_amount(old: Row, new: Row) -> float:
    """A tip or a hold: the same words within days, the amount within a third."""
    before, after = abs(old.movement.money[0]), abs(new.movement.money[0])
    close = bool(before) and abs(after - before) * 3 <= before
    near = -DAYS_BEFORE <= (new.day - old.day).days <= _NEAR_DAYS
    alike = similarity(old.movement, new.movement) if close and near else 0.0
    return alike if alike >= 0.9 else 0.0


def _near(old: Row, new: Row) -> float:
    days = (new.day - old.day).days
    return 1.0 / (1 + abs(days)) if -DAYS_BEFORE <= days <= _NEAR_DAYS else 0.0


MATCHERS = (
    Matcher("same_id_and_amount", 99, _same_money_and_id, _any_time, rejected_too=True),
    Matcher("same_reference_and_amount", 97, _same_money_and_reference, _timely, rejected_too=True),
    Matcher("same_amount_day_and_text", 95, _same_money, _same_day_and_text),
    Matcher("same_amount_and_text", 90, _same_money, _same_text),
    Matcher("same_id_other_amount", 80, _same_id, _timely, rejected_too=True),
    Matcher("same_amount_and_near_day", 60, _same_money, _near),
    Matcher("same_text_near_amount", 55, _same_way, _same_text_near_amount),
)

CORRECTIONS = (Matcher("corrected_by_bank", 95, _same_money_and_own_id, _any_time),)
"""For a booked row that the bank shows again under the same trusted id with another date."""


def successions(
    old: Iterable[Row], new: Iterable[Row], *, trust: Trust, matchers: Iterable[Matcher] = MATCHERS
) -> tuple[Link, ...]:
    """One link at most for each row on either side."""
    free_old = sorted(old, key=lambda row: (row.day, row.id))
    free_new = sorted(new, key=lambda row: (row.day, row.id))
    links: list[Link] = []
    for matcher in matchers:
        if not free_old or not free_new:
            break
        pairs = _pairs(matcher, free_old, free_new, trust)
        given: set[str] = set()
        for _, _, old_at, new_at in sorted(pairs):
            a, b = free_old[old_at], free_new[new_at]
            if a.id in given or b.id in given:
                continue
            given |= {a.id, b.id}
            links.append(Link(a.id, b.id, matcher.reason, matcher.confidence))
        free_old = [row for row in free_old if row.id not in given]
        free_new = [row for row in free_new if row.id not in given]
    return tuple(links)


def _pairs(matcher: Matcher, old: list[Row], new: list[Row], trust: Trust) -> set[tuple[float, int, int, int]]:
    """(−likeness, days apart, place of old, place of new) of every pair the matcher allows."""
    meeting: defaultdict[Hashable, list[int]] = defaultdict(list)
    for place, row in enumerate(new):
        if row.movement.status != Status.REJECTED or matcher.rejected_too:
            for key in matcher.keys(row, trust):
                meeting[key].append(place)
    found: set[tuple[float, int, int, int]] = set()
    for old_at, row in enumerate(old):
        for key in matcher.keys(row, trust):
            for new_at in meeting.get(key, ()):
                likeness = matcher.likeness(row, new[new_at])
                if likeness > 0:
                    found.add((-likeness, abs((new[new_at].day - row.day).days), old_at, new_at))
    return found
