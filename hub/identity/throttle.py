"""Guessing is slowed down: after so many failures a key is locked for a while.

Keys, all stored as keyed hashes (the table tells nobody who tried to log in):

    login by e-mail         limit n            whether or not anybody has that address
    login by network        limit n x 10       many people may sit behind one address
    proof by person         limit n            "enter your password again" in an open session
    second step by person   limit n            a code after the password
    registration by network limit n            counts only attempts with a taken e-mail address
    newcomers by network    limit n x 10       counts every registration: each costs a password hash
    recovery by network     limit n x 10       "I forgot my password"
    recovery by e-mail      limit 3            whether or not anybody has that address
    user codes by network   limit n x 10       device codes typed by whoever is signed in (RFC 8628 5.1)
    user codes by person    limit n
    mails by person         limit 3            links that somebody who is signed in has sent to an address

An attempt is counted BEFORE the password is looked at, by one UPSERT that takes no more than ``limit``: fifty
simultaneous guesses find the same counter, and at most ``limit`` of them are looked at. A right password takes its own
count back. While a key is locked nothing is compared, so a right password is refused as well, with the time to return.

What an attacker can do to a person with this: keep the login of a known e-mail address locked as long as they keep
guessing. What they cannot: touch sessions that are open already, or the proofs inside them (a key of their own), or
lock for longer than ``login_lock_s`` after they stop.
"""

import hashlib
import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, literal, null, or_, select, update
from sqlalchemy.orm import Session

from hub.db import Instant
from hub.identity.origin import Origin
from hub.models.psu import LoginThrottle
from hub.settings import Settings
from hub.upsert import insert_into

SECRET_NAME = "login-throttle"  # noqa: S105  # under which hub.keys keeps the key of the hashes
_NETWORK_FACTOR = 10
_MAILS = 3


@dataclass(frozen=True, slots=True)
class Key:
    """What is counted: ``limit`` attempts in a row are looked at, the next ones are not."""

    hash: str
    limit: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """The attempt may be looked at. ``used_up`` are the keys whose last attempt it is: they are locked from now on."""

    used_up: frozenset[Key]


@dataclass(frozen=True, slots=True)
class Locked:
    """The attempt must not be looked at before ``retry_after_s``."""

    retry_after_s: int


def email_key(secret: bytes, email: str, settings: Settings) -> Key:
    return Key(_mac(secret, "email", email), settings.login_failures_before_lock)


def network_key(secret: bytes, origin: Origin, settings: Settings) -> Key:
    return Key(_mac(secret, "network", origin.network), settings.login_failures_before_lock * _NETWORK_FACTOR)


def proof_key(secret: bytes, psu_id: str, settings: Settings) -> Key:
    return Key(_mac(secret, "proof", psu_id), settings.login_failures_before_lock)


def second_step_key(secret: bytes, psu_id: str, settings: Settings) -> Key:
    return Key(_mac(secret, "second step", psu_id), settings.login_failures_before_lock)


def registration_key(secret: bytes, origin: Origin, settings: Settings) -> Key:
    return Key(_mac(secret, "registration", origin.network), settings.login_failures_before_lock)


def newcomers_key(secret: bytes, origin: Origin, settings: Settings) -> Key:
    return Key(_mac(secret, "newcomers", origin.network), settings.login_failures_before_lock * _NETWORK_FACTOR)


def recovery_network_key(secret: bytes, origin: Origin, settings: Settings) -> Key:
    return Key(_mac(secret, "recovery-network", origin.network), settings.login_failures_before_lock * _NETWORK_FACTOR)


def recovery_key(secret: bytes, email: str) -> Key:
    return Key(_mac(secret, "recovery", email), _MAILS)


def user_code_network_key(secret: bytes, origin: Origin, settings: Settings) -> Key:
    return Key(_mac(secret, "user-code-network", origin.network), settings.login_failures_before_lock * _NETWORK_FACTOR)


def user_code_key(secret: bytes, psu_id: str, settings: Settings) -> Key:
    return Key(_mac(secret, "user code", psu_id), settings.login_failures_before_lock)


def mails_key(secret: bytes, psu_id: str) -> Key:
    return Key(_mac(secret, "mails", psu_id), _MAILS)


def claim(session: Session, keys: Sequence[Key], *, now: datetime, lock_s: int) -> Admitted | Locked:
    """Count one attempt against every key, or against none if one is locked.

    Callers name the keys in one order everywhere (the network first): two attempts never wait for each other's row.
    """
    used_up = set()
    for position, key in enumerate(keys):
        attempts = _count(session, key, now=now, lock_s=lock_s)
        if attempts is None:
            give_back(session, keys[:position])
            return locked(session, key, now=now) or Locked(1)
        if attempts >= key.limit:
            used_up.add(key)
    return Admitted(frozenset(used_up))


def locked(session: Session, key: Key, *, now: datetime) -> Locked | None:
    """Whether the key is locked, without counting anything."""
    until = session.scalar(
        select(LoginThrottle.locked_until).where(LoginThrottle.key_hash == key.hash, LoginThrottle.locked_until > now)
    )
    return None if until is None else Locked(math.ceil((until - now).total_seconds()))


def give_back(session: Session, keys: Sequence[Key]) -> None:
    """Take one count back: that attempt was right, or could not be looked at. A lock that it completed opens again."""
    for key in keys:
        left = LoginThrottle.failures - 1
        session.execute(
            update(LoginThrottle)
            .where(LoginThrottle.key_hash == key.hash, LoginThrottle.failures > 0)
            .values(failures=left, locked_until=case((left < key.limit, null()), else_=LoginThrottle.locked_until))
            .execution_options(synchronize_session=False)
        )


def clear(session: Session, key: Key) -> None:
    """Forget the failures: the person proved who they are."""
    session.execute(
        delete(LoginThrottle).where(LoginThrottle.key_hash == key.hash).execution_options(synchronize_session=False)
    )


def _count(session: Session, key: Key, *, now: datetime, lock_s: int) -> int | None:
    """The attempts in a row with this one, None if the key is locked.

    The count starts anew after a lock, and after ``lock_s`` without any attempt: who waits that long between guesses
    gets no more of them than by running into the lock each time.
    """
    lock = timedelta(seconds=lock_s)
    ends = literal(now + lock, Instant())
    starts_anew = or_(LoginThrottle.locked_until.is_not(None), LoginThrottle.updated_at <= now - lock)
    attempts = case((starts_anew, 1), else_=LoginThrottle.failures + 1)
    first = {"failures": 1, "locked_until": now + lock if key.limit <= 1 else None, "updated_at": now}
    return session.scalar(
        insert_into(session, LoginThrottle)
        .values(key_hash=key.hash, **first)
        .on_conflict_do_update(
            index_elements=[LoginThrottle.key_hash],
            set_={
                "failures": attempts,
                "locked_until": case((attempts >= key.limit, ends), else_=null()),
                "updated_at": now,
            },
            where=or_(LoginThrottle.locked_until.is_(None), LoginThrottle.locked_until <= now),
        )
        .returning(LoginThrottle.failures)
    )


def _mac(secret: bytes, kind: str, value: str) -> str:
    return hmac.new(secret, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
