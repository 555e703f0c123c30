"""All second factors are lost, and the recovery codes too: after a wait, and with notice, they can be removed.

    ask     somebody passed the first step and says so; the wait begins, and the verified address is told, with a link
            that stops it. Without a verified address nobody could be warned, so there is no such way
    stop    by the mailed link; or by itself, as soon as anybody passes a second step with a factor that had been there
            for as long as the wait lasts when the wait began: then nothing was lost. A younger one stops nothing, for
            it may be what keeps the owner out: whoever found a session open can add a passkey, and would stop every
            wait with it. The owner is told of each new factor, and so has the length of a wait to ask
    remove  after the wait, by somebody who passes the first step again, within a week

A new password through a mailed link changes nothing here: who holds the mailbox alone waits like everybody, while the
owner is told, and one login of the owner's with a second factor that is not new ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.db import Reading
from hub.errors import Conflict
from hub.events import outbox
from hub.identity import activity, lasting_access, mailed_links, notices, sessions
from hub.identity.activity import Kind
from hub.identity.mailed_links import Purpose, in_words
from hub.identity.origin import Origin
from hub.identity.person_lock import lock_person
from hub.mail import Template
from hub.models.factor import HalfOpenLogin, Passkey, RecoveryCode, Totp, TotpEnrolment
from hub.models.psu import Psu
from hub.models.recovery import FactorRecovery

OPEN_FOR = timedelta(days=7)
"""How long after the wait the factors can be removed; then it begins anew."""
_FACTORS = (Passkey, Totp, TotpEnrolment, RecoveryCode)


@dataclass(frozen=True, slots=True)
class Wait:
    """``effective_at``: when the wait is over, None where none is on. ``can_ask``: whether the person can be warned."""

    effective_at: datetime | None
    is_over: bool
    can_ask: bool


def of(reading: Reading, psu_id: str, *, now: datetime) -> Wait:
    effective_at = reading.scalar(
        select(FactorRecovery.effective_at).where(FactorRecovery.psu_id == psu_id, FactorRecovery.expires_at > now)
    )
    can_ask = reading.scalar(select(exists().where(Psu.id == psu_id, Psu.email_verified_at.is_not(None))))
    return Wait(effective_at, effective_at is not None and effective_at <= now, bool(can_ask))


def ask(hub: Hub, psu_id: str, half_open: str, *, origin: Origin, now: datetime) -> None:
    """Begin the wait; one that is on already goes on as it is. ``half_open`` is the hash of the half-open login that
    asks. Raises Conflict.
    """
    with hub.db.write() as session:
        lock_person(session, psu_id)
        if not _is_still_half_in(session, psu_id, half_open, now=now):
            raise Conflict("This login has taken too long. Begin again.")
        wait = of(session, psu_id, now=now)
        if not wait.can_ask:
            raise Conflict("Your e-mail address was never verified, so nobody could warn you if this were not you.")
        if wait.effective_at is not None:
            return
        session.execute(
            delete(FactorRecovery).where(FactorRecovery.psu_id == psu_id).execution_options(synchronize_session=False)
        )
        effective_at = now + timedelta(seconds=hub.settings.factor_recovery_wait_s)
        ends = {"effective_at": effective_at, "expires_at": effective_at + OPEN_FOR}
        session.add(FactorRecovery(psu_id=psu_id, asked_at=now, **ends))
        words = {"at": in_words(now), "effective": in_words(effective_at)}
        _tell(hub, session, psu_id, Template.FACTORS_ASKED, ends["expires_at"], now=now, **words)
        activity.write(session, psu_id, Kind.FACTOR_RECOVERY_ASKED, origin=origin, now=now)
        outbox.emit(session, "psu.factor_recovery_asked", psu_id, now=now, psu_id=psu_id)


def stop_by_link(hub: Hub, token: str, *, origin: Origin, now: datetime) -> None:
    """The owner of the mailbox says no. Raises NotFound."""
    with hub.db.write() as session:
        link = mailed_links.claim(session, Purpose.KEEP_FACTORS, token, now=now)
        _stop(session, link.psu_id, origin=origin, now=now)


def stop_by_factor(
    hub: Hub, session: Session, psu_id: str, held_since: datetime, *, origin: Origin, now: datetime
) -> None:
    """Somebody has passed a second step, in the caller's transaction. ``held_since``: when that factor was set up."""
    trusted_at = held_since + timedelta(seconds=hub.settings.factor_recovery_wait_s)
    _stop(session, psu_id, FactorRecovery.asked_at >= trusted_at, origin=origin, now=now)


