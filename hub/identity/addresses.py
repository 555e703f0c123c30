"""A person's e-mail address: verified, changed, and a change taken back.

    sign-up    -> link to the address; whoever opens it must be signed in as that very person
    change     -> link to the NEW address; only when it is redeemed does the address change, and it is verified then
               -> notice with an undo link to the OLD one, if that was verified
    undo       -> needs no login (a thief may have changed the password): the old address is back, every login ends,
                  the password is void, what was added to the account meanwhile is gone (hub.identity.intruder)

Verifying takes a login as well as the mail: else somebody could register a stranger's address and let the stranger's
own click verify it for them.
"""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from hub import mail
from hub.context import Hub
from hub.errors import BadInput, Conflict, TooMany
from hub.events import outbox
from hub.identity import activity, intruder, mailed_links, notices, particulars, sessions, throttle
from hub.identity.activity import Kind
from hub.identity.intruder import Change
from hub.identity.mailed_links import Link, Purpose
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.identity.throttle import Locked
from hub.mail import Template
from hub.models.psu import Psu, PsuSession, SecurityEvent

_TAKEN = "This address cannot be used any more."
_SESSION_BEGAN = "session_began"
"""In the activity entry of a change: when the session that made it was opened, in ISO 8601."""


def send_verification(hub: Hub, session: Session, *, psu_id: str, address: str, now: datetime) -> None:
    """In the transaction that made the person, or that asks again."""
    ttl_s = hub.settings.email_link_ttl_s
    link = mailed_links.make(hub, session, Purpose.VERIFY, psu_id=psu_id, address=address, ttl_s=ttl_s, now=now)
    mail.send(
        hub, session, to=address, template=Template.VERIFY, psu_id=psu_id, now=now, link=link.url, until=link.until
    )


def is_verified(session: Session, psu_id: str) -> bool:
    return session.scalar(select(Psu.email_verified_at).where(Psu.id == psu_id)) is not None


def resend(hub: Hub, person: Person, *, now: datetime) -> None:
    """The link for the present address once more. Raises TooMany, Conflict if the address is verified already."""
    _count(hub, person, now=now)
    with hub.db.write() as session:
        address = session.scalar(
            select(Psu.email).where(Psu.id == person.psu_id, Psu.email_verified_at.is_(None)).with_for_update()
        )
        if address is None:
            raise Conflict("Your address is verified already.")
        send_verification(hub, session, psu_id=person.psu_id, address=address, now=now)


def verify(hub: Hub, person: Person, token: str, *, origin: Origin, now: datetime) -> None:
    """Raises NotFound for a link that is not this person's, not for their present address, used or too old."""
    with hub.db.write() as session:
        whose = (mailed_links.is_of(person.psu_id), mailed_links.is_to_their_address())
        mailed_links.claim(session, Purpose.VERIFY, token, *whose, now=now)
        session.execute(
            update(Psu)
            .where(Psu.id == person.psu_id)
            .values(email_verified_at=now)
            .execution_options(synchronize_session=False)
        )
        activity.write(session, person.psu_id, Kind.EMAIL_VERIFIED, origin=origin, now=now)
        outbox.emit(session, "psu.email_verified", person.psu_id, now=now, psu_id=person.psu_id)


def ask_change(hub: Hub, person: Person, *, new: str, origin: Origin, now: datetime) -> None:
    """Mail a link to the new address. Raises BadInput(parameter="email"), TooMany.

    An address that somebody else has looks the same from here: no mail goes there, and nothing else differs.
    """
    address = particulars.email_address(new)
    if address == person.email:
        raise BadInput("This is your address already.", parameter="email")
    _count(hub, person, now=now)
    ttl_s = hub.settings.email_link_ttl_s
    with hub.db.write() as session:
        link = mailed_links.make(
            hub, session, Purpose.CHANGE, psu_id=person.psu_id, address=address, ttl_s=ttl_s, now=now
        )
        if not _is_somebodys(session, address, person.psu_id, now=now):
            words = {"link": link.url, "until": link.until}
            mail.send(hub, session, to=address, template=Template.CHANGE, psu_id=person.psu_id, now=now, **words)
        activity.write(session, person.psu_id, Kind.EMAIL_CHANGE_ASKED, origin=origin, now=now)


def confirm_change(hub: Hub, person: Person, token: str, *, origin: Origin, now: datetime) -> None:
    """The new address is the person's from now on. Raises NotFound (as ``verify``, and where the session has just
    ended), Conflict if it was taken.
    """
    try:
        with hub.db.write() as session:
            whose = (mailed_links.is_of(person.psu_id), sessions.is_still(person))
            link = mailed_links.claim(session, Purpose.CHANGE, token, *whose, now=now)
            before = session.execute(select(Psu.email, Psu.email_verified_at).where(Psu.id == person.psu_id)).one()
            _set_address(session, link.psu_id, link.address, now=now)
            mailed_links.drop(session, person.psu_id, [Purpose.VERIFY, Purpose.RESET])
            if before.email_verified_at is not None:
                _offer_undo(hub, session, person.psu_id, old=before.email, new=link.address, now=now)
            began = session.scalar(select(PsuSession.created_at).where(PsuSession.sid == person.sid)) or now
            detail = {_SESSION_BEGAN: began.isoformat()}
            activity.write(session, person.psu_id, Kind.EMAIL_CHANGED, origin=origin, now=now, detail=detail)
            outbox.emit(session, "psu.email_changed", person.psu_id, now=now, psu_id=person.psu_id)
    except IntegrityError:
        raise Conflict(_TAKEN) from None


