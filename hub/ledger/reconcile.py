"""What a bank shows now against what the ledger holds: which rows are new, changed, the same, replaced, gone. Pure.

    matching = Matching(); matching.know(stored)
    matching.take(rows, name)      page by page: insert, update, revive; every read row is accounted for at once
    matching.recognise(ids, ...)   rows of a page that the bank shows as it did before: accounted for unread
    matching.forget(first, last)   the rows that were seen outside these days, so that memory stays flat
    matching.settle(...)           once everything was seen: supersede, expire, missing, found

A stored row is given to one fetched row and the other way round, so two identical coffees stay two (a multiset). The
rules that pair them are tried in the order of ``Matching._rules``.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec
from msgspec import structs

from hub.ledger.evidence import Trust
from hub.ledger.movement import FINAL, OPEN, PASSING, Fetched, Id, Movement, Stored
from hub.ledger.succession import CORRECTIONS, MATCHERS, Link, Matcher, Row, successions
from providers.model import Status

_NOW = datetime.max.replace(tzinfo=UTC)  # a row of this very fetch is younger than anything stored
STALE_PENDING_DAYS = 14  # a pending row older than the window and than this has been given up by the bank


Namer = Callable[[Sequence[Fetched]], Iterable[str]]


class Insert(msgspec.Struct, frozen=True):
    id: str
    row: Fetched
    occurrence: int


@dataclass(frozen=True, slots=True)
class Update:
    """``was`` changes to what ``row`` says, keeping its id and its place. ``is_revived``: a withdrawn row is back."""

    was: Stored
    row: Fetched
    occurrence: int
    is_revived: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What one page means. ``unchanged`` counts rows that cost no write. ``ids`` holds for each row of the page, in its
    order, the id that it has in the ledger; None for one that repeats another or goes by other ids of the bank's than
    the ledger has; empty if rows of earlier pages came into it.
    """

    insert: tuple[Insert, ...] = ()
    update: tuple[Update, ...] = ()
    unchanged: int = 0
    ids: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What the whole fetch means. ``expire``, ``missing``, ``found`` are ids: pending rows that the bank withdrew,
    booked rows that it stopped showing, and those that it shows again. ``withdrawn_before`` are replaced rows that had
    gone already: nobody needs to be told again."""

    supersede: tuple[Link, ...] = ()
    withdrawn_before: frozenset[str] = frozenset()
    expire: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The days that the bank was asked for, both included."""

    first: date
    last: date

    def holds(self, movement: Movement) -> bool:
        """Whether each day of the row lies inside: banks filter by booking or by value date, and do not say which."""
        days = [day for day in (movement.booking_date, movement.value_date) if day]
        return bool(days) and all(self.first <= day <= self.last for day in days)


