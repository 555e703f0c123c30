"""Which of the resources that a bank shows now are which of those we hold: ids that clients keep must stay. Pure.

The bank's id is evidence, never a key: some banks number anew with every bank consent, or within every answer. First
goes what has both the id and the content that makes it what it is, then that content alone, then the id alone (an
order whose payee was changed). An id that stands on two rows of one answer says nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hub.ledger.resources.content import Content, Members
from providers.port import Resource


@dataclass(frozen=True, slots=True)
class Held:
    """A row that we hold. Those that have ended are found again too, after those that have not."""

    row_id: str
    content: Content
    has_ended: bool


def matched(kind: Resource, held: Sequence[Held], told: Sequence[Content]) -> list[Held | None]:
    """For each of ``told`` the row that it is, None for what is new. No row is given twice."""
    found: list[Held | None] = [None] * len(told)
    left = sorted(held, key=lambda one: one.has_ended)
    for name in _names(kind, told):
        waiting: defaultdict[Hashable, list[Held]] = defaultdict(list)
        for one in left:
            if (called := name(one.content)) is not None:
                waiting[called].append(one)
        for place, content in enumerate(told):
            if found[place] is None and (same := waiting.get(name(content))):
                found[place] = same.pop(0)
        taken = {one.row_id for one in found if one is not None}
        left = [one for one in left if one.row_id not in taken]
    return found


Name = Callable[[Content], Hashable | None]


def _names(kind: Resource, told: Sequence[Content]) -> tuple[Name, ...]:
    counted = Counter(content.bank_id for content in told)

    def by_id(content: Content) -> Hashable | None:
        return content.bank_id if counted[content.bank_id] < 2 else None

    def by_content(content: Content) -> Hashable:
        return tuple(map(_plain, _WHAT_IT_IS[kind](content.members)))

    def by_both(content: Content) -> Hashable | None:
        return None if by_id(content) is None else (by_id(content), by_content(content))

    return by_both, by_content, by_id


def _plain(value: Any) -> Hashable:
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _creditor(members: Members) -> str | None:
    """Some banks cut names short one day and not the next; the number, where there is one, stays."""
    number: str | None = members["creditor_account"] or members["creditor_name"]
    return number


_WHAT_IT_IS: Mapping[Resource, Callable[[Members], tuple[Any, ...]]] = MappingProxyType(
    {
        Resource.STANDING_ORDERS: lambda one: (_creditor(one), one["remittance"], one["mandate_id"]),
        Resource.DIRECT_DEBITS: lambda one: (_creditor(one), one["mandate_id"]),
        Resource.SCHEDULED_PAYMENTS: lambda one: (one["date"], one["amount"], _creditor(one), one["remittance"]),
        Resource.BENEFICIARIES: lambda one: (_creditor(one), one["reference"]),
        Resource.STATEMENTS: lambda one: (one["reference"], one["type"], one["date_from"], one["date_to"]),
        Resource.PARTIES: lambda one: (one["name"], one["legal_name"], one["role"]),
        Resource.PRODUCTS: lambda one: (one["name"], one["type"]),
    }
)
