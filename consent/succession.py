"""How one consent takes the place of another (Grant Management for OAuth 2.0: ``replace`` and ``merge``).

| how     | what the newer one holds          | purpose                       | history         | end           |
| replace | what the person gives now, alone  | that of the new request       | as chosen now   | as chosen now |
| merge   | that and what the older one holds | the older one's, and no other | the older one's | as chosen now |

The older one is REPLACED and never comes back; both name each other. A merge asks only for what is new, so its screen
says what stays (``wording``). Three things cannot be merged, and then the client asks for a replacement or apart:

* another purpose: what was given for one is not given for another (GDPR 5.1.b);
* transactions from another day: a consent has one start of history, and taking either would lose days or widen them;
* a payment, on either side: it is made once, and nothing is left of it to add to.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from consent.asked import Asked
from consent.details import AccountInformation, Detail, payment_in
from consent.lifecycle import Event, NotMoved, Refusal, move, status_at
from consent.model import HISTORY_PERMISSIONS, Actor, Consent, Permission, Status


class How(StrEnum):
    """The values of ``grant_management_action`` that name an older grant."""

    MERGE = "merge"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Succeeded:
    """``newer`` is VALID, ``older`` REPLACED by it."""

    older: Consent
    newer: Consent


def succeed(
    how: How,
    older: Consent,
    proposed: Consent,
    *,
    now: datetime,
    accounts: Mapping[str, AbstractSet[Permission]],
    personal: AbstractSet[Permission],
    valid_until: datetime | None = None,
    history_from: date | None = None,
) -> Succeeded | NotMoved:
    """The person's yes to ``proposed`` (RECEIVED), which takes the place of ``older``.

    The last four are what they picked, with the rules of ``lifecycle.move``; in a merge only what they add. Raises what
    ``move`` raises.
    """
    if (older.psu_id, older.client_id) != (proposed.psu_id, proposed.client_id):
        return NotMoved(Refusal.NOT_THEIRS)
    if not can_follow(how, older, now):
        return NotMoved(Refusal.OLDER_NOT_STANDING)
    if how is How.MERGE and (older.payment or proposed.payment):
        return NotMoved(Refusal.PAYMENT_STANDS_ALONE)
    if how is How.MERGE and proposed.purpose not in {None, older.purpose}:
        return NotMoved(Refusal.PURPOSE_DIFFERS)
    given = move(
        proposed,
        Event.AUTHORISE,
        actor=Actor.PSU,
        now=now,
        accounts=accounts,
        personal=personal,
        valid_until=valid_until,
        history_from=history_from,
    )
    if isinstance(given, NotMoved):
        return given
    newer = given.consent
    if how is How.MERGE:
        if _reads_history(older) and _reads_history(newer) and older.history_from != newer.history_from:
            return NotMoved(Refusal.HISTORY_DIFFERS)
        newer = _union(older, newer)
    ended = move(older, Event.REPLACE, actor=Actor.PSU, now=now, successor=newer.id)
    if isinstance(ended, NotMoved):
        return ended
    return Succeeded(older=ended.consent, newer=replace(newer, replaces=older.id))


def can_follow(how: How, older: Consent, now: datetime) -> bool:
    """Whether anything may take the place of ``older`` so. A suspended consent may be replaced by a smaller or larger
    yes, but adding to it would end the suspension.
    """
    return status_at(older, now) in _STANDING[how]


def merge_objection(older: Consent, asked: Asked) -> Refusal | None:
    """Why what is asked cannot be added to ``older``, whatever the person would say; None if it can."""
    if older.payment or payment_in(asked.details):
        return Refusal.PAYMENT_STANDS_ALONE
    if asked.purpose not in {None, older.purpose}:
        return Refusal.PURPOSE_DIFFERS
    if (
        _reads_history(older)
        and asked.permissions & HISTORY_PERMISSIONS
        and asked.history_from not in {None, older.history_from}
    ):
        return Refusal.HISTORY_DIFFERS
    return None


_STANDING: Mapping[How, frozenset[Status]] = {
    How.MERGE: frozenset({Status.VALID}),
    How.REPLACE: frozenset({Status.VALID, Status.SUSPENDED}),
}


def _union(older: Consent, newer: Consent) -> Consent:
    """``newer`` with everything that ``older`` holds, account by account."""
    both = older.accounts.keys() | newer.accounts.keys()
    nothing = frozenset[Permission]()
    return replace(
        newer,
        requested=older.requested | newer.requested,
        personal=older.personal | newer.personal,
        accounts={one: older.accounts.get(one, nothing) | newer.accounts.get(one, nothing) for one in sorted(both)},
        purpose=older.purpose,
        history_from=older.history_from if _reads_history(older) else newer.history_from,
        details=tuple(dict.fromkeys((*map(_without_end, older.details), *newer.details))),
    )


def _without_end(detail: Detail) -> Detail:
    """The end that was asked for then no longer counts: the person has chosen one now, for all of it."""
    return replace(detail, valid_until=None) if isinstance(detail, AccountInformation) else detail


def _reads_history(consent: Consent) -> bool:
    return bool(consent.holds & HISTORY_PERMISSIONS)