@dataclass(slots=True)
class Matching:
    """The memory of one fetch of one account.

    ``_seen`` are the ids of all rows of the ledger that this fetch has shown; ``_stored`` the rows themselves, as far
    as they are remembered, each as it was last shown. ``_oldest`` is the first day that the bank showed as booked.
    """

    trust: Trust = field(default_factory=Trust)
    _stored: dict[str, Stored] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _found: list[str] = field(default_factory=list)
    _oldest: date | None = None
    _lost: frozenset[Id] = frozenset()
    _renamed: dict[str, tuple[Id, ...]] = field(default_factory=dict)
    _met: dict[tuple[object, ...], Movement | dict[Id, Movement]] = field(default_factory=dict)
    _swallowed: defaultdict[Id, list[Fetched]] = field(default_factory=lambda: defaultdict(list))
    _next: dict[str, int] = field(default_factory=dict)
    _places: defaultdict[Hashable, list[str]] = field(default_factory=lambda: defaultdict(list))

    def know(self, stored: Iterable[Stored]) -> None:
        """Rows that the ledger holds; may be called again with more of them. One that this fetch has shown already
        (recognised, or forgotten since) counts as shown."""
        fresh = [row for row in stored if row.id not in self._stored]
        for row in fresh:
            self._stored[row.id] = row
            of_kind = row.movement.fingerprint
            self._next[of_kind] = max(self._next.get(of_kind, 0), row.occurrence + 1)
            if row.id in self._seen:
                self._meet(self._as_shown(row))
                continue
            for key in _traces(row.movement):
                self._places[key].append(row.id)
        self.trust.learn_stored(row.movement for row in fresh if not row.is_removed)
        self._lost |= self.trust.learn_fetched(self._as_shown(row) for row in fresh if row.id in self._seen)

    def _as_shown(self, row: Stored) -> Movement:
        """The ledger keeps the ids that a row had first; this fetch may have shown it under others."""
        ids = self._renamed.get(row.id)
        return row.movement if ids is None else structs.replace(row.movement, ids=ids)

    def recognise(self, ids: Collection[str], oldest: date | None) -> bool:
        """All of ``ids`` are shown once more, just as they are stored. ``oldest`` is the first day among the booked
        ones. False, and nothing is done, if one of them was given to another row of this fetch."""
        if not self._seen.isdisjoint(ids):
            return False
        self._seen.update(ids)
        self._saw(oldest)
        for row in (self._stored[id_] for id_ in ids if id_ in self._stored):
            self._meet(row.movement)
        return True

    def _saw(self, day: date | None) -> None:
        if day is not None and (self._oldest is None or day < self._oldest):
            self._oldest = day

    def forget(self, first: date, last: date) -> tuple[bool, bool]:
        """Nothing is lost by it that ``know`` would not bring back; what was not seen yet is kept for ``settle``.

        Returns whether rows before ``first``, and after ``last``, were forgotten: of a history that only goes back, all
        that is older is known still. A row without a day may stand on either side."""
        kept: list[Stored] = []
        gone: list[Stored] = []
        for row in self._stored.values():
            (kept if row.id not in self._seen or first <= row.sort_date <= last else gone).append(row)
        self._stored, self._met, self._next = {}, {}, {}
        self._places.clear()
        self.trust.forget()
        self.know(kept)
        undated = any(row.movement.day is None for row in gone)
        return undated or any(row.sort_date < first for row in gone), undated or any(
            row.sort_date > last for row in gone
        )

    @property
    def size(self) -> int:
        """How many rows are remembered."""
        return len(self._stored)

    @property
    def unseen(self) -> list[Stored]:
        """The rows that the ledger holds and this fetch has not shown, as far as they are known."""
        return [row for row in self._stored.values() if row.id not in self._seen]

    def unknown(self, ids: Iterable[str]) -> list[str]:
        """Those that were neither shown nor are remembered."""
        return [id_ for id_ in ids if id_ not in self._seen and id_ not in self._stored]

    def take(self, page: Sequence[Fetched], name: Namer) -> Taken:
        """``name`` gives an id to each new row."""
        lost = self.trust.learn_fetched(row.movement for row in page) | self._lost
        self._lost = frozenset()
        # Rows taken for repetitions because of an id that turns out to mean nothing were twins after all.
        again = [row for one in sorted(lost) for row in self._swallowed.pop(one, ())]
        rows = [row for row in (*again, *page) if not self._repeats(row)]
        given: dict[int, str] = {}  # by the row's own identity: equal rows are not the same row
        update, unchanged, rest = self._pair(rows, given)
        insert = []
        for id_, row in zip(name(rest), rest, strict=True):
            movement = row.movement
            one = Insert(id_, row, self._occurrence(movement))
            self._stored[id_] = Stored(id_, movement, one.occurrence, movement.day or date.max, _NOW)
            self._show(id_, movement)
            insert.append(one)
            given[id(row)] = id_
        ids = () if again else tuple(given.get(id(row)) for row in page)
        return Taken(tuple(insert), tuple(update), unchanged, ids)

    def _show(self, id_: str, movement: Movement) -> None:
        self._seen.add(id_)
        if movement.status == Status.BOOKED:
            self._saw(movement.day)

    def _repeats(self, row: Fetched) -> bool:
        """Whether overlapping pages gave this row before: equal content under a believed id."""
        movement = row.movement
        if not movement.ids or (met := self._met_like(movement)) is None:
            return False
        for one in self.trust.believed(movement):
            before = met.get(one)
            if before is not None and (same := self.trust.shared(movement, before)):
                self._swallowed[same].append(row)
                return True
        for one in movement.ids:
            met.setdefault(one, movement)
        return False

    def _meet(self, movement: Movement) -> None:
        if movement.ids and (met := self._met_like(movement)) is not None:
            for one in movement.ids:
                met.setdefault(one, movement)

    def _met_like(self, movement: Movement) -> dict[Id, Movement] | None:
        """What was met with this content, by id. None if it is the first: most content is met once, and the movement
        then stands for itself."""
        met = self._met.get(movement.content)
        if met is None:
            self._met[movement.content] = movement
        elif isinstance(met, Movement):
            met = self._met[movement.content] = dict.fromkeys(met.ids, met)
        return met

    def _occurrence(self, movement: Movement) -> int:
        number = self._next.get(movement.fingerprint, 0)
        self._next[movement.fingerprint] = number + 1
        return number

    def _rules(self) -> Iterable[tuple[Callable[[Movement], Iterable[Hashable]], bool]]:
        """(what two rows must share, whether withdrawn rows count), the surest first."""
        believed = self.trust.believed
        yield lambda row: [(row.content, one) for one in believed(row)], False
        yield lambda row: [row.content], False
        yield lambda row: [(row.fingerprint, one) for one in believed(row)], False
        yield lambda row: [row.fingerprint], False
        yield lambda row: [row.fingerprint], True
        # The bank corrected a text. The day stays: a row never moves in the history, so that pages never shift.
        yield lambda row: [(row.status, row.money, row.day, one) for one in believed(row)], False
        # Until it is booked, a row may change its amount and its day.
        yield lambda row: [one for one in believed(row) if row.status in OPEN], False
        yield lambda row: [row.wording] if row.status in OPEN else [], False

    def _pair(self, rows: list[Fetched], given: dict[int, str]) -> tuple[list[Update], int, list[Fetched]]:
        """Give each row a stored one, by the first rule that finds a free one."""
        updates: list[Update] = []
        unchanged = 0
        free = self._candidates(rows) if self._places else []
        for keys, withdrawn in self._rules():
            if not rows or not free:
                break
            index: defaultdict[Hashable, deque[Stored]] = defaultdict(deque)
            wanted = {key for row in rows for key in keys(row.movement)}
            for stored in free:
                if stored.is_removed is withdrawn:
                    for key in keys(stored.movement):
                        if key in wanted:
                            index[key].append(stored)
            rest = []
            for row in rows:
                found = self._first_free(index, keys(row.movement)) if index else None
                if found is None or row.movement.status != found.movement.status:
                    rest.append(row)
                    continue
                if row.movement.ids == found.movement.ids:
                    given[id(row)] = found.id
                else:
                    self._renamed[found.id] = row.movement.ids
                self._show(found.id, row.movement)
                if found.is_missing:
                    self._found.append(found.id)
                if withdrawn or not _says_the_same(found.movement, row.movement):
                    same_kind = found.movement.fingerprint == row.movement.fingerprint
                    occurrence = found.occurrence if same_kind else self._occurrence(row.movement)
                    updates.append(Update(found, row, occurrence, is_revived=withdrawn))
                    self._stored[found.id] = structs.replace(
                        found, movement=row.movement, occurrence=occurrence, is_removed=False
                    )
                else:
                    unchanged += 1
            rows = rest
            free = [stored for stored in free if stored.id not in self._seen]
        return updates, unchanged, rows

    def _candidates(self, rows: Iterable[Fetched]) -> list[Stored]:
        """The free stored rows that any rule could give to one of ``rows``."""
        keys = {key for row in rows for key in _traces(row.movement)} - self.trust.untrusted
        found = {id_ for key in keys for id_ in self._places.get(key, ()) if id_ not in self._seen}
        return sorted((self._stored[id_] for id_ in found), key=_order)

    def _first_free(self, index: dict[Hashable, deque[Stored]], keys: Iterable[Hashable]) -> Stored | None:
        for key in keys:
            waiting = index.get(key)
            while waiting:
                found = waiting.popleft()
                if found.id not in self._seen:
                    return found
        return None

    def settle(self, window: Window | None, *, today: date, settled_at: datetime | None) -> Settled:
        """``settled_at`` is when the account was last settled: what was booked by then replaces nothing now.

        ``window`` None: what was not seen may be there all the same; only pending rows that are stale expire.
        """
        if self._seen.issuperset(self._stored):
            return Settled(found=tuple(sorted(self._found)))
        young = [
            Row(row.id, row.movement.day or today, row.movement)
            for row in self._stored.values()
            if row.id in self._seen
            and row.supersedes is None
            and (settled_at is None or row.first_seen_at > settled_at)
        ]
        fresh = [row for row in young if row.movement.status in FINAL]
        unseen = self.unseen
        passing = [row for row in unseen if row.movement.status in PASSING]
        replaceable = [row for row in passing if row.movement.status in OPEN]
        links = self._successions(replaceable, fresh)
        # What was announced may be pending now, before it is booked.
        announced = [row for row in replaceable if row.movement.status == Status.FUTURE]
        announced = [row for row in announced if row.id not in {link.old for link in links}]
        links += self._successions(announced, [row for row in young if row.movement.status == Status.PENDING])
        taken = {link.new for link in links}
        # A bank may cut its history short without a word: what is older than all it showed is not missing.
        oldest = self._oldest
        vanished = [
            row
            for row in unseen
            if row.movement.status == Status.BOOKED
            and not row.is_removed
            and window is not None
            and oldest is not None
            and row.sort_date > oldest
            and window.holds(row.movement)
        ]
        left = [row for row in fresh if row.id not in taken and row.movement.status == Status.BOOKED]
        links += self._successions(vanished, left, CORRECTIONS)
        replaced = {link.old for link in links}
        stale = today - timedelta(days=STALE_PENDING_DAYS)
        return Settled(
            supersede=links,
            withdrawn_before=frozenset(row.id for row in replaceable if row.is_removed) & replaced,
            expire=tuple(
                row.id
                for row in sorted(passing, key=_order)
                if row.id not in replaced
                and not row.is_removed
                and ((window is not None and row.sort_date >= window.first) or row.sort_date < stale)
            ),
            missing=tuple(
                row.id for row in sorted(vanished, key=_order) if row.id not in replaced and not row.is_missing
            ),
            found=tuple(sorted(self._found)),
        )

    def _successions(
        self, old: Iterable[Stored], new: Iterable[Row], matchers: Iterable[Matcher] = MATCHERS
    ) -> tuple[Link, ...]:
        return successions(map(_row, old), new, trust=self.trust, matchers=matchers)


def _traces(movement: Movement) -> Iterator[Hashable]:
    """What any rule looks for: the kind of row, its ids, and for a pending row its words."""
    yield movement.fingerprint
    yield from movement.ids
    if movement.status in OPEN:
        yield movement.wording


def _says_the_same(stored: Movement, now: Movement) -> bool:
    """Ids that merely differ are no change: some banks give new ones every time. An id gained is worth keeping."""
    if stored.content != now.content:
        return False
    return {name for name, _ in now.ids} <= {name for name, _ in stored.ids}


def _order(row: Stored) -> tuple[date, int, str]:
    return row.sort_date, row.occurrence, row.id


def _row(stored: Stored) -> Row:
    return Row(stored.id, stored.sort_date, stored.movement)
