"""What every change of a person's factors brings with it, in the transaction of the change.

The person's other sessions end: they were begun without the new factor, or by whoever holds the removed one. Clients
keep their access, as when a session ends; recovery codes go with the last factor that they stood in for.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hub.context import Hub
from hub.errors import Unauthenticated
from hub.events import outbox
from hub.identity import activity, assurance, sessions
from hub.identity.activity import Kind
from hub.identity.factors import enrolled, notice, recovery_codes
from hub.identity.origin import Origin
from hub.identity.sessions import Person
from hub.models.psu import PsuSession


def shown(hub: Hub, session: Session, person: Person, amr: Sequence[str], *, now: datetime) -> str:
    """The new secret of this session, in which the factor that was added has been shown. Raises Unauthenticated."""
    together = assurance.together(person.amr, amr)
    secret = sessions.reissue(session, person, amr=together, now=now, settings=hub.settings)
    if secret is None:
        raise Unauthenticated("This session has ended.")
    return secret


def note(
    hub: Hub,
    session: Session,
    person: Person,
    kind: Kind,
    subject_id: str,
    *,
    origin: Origin,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """End the other sessions; write the activity entry, the event ``psu.<kind>`` and a mail."""
    if not enrolled.of(session, person.psu_id).has_second:
        recovery_codes.discard(session, person.psu_id)
    ended = sessions.end(session, person.psu_id, PsuSession.id_hash != person.session_hash, now=now)
    told = {**(detail or {}), "sessions": ended}
    activity.write(session, person.psu_id, kind, origin=origin, now=now, detail=told)
    outbox.emit(session, f"psu.{kind}", subject_id, now=now, psu_id=person.psu_id)
    notice.tell(hub, session, person.psu_id, kind, now=now)
