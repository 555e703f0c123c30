"""One guess at a password, from the count to the answer: the only way to a comparison.

It counts as failed, and is written down as failed, before the password is looked at; only a right one amends that. So
a crash costs the guesser an attempt, fifty guesses at once are no better than fifty in a row, and a wrong password
takes exactly the same steps as an unknown address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import TooMany
from hub.identity import activity, particulars, passwords, throttle
from hub.identity.activity import Kind
from hub.identity.origin import Origin
from hub.identity.throttle import Key, Locked
from hub.models.psu import Psu


@dataclass(frozen=True, slots=True)
class Proved:
    """The password was right. ``entry_id`` is the activity entry to amend, ``keys`` what to settle in the throttle."""

    psu_id: str
    password_changed_at: datetime
    password_hash: str = field(repr=False)
    entry_id: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Wrong, unknown or locked. ``retry_after_s`` is None while there are attempts left."""

    retry_after_s: int | None


def for_login(hub: Hub, *, email: str, password: str, origin: Origin, now: datetime) -> Proved | Refused:
    """``email`` as it was typed; what cannot be an address is counted like any other, and belongs to nobody."""
    secret = hub.keys.secret(throttle.SECRET_NAME)
    address = particulars.sought_address(email)
    keys = (
        throttle.network_key(secret, origin, hub.settings),
        throttle.email_key(secret, address or email, hub.settings),
    )
    return _attempt(hub, Psu.email == address, keys, (Kind.LOGIN_FAILED, Kind.LOCKED), password, origin, now)


def for_proof(hub: Hub, *, psu_id: str, password: str, origin: Origin, now: datetime) -> Proved | Refused:
    """Inside a session: whoever holds it may have stolen it, so guesses are counted here too, by a key of their own."""
    secret = hub.keys.secret(throttle.SECRET_NAME)
    keys = (throttle.proof_key(secret, psu_id, hub.settings),)
    failed = Kind.REAUTHENTICATION_FAILED
    return _attempt(hub, Psu.id == psu_id, keys, (failed, failed), password, origin, now)


def settle(session: Session, proved: Proved) -> bool:
    """In the transaction that acts on the proof, first of all: take the counts back.

    False if the password was changed after it was compared: then nothing may be done, and the attempt stays failed.
    The person's row stays locked until the end of the transaction, so a change cannot come in between either.
    The caller amends the activity entry to what came of it.
    """
    *shared, own = proved.keys
    throttle.give_back(session, shared)
    changed_at = session.scalar(
        select(Psu.password_changed_at).where(Psu.id == proved.psu_id).with_for_update(key_share=True)
    )
    if changed_at != proved.password_changed_at:
        return False
    throttle.clear(session, own)
    return True


def undo(hub: Hub, keys: Sequence[Key], entry_id: str) -> None:
    """The machine was too busy to look, or to go on: that is not the person's failure."""
    with hub.db.write() as session:
        throttle.give_back(session, keys)
        activity.withdraw(session, entry_id)


def _attempt(
    hub: Hub,
    who: ColumnElement[bool],
    keys: tuple[Key, ...],
    kinds: tuple[Kind, Kind],
    password: str,
    origin: Origin,
    now: datetime,
) -> Proved | Refused:
    """``kinds``: what a failure is called, and what the one is called that locks the last key."""
    lock_s = hub.settings.login_lock_s
    with hub.db.write() as session:
        claimed = throttle.claim(session, keys, now=now, lock_s=lock_s)
        if isinstance(claimed, Locked):
            return Refused(claimed.retry_after_s)
        kind = kinds[keys[-1] in claimed.used_up]
        entry_id = activity.write_where(session, who, kind, origin=origin, now=now)
    with hub.db.read() as session:
        row = session.execute(select(Psu.id, Psu.password_changed_at, Psu.password_hash).where(who)).one_or_none()
    try:
        right = passwords.verify(None if row is None else row.password_hash, password)
    except TooMany:
        undo(hub, keys, entry_id)
        raise
    if row is None or not right:
        return Refused(lock_s if claimed.used_up else None)
    return Proved(row.id, row.password_changed_at, row.password_hash, entry_id, keys)
