"""Between stored rows and the values of consent/."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.details_form import restore, to_json
from consent.model import Consent, Permission, Status
from consent.receipt import Receipt
from hub.models.consent import ConsentAccount, ConsentReceipt, ConsentRow


def to_model(row: ConsentRow) -> Consent:
    return Consent(
        id=row.id,
        psu_id=row.psu_id,
        client_id=row.client_id,
        status=Status(row.status),
        requested=frozenset(map(Permission, row.requested)),
        personal=frozenset(map(Permission, row.personal)),
        accounts={one.account_id: frozenset(map(Permission, one.permissions)) for one in row.accounts},
        purpose=row.purpose,
        history_from=row.history_from,
        valid_until=row.valid_until,
        created_at=row.created_at,
        status_changed_at=row.status_changed_at,
        details=restore(row.details),
        replaces=row.replaces,
        replaced_by=row.replaced_by,
    )


def write_back(row: ConsentRow, consent: Consent) -> None:
    """Bring the row to the consent's state. By whom and of whom it was requested never changes; what was, grows only
    where the consent takes over what an older one held.
    """
    row.status = consent.status.value
    row.requested = sorted(consent.requested)
    row.purpose = consent.purpose
    row.details = [to_json(detail) for detail in consent.details]
    row.replaces = consent.replaces
    row.replaced_by = consent.replaced_by
    row.personal = sorted(consent.personal)
    row.history_from = consent.history_from
    row.valid_until = consent.valid_until
    row.status_changed_at = consent.status_changed_at
    kept = {one.account_id: one for one in row.accounts}
    row.accounts = [
        kept.get(account_id) or ConsentAccount(account_id=account_id, permissions=sorted(held))
        for account_id, held in sorted(consent.accounts.items())
    ]


def receipts(session: Session, consent_id: str) -> list[Receipt]:
    """The whole chain, oldest first."""
    rows = session.scalars(
        select(ConsentReceipt).where(ConsentReceipt.consent_id == consent_id).order_by(ConsentReceipt.sequence)
    )
    return [_receipt(row) for row in rows]


def last_receipt(session: Session, consent_id: str) -> Receipt | None:
    row = session.scalar(
        select(ConsentReceipt)
        .where(ConsentReceipt.consent_id == consent_id)
        .order_by(ConsentReceipt.sequence.desc())
        .limit(1)
    )
    return None if row is None else _receipt(row)


def _receipt(row: ConsentReceipt) -> Receipt:
    return Receipt(
        consent_id=row.consent_id,
        sequence=row.sequence,
        at=row.at,
        actor=row.actor,
        event=row.event,
        body=row.body,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
