"""From a proof to a session: whoever showed one thing is let in, or asked for the next.

Every way in ends here: the password, a passkey, a login at another provider. A *half-open login* is what a person has
who passed the first step and not yet the second. It is a row and a cookie of its own, never a session.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.events import outbox
from hub.hashing import secret_hash
from hub.identity import activity, assurance, devices, factor_recovery, risk, sessions
from hub.identity.activity import Kind
from hub.identity.factors import enrolled, notice
from hub.identity.factors.enrolled import Enrolled
from hub.identity.origin import Origin
from hub.identity.risk import Facts
from hub.ids import new_secret
from hub.models.factor import HalfOpenLogin
from hub.models.psu import Psu, SecurityEvent

HALF_OPEN = timedelta(minutes=10)
_LATEST_LOGINS = 50
_FAILURES = (Kind.LOGIN_FAILED, Kind.LOCKED, Kind.SECOND_STEP_MISSING, Kind.SECOND_STEP_FAILED)


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody has shown: ``amr`` for ``psu_id``. ``entry_id`` is the activity entry that tells of this login.

    ``renews`` is the hash of the session that goes on with it, None for a new one. ``auth_time`` is when the first of
    it was shown, here or to another provider; None for just now. ``held_since`` is when the person set up the second
    factor that is among it; None where there is none.
    """

    psu_id: str
    amr: Sequence[str]
    entry_id: str
    renews: str | None = None
    auth_time: datetime | None = None
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """In. The secrets go into the cookies of the session and of the device."""

    psu_id: str
    acr: str
    session_secret: str = field(repr=False)
    device_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """The second step is asked for; ``secret`` goes into a cookie of its own."""

    psu_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session that was to go on has ended meanwhile."""


def admit(
    hub: Hub, session: Session, proof: Proof, *, origin: Origin, now: datetime
) -> LoggedIn | HalfOpen | SessionEnded:
    """After the first step, in the transaction that settled its proof."""
    has = enrolled.of(session, proof.psu_id)
    facts = _facts(session, proof, has, origin=origin, now=now)
    judged = hub.risk.assess(facts)
    needs = risk.needed(judged, floor=has.floor, ceiling=has.ceiling)
    if assurance.satisfies(facts.reached, needs):
        return complete(hub, session, proof, tell=judged.tell, origin=origin, now=now)
    secret = new_secret()
    changed_at = session.scalar(select(Psu.password_changed_at).where(Psu.id == proof.psu_id))
    row = HalfOpenLogin(
        id_hash=secret_hash(secret),
        psu_id=proof.psu_id,
        amr=list(proof.amr),
        auth_time=sessions.proved_at(proof.auth_time, now),
        needs=needs,
        renews=proof.renews,
        tell=judged.tell,
        password_changed_at=changed_at,
        entry_id=proof.entry_id,
        attempts_left=hub.settings.login_failures_before_lock,
        expires_at=now + HALF_OPEN,
    )
    session.add(row)
    # Should nothing follow, this is what the person reads: somebody knows their password.
    activity.amend(session, proof.entry_id, Kind.SECOND_STEP_MISSING)
    return HalfOpen(proof.psu_id, secret)


def complete(
    hub: Hub, session: Session, proof: Proof, *, tell: bool, origin: Origin, now: datetime
) -> LoggedIn | SessionEnded:
    """Nothing more is asked for: a session, and what the person reads about it."""
    shown_at = proof.auth_time
    if proof.renews is None:
        entered = begin(hub, session, proof.psu_id, proof.amr, origin=origin, now=now, auth_time=shown_at)
    else:
        secret = sessions.rotate(
            session, proof.renews, amr=proof.amr, now=now, settings=hub.settings, auth_time=shown_at
        )
        if secret is None:
            return SessionEnded()
        entered = _remembered(session, proof.psu_id, proof.amr, secret, origin=origin, now=now)
    if proof.held_since is not None:
        factor_recovery.stop_by_factor(hub, session, proof.psu_id, proof.held_since, origin=origin, now=now)
    kind = Kind.LOGIN if proof.renews is None else Kind.REAUTHENTICATED
    activity.amend(session, proof.entry_id, kind, detail={"amr": list(proof.amr)})
    if tell:
        activity.write(session, proof.psu_id, Kind.NEW_DEVICE, origin=origin, now=now)
        outbox.emit(session, "psu.new_device", proof.psu_id, now=now, psu_id=proof.psu_id)
        notice.tell(hub, session, proof.psu_id, Kind.NEW_DEVICE, now=now)
    return entered


def begin(
    hub: Hub,
    session: Session,
    psu_id: str,
    amr: Sequence[str],
    *,
    origin: Origin,
    now: datetime,
    auth_time: datetime | None = None,
) -> LoggedIn:
    """A new session without any question; by itself only for somebody who registered a moment ago."""
    secret = sessions.start(
        session, psu_id, amr=amr, origin=origin, now=now, settings=hub.settings, auth_time=auth_time
    )
    return _remembered(session, psu_id, amr, secret, origin=origin, now=now)


def _remembered(
    session: Session, psu_id: str, amr: Sequence[str], secret: str, *, origin: Origin, now: datetime
) -> LoggedIn:
    return LoggedIn(psu_id, assurance.acr_of(amr), secret, devices.remember(session, psu_id, origin, now=now))


def _facts(session: Session, proof: Proof, has: Enrolled, *, origin: Origin, now: datetime) -> Facts:
    mine = SecurityEvent.psu_id == proof.psu_id
    failures = session.scalar(
        select(func.count())
        .select_from(SecurityEvent)
        .where(
            mine,
            SecurityEvent.at > now - risk.LATELY,
            SecurityEvent.kind.in_([str(kind) for kind in _FAILURES]),
            SecurityEvent.id != proof.entry_id,  # still written down as failed
        )
    )
    places = session.scalars(
        select(SecurityEvent.ip_address)
        .where(mine, SecurityEvent.kind.in_([str(Kind.LOGIN), str(Kind.REGISTERED)]))
        .order_by(SecurityEvent.at.desc())
        .limit(_LATEST_LOGINS)
    )
    return Facts(
        is_known_device=devices.is_known(session, proof.psu_id, origin),
        is_known_network=origin.network in {Origin(place, "").network for place in places},
        failures_lately=failures or 0,
        has_second_factor=has.has_second,
        reached=assurance.acr_of(proof.amr),
        ceiling=has.ceiling,
        renews=proof.renews is not None,
    )
