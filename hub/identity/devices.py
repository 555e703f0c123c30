"""Browsers in which a person has logged in before, recognised by a long-lived cookie of random bits.

The cookie opens nothing. It only lets the hub tell a familiar browser from a new one, for the risk policy.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.hashing import secret_hash
from hub.identity.origin import Origin
from hub.ids import new_secret
from hub.models.factor import KnownDevice
from hub.upsert import insert_into

LIFETIME = timedelta(weeks=57)  # browsers keep a cookie for 400 days at most (RFC 6265bis 5.5)


def is_known(session: Session, psu_id: str, origin: Origin) -> bool:
    """Whether this person has logged in in this browser before.

    Where none of theirs is known yet there is nothing to compare with, and no browser is called new.
    """
    key = None if origin.device is None else secret_hash(origin.device)
    known = session.scalars(select(KnownDevice.id_hash).where(KnownDevice.psu_id == psu_id)).all()
    return not known or key in known


def remember(session: Session, psu_id: str, origin: Origin, *, now: datetime) -> str:
    """The secret for the browser's cookie: the one it has, or a new one. Several people may share a browser."""
    secret = origin.device or new_secret()
    session.execute(
        insert_into(session, KnownDevice)
        .values(id_hash=secret_hash(secret), psu_id=psu_id, first_seen_at=now, last_seen_at=now)
        .on_conflict_do_update(index_elements=[KnownDevice.id_hash, KnownDevice.psu_id], set_={"last_seen_at": now})
    )
    return secret
