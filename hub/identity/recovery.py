"""The way back in for whoever forgot the password: a mailed link that sets a new PASSWORD, and nothing else.

It is not a weaker door than the front one: only an address that was verified gets a link; the link lives minutes and
works once; no session is opened by it, so a second step at login is asked for as ever (NIST SP 800-63B-4 4.2). All
sessions end and refresh tokens are revoked.

Whether anybody has an address cannot be learned here, not by words and not by time: asking writes ONE row, the same
for every address, and the worker looks up later whose it is.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from hub import mail
from hub.context import Hub
from hub.errors import TooMany
from hub.events import outbox
from hub.identity import activity, lasting_access, mailed_links, notices, particulars, passwords, sessions, throttle
from hub.identity.activity import Kind
from hub.identity.mailed_links import Purpose
from hub.identity.origin import Origin
from hub.identity.throttle import Locked
from hub.ids import new_id
from hub.mail import Template
from hub.models.psu import Psu
from hub.models.recovery import RecoveryRequest


def ask(hub: Hub, *, email: str, origin: Origin, now: datetime) -> None:
    """Somebody asks for a new password for ``email``. Raises BadInput if that is no address, TooMany for the network.

    Too many requests for one address are dropped without a word: the mails sent before are on their way.
    """
    address = particulars.email_address(email)
    secret = hub.keys.secret(throttle.SECRET_NAME)
    network = throttle.recovery_network_key(secret, origin, hub.settings)
    lock_s = hub.settings.login_lock_s
    with hub.db.write() as session:
        counted = throttle.claim(session, (network,), now=now, lock_s=lock_s)
        if not isinstance(counted, Locked):
            asked = throttle.claim(session, (throttle.recovery_key(secret, address),), now=now, lock_s=lock_s)
            if not isinstance(asked, Locked):
                _write_down(session, address, origin=origin, now=now)
    if isinstance(counted, Locked):
        raise TooMany("Too many attempts. Come back a little later.", retry_after_s=counted.retry_after_s)


def answer_requests(hub: Hub) -> int:
    """The worker's part: mail a link where the address is a person's verified one; how many requests there were."""
    looked_at = 0
    while _answer_one(hub, hub.clock()):
        looked_at += 1
    return looked_at


def address_of(hub: Hub, token: str, *, now: datetime) -> str:
    """The address whose password the link changes. Raises NotFound. Changes nothing."""
    with hub.db.read() as session:
        return mailed_links.look(session, Purpose.RESET, token, now=now).address


def reset(hub: Hub, token: str, *, new: str, origin: Origin, now: datetime) -> None:
    """Set a new password by a mailed link; every session ends. Raises NotFound, BadInput("new_password"), TooMany.

    A password that is refused leaves the link as it was.
    """
    with hub.db.read() as session:
        link = mailed_links.look(session, Purpose.RESET, token, now=now)
        person = session.execute(
            select(Psu.name, Psu.email, Psu.password_changed_at).where(Psu.id == link.psu_id)
        ).one()
    passwords.check_rules(
        new, email=person.email, name=person.name, breach_list=hub.breach_list, parameter="new_password"
    )
    password_hash = passwords.hash_password(new)
    email_key = throttle.email_key(hub.keys.secret(throttle.SECRET_NAME), link.address, hub.settings)
    with hub.db.write() as session:
        to_whom = mailed_links.is_to_their_verified_address()
        mailed_links.claim(session, Purpose.RESET, token, to_whom, now=now)
        ended = _replace_password(session, link.psu_id, password_hash, now=now)
        mailed_links.drop(session, link.psu_id, [Purpose.RESET, Purpose.CHANGE])
        throttle.clear(session, email_key)  # whoever locked the login by guessing shall not keep the owner out
        detail = {"sessions": ended}
        activity.write(session, link.psu_id, Kind.PASSWORD_RESET, origin=origin, now=now, detail=detail)
        outbox.emit(session, "psu.password_reset", link.psu_id, now=now, psu_id=link.psu_id)
        tell_of_new_password(hub, session, link.psu_id, now=now)


def tell_of_new_password(hub: Hub, session: Session, psu_id: str, *, now: datetime) -> None:
    """By mail, in the transaction that changed it."""
    words = {"at": mailed_links.in_words(now), "link": f"{hub.settings.base_url}/recover"}
    notices.tell(hub, session, psu_id, Template.PASSWORD_CHANGED, now=now, **words)


def _write_down(session: Session, address: str, *, origin: Origin, now: datetime) -> None:
    session.add(
        RecoveryRequest(
            id=new_id(),
            email=address,
            user_agent=origin.user_agent,
            ip_address=origin.ip_address,
            created_at=now,
        )
    )


def _answer_one(hub: Hub, now: datetime) -> bool:
    oldest = select(RecoveryRequest.id).order_by(RecoveryRequest.created_at).limit(1)
    with hub.db.read() as session:
        if session.scalar(oldest) is None:
            return False
    with hub.db.write() as session:
        asked = session.execute(
            delete(RecoveryRequest)
            .where(RecoveryRequest.id == oldest.with_for_update(skip_locked=True).scalar_subquery())
            .returning(RecoveryRequest.email, RecoveryRequest.ip_address, RecoveryRequest.user_agent)
            .execution_options(synchronize_session=False)
        ).one_or_none()
        if asked is None:
            return False
        psu_id = session.scalar(select(Psu.id).where(Psu.email == asked.email, Psu.email_verified_at.is_not(None)))
        if psu_id is not None:
            _send_link(hub, session, psu_id, asked.email, origin=Origin(asked.ip_address, asked.user_agent), now=now)
    return True


def _send_link(hub: Hub, session: Session, psu_id: str, address: str, *, origin: Origin, now: datetime) -> None:
    ttl_s = hub.settings.recovery_link_ttl_s
    link = mailed_links.make(hub, session, Purpose.RESET, psu_id=psu_id, address=address, ttl_s=ttl_s, now=now)
    words = {"link": link.url, "until": link.until}
    mail.send(hub, session, to=address, template=Template.RESET, psu_id=psu_id, now=now, **words)
    activity.write(session, psu_id, Kind.RECOVERY_ASKED, origin=origin, now=now)


def _replace_password(session: Session, psu_id: str, password_hash: str, *, now: datetime) -> int:
    """How many sessions ended with it. The person's row is locked by the caller."""
    before = session.scalar(select(Psu.password_changed_at).where(Psu.id == psu_id)) or now
    # Strictly later than before, even if this machine's clock lags: logins compare it to notice the change.
    changed_at = max(now, before + timedelta(microseconds=1))
    session.execute(
        update(Psu)
        .where(Psu.id == psu_id)
        .values(password_hash=password_hash, password_changed_at=changed_at)
        .execution_options(synchronize_session=False)
    )
    ended = sessions.end(session, psu_id, now=now)
    lasting_access.revoke(session, psu_id, now=now)
    return ended
