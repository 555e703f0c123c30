"""What a proven identity at a provider opens, links and unlinks.

An identity is (issuer, sub), nothing else: an equal e-mail address never joins two accounts, for whoever can register
an address at some provider would then own the account here. Linking takes a fresh login here, a fresh login there, in
one browser, and the person's yes. Nobody is left without a way in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from hub.context import Hub
from hub.db import Reading
from hub.errors import Conflict, NotFound, Unauthenticated
from hub.events import outbox
from hub.hashing import secret_hash
from hub.identity import activity, admission, assurance, newcomers, notices, particulars, sessions
from hub.identity.activity import Kind
from hub.identity.admission import HalfOpen, LoggedIn, Proof, SessionEnded
from hub.identity.factors import enrolled
from hub.identity.first_password import has_password
from hub.identity.mailed_links import in_words
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.ids import new_id
from hub.mail import Template
from hub.models.psu import PsuSession
from hub.models.upstream import UpstreamAttempt, UpstreamLogin
from hub.upsert import insert_into
from hub.upstream.exchange import Identity
from hub.upstream.provider import Provider

FRESH = timedelta(minutes=10)
"""How long ago, at most, somebody who links proved at the provider who they are."""
_AMR = (assurance.FEDERATED,)
_GONE = "This login at the other provider is over. Begin again."
_TAKEN = "This login is linked to an account already."
_LAST_WAY = "This is your only way in. Set a password or link another login first."


@dataclass(frozen=True, slots=True)
class Taken:
    """The identity opens another account than the one that is signed in."""

    provider_name: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A proven identity that belongs to nobody here, in the browser that proved it.

    ``name`` and ``email`` are what the provider said, for a form. ``is_fresh``: recent enough to be linked.
    """

    provider_id: str
    provider_name: str
    name: str
    email: str
    is_fresh: bool
    return_to: str


@dataclass(frozen=True, slots=True)
class Linked:
    """One line of "where else you can log in". ``provider_name`` is "" for a provider that is not declared any more."""

    id: str
    provider_id: str
    provider_name: str
    linked_at: datetime
    last_used_at: datetime


def enter(
    hub: Hub,
    session: Session,
    login: UpstreamLogin,
    provider: Provider,
    identity: Identity,
    *,
    person: Person | None,
    origin: Origin,
    now: datetime,
) -> LoggedIn | HalfOpen | Taken:
    """Let the owner of ``login``, whose row the caller holds, in, by both steps where they have two. Raises
    Unauthenticated if the session of ``person``, who proved anew who they are, has ended.
    """
    if person is not None and person.psu_id != login.psu_id:
        return Taken(provider.declared.name)
    # Written down as failed until it turns out well, like every attempt (hub.identity.attempt).
    entry_id = activity.write(session, login.psu_id, Kind.LOGIN_FAILED, origin=origin, now=now)
    login.last_used_at = now
    renews = None if person is None else person.session_hash
    proof = Proof(login.psu_id, _AMR, entry_id, renews, identity.auth_time)
    entered = admission.admit(hub, session, proof, origin=origin, now=now)
    if isinstance(entered, SessionEnded):
        raise Unauthenticated("This session has ended.")
    if isinstance(entered, LoggedIn):
        kind = Kind.LOGIN if renews is None else Kind.REAUTHENTICATED
        detail = {"amr": list(_AMR), "name": provider.declared.name}
        activity.amend(session, entry_id, kind, detail=detail)
    return entered


def pending(hub: Hub, browser_secret: str | None, *, now: datetime) -> Pending | None:
    """What waits for a decision in this browser."""
    with hub.db.read() as session:
        row = session.scalar(select(UpstreamAttempt).where(*_is_undecided(browser_secret, now)))
    if row is None or row.claims_sealed is None or row.auth_time is None or row.provider_id not in hub.upstreams:
        return None
    opened = hub.sealer.open(row.claims_sealed, f"upstream_attempt.claims:{row.state_hash}")
    shown = msgspec.json.decode(opened, type=dict[str, str])
    return Pending(
        provider_id=row.provider_id,
        provider_name=hub.upstream(row.provider_id).declared.name,
        name=shown["name"],
        email=shown["email"],
        is_fresh=row.auth_time > now - FRESH,
        return_to=row.return_to,
    )


def create_account(
    hub: Hub, browser_secret: str | None, *, name: str, email: str, origin: Origin, now: datetime
) -> LoggedIn:
    """A new person who logs in at the provider. Raises BadInput naming the field, TooMany, Conflict.

    The address is what was typed, and verified by our own mail like any other.
    """
    shown, address = particulars.person_name(name), particulars.email_address(email)
    newcomers.raise_if_locked(hub, origin=origin, now=now)

    def link_and_enter(session: Session, psu_id: str) -> LoggedIn:
        decided = _decide(session, browser_secret, now=now)
        _link(hub, session, psu_id, decided, origin=origin, now=now)
        return admission.begin(hub, session, psu_id, _AMR, origin=origin, now=now, auth_time=decided.auth_time)

    return newcomers.take_in(
        hub, name=shown, address=address, password_hash="", origin=origin, now=now, then=link_and_enter
    )


def link(hub: Hub, person: Person, browser_secret: str | None, *, origin: Origin, now: datetime) -> None:
    """The person's yes, after a recent login here (the route's own demand). Raises Conflict, Unauthenticated."""
    mine = (UpstreamAttempt.auth_time > now - FRESH, UpstreamAttempt.psu_id.is_(None) | _began_by(person))
    with hub.db.write() as session:
        sessions.hold(session, person)
        _link(hub, session, person.psu_id, _decide(session, browser_secret, *mine, now=now), origin=origin, now=now)


