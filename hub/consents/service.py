"""What can be done with a consent. Each function is one step inside the caller's transaction."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent import receipt, wording
from consent.canonical import plain
from consent.decide import Allowed
from consent.lifecycle import TERMINAL, Event, NotMoved, Refusal, move
from consent.model import Actor, Consent, Permission, Status, permissions_of
from consent.receipt import Receipt
from hub.consents.rows import last_receipt, to_model, write_back
from hub.context import Hub
from hub.errors import BadInput, Conflict, NotFound
from hub.events.outbox import emit
from hub.ids import new_id
from hub.models.client import Client
from hub.models.consent import ConsentReceipt, ConsentRow

# A refusal of a move, in words for whoever asked for it.
_WHY: Mapping[Refusal, tuple[str, str | None]] = {
    Refusal.NOTHING_PICKED: ("Choose at least one account, or refuse the request.", "account"),
    Refusal.EXCEEDS_REQUEST: ("More was chosen than the app asked for.", "permission"),
    Refusal.HISTORY_WIDENED: ("The history cannot start earlier than the app asked for.", "history"),
    Refusal.END_NOT_AHEAD: ("The end must lie in the future.", "duration"),
    Refusal.END_TOO_FAR: ("A consent lasts a year at most.", "duration"),
}


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
) -> ConsentRow:
    """A consent that waits for the person's answer."""
    consent = Consent(
        id=new_id(),
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
    )
    row.receipt_head = opening.hash
    session.add(row)
    session.flush()  # the receipt's foreign key needs the row
    _keep(session, row, opening)
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
    client = session.get_one(Client, row.client_id)
    shown = screen(
        client.name,
        permissions_of(row.requested),
        purpose=row.purpose,
        history_from=row.history_from,
        valid_until=row.valid_until,
    )
    return _move(
        session,
        row,
        Event.AUTHORISE,
        actor=Actor.PSU,
        now=now,
        shown=shown,
        accounts=accounts,
        personal=personal,
        valid_until=valid_until,
        history_from=history_from,
    )


def screen(
    client_name: str,
    requested: AbstractSet[Permission],
    *,
    purpose: str | None,
    history_from: date | None,
    valid_until: datetime,
) -> wording.Shown:
    """The words of the consent screen: what the page shows, and what the receipt of the yes keeps."""
    return wording.screen(
        client_name,
        requested,
        purpose=purpose,
        account_count=None,
        history_from=history_from,
        valid_until=valid_until,
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
        raise NotFound("there is no such consent")
    if Status(row.status) in TERMINAL:
        return to_model(row)
    event = Event.EXPIRE if row.valid_until <= now else Event.REVOKE
    return _move(session, row, event, actor=Actor.TIME if event is Event.EXPIRE else actor, now=now)


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
    row = session.scalar(query.with_for_update() if for_update else query)
    if row is None:
        raise NotFound("there is no such consent")
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
        if outcome.reason in _WHY:
            detail, parameter = _WHY[outcome.reason]
            raise BadInput(detail, parameter=parameter, reason=outcome.reason.value)
        raise Conflict("This consent was answered or ended meanwhile.", reason=outcome.reason.value)
    after = outcome.consent
    entry = receipt.record(last_receipt(session, row.id), before, after, event=event, actor=actor, at=now, shown=shown)
    write_back(row, after)
    _keep(session, row, entry)
    emit(
        session,
        f"consent.{after.status.value}",
        row.id,
        now=now,
        psu_id=row.psu_id,
        body={"client_id": row.client_id, "actor": actor.value},
    )
    return after


def _keep(session: Session, row: ConsentRow, entry: Receipt) -> None:
    row.receipt_head = entry.hash
    session.add(
        ConsentReceipt(
            consent_id=entry.consent_id,
            sequence=entry.sequence,
            at=entry.at,
            actor=entry.actor,
            event=entry.event,
            body=plain(entry.body),
            previous_hash=entry.previous_hash,
            hash=entry.hash,
        )
    )
