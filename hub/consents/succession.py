"""Lines of consents: what a client calls by one grant_id, and how the next one takes the place of the last.

The yes claims the older consent by one conditional UPDATE; whoever comes second finds another version of it, or none
that still stands, and nothing of theirs is kept.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from consent import receipt
from consent.lifecycle import Event, NotMoved
from consent.model import Actor, Consent, Status
from consent.receipt import Link
from consent.succession import How, Succeeded
from consent.wording import Older
from hub.consents import service, trail
from hub.consents.rows import last_receipt, to_model, write_back
from hub.errors import Conflict
from hub.ids import new_id
from hub.models.consent import ConsentRow

_STANDING = (Status.VALID.value, Status.SUSPENDED.value)

Propose = Callable[[str, str], ConsentRow]
"""(consent_id, grant_id) -> the consent that waits for the person's answer."""
Answer = Callable[[Consent, Consent], Succeeded | NotMoved]
"""(the older one, the one that waits) -> what the person's choice makes of them."""


def current(session: Session, grant_id: str, *, client_id: str) -> Consent | None:
    """The consent of this client that counts under the ``grant_id``, whether or not it still holds."""
    row = session.scalar(
        select(ConsentRow).where(
            ConsentRow.grant_id == grant_id,
            ConsentRow.client_id == client_id,
            ConsentRow.status != Status.REPLACED.value,
        )
    )
    return None if row is None else to_model(row)


def grant_id_of(session: Session, consent_id: str) -> str:
    """What the client calls the line of this consent."""
    return session.scalars(select(ConsentRow.grant_id).where(ConsentRow.id == consent_id)).one()


def began_at(session: Session, grant_id: str) -> datetime:
    """When the first consent of the line was made."""
    return session.scalars(select(func.min(ConsentRow.created_at)).where(ConsentRow.grant_id == grant_id)).one()


def take_place(
    session: Session, how: How, older: Consent, *, propose: Propose, answer: Answer, now: datetime
) -> Consent:
    """The person's yes to a consent that takes the place of ``older``; returns the newer one.

    Raises Conflict if ``older`` was answered, replaced or ended meanwhile; BadInput for a choice that cannot stand.
    """
    row = session.get_one(ConsentRow, older.id)
    newer_id = new_id()
    before = to_model(row)
    claimed = session.scalar(
        update(ConsentRow)
        .where(
            ConsentRow.id == row.id,
            ConsentRow.version == row.version,
            ConsentRow.status.in_(_STANDING),
            ConsentRow.valid_until > now,
        )
        .values(status=Status.REPLACED.value, replaced_by=newer_id, version=ConsentRow.version + 1)
        .returning(ConsentRow.id)
        .execution_options(synchronize_session=False)
    )
    if claimed is None:
        raise Conflict("What this would change was changed meanwhile. Go back to the app.")
    session.refresh(row)
    newer_row = propose(newer_id, row.grant_id)
    proposed = to_model(newer_row)
    outcome = answer(before, proposed)
    if isinstance(outcome, NotMoved):
        raise trail.refused(outcome.reason)
    _record(session, how, outcome, before, row, proposed, newer_row, now)
    return outcome.newer


def _record(
    session: Session,
    how: How,
    outcome: Succeeded,
    before: Consent,
    row: ConsentRow,
    proposed: Consent,
    newer_row: ConsentRow,
    now: datetime,
) -> None:
    """First the yes with the end of the older chain, then the older one's end with that yes."""
    end, opening = last_receipt(session, row.id), last_receipt(session, newer_row.id)
    assert end is not None  # noqa: S101  # no consent is without the receipt that opened it
    yes = receipt.record(
        opening,
        proposed,
        outcome.newer,
        event=Event.AUTHORISE,
        actor=Actor.PSU,
        at=now,
        shown=service.shown_for(session, newer_row, Older(how, before)),
        link=Link(row.id, end.hash),
    )
    over = receipt.record(
        end,
        before,
        outcome.older,
        event=Event.REPLACE,
        actor=Actor.PSU,
        at=now,
        link=Link(newer_row.id, yes.hash),
    )
    for one, consent, entry in ((newer_row, outcome.newer, yes), (row, outcome.older, over)):
        write_back(one, consent)
        trail.keep(session, one, entry)
        trail.announce(session, one, actor=Actor.PSU, now=now)
