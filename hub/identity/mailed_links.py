"""Single-use links that are mailed to an address: made, looked at, redeemed once.

A link is shown by a GET, which changes nothing (mail scanners open links), and redeemed by a POST. It is claimed by
ONE conditional UPDATE: of any number of simultaneous presses one gets through. A link that is unknown, used or too
old looks the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from babel.dates import format_datetime
from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import NotFound
from hub.hashing import secret_hash
from hub.ids import new_secret
from hub.models.psu import Psu
from hub.models.recovery import MailedLink


class Purpose(StrEnum):
    VERIFY = "verify"  # mail to this address reaches its person
    CHANGE = "change"  # mail to the new address reaches the person
    UNDO = "undo"  # the owner of the former address takes a change back
    RESET = "reset"  # a new password
    KEEP_FACTORS = "keep_factors"  # nobody asked for the second step to be removed


PATHS = {
    Purpose.VERIFY: "/account/email/verify/",
    Purpose.CHANGE: "/account/email/confirm/",
    Purpose.UNDO: "/email/undo/",
    Purpose.RESET: "/recover/",
    Purpose.KEEP_FACTORS: "/recover/factors/keep/",
}


@dataclass(frozen=True, slots=True)
class Link:
    """Whose link it is and the address it was mailed to."""

    psu_id: str
    address: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """``url`` goes into a mail and is kept nowhere; ``until`` is the end of its life in words."""

    url: str
    until: str


def make(hub: Hub, session: Session, purpose: Purpose, *, psu_id: str, address: str, ttl_s: int, now: datetime) -> Made:
    """A new link. Earlier ones of the same purpose stop working, except those that take a change back."""
    if purpose is not Purpose.UNDO:
        drop(session, psu_id, [purpose])
    token, expires_at = new_secret(), now + timedelta(seconds=ttl_s)
    session.add(
        MailedLink(
            token_hash=secret_hash(token),
            psu_id=psu_id,
            purpose=purpose.value,
            address=address,
            created_at=now,
            expires_at=expires_at,
            used_at=None,
        )
    )
    return Made(hub.settings.base_url + PATHS[purpose] + token, in_words(expires_at))


def look(session: Session, purpose: Purpose, token: str, *, now: datetime, lock: bool = False) -> Link:
    """The link as it stands, unused. Raises NotFound. ``lock``: hold its person's row."""
    query = select(MailedLink.psu_id, MailedLink.address, MailedLink.created_at).join(Psu, Psu.id == MailedLink.psu_id)
    if lock:
        query = query.with_for_update(key_share=True, of=Psu)
    found = session.execute(query.where(*_is_open(purpose, token, now))).one_or_none()
    if found is None:
        raise gone()
    return Link(found.psu_id, found.address, found.created_at)


def claim(session: Session, purpose: Purpose, token: str, *further: ColumnElement[bool], now: datetime) -> Link:
    """Redeem the link, once. ``further`` are the caller's own conditions on its row. Raises NotFound.

    The person's row stays locked until the end of the transaction: whatever a link does, it does alone.
    """
    look(session, purpose, token, now=now, lock=True)
    found = session.execute(
        update(MailedLink)
        .where(*_is_open(purpose, token, now), *further)
        .values(used_at=now)
        .returning(MailedLink.psu_id, MailedLink.address, MailedLink.created_at)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if found is None:
        raise gone()
    return Link(found.psu_id, found.address, found.created_at)


def is_of(psu_id: str) -> ColumnElement[bool]:
    return MailedLink.psu_id == psu_id


def is_to_their_verified_address() -> ColumnElement[bool]:
    """The person still has the address that the link went to, and it is verified."""
    return exists().where(
        Psu.id == MailedLink.psu_id, Psu.email == MailedLink.address, Psu.email_verified_at.is_not(None)
    )


def is_to_their_address() -> ColumnElement[bool]:
    return exists().where(Psu.id == MailedLink.psu_id, Psu.email == MailedLink.address)


def drop(session: Session, psu_id: str, purposes: Iterable[Purpose], *, since: datetime | None = None) -> None:
    """Links of the person that nobody used yet stop working: all, or those made at ``since`` or later."""
    session.execute(
        delete(MailedLink)
        .where(
            MailedLink.psu_id == psu_id,
            MailedLink.purpose.in_([purpose.value for purpose in purposes]),
            MailedLink.used_at.is_(None),
            *([] if since is None else [MailedLink.created_at >= since]),
        )
        .execution_options(synchronize_session=False)
    )


def is_kept_for_another(session: Session, address: str, psu_id: str, *, now: datetime) -> bool:
    """Whether somebody else may still take their change away from ``address`` back: then nobody can have it."""
    kept = select(MailedLink.token_hash).where(
        MailedLink.purpose == Purpose.UNDO.value,
        MailedLink.address == address,
        MailedLink.psu_id != psu_id,
        MailedLink.used_at.is_(None),
        MailedLink.expires_at > now,
    )
    return session.scalar(kept.limit(1)) is not None


def gone() -> NotFound:
    return NotFound("This link does not work any more. It may have been used, replaced by a newer one, or be too old.")


def in_words(moment: datetime) -> str:
    """``25 November 2026, 18:30 UTC``, as mails say it."""
    return format_datetime(moment, "d MMMM y, HH:mm", locale="en_GB") + " UTC"


def _is_open(purpose: Purpose, token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        MailedLink.token_hash == secret_hash(token),
        MailedLink.purpose == purpose.value,
        MailedLink.used_at.is_(None),
        MailedLink.expires_at > now,
    )
