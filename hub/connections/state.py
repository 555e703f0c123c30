"""The states of a connection, every legal move as one table, and what each state means to the person.

    LINKING --linked--> READY <--read/bank_failed--> NEEDS_ASPSP
                          |                             |
                     access_ended                  access_ended
                          +-------> NEEDS_PSU <---------+
                                        | linked (renewed) --> READY
    everything --disconnected--> REVOKED (final)

A status says whose turn it is: the person's (LINKING, NEEDS_PSU), the bank's (NEEDS_ASPSP), ours (READY), nobody's.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    LINKING = "linking"
    READY = "ready"
    NEEDS_PSU = "needs_psu"
    NEEDS_ASPSP = "needs_aspsp"
    REVOKED = "revoked"


class Happening(StrEnum):
    """What can happen to a connection."""

    LINKED = "linked"  # the bank gave access, for the first time or again
    READ = "read"  # a sync read at least one account, or found none
    FALTERED = "faltered"  # a sync read nothing, for the first time or two: nobody need know yet
    BANK_FAILED = "bank_failed"  # a sync read nothing, and that will not pass by itself soon
    ACCESS_ENDED = "access_ended"  # the bank wants to see the PSU
    DISCONNECTED = "disconnected"  # the PSU leaves


class FailureKind(StrEnum):
    """Why the last attempt fell short, wholly or in part."""

    BANK_UNAVAILABLE = "bank_unavailable"
    CONSENT_ENDED = "consent_ended"
    REFUSED = "refused"
    CONTRACT_BROKEN = "contract_broken"
    ROWS_REJECTED = "rows_rejected"  # everything was read, but some rows broke the bank's own standard
    NOTICED = "noticed"  # everything was read, and the bank has something to tell the person: failure_detail
    ACCESS_DENIED = "access_denied"  # the PSU said no at the bank
    HUB_ERROR = "hub_error"


BANK_AT_FAULT = frozenset({FailureKind.BANK_UNAVAILABLE, FailureKind.REFUSED, FailureKind.CONTRACT_BROKEN})
"""The failures that say something about the bank's health, not about the person or about us."""

_S, _H = Status, Happening
MOVES: Mapping[tuple[Status, Happening], Status] = MappingProxyType(
    {
        (_S.LINKING, _H.LINKED): _S.READY,
        (_S.LINKING, _H.DISCONNECTED): _S.REVOKED,
        (_S.READY, _H.LINKED): _S.READY,
        (_S.READY, _H.READ): _S.READY,
        (_S.READY, _H.FALTERED): _S.READY,
        (_S.READY, _H.BANK_FAILED): _S.NEEDS_ASPSP,
        (_S.READY, _H.ACCESS_ENDED): _S.NEEDS_PSU,
        (_S.READY, _H.DISCONNECTED): _S.REVOKED,
        (_S.NEEDS_ASPSP, _H.LINKED): _S.READY,
        (_S.NEEDS_ASPSP, _H.READ): _S.READY,
        (_S.NEEDS_ASPSP, _H.FALTERED): _S.NEEDS_ASPSP,
        (_S.NEEDS_ASPSP, _H.BANK_FAILED): _S.NEEDS_ASPSP,
        (_S.NEEDS_ASPSP, _H.ACCESS_ENDED): _S.NEEDS_PSU,
        (_S.NEEDS_ASPSP, _H.DISCONNECTED): _S.REVOKED,
        (_S.NEEDS_PSU, _H.LINKED): _S.READY,
        (_S.NEEDS_PSU, _H.DISCONNECTED): _S.REVOKED,
    }
)


class IllegalMove(Exception):
    """The table has no such move. Writers select by ``sources_of`` first, so this is a bug where it surfaces."""


def move(status: Status, happening: Happening) -> Status:
    """Raises IllegalMove."""
    try:
        return MOVES[status, happening]
    except KeyError:
        raise IllegalMove(f"{happening} cannot happen to a connection that is {status}") from None


def sources_of(happening: Happening) -> frozenset[Status]:
    """The states that ``happening`` may meet: the WHERE of the conditional UPDATE that makes the move."""
    return frozenset(status for status, what in MOVES if what is happening)


SYNCABLE = sources_of(Happening.READ)
"""The states in which the bank is read: ready, needs_aspsp."""
