"""What every move of a consent leaves behind: its receipt, its event; and the words for one that was not made."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from consent.canonical import plain
from consent.lifecycle import Refusal
from consent.model import Actor
from consent.receipt import Receipt
from hub.errors import BadInput, Conflict
from hub.events.outbox import emit
from hub.models.consent import ConsentReceipt, ConsentRow

_WHY: Mapping[Refusal, tuple[str, str | None]] = {
    Refusal.NOTHING_PICKED: ("Choose at least one account, or refuse the request.", "account"),
    Refusal.EXCEEDS_REQUEST: ("More was chosen than the app asked for.", "permission"),
    Refusal.HISTORY_WIDENED: ("The history cannot start earlier than the app asked for.", "history"),
    Refusal.END_NOT_AHEAD: ("The end must lie in the future.", "duration"),
    Refusal.END_TOO_FAR: ("That is longer than the app asked for, or than a year.", "duration"),
    Refusal.ONE_DEBTOR: ("Choose the one account that pays.", "account"),
    Refusal.WRONG_DEBTOR: ("The app asked for a payment from another account.", "account"),
    Refusal.HISTORY_DIFFERS: ("What you allowed before starts on another day, and cannot be added to so.", "history"),
}


def refused(reason: Refusal) -> BadInput | Conflict:
    """A refusal of a move, in words for whoever asked for it."""
    if reason in _WHY:
        detail, parameter = _WHY[reason]
        return BadInput(detail, parameter=parameter, reason=reason.value)
    return Conflict("This consent was answered or ended meanwhile.", reason=reason.value)


def keep(session: Session, row: ConsentRow, entry: Receipt) -> None:
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


def announce(session: Session, row: ConsentRow, *, actor: Actor, now: datetime) -> None:
    body = {"client_id": row.client_id, "actor": actor.value, "valid_until": row.valid_until.isoformat()}
    emit(session, f"consent.{row.status}", row.id, now=now, psu_id=row.psu_id, body=body)