def decline(hub: Hub, browser_secret: str | None, *, now: datetime) -> None:
    """The person's no: nothing is kept of the identity."""
    with hub.db.write() as session:
        session.execute(
            delete(UpstreamAttempt)
            .where(*_is_undecided(browser_secret, now))
            .execution_options(synchronize_session=False)
        )


def unlink(hub: Hub, person: Person, login_id: str, *, origin: Origin, now: datetime) -> None:
    """Raises NotFound, Unauthenticated, and Conflict if it is the person's only way in. Their other sessions end."""
    with hub.db.write() as session:
        sessions.hold(session, person)  # two at once come one after the other: the second may be the last way in
        mine = list_for(hub, session, person.psu_id)
        going = next((one for one in mine if one.id == login_id), None)
        if going is None:
            raise NotFound("No such login.")
        if not _has_another_way(session, person.psu_id, [one for one in mine if one is not going]):
            raise Conflict(_LAST_WAY)
        session.execute(
            delete(UpstreamLogin).where(UpstreamLogin.id == login_id).execution_options(synchronize_session=False)
        )
        ended = sessions.end(session, person.psu_id, PsuSession.id_hash != person.session_hash, now=now)
        name = going.provider_name or going.provider_id
        detail = {"name": name, "sessions": ended}
        activity.write(session, person.psu_id, Kind.LOGIN_UNLINKED, origin=origin, now=now, detail=detail)
        outbox.emit(session, "psu.login_unlinked", login_id, now=now, psu_id=person.psu_id)
        words = {"provider": name, "at": in_words(now), "link": f"{hub.settings.base_url}/account"}
        notices.tell(hub, session, person.psu_id, Template.LOGIN_UNLINKED, now=now, **words)


def list_for(hub: Hub, reading: Reading, psu_id: str) -> Sequence[Linked]:
    """The person's linked logins, the oldest first."""
    rows = reading.execute(
        select(
            UpstreamLogin.id,
            UpstreamLogin.provider_id,
            UpstreamLogin.linked_at,
            UpstreamLogin.last_used_at,
        )
        .where(UpstreamLogin.psu_id == psu_id)
        .order_by(UpstreamLogin.linked_at, UpstreamLogin.id)
    )
    return [
        Linked(row.id, row.provider_id, _name(hub, row.provider_id), row.linked_at, row.last_used_at) for row in rows
    ]


def _name(hub: Hub, provider_id: str) -> str:
    known = hub.upstreams.get(provider_id)
    return "" if known is None else known.declared.name


def _has_another_way(session: Session, psu_id: str, others: Sequence[Linked]) -> bool:
    """A password, a passkey, or another linked login whose provider is still there."""
    return (
        has_password(session, psu_id)
        or enrolled.of(session, psu_id).passkeys > 0
        or any(one.provider_name for one in others)
    )


def _began_by(person: Person) -> ColumnElement[bool]:
    return UpstreamAttempt.psu_id == person.psu_id


def _is_undecided(browser_secret: str | None, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        UpstreamAttempt.browser_hash == secret_hash(browser_secret or ""),
        UpstreamAttempt.subject.is_not(None),
        UpstreamAttempt.decided_at.is_(None),
        UpstreamAttempt.expires_at > now,
    )


@dataclass(frozen=True, slots=True)
class _Decided:
    provider_id: str
    issuer: str
    subject: str
    auth_time: datetime


def _decide(session: Session, browser_secret: str | None, *further: ColumnElement[bool], now: datetime) -> _Decided:
    """Take the identity that waits in this browser, once. Raises Conflict."""
    row = session.execute(
        update(UpstreamAttempt)
        .where(*_is_undecided(browser_secret, now), *further)
        .values(decided_at=now, claims_sealed=None)
        .returning(
            UpstreamAttempt.provider_id, UpstreamAttempt.issuer, UpstreamAttempt.subject, UpstreamAttempt.auth_time
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        raise Conflict(_GONE)
    return _Decided(row.provider_id, row.issuer, row.subject, row.auth_time)


def _link(hub: Hub, session: Session, psu_id: str, decided: _Decided, *, origin: Origin, now: datetime) -> None:
    """Raises Conflict if somebody has this identity, also if they got it this very moment."""
    values = {
        "id": new_id(),
        "psu_id": psu_id,
        "issuer": decided.issuer,
        "subject": decided.subject,
        "provider_id": decided.provider_id,
        "linked_at": now,
        "last_used_at": now,
    }
    one_owner = [UpstreamLogin.issuer, UpstreamLogin.subject]
    statement = insert_into(session, UpstreamLogin).values(**values).on_conflict_do_nothing(index_elements=one_owner)
    login_id = session.scalar(statement.returning(UpstreamLogin.id))
    if login_id is None:
        raise Conflict(_TAKEN)
    name = _name(hub, decided.provider_id) or decided.provider_id
    activity.write(session, psu_id, Kind.LOGIN_LINKED, origin=origin, now=now, detail={"name": name})
    outbox.emit(session, "psu.login_linked", login_id, now=now, psu_id=psu_id)
    words = {"provider": name, "at": in_words(now), "link": f"{hub.settings.base_url}/account/logins"}
    notices.tell(hub, session, psu_id, Template.LOGIN_LINKED, now=now, **words)
