"""A password for somebody who has none: they log in at another provider, or took a change of address back."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from hub.context import Hub
from hub.db import Reading
from hub.errors import Conflict, Unauthenticated
from hub.events import outbox
from hub.identity import activity, passwords, recovery, sessions
from hub.identity.activity import Kind
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.models.psu import Psu, PsuSession


def has_password(reading: Reading, psu_id: str) -> bool:
    return bool(reading.scalar(select(Psu.password_hash != "").where(Psu.id == psu_id)))


def set_password(hub: Hub, person: Person, *, new: str, origin: Origin, now: datetime) -> str:
    """The new secret of this session; all others of the person end. The caller's route demands a recent login.

    Raises BadInput("new_password"), TooMany, Conflict if there is a password by now, Unauthenticated.
    """
    name, email = person.name, person.email
    passwords.check_rules(new, email=email, name=name, breach_list=hub.breach_list, parameter="new_password")
    password_hash = passwords.hash_password(new)
    # Logins under way compare the moment to notice the change, so it moves even if this machine's clock lags.
    changed_at = max(now, person.password_changed_at + timedelta(microseconds=1))
    with hub.db.write() as session:
        found = session.scalar(
            update(Psu)
            .where(Psu.id == person.psu_id, Psu.password_hash == "")
            .values(password_hash=password_hash, password_changed_at=changed_at)
            .returning(Psu.id)
            .execution_options(synchronize_session=False)
        )
        if found is None:
            raise Conflict("You have a password already.")
        ended = sessions.end(session, person.psu_id, PsuSession.id_hash != person.session_hash, now=now)
        secret = sessions.reissue(session, person, amr=person.amr, now=now, settings=hub.settings)
        if secret is None:
            raise Unauthenticated("This session has ended.")
        detail = {"sessions": ended}
        activity.write(session, person.psu_id, Kind.PASSWORD_SET, origin=origin, now=now, detail=detail)
        recovery.tell_of_new_password(hub, session, person.psu_id, now=now)
        outbox.emit(session, "psu.password_set", person.psu_id, now=now, psu_id=person.psu_id)
    return secret