def undo_change(hub: Hub, token: str, *, origin: Origin, now: datetime) -> str:
    """The former address is back. Returns the path where its owner chooses a new password. Raises NotFound, Conflict.

    Whoever changed the address had the password or a session, so both are worth nothing afterwards; and so is what
    they may have added: factors that would keep the owner out, logins at other providers, consents to apps of their
    own (hub.identity.intruder). Links that take an earlier change back go on working: else a thief would change the
    address twice, and use up the owner's link by their own.
    """
    try:
        with hub.db.write() as session:
            link = mailed_links.claim(session, Purpose.UNDO, token, now=now)
            changed_to = session.scalar(select(Psu.email).where(Psu.id == link.psu_id)) or ""
            change = _change_behind(session, link)
            found = intruder.shut_out(session, hub.settings, link.psu_id, change=change, now=now)
            # Only now: an answer under way needs the person's row as it was, and has to be over first.
            _set_address(session, link.psu_id, link.address, now=now)
            mailed_links.drop(session, link.psu_id, set(Purpose) - {Purpose.UNDO})
            mailed_links.drop(session, link.psu_id, {Purpose.UNDO}, since=link.created_at)
            reset = mailed_links.make(
                hub,
                session,
                Purpose.RESET,
                psu_id=link.psu_id,
                address=link.address,
                ttl_s=hub.settings.recovery_link_ttl_s,
                now=now,
            )
            at = mailed_links.in_words(now)
            if changed_to != link.address:
                undone = Template.CHANGE_UNDONE
                mail.send(hub, session, to=changed_to, template=undone, psu_id=link.psu_id, now=now, at=at)
            words = {"removed": found.removed.in_words(), "kept": found.kept.in_words(), "at": at}
            account = f"{hub.settings.base_url}/account"
            notices.tell(hub, session, link.psu_id, Template.TAKEN_BACK, now=now, link=account, **words)
            detail = {"removed": asdict(found.removed)}
            activity.write(session, link.psu_id, Kind.EMAIL_CHANGE_UNDONE, origin=origin, now=now, detail=detail)
            outbox.emit(session, "psu.email_change_undone", link.psu_id, now=now, psu_id=link.psu_id)
    except IntegrityError:
        raise Conflict(_TAKEN) from None
    return reset.url.removeprefix(hub.settings.base_url)


def _count(hub: Hub, person: Person, *, now: datetime) -> None:
    """Raises TooMany: nobody's mailbox is filled from here. In a transaction of its own, so that the count stays."""
    key = throttle.mails_key(hub.keys.secret(throttle.SECRET_NAME), person.psu_id)
    with hub.db.write() as session:
        counted = throttle.claim(session, (key,), now=now, lock_s=hub.settings.login_lock_s)
    if isinstance(counted, Locked):
        raise TooMany("We have sent you several mails already. Come back later.", retry_after_s=counted.retry_after_s)


def _is_somebodys(session: Session, address: str, psu_id: str, *, now: datetime) -> bool:
    other = aliased(Psu)
    has_it = session.scalar(select(exists().where(other.email == address, other.id != psu_id)))
    return bool(has_it) or mailed_links.is_kept_for_another(session, address, psu_id, now=now)


def _set_address(session: Session, psu_id: str, address: str, *, now: datetime) -> None:
    """Raises IntegrityError or Conflict if the address is another person's."""
    session.execute(
        update(Psu)
        .where(Psu.id == psu_id)
        .values(email=address, email_verified_at=now)
        .execution_options(synchronize_session=False)
    )
    # Only now: a change that set the address free has committed if the line above went through.
    if mailed_links.is_kept_for_another(session, address, psu_id, now=now):
        raise Conflict(_TAKEN)


def _change_behind(session: Session, undo: Link) -> Change:
    """The session's row may be gone by now. Where the operator keeps activity for less time than an undo lasts, its
    beginning is unknown, and the change itself stands for it.
    """
    details = session.scalars(
        select(SecurityEvent.detail).where(
            SecurityEvent.psu_id == undo.psu_id,
            SecurityEvent.kind == str(Kind.EMAIL_CHANGED),
            SecurityEvent.at == undo.created_at,
        )
    )
    told = [datetime.fromisoformat(detail[_SESSION_BEGAN]) for detail in details if _SESSION_BEGAN in detail]
    return Change(undo.created_at, min(told, default=undo.created_at))


def _offer_undo(hub: Hub, session: Session, psu_id: str, *, old: str, new: str, now: datetime) -> None:
    ttl_s = hub.settings.email_undo_ttl_s
    link = mailed_links.make(hub, session, Purpose.UNDO, psu_id=psu_id, address=old, ttl_s=ttl_s, now=now)
    words = {"link": link.url, "until": link.until, "at": mailed_links.in_words(now), "new_address": new}
    mail.send(hub, session, to=old, template=Template.CHANGED, psu_id=psu_id, now=now, **words)
