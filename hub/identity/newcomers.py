"""A new person, however they will log in: with a password, or at another provider.

A taken e-mail address cannot be hidden, since a new person goes on at once: the refusal itself tells. What can be done
is done: the words say no more than that, a taken and a free address take the same time, and a network that asked for
``login_failures_before_lock`` taken ones waits ``login_lock_s``, for free addresses too. For the same reason an address
is a name to log in with here, and no proof that its owner registered it until the mailed link is redeemed
(hub.identity.addresses).
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput, TooMany
from hub.events import outbox
from hub.identity import activity, addresses, mailed_links, throttle
from hub.identity.activity import Kind
from hub.identity.origin import Origin
from hub.identity.throttle import Key, Locked
from hub.ids import new_id
from hub.models.psu import Psu
from hub.upsert import insert_into

_TAKEN = "We cannot use this e-mail address."
T = TypeVar("T")


def raise_if_locked(hub: Hub, *, origin: Origin, now: datetime) -> None:
    """Before anything that costs: raises TooMany for a network that has to wait."""
    taken, newcomers = _keys(hub, origin)
    with hub.db.read() as session:
        _raise_if(throttle.locked(session, taken, now=now) or throttle.locked(session, newcomers, now=now))


def take_in(
    hub: Hub,
    *,
    name: str,
    address: str,
    password_hash: str,
    origin: Origin,
    now: datetime,
    then: Callable[[Session, str], T],
) -> T:
    """What ``then`` makes of the new psu_id, in the same transaction. Raises BadInput(parameter="email"), TooMany.

    ``name`` and ``address`` are in the form of hub.identity.particulars; ``password_hash`` is "" for no password.
    """
    taken, newcomers = _keys(hub, origin)
    lock_s = hub.settings.login_lock_s
    with hub.db.write() as session:
        admitted = throttle.claim(session, (newcomers,), now=now, lock_s=lock_s)
        lock = admitted if isinstance(admitted, Locked) else throttle.locked(session, taken, now=now)
        psu_id = None
        if lock is None:
            psu_id = _insert(session, address=address, name=name, password_hash=password_hash, now=now)
        if psu_id is not None:
            activity.write(session, psu_id, Kind.REGISTERED, origin=origin, now=now)
            addresses.send_verification(hub, session, psu_id=psu_id, address=address, now=now)
            outbox.emit(session, "psu.registered", psu_id, now=now, psu_id=psu_id)
            return then(session, psu_id)
        if lock is None:
            counted = throttle.claim(session, (taken,), now=now, lock_s=lock_s)
            lock = counted if isinstance(counted, Locked) else None
    # Raised only here, after the commit: an exception inside would take the count back.
    _raise_if(lock)
    raise BadInput(_TAKEN, parameter="email")


def _keys(hub: Hub, origin: Origin) -> tuple[Key, Key]:
    """What counts taken addresses, and what counts everybody, for this network."""
    secret = hub.keys.secret(throttle.SECRET_NAME)
    registration = throttle.registration_key(secret, origin, hub.settings)
    return registration, throttle.newcomers_key(secret, origin, hub.settings)


def _insert(session: Session, *, address: str, name: str, password_hash: str, now: datetime) -> str | None:
    """The new psu_id, None if the address is taken: one statement, so two registrations at once make one person."""
    values = {
        "id": new_id(),
        "email": address,
        "name": name,
        "password_hash": password_hash,
        "password_changed_at": now,
        "created_at": now,
    }
    statement = insert_into(session, Psu).values(**values)
    psu_id = session.scalar(statement.on_conflict_do_nothing(index_elements=[Psu.email]).returning(Psu.id))
    # Asked only now: whoever set the address free, and may take it back, has committed if the insert went through.
    if psu_id is not None and mailed_links.is_kept_for_another(session, address, psu_id, now=now):
        session.execute(delete(Psu).where(Psu.id == psu_id).execution_options(synchronize_session=False))
        return None
    return psu_id


def _raise_if(lock: Locked | None) -> None:
    if lock is not None:
        raise TooMany("Too many attempts. Come back a little later.", retry_after_s=lock.retry_after_s)
