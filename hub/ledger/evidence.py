"""Which of a bank's ids may be believed. Ids are evidence, never keys.

Banks repeat ids (Belfius), send one constant for all rows (ING Romania), or new ones at every fetch (SpareBank 1). An
id is not believed any more once it was seen on two different rows of one fetch, or stands on two stored rows. What is
known of a bank beforehand (its rules, providers.rules) takes trust away at once, but never gives any: an id that is
said to be unique and is not would merge two rows.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from hub.ledger.movement import Id, Movement


@dataclass(frozen=True, slots=True)
class IdTrust:
    """What a bank's rules say of its ids, by name. ``distrusted``: repeated, or new at every fetch; no evidence at all.

    ``surviving``: those that a booked row shares with the pending row before it; None where nobody knows, and then any
    may.
    """

    distrusted: Collection[str] = ()
    surviving: Collection[str] | None = None


LEARNING = IdTrust()
"""Nothing is known beforehand."""


class Trust:
    """What one fetch has taught so far. The same id on a pending and a booked row of one amount is no contradiction."""

    def __init__(self, known: IdTrust = LEARNING) -> None:
        self.untrusted: set[Id] = set()
        self._distrusted = frozenset(map(str.lower, known.distrusted))
        self._surviving = None if known.surviving is None else frozenset(map(str.lower, known.surviving))
        self._content: dict[tuple[Id, str], tuple[object, ...]] = {}
        self._money: dict[Id, tuple[int, str]] = {}
        self._kinds: dict[tuple[Id, str], str] = {}

    def believed(self, movement: Movement) -> list[Id]:
        """The ids that stand for this row alone, the best first."""
        return [one for one in movement.ids if one not in self.untrusted and one[0] not in self._distrusted]

    def surviving(self, movement: Movement) -> list[Id]:
        """Those of them that the row may keep when it is booked."""
        found = self.believed(movement)
        return found if self._surviving is None else [one for one in found if one[0] in self._surviving]

    def forget(self) -> None:
        """What was seen, but not what it has taught."""
        self._content.clear()
        self._money.clear()
        self._kinds.clear()

    def learn_stored(self, movements: Iterable[Movement]) -> None:
        """Rows that stand in the ledger side by side. Two equal ones prove nothing: an id stays with the row that
        first had it, and the bank may have told twins in another order since."""
        for movement in movements:
            for one in movement.ids:
                if self._kinds.setdefault((one, movement.status), movement.fingerprint) != movement.fingerprint:
                    self.untrusted.add(one)

    def learn_fetched(self, movements: Iterable[Movement]) -> frozenset[Id]:
        """The ids that have lost trust by these rows."""
        lost: set[Id] = set()
        for movement in movements:
            if not movement.ids:
                continue
            content, money, status = movement.content, movement.money, movement.status
            for one in movement.ids:
                if one in self.untrusted:
                    continue
                known = self._content.setdefault((one, status), content)
                if (known is not content and known != content) or self._money.setdefault(one, money) != money:
                    self.untrusted.add(one)
                    lost.add(one)
        return frozenset(lost)

    def shared(self, one: Movement, other: Movement) -> Id | None:
        """The id that says the two are one row: the best name on which both have a believed value, if it is equal."""
        theirs = dict(self.believed(other))
        for name, value in self.believed(one):
            against = theirs.get(name)
            if against is not None:
                return (name, value) if value == against else None
        return None
