"""Which of a bank's ids may be believed. Ids are evidence, never keys.

Banks repeat ids (Belfius), send one constant for all rows (ING Romania), or new ones at every fetch (SpareBank 1). An
id is not believed any more once it was seen on two different rows of one fetch, or stands on two stored rows.
"""

from collections.abc import Iterable

from hub.ledger.movement import Id, Movement


class Trust:
    """What one fetch has taught so far. The same id on a pending and a booked row of one amount is no contradiction."""

    def __init__(self) -> None:
        self.untrusted: set[Id] = set()
        self._content: dict[tuple[Id, str], tuple[object, ...]] = {}
        self._money: dict[Id, tuple[int, str]] = {}
        self._kinds: dict[tuple[Id, str], str] = {}

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
            content = movement.content if movement.ids else ()
            for one in movement.ids:
                if one in self.untrusted:
                    continue
                known = self._content.setdefault((one, movement.status), content)
                if known != content or self._money.setdefault(one, movement.money) != movement.money:
                    self.untrusted.add(one)
                    lost.add(one)
        return frozenset(lost)

    def shared(self, one: Movement, other: Movement) -> Id | None:
        """The id that says the two are one row: the best name on which both have a believed value, if it is equal."""
        theirs = dict(other.ids)
        for name, value in one.ids:
            against = theirs.get(name)
            if against is None or (name, value) in self.untrusted or (name, against) in self.untrusted:
                continue
            return (name, value) if value == against else None
        return None