def _stop(session: Session, psu_id: str, *which: ColumnElement[bool], origin: Origin, now: datetime) -> None:
    """End the wait, if one is on."""
    found = session.scalar(
        delete(FactorRecovery)
        .where(FactorRecovery.psu_id == psu_id, *which)
        .returning(FactorRecovery.psu_id)
        .execution_options(synchronize_session=False)
    )
    if found is None:
        return
    mailed_links.drop(session, psu_id, [Purpose.KEEP_FACTORS])
    activity.write(session, psu_id, Kind.FACTOR_RECOVERY_STOPPED, origin=origin, now=now)
    outbox.emit(session, "psu.factor_recovery_stopped", psu_id, now=now, psu_id=psu_id)


def remove(hub: Hub, psu_id: str, half_open: str, *, origin: Origin, now: datetime) -> None:
    """Remove every factor after the wait; all sessions end, and this half-open login too. Raises Conflict."""
    with hub.db.write() as session:
        lock_person(session, psu_id)
        if not _is_still_half_in(session, psu_id, half_open, now=now) or not _claim(session, psu_id, now=now):
            raise Conflict("The second step cannot be removed now.")
        for table in (*_FACTORS, HalfOpenLogin):
            session.execute(delete(table).where(table.psu_id == psu_id).execution_options(synchronize_session=False))
        ended = sessions.end(session, psu_id, now=now)
        lasting_access.revoke(session, psu_id, now=now)
        mailed_links.drop(session, psu_id, [Purpose.KEEP_FACTORS])
        activity.write(session, psu_id, Kind.FACTORS_REMOVED, origin=origin, now=now, detail={"sessions": ended})
        outbox.emit(session, "psu.factors_removed", psu_id, now=now, psu_id=psu_id)
        words = {"at": in_words(now), "link": f"{hub.settings.base_url}/account"}
        notices.tell(hub, session, psu_id, Template.FACTORS_REMOVED, now=now, **words)


def remind(hub: Hub, now: datetime, limit: int) -> int:
    """Tell those whose wait is over, once; at most ``limit`` of them. How many there were."""
    with hub.db.write() as session:
        due = _due(session, now=now, limit=limit)
        for psu_id, expires_at in due:
            _tell(hub, session, psu_id, Template.FACTORS_DUE, expires_at, now=now, until=in_words(expires_at))
    return len(due)


def _due(session: Session, *, now: datetime, limit: int) -> Sequence[tuple[str, datetime]]:
    is_due = (
        FactorRecovery.effective_at <= now,
        FactorRecovery.expires_at > now,
        FactorRecovery.reminded_at.is_(None),
    )
    some = select(FactorRecovery.psu_id).where(*is_due).limit(limit).with_for_update(skip_locked=True)
    rows = session.execute(
        update(FactorRecovery)
        .where(FactorRecovery.psu_id.in_(some), *is_due)
        .values(reminded_at=now)
        .returning(FactorRecovery.psu_id, FactorRecovery.expires_at)
        .execution_options(synchronize_session=False)
    )
    return [(row.psu_id, row.expires_at) for row in rows]


def _tell(
    hub: Hub, session: Session, psu_id: str, template: Template, ends_at: datetime, *, now: datetime, **words: str
) -> None:
    """At the verified address, with a link that stops it all."""
    address = session.scalar(select(Psu.email).where(Psu.id == psu_id)) or ""
    ttl_s = int((ends_at - now).total_seconds())
    keep = Purpose.KEEP_FACTORS
    link = mailed_links.make(hub, session, keep, psu_id=psu_id, address=address, ttl_s=ttl_s, now=now)
    notices.tell(hub, session, psu_id, template, now=now, link=link.url, **words)


def _claim(session: Session, psu_id: str, *, now: datetime) -> bool:
    claimed = session.scalar(
        delete(FactorRecovery)
        .where(
            FactorRecovery.psu_id == psu_id,
            FactorRecovery.effective_at <= now,
            FactorRecovery.expires_at > now,
        )
        .returning(FactorRecovery.psu_id)
        .execution_options(synchronize_session=False)
    )
    return claimed is not None


def _is_still_half_in(session: Session, psu_id: str, half_open: str, *, now: datetime) -> bool:
    """The login was looked up before the transaction: it may be over, or the password another, by now."""
    is_open: tuple[ColumnElement[bool], ...] = (
        HalfOpenLogin.id_hash == half_open,
        HalfOpenLogin.psu_id == psu_id,
        HalfOpenLogin.expires_at > now,
        Psu.password_changed_at == HalfOpenLogin.password_changed_at,
    )
    query = select(HalfOpenLogin.id_hash).join(Psu, Psu.id == HalfOpenLogin.psu_id).where(*is_open)
    return session.scalar(query) is not None
