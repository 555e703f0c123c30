"""Has the person allowed all of this before? Then they need not be asked again."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from consent.model import Consent, Status, permissions_of
from hub.consents.rows import to_model
from hub.models.consent import ConsentRow
from hub.models.oauth import Grant
from hub.oauth import scopes as scope_words


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks a person for. ``history_from`` None: it does not say."""

    psu_id: str
    client_id: str
    scopes: frozenset[str]
    purpose: str | None
    history_from: date | None


def standing_consent(session: Session, wish: Wish, now: datetime) -> Consent | None:
    """The newest valid consent that covers the wish: every permission, every protocol scope, the same purpose (data
    given for one purpose is not given for another, GDPR 5.1.b), and no more history.
    """
    rows = session.scalars(
        select(ConsentRow)
        .where(
            ConsentRow.psu_id == wish.psu_id,
            ConsentRow.client_id == wish.client_id,
            ConsentRow.status == Status.VALID.value,
            ConsentRow.valid_until > now,
        )
        .order_by(ConsentRow.created_at.desc(), ConsentRow.id.desc())
    )
    for row in rows:
        consent = to_model(row)
        if _covers(consent, wish) and _scopes_were_granted(session, consent, wish):
            return consent
    return None


def _covers(consent: Consent, wish: Wish) -> bool:
    return (
        permissions_of(wish.scopes) <= consent.holds
        and wish.purpose in {None, consent.purpose}
        and (consent.history_from is None or wish.history_from is None or consent.history_from <= wish.history_from)
    )


def _scopes_were_granted(session: Session, consent: Consent, wish: Wish) -> bool:
    """Protocol scopes stand in the grants. A grant that ended counts: what the person said yes to stays said."""
    granted = session.scalars(select(Grant.scope).where(Grant.consent_id == consent.id))
    return any(wish.scopes <= scope_words.parse(text) for text in granted)
