"""A person's open logins. The cookie holds 256 random bits, the row only their SHA-256.

A session ends when it was not used for ``session_idle_ttl_s``, ``session_ttl_s`` after the last proof of identity, or
when it is revoked. Its secret is new at every login and at every proof: one that was planted or seen before is
worthless afterwards. Ending a session leaves the grants of clients alone, those end by their consent; what goes with
the session stands in hub.identity.logout_notices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import Unauthenticated
from hub.hashing import secret_hash
from hub.identity import activity, assurance, logout_notices
from hub.identity.activity import Kind
from hub.identity.origin import Origin
from hub.identity.person_lock import lock_person
from hub.ids import new_id, new_secret
from hub.models.psu import Psu, PsuSession
from hub.settings import Settings

_SEEN_STEP_S = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, and by which session.

    ``auth_time`` is when they last proved who they are in this session, ``amr`` by which methods, ``acr`` what that
    amounts to (OIDC Core 2; the values stand in hub.identity.assurance). Of several steps it is the first one's time:
    none of what ``acr`` rests on is older. ``sid`` names the session and stays the same
    as long as it lasts. ``created_at`` is when the person registered, ``password_changed_at`` when they chose the
    present password.
    """

    psu_id: str
    name: str
    email: str
    session_hash: str
    auth_time: datetime
    created_at: datetime
    password_changed_at: datetime
    sid: str
    acr: str
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One line of "where you are logged in"."""

    session_hash: str
    sid: str
    acr: str
    started_at: datetime
    auth_time: datetime
    last_seen_at: datetime
    user_agent: str
    ip_address: str


def start(
    session: Session,
    psu_id: str,
    *,
    amr: Sequence[str],
    origin: Origin,
    now: datetime,
    settings: Settings,
    auth_time: datetime | None = None,
) -> str:
    """A new session of somebody who proved who they are by ``amr``, now or (elsewhere) at ``auth_time``.

    Returns the secret for the cookie, which is kept nowhere else.
    """
    secret = new_secret()
    row = PsuSession(
        id_hash=secret_hash(secret),
        sid=new_id(),
        acr=assurance.acr_of(amr),
        amr=list(amr),
        psu_id=psu_id,
        created_at=now,
        auth_time=proved_at(auth_time, now),
        last_seen_at=now,
        expires_at=now + timedelta(seconds=settings.session_ttl_s),
        user_agent=origin.user_agent,
        ip_address=origin.ip_address,
    )
    session.add(row)
    return secret


def proved_at(auth_time: datetime | None, now: datetime) -> datetime:
    """When a proof was made: just now where nothing else is said, and never in the future, whatever a provider's clock
    says.
    """
    return now if auth_time is None else min(now, auth_time)


def load(hub: Hub, secret: str, now: datetime) -> Person | None:
    """Whose session this is, by one statement; None if it ended or never was. Not to be called inside a transaction.

    At most once a minute the session is marked as seen, by a second one.
    """
    key = secret_hash(secret)
    with hub.db.read() as session:
        row = session.execute(
            select(
                Psu.id,
                Psu.name,
                Psu.email,
                PsuSession.auth_time,
                Psu.created_at,
                Psu.password_changed_at,
                PsuSession.sid,
                PsuSession.acr,
                PsuSession.amr,
                PsuSession.last_seen_at,
            )
            .join(Psu, Psu.id == PsuSession.psu_id)
            .where(PsuSession.id_hash == key, *_is_open(now, hub.settings))
        ).one_or_none()
    if row is None:
        return None
    # With a very short idle time a minute would be too coarse: a person at work would be logged out.
    step = timedelta(seconds=min(_SEEN_STEP_S, hub.settings.session_idle_ttl_s / 2))
    if row.last_seen_at <= now - step:
        with hub.db.write() as session:
            session.execute(
                update(PsuSession)
                .where(PsuSession.id_hash == key, PsuSession.last_seen_at <= now - step)
                .values(last_seen_at=now)
                .execution_options(synchronize_session=False)
            )
    return Person(
        psu_id=row.id,
        name=row.name,
        email=row.email,
        session_hash=key,
        auth_time=row.auth_time,
        created_at=row.created_at,
        password_changed_at=row.password_changed_at,
        sid=row.sid,
        acr=row.acr,
        amr=tuple(row.amr),
    )


def is_still(person: Person) -> ColumnElement[bool]:
    """Whether the session that answers something is neither over nor under a new secret since it was loaded; a
    condition for the statement that claims what is answered.

    The session's row is locked (shared) for the rest of the transaction. So whoever ends the session, or renews it to
    shut out those who know its old secret, finds all that was answered in it before, and nothing is answered after.
    """
    held = select(PsuSession.id_hash).where(PsuSession.id_hash == person.session_hash, PsuSession.revoked_at.is_(None))
    return held.with_for_update(read=True).scalar_subquery().is_not(None)


def hold(session: Session, person: Person) -> None:
    """First of all, where somebody changes how they log in: two such changes of one person come one after the other,
    and none comes after the end of its session. Raises Unauthenticated.
    """
    lock_person(session, person.psu_id)
    # Asked only now: whoever held the row until now may have ended the session.
    if session.scalar(select(Psu.id).where(Psu.id == person.psu_id, is_still(person))) is None:
        raise Unauthenticated("This session has ended.")


def rotate(
    session: Session,
    session_hash: str,
    *,
    amr: Sequence[str],
    now: datetime,
    settings: Settings,
    auth_time: datetime | None = None,
) -> str | None:
    """The same session under a new secret, after the person proved by ``amr`` who they are, now or at ``auth_time``;
    None if it has ended.

    What was proved before counts no more: ``acr``, ``amr`` and ``auth_time`` tell of one and the same proof.
    """
    secret = new_secret()
    found = session.execute(
        update(PsuSession)
        .where(PsuSession.id_hash == session_hash, *_is_open(now, settings))
        .values(
            id_hash=secret_hash(secret),
            acr=assurance.acr_of(amr),
            amr=list(amr),
            auth_time=proved_at(auth_time, now),
            last_seen_at=now,
            expires_at=now + timedelta(seconds=settings.session_ttl_s),
        )
        .execution_options(synchronize_session=False)
    )
    return secret if _count(found) else None


def reissue(session: Session, person: Person, *, amr: Sequence[str], now: datetime, settings: Settings) -> str | None:
    """The same session under a new secret, with ``amr`` as what was shown in it; None if it has ended meanwhile.

    ``auth_time`` and the session's end stay: not everything was proved anew.
    """
    secret = new_secret()
    found = session.execute(
        update(PsuSession)
        .where(PsuSession.id_hash == person.session_hash, *_is_open(now, settings))
        .values(id_hash=secret_hash(secret), acr=assurance.acr_of(amr), amr=list(amr), last_seen_at=now)
        .execution_options(synchronize_session=False)
    )
    return secret if _count(found) else None


def end(session: Session, psu_id: str, *which: ColumnElement[bool], now: datetime) -> int:
    """Revoke this person's sessions that are not revoked yet, all or those that ``which`` narrows down to; how many.

    Every end that somebody brings about passes here, so the apps hear of it (hub.identity.logout_notices).

    Whoever ends several in one transaction holds the person's row first, so that two such never wait for each other.
    """
    ended = session.scalars(
        update(PsuSession)
        .where(PsuSession.psu_id == psu_id, PsuSession.revoked_at.is_(None), *which)
        .values(revoked_at=now)
        .returning(PsuSession.sid)
        .execution_options(synchronize_session=False)
    ).all()
    logout_notices.session_ended(session, psu_id, ended, now=now)
    return len(ended)


def revoke(hub: Hub, session_hash: str, *, psu_id: str, origin: Origin, now: datetime) -> bool:
    """Log one session out, this one or another of the same person; False if they have no such session."""
    with hub.db.write() as session:
        ended = end(session, psu_id, PsuSession.id_hash == session_hash, now=now)
        if ended:
            activity.write(session, psu_id, Kind.LOGOUT, origin=origin, now=now)
    return ended > 0


def revoke_one(hub: Hub, person: Person, sid: str, *, origin: Origin, now: datetime) -> bool:
    """Log another session of the person out, by its name; False if they have no such session open."""
    with hub.db.write() as session:
        ended = end(session, person.psu_id, PsuSession.sid == sid, now=now)
        if ended:
            detail = {"sid": sid}
            activity.write(session, person.psu_id, Kind.SESSION_ENDED, origin=origin, now=now, detail=detail)
    return ended > 0


def revoke_others(hub: Hub, person: Person, *, origin: Origin, now: datetime) -> int:
    """Log every other session of the person out; how many there were."""
    return _revoke(hub, person, PsuSession.id_hash != person.session_hash, origin=origin, now=now)


def revoke_all(hub: Hub, person: Person, *, origin: Origin, now: datetime) -> int:
    """Log out everywhere, here included; how many sessions there were."""
    return _revoke(hub, person, origin=origin, now=now)


def list_sessions(session: Session, psu_id: str, *, now: datetime, settings: Settings) -> Sequence[OpenSession]:
    """The person's open sessions, the latest used first."""
    rows = session.scalars(
        select(PsuSession)
        .where(PsuSession.psu_id == psu_id, *_is_open(now, settings))
        .order_by(PsuSession.last_seen_at.desc(), PsuSession.created_at.desc(), PsuSession.id_hash)
    )
    return [
        OpenSession(
            session_hash=row.id_hash,
            sid=row.sid,
            acr=row.acr,
            started_at=row.created_at,
            auth_time=row.auth_time,
            last_seen_at=row.last_seen_at,
            user_agent=row.user_agent,
            ip_address=row.ip_address,
        )
        for row in rows
    ]


def _is_open(now: datetime, settings: Settings) -> tuple[ColumnElement[bool], ...]:
    return (
        PsuSession.revoked_at.is_(None),
        PsuSession.expires_at > now,
        PsuSession.last_seen_at > now - timedelta(seconds=settings.session_idle_ttl_s),
    )


def _revoke(hub: Hub, person: Person, *which: ColumnElement[bool], origin: Origin, now: datetime) -> int:
    with hub.db.write() as session:
        lock_person(session, person.psu_id)
        ended = end(session, person.psu_id, *which, now=now)
        if ended:
            detail = {"sessions": ended}
            activity.write(session, person.psu_id, Kind.SESSIONS_REVOKED, origin=origin, now=now, detail=detail)
    return ended


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101  # what an UPDATE always gives
    return result.rowcount
