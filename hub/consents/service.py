"""What can be done with a consent. Each function is one step inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import receipt, wording
from consent.decide import Allowed
from consent.details import Detail
from consent.details_form import restore, to_json
from consent.lifecycle import TERMINAL, Event, NotMoved, move
from consent.model import Actor, Consent, Permission, Status, permissions_of
from consent.wording import Older
from hub.consents import trail
from hub.consents.rows import last_receipt, to_model, write_back
from hub.context import Hub
from hub.errors import NotFound
from hub.ids import new_id, new_secret
from hub.models.client import Client
from hub.models.consent import ConsentRow


def propose(
    session: Session,
    *,
    psu_id: str,
    client_id: str,
    requested: AbstractSet[Permission],
    purpose: str | None,
    history_from: date | None,
    valid_until: datetime,
    now: datetime,
    details: Sequence[Detail] = (),
    consent_id: str | None = None,
    grant_id: str | None = None,
) -> ConsentRow:
    """A consent that waits for the person's answer. ``grant_id``: of the line that it goes on, None for a new one."""
    consent = Consent(
        id=consent_id or new_id(),
        psu_id=psu_id,
        client_id=client_id,
        status=Status.RECEIVED,
        requested=frozenset(requested),
        personal=frozenset(),
        accounts={},
        purpose=purpose,
        history_from=history_from,
        valid_until=valid_until,
        created_at=now,
        status_changed_at=now,
        details=tuple(details),
    )
    opening = receipt.record(None, None, consent, event=receipt.PROPOSE, actor=Actor.CLIENT, at=now)
    row = ConsentRow(
        id=consent.id,
        psu_id=psu_id,
        client_id=client_id,
        status=consent.status.value,
        requested=sorted(consent.requested),
        personal=[],
        purpose=purpose,
        history_from=history_from,
        valid_until=valid_until,
        created_at=now,
        status_changed_at=now,
        accounts=[],
        details=[to_json(one) for one in consent.details],
        grant_id=grant_id or new_secret(),
    )
    row.receipt_head = opening.hash
    session.add(row)
    session.flush()  # the receipt's foreign key needs the row
    trail.keep(session, row, opening)
    return row


def authorise(
    session: Session,
    row: ConsentRow,
    *,
    accounts: Mapping[str, AbstractSet[Permission]],
    personal: AbstractSet[Permission],
    valid_until: datetime,
    history_from: date | None,
    now: datetime,
) -> Consent:
    """The person's yes, with what they picked. The caller has checked that the accounts are theirs.

    Raises BadInput naming the choice that cannot stand, Conflict if the consent was answered already.
    """
    return _move(
        session,
        row,
        Event.AUTHORISE,
        actor=Actor.PSU,
        now=now,
        shown=shown_for(session, row),
        accounts=accounts,
        personal=personal,
        valid_until=valid_until,
        history_from=history_from,
    )


def shown_for(session: Session, row: ConsentRow, older: Older | None = None) -> wording.Shown:
    """The words of the screen on which this consent was asked for. ``older``: the one whose place it would take."""
    return screen(
        session.get_one(Client, row.client_id).name,
        permissions_of(row.requested),
        purpose=row.purpose,
        history_from=row.history_from,
        valid_until=row.valid_until,
        details=restore(row.details),
        older=older,
    )


def screen(
    client_name: str,
    requested: AbstractSet[Permission],
    *,
    purpose: str | None,
    history_from: date | None,
    valid_until: datetime,
    details: Sequence[Detail] = (),
    older: Older | None = None,
) -> wording.Shown:
    """The words of the consent screen: what the page shows, and what the receipt of the yes keeps."""
    return wording.screen(
        client_name,
        requested,
        purpose=purpose,
        account_count=None,
        history_from=history_from,
        valid_until=valid_until,
        details=details,
        older=older,
    )


def load(session: Session, consent_id: str) -> Consent:
    """Raises NotFound."""
    return to_model(_row(session, consent_id))


def revoke(
    session: Session,
    consent_id: str,
    *,
    actor: Actor,
    now: datetime,
    psu_id: str | None = None,
    client_id: str | None = None,
) -> Consent:
    """End a consent; what it allowed stops with this transaction. Revoking what has ended already changes nothing.

    ``psu_id`` or ``client_id`` says on whose behalf: for anybody else's consent it raises NotFound.
    """
    row = _row(session, consent_id, for_update=True)
    if (psu_id is not None and row.psu_id != psu_id) or (client_id is not None and row.client_id != client_id):
        raise NotFound("There is no such consent.")
    if Status(row.status) in TERMINAL:
        return to_model(row)
    event = Event.EXPIRE if row.valid_until <= now else Event.REVOKE
    return _move(session, row, event, actor=Actor.TIME if event is Event.EXPIRE else actor, now=now)


def consume(session: Session, consent_id: str, *, client_id: str, now: datetime) -> Consent:
    """The one payment of this consent is handed to the bank: of any number at once, one gets past here.

    Raises NotFound for another client's consent; Conflict if it was consumed, has ended or is none for a payment.
    """
    row = _row(session, consent_id, for_update=True)
    if row.client_id != client_id:
        raise NotFound("There is no such consent.")
    return _move(session, row, Event.CONSUME, actor=Actor.CLIENT, now=now)


def expire_due(hub: Hub, *, now: datetime, limit: int = 200) -> int:
    """Write down the end of consents whose time is over (they were denied already). Returns how many."""
    open_states = [Status.RECEIVED.value, Status.VALID.value, Status.SUSPENDED.value]
    with hub.db.write() as session:
        rows = session.scalars(
            select(ConsentRow)
            .where(ConsentRow.status.in_(open_states), ConsentRow.valid_until <= now)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for row in rows:
            _move(session, row, Event.EXPIRE, actor=Actor.TIME, now=now)
        return len(rows)


def record_access(hub: Hub, allowed: Allowed, *, now: datetime) -> None:
    """Count one reading by a client, for "who sees what"; the owner's own reading is not counted."""
    if allowed.consent_id is not None and allowed.permission is not None:
        hub.access_log.note(allowed.consent_id, allowed.permission.value, now=now)


def _row(session: Session, consent_id: str, *, for_update: bool = False) -> ConsentRow:
    query = select(ConsentRow).where(ConsentRow.id == consent_id)
    if for_update:  # what this session read before the lock may be out of date by now
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None:
        raise NotFound("There is no such consent.")
    return row


def _move(
    session: Session,
    row: ConsentRow,
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    shown: wording.Shown | None = None,
    accounts: Mapping[str, AbstractSet[Permission]] | None = None,
    personal: AbstractSet[Permission] | None = None,
    valid_until: datetime | None = None,
    history_from: date | None = None,
) -> Consent:
    """One move with its receipt and its event, in the caller's transaction."""
    before = to_model(row)
    outcome = move(
        before,
        event,
        actor=actor,
        now=now,
        accounts=accounts,
        personal=personal,
        valid_until=valid_until,
        history_from=history_from,
    )
    if isinstance(outcome, NotMoved):
        raise trail.refused(outcome.reason)
    after = outcome.consent
    entry = receipt.record(last_receipt(session, row.id), before, after, event=event, actor=actor, at=now, shown=shown)
    write_back(row, after)
    trail.keep(session, row, entry)
    trail.announce(session, row, actor=actor, now=now)
    return after
