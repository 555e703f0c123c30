"""Payments that come again: salary, rent, subscriptions. Found in a history, explained by its own transactions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from statistics import median

from hub.insights.movement import Movement
from hub.insights.rhythm import Beat, Rhythm, beat

ESTABLISHED = 4  # payments after which a series is no longer only suspected; yearly ones after three
_FAR = timedelta(days=20 * 366)
_WEEKS = frozenset({Rhythm.WEEKLY, Rhythm.FORTNIGHTLY})
_RARE = frozenset({Rhythm.HALF_YEARLY, Rhythm.YEARLY})
# How far amounts may lie apart, largest to smallest. A weekly rhythm is soon kept by chance, an energy bill varies.
_APART_WEEKS, _APART_RARE, _APART = Decimal("1.1"), Decimal("1.5"), Decimal(4)


class State(StrEnum):
    """EARLY: few payments yet. ENDED: the last one is overdue by more than half a turn."""

    EARLY = "early"
    ESTABLISHED = "established"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PriceChange:
    """The first payment of another amount, both signed from the holder's side."""

    day: date
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class Series:
    """``id`` stays the same while payee, account, direction and currency do (and the amount, where one payee has
    several series). Amounts are signed from the holder's side. ``is_fixed``: the amount is the same from one payment
    to the next, but for ``price_changes``. ``next_date`` is None of an ended series. ``transactions`` are the ids, the
    oldest first: the explanation.
    """

    id: str
    account_id: str
    payee: str
    currency: str
    rhythm: Rhythm
    state: State
    last_amount: Decimal
    usual_amount: Decimal
    is_fixed: bool
    first_date: date
    last_date: date
    next_date: date | None
    slack_days: int
    price_changes: tuple[PriceChange, ...]
    transactions: tuple[str, ...]


def recurring(movements: Iterable[Movement], *, today: date) -> tuple[Series, ...]:
    """The series among booked ``movements``, in any order; the largest first. Deterministic. Days that lie decades
    away are a bank's mistake and left out."""
    groups: defaultdict[tuple[str, str, bool, str], list[Movement]] = defaultdict(list)
    for one in movements:
        if one.amount and one.key and not one.is_between_own and abs(today - one.day) < _FAR:
            groups[one.account_id, one.key, one.is_in, one.currency].append(one)
    found = [series for group in groups.values() for series in _series(sorted(group, key=_when), today)]
    return tuple(sorted(found, key=lambda one: (one.state == State.ENDED, -abs(one.usual_amount), one.id)))


def _series(group: Sequence[Movement], today: date) -> Iterable[Series]:
    """The whole group if it keeps a rhythm, else those of one amount that do: two subscriptions at one shop."""
    whole = _beat(group)
    if whole is not None:
        yield _made(group, whole, today, "")
        return
    by_amount: defaultdict[Decimal, list[Movement]] = defaultdict(list)
    for one in group:
        by_amount[one.amount].append(one)
    for amount, same in sorted(by_amount.items()):
        if len(same) < len(group) and (kept := _beat(same)) is not None:
            yield _made(same, kept, today, str(amount))


def _beat(group: Sequence[Movement]) -> Beat | None:
    kept = beat([one.day for one in group])
    if kept is None:
        return None
    amounts = [abs(one.amount) for one in group]
    apart = _APART_WEEKS if kept.rhythm in _WEEKS else _APART_RARE if kept.rhythm in _RARE else _APART
    return kept if max(amounts) <= min(amounts) * apart or _fixed(group) else None


def _fixed(group: Sequence[Movement]) -> bool:
    same = sum(a.amount == b.amount for a, b in pairwise(group))
    return same * 3 >= (len(group) - 1) * 2


def _made(group: Sequence[Movement], kept: Beat, today: date, which: str) -> Series:
    last = group[-1]
    due = kept.due_after(last.day)
    fixed = _fixed(group) or (len(group) < ESTABLISHED and group[-1].amount == group[-2].amount)
    half_a_turn = timedelta(days=max(kept.slack_days, (due - last.day).days // 2))
    enough = 3 if kept.rhythm in _RARE else ESTABLISHED
    ended = today > due + half_a_turn
    told = "\n".join((last.account_id, last.key, str(last.is_in), last.currency, which))
    return Series(
        id=sha256(told.encode()).hexdigest()[:32],
        account_id=last.account_id,
        payee=last.payee or last.text,
        currency=last.currency,
        rhythm=kept.rhythm,
        state=State.ENDED if ended else State.ESTABLISHED if len(group) >= enough else State.EARLY,
        last_amount=last.amount,
        usual_amount=last.amount if fixed else median(sorted(one.amount for one in group)),
        is_fixed=fixed,
        first_date=group[0].day,
        last_date=last.day,
        next_date=None if ended else due,
        slack_days=kept.slack_days,
        price_changes=_changes(group) if fixed else (),
        transactions=tuple(one.id for one in group),
    )


def _changes(group: Sequence[Movement]) -> tuple[PriceChange, ...]:
    return tuple(PriceChange(b.day, a.amount, b.amount) for a, b in pairwise(group) if a.amount != b.amount)


def _when(movement: Movement) -> tuple[date, str]:
    return movement.day, movement.id
