"""Every legal move of a consent, as one table, and the function that makes it.

RECEIVED --authorise--> VALID <--suspend/resume--> SUSPENDED
   |                      |                            |
   reject, revoke, expire  revoke, expire, replace,    revoke, expire, replace     (all ends are final)
                          consume (a payment)
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from consent.details import AccountId, AccountInformation, AccountReference
from consent.model import (
    ACCOUNT_PERMISSIONS,
    PAYMENT_LIFE,
    PERSONAL_PERMISSIONS,
    Actor,
    Consent,
    Permission,
    Status,
    utc,
)

MAX_CONSENT_DAYS = 365


class Event(StrEnum):
    """What can happen to a consent."""

    AUTHORISE = "authorise"
    REJECT = "reject"
    REVOKE = "revoke"
    EXPIRE = "expire"
    SUSPEND = "suspend"
    RESUME = "resume"
    REPLACE = "replace"
    CONSUME = "consume"


MOVES: Mapping[tuple[Status, Event], Status] = MappingProxyType(
    {
        (Status.RECEIVED, Event.AUTHORISE): Status.VALID,
        (Status.RECEIVED, Event.REJECT): Status.REJECTED,
        (Status.RECEIVED, Event.REVOKE): Status.REVOKED,  # the client takes its request back
        (Status.RECEIVED, Event.EXPIRE): Status.EXPIRED,
        (Status.VALID, Event.REVOKE): Status.REVOKED,
        (Status.VALID, Event.EXPIRE): Status.EXPIRED,
        (Status.VALID, Event.SUSPEND): Status.SUSPENDED,
        (Status.VALID, Event.REPLACE): Status.REPLACED,
        (Status.VALID, Event.CONSUME): Status.CONSUMED,  # its one payment is handed to the bank
        (Status.SUSPENDED, Event.RESUME): Status.VALID,
        (Status.SUSPENDED, Event.REVOKE): Status.REVOKED,
        (Status.SUSPENDED, Event.EXPIRE): Status.EXPIRED,
        (Status.SUSPENDED, Event.REPLACE): Status.REPLACED,
    }
)

TERMINAL = frozenset(Status) - {status for status, _ in MOVES}
"""No move leaves these: rejected, revoked, expired, replaced, consumed."""

ACTORS: Mapping[Event, frozenset[Actor]] = MappingProxyType(
    {
        Event.AUTHORISE: frozenset({Actor.PSU}),
        Event.REJECT: frozenset({Actor.PSU, Actor.HUB}),
        Event.REVOKE: frozenset({Actor.PSU, Actor.CLIENT, Actor.HUB}),
        Event.EXPIRE: frozenset({Actor.TIME}),
        # The hub suspends when it suspects misuse. Could the person resume, so could the thief of their session;
        # a person who wants the sharing to stop revokes.
        Event.SUSPEND: frozenset({Actor.HUB}),
        Event.RESUME: frozenset({Actor.HUB}),
        Event.REPLACE: frozenset({Actor.PSU, Actor.HUB}),
        Event.CONSUME: frozenset({Actor.CLIENT}),
    }
)


class Refusal(StrEnum):
    """Why a move was not made."""

    NO_SUCH_MOVE = "no_such_move"  # the table has no such event in this status
    WRONG_ACTOR = "wrong_actor"
    LAPSED = "lapsed"  # valid_until has passed: the only move left is EXPIRE
    NOT_DUE = "not_due"  # EXPIRE before valid_until
    UNEXPECTED_PICK = "unexpected_pick"  # only AUTHORISE takes what a person picked
    NOTHING_PICKED = "nothing_picked"
    EXCEEDS_REQUEST = "exceeds_request"
    HISTORY_WIDENED = "history_widened"
    END_NOT_AHEAD = "end_not_ahead"
    END_TOO_FAR = "end_too_far"
    ONE_DEBTOR = "one_debtor"  # a payment is made from one account
    WRONG_DEBTOR = "wrong_debtor"  # from the account that the request named
    NOT_A_PAYMENT = "not_a_payment"  # only a payment is consumed
    NO_SUCCESSOR = "no_successor"  # a consent is replaced by another one: see ``succession``
    # The rest are of ``succession``.
    NOT_THEIRS = "not_theirs"  # the older consent is another person's or another client's
    OLDER_NOT_STANDING = "older_not_standing"  # it has ended, or is suspended and was to be added to
    PURPOSE_DIFFERS = "purpose_differs"
    HISTORY_DIFFERS = "history_differs"
    PAYMENT_STANDS_ALONE = "payment_stands_alone"


@dataclass(frozen=True, slots=True)
class Moved:
    """The move was made; ``consent`` is the new state."""

    consent: Consent


@dataclass(frozen=True, slots=True)
class NotMoved:
    """The move was not made; the consent stays as it was."""

    reason: Refusal


def status_at(consent: Consent, now: datetime) -> Status:
    """The status that counts at ``now``: past valid_until a consent is EXPIRED even before anybody moved it there."""
    if consent.status not in TERMINAL and utc(now) >= consent.valid_until:
        return Status.EXPIRED
    return consent.status


def move(
    consent: Consent,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    accounts: Mapping[str, AbstractSet[Permission]] | None = None,
    personal: AbstractSet[Permission] | None = None,
    valid_until: datetime | None = None,
    history_from: date | None = None,
    successor: str | None = None,
) -> Moved | NotMoved:
    """Make one move, or say why not.

    ``accounts`` to ``history_from`` are what the person picked, for AUTHORISE only. ``accounts`` and ``personal`` may
    hold no more than was requested, and together at least something; an account picked with no permission is left out.
    ``valid_until`` is the person's own choice of the end (at most MAX_CONSENT_DAYS ahead, no later than the details of
    the request say; the proposed end where None), ``history_from`` may only narrow the requested history (None keeps
    it). ``successor``: the id of the consent that takes this one's place, for REPLACE only.

    That the picked accounts are the person's own, and that the account which pays has the number which the request
    named, is for the CALLER to check first: it needs the rows, which this room does not have. Never raises for an
    illegal move; raises ValueError for a naive time, or a time where a day belongs.
    """
    # Hosts' clocks differ by moments: a consent never changes before it last changed.
    now = max(utc(now), consent.status_changed_at)
    target = MOVES.get((consent.status, event))
    if target is None:
        return NotMoved(Refusal.NO_SUCH_MOVE)
    if actor not in ACTORS[event]:
        return NotMoved(Refusal.WRONG_ACTOR)
    lapsed = now >= consent.valid_until
    if event is Event.EXPIRE and not lapsed:
        return NotMoved(Refusal.NOT_DUE)
    if event is not Event.EXPIRE and lapsed:
        return NotMoved(Refusal.LAPSED)
    if successor is not None and event is not Event.REPLACE:
        return NotMoved(Refusal.UNEXPECTED_PICK)
    if event is Event.AUTHORISE:
        return _authorise(consent, now, accounts or {}, personal or frozenset(), valid_until, history_from)
    if any(picked is not None for picked in (accounts, personal, valid_until, history_from)):
        return NotMoved(Refusal.UNEXPECTED_PICK)
    if event is Event.CONSUME and consent.payment is None:
        return NotMoved(Refusal.NOT_A_PAYMENT)
    if event is Event.REPLACE and not successor:
        return NotMoved(Refusal.NO_SUCCESSOR)
    return Moved(replace(consent, status=target, status_changed_at=now, replaced_by=successor))


def _authorise(
    consent: Consent,
    now: datetime,
    accounts: Mapping[str, AbstractSet[Permission]],
    personal: AbstractSet[Permission],
    valid_until: datetime | None,
    history_from: date | None,
) -> Moved | NotMoved:
    given = {account: frozenset(picked) for account, picked in accounts.items() if picked}
    if not given and not personal:
        return NotMoved(Refusal.NOTHING_PICKED)
    if not personal <= PERSONAL_PERMISSIONS & consent.requested:
        return NotMoved(Refusal.EXCEEDS_REQUEST)
    if not all(picked <= ACCOUNT_PERMISSIONS & consent.requested for picked in given.values()):
        return NotMoved(Refusal.EXCEEDS_REQUEST)
    since = consent.history_from
    if history_from is not None:
        if isinstance(history_from, datetime):
            raise ValueError("history starts on a day, not at a moment")
        if since is not None and history_from < since:
            return NotMoved(Refusal.HISTORY_WIDENED)
        since = history_from
    end = consent.valid_until if valid_until is None else utc(valid_until)
    if end <= now:
        return NotMoved(Refusal.END_NOT_AHEAD)
    if end > _latest_end(consent, now):
        return NotMoved(Refusal.END_TOO_FAR)
    if consent.payment is not None and len(given) != 1:
        return NotMoved(Refusal.ONE_DEBTOR)
    if consent.payment is not None and not _may_pay(consent.payment.debtor_account, *given):
        return NotMoved(Refusal.WRONG_DEBTOR)
    return Moved(
        replace(
            consent,
            status=Status.VALID,
            accounts=given,
            personal=frozenset(personal),
            valid_until=end,
            history_from=since,
            status_changed_at=now,
        )
    )


def _latest_end(consent: Consent, now: datetime) -> datetime:
    """What is granted is never more than was asked: an end that the request named binds the person's choice too."""
    named = [one.valid_until for one in consent.details if isinstance(one, AccountInformation) and one.valid_until]
    soon = [consent.created_at + PAYMENT_LIFE] if consent.payment else []
    return min([now + timedelta(days=MAX_CONSENT_DAYS), *named, *soon])


def _may_pay(named: AccountReference | None, picked: str) -> bool:
    """A number is for the caller to compare: which account has it is in the rows."""
    return not isinstance(named, AccountId) or named.id == picked
