"""The browsers of a person that take notifications: added, listed, removed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import BadInput, NotFound
from hub.hashing import secret_hash
from hub.identity.sessions import Person
from hub.ids import new_id
from hub.models.notification import PushSubscription
from hub.models.psu import PsuSession
from hub.notifications.push.sealed import BadKey, receiver
from hub.outbound.fetch import Forbidden
from hub.upsert import insert_into

MOST = 10
"""Browsers of one person; the one that took nothing for longest makes room."""
_LONGEST_URL = 1000


class Address(msgspec.Struct, frozen=True):
    """Where a browser listens, and what is sealed for it: base64url as it gave them."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Reached:
    id: str
    psu_id: str
    told_until: str
    address: Address = field(repr=False)


def add(hub: Hub, person: Person, address: Address, *, device: str, now: datetime) -> str:
    """The id of the subscription. A browser that was another person's is this one's now: whoever uses it gave its
    address. Raises BadInput for what no browser gives, for addresses that this hub does not call, and in a session that
    was ended meanwhile: its end takes with it what is there by then."""
    try:
        receiver(address.p256dh, address.auth)
        if len(address.endpoint) > _LONGEST_URL or not address.endpoint.isascii():
            raise Forbidden("The URL is too long.")
        hub.messenger.target(address.endpoint)
    except (BadKey, Forbidden) as error:
        raise BadInput("This browser did not give an address that notifications can go to.") from error
    subscription_id, endpoint_hash = new_id(), secret_hash(address.endpoint)
    with hub.db.write() as session:
        is_open = (PsuSession.sid == person.sid, PsuSession.revoked_at.is_(None))
        if session.scalar(select(PsuSession.sid).where(*is_open).with_for_update(read=True)) is None:
            raise BadInput("You were logged out here. Log in again, then add this browser.")
        session.execute(delete(PushSubscription).where(PushSubscription.endpoint_hash == endpoint_hash), **_OPTIONS)
        _make_room(session, person.psu_id)
        row = insert_into(session, PushSubscription).values(
            id=subscription_id,
            psu_id=person.psu_id,
            sid=person.sid,
            endpoint_hash=endpoint_hash,
            address_sealed=hub.sealer.seal(msgspec.json.encode(address), _place(subscription_id)),
            device=device[:200],
            created_at=now,
            told_until=subscription_id,  # ids are in the order of time: what came before is not told
        )
        session.execute(row.on_conflict_do_nothing())  # the same browser, twice at once
    return subscription_id


def of(session: Session, psu_id: str) -> Sequence[PushSubscription]:
    """The newest first."""
    mine = select(PushSubscription).where(PushSubscription.psu_id == psu_id)
    return session.scalars(mine.order_by(PushSubscription.created_at.desc(), PushSubscription.id.desc())).all()


def owners(session: Session, psu_ids: Collection[str]) -> Mapping[str, str]:
    """The browsers of these people: the id of each, and whose it is."""
    if not psu_ids:
        return {}
    theirs = select(PushSubscription.id, PushSubscription.psu_id).where(PushSubscription.psu_id.in_(psu_ids))
    return dict(session.execute(theirs.order_by(PushSubscription.id)).all())


def reached(hub: Hub, session: Session, subscription_id: str) -> Reached | None:
    """With its address, opened; None if it is gone. Raises SealBroken."""
    row = session.get(PushSubscription, subscription_id)
    if row is None:
        return None
    address = msgspec.json.decode(hub.sealer.open(row.address_sealed, _place(row.id)), type=Address)
    return Reached(row.id, row.psu_id, row.told_until, address)


def told(session: Session, subscription_id: str, until: str, *, taken_at: datetime | None) -> None:
    """``until``: the last notification that it was sent, or that was given up. ``taken_at`` None: it took nothing."""
    values: dict[str, object] = {"told_until": until} | ({"last_taken_at": taken_at} if taken_at else {})
    mine = update(PushSubscription).where(PushSubscription.id == subscription_id)
    session.execute(mine.values(values), **_OPTIONS)


def remove(session: Session, psu_id: str, subscription_id: str) -> None:
    """Raises NotFound for another person's."""
    mine = delete(PushSubscription).where(PushSubscription.id == subscription_id, PushSubscription.psu_id == psu_id)
    if session.execute(mine.returning(PushSubscription.id), **_OPTIONS).one_or_none() is None:
        raise NotFound("There is no such browser.")


def end(session: Session, sids: Collection[str]) -> None:
    """Whoever logs out of a browser is not written to there any more."""
    session.execute(delete(PushSubscription).where(PushSubscription.sid.in_(sids)), **_OPTIONS)


def drop(session: Session, subscription_ids: Collection[str]) -> None:
    """The push service says that they are gone."""
    session.execute(delete(PushSubscription).where(PushSubscription.id.in_(subscription_ids)), **_OPTIONS)


def _make_room(session: Session, psu_id: str) -> None:
    latest = func.coalesce(PushSubscription.last_taken_at, PushSubscription.created_at)
    mine = select(PushSubscription.id).where(PushSubscription.psu_id == psu_id).order_by(latest.desc())
    if over := session.scalars(mine.offset(MOST - 1)).all():
        drop(session, over)


def _place(subscription_id: str) -> str:
    return f"push_subscription.address:{subscription_id}"


_OPTIONS: dict[str, dict[str, bool]] = {"execution_options": {"synchronize_session": False}}
