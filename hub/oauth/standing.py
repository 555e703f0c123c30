"""Has the person allowed all of this before? Then they need not be asked again."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from consent.model import Consent, Status
from consent.succession import How
from hub.consents.rows import to_model
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.oauth import Grant
from hub.oauth import scopes as scope_words
from hub.oauth.wanted import Wanted


def standing_consent(session: Session, psu_id: str, wish: Wanted, now: datetime) -> Consent | None:
    """The newest valid consent that covers the wish: every permission, every detail, every protocol scope, the same
    purpose (data given for one purpose is not given for another, GDPR 5.1.b), and no more history. It was given to the
    client as it is now: at the addresses where it is answered, and to whoever holds the keys that it has.

    A payment is never answered so, nor by its consent anything else. A grant that is to be made anew or replaced needs
    a new yes; one that is merged is answered by itself alone.
    """
    if wish.is_payment or wish.action not in {None, How.MERGE}:
        return None
    rows = session.scalars(
        select(ConsentRow)
        .join(Client, Client.client_id == ConsentRow.client_id)
        .where(
            ConsentRow.psu_id == psu_id,
            ConsentRow.client_id == wish.client_id,
            ConsentRow.status == Status.VALID.value,
            ConsentRow.valid_until > now,
            or_(Client.identity_changed_at.is_(None), ConsentRow.created_at > Client.identity_changed_at),
            *([] if wish.grant_id is None else [ConsentRow.grant_id == wish.grant_id]),
        )
        .order_by(ConsentRow.created_at.desc(), ConsentRow.id.desc())
    )
    for row in rows:
        consent = to_model(row)
        if _covers(consent, wish) and _scopes_were_granted(session, consent, wish):
            return consent
    return None


def _covers(consent: Consent, wish: Wanted) -> bool:
    return (
        consent.payment is None
        and wish.permissions <= consent.holds
        and set(wish.details) <= set(consent.details)
        and wish.purpose in {None, consent.purpose}
        and (consent.history_from is None or wish.history_from is None or consent.history_from <= wish.history_from)
    )


def _scopes_were_granted(session: Session, consent: Consent, wish: Wanted) -> bool:
    """Protocol scopes stand in the grants. A grant that ended counts: what the person said yes to stays said."""
    granted = session.scalars(select(Grant.scope).where(Grant.consent_id == consent.id))
    return any(wish.scopes <= scope_words.parse(text) for text in granted)
