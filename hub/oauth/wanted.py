"""A stored, checked authorization request read back: what it asks a person for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from consent.details import Detail, payment_in
from consent.details_form import PARAMETER, restore
from consent.model import PAYMENT_LIFE, Permission, permissions_of
from consent.succession import How
from hub.models.oauth import AuthorizationRequest
from hub.oauth import scopes as scope_words
from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """``history_from`` and ``valid_until`` are counted from when the app asked, so that page, consent and receipt say
    the same; ``history_from`` None: it does not say. ``history_days`` is the client's wish as it stands on the page.
    ``names_end``: it asked for a moment, not for a number of days.

    ``action``: create, merge, replace, or None; ``grant_id`` is of the grant that it changes, and
    ``older_consent`` the consent that counted for it when the app asked.
    """

    client_id: str
    scopes: frozenset[str]
    details: tuple[Detail, ...]
    purpose: str | None
    history_from: date | None
    history_days: int | None
    valid_until: datetime
    consent_days: int
    names_end: bool
    action: str | None
    grant_id: str | None
    older_consent: str | None

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.scopes)

    @property
    def is_payment(self) -> bool:
        return payment_in(self.details) is not None

    @property
    def how(self) -> How | None:
        """How it changes a grant that exists; None if it makes one, or does not care."""
        return None if self.grant_id is None or self.action is None else How(self.action)


def wanted(row: AuthorizationRequest, settings: Settings) -> Wanted:
    facts = row.parameters
    details = restore(facts.get(PARAMETER, []))
    until, days = _end(row, details, facts.get("consent_days") or settings.consent_default_days)
    first_day, history_days = _start(row)
    return Wanted(
        client_id=row.client_id,
        scopes=scope_words.parse(facts["scope"]),
        details=details,
        purpose=facts.get("purpose"),
        history_from=first_day,
        history_days=history_days,
        valid_until=until,
        consent_days=days,
        names_end="valid_until" in facts,
        action=facts.get("grant_management_action"),
        grant_id=facts.get("grant_id"),
        older_consent=facts.get("older_consent"),
    )


def _start(row: AuthorizationRequest) -> tuple[date | None, int | None]:
    day, days = row.parameters.get("history_from"), row.parameters.get("history_days")
    asked_on = row.created_at.date()
    if day is not None:
        first_day = date.fromisoformat(day)
        return first_day, (asked_on - first_day).days
    return (None, None) if days is None else (asked_on - timedelta(days=days), days)


def _end(row: AuthorizationRequest, details: tuple[Detail, ...], days: int) -> tuple[datetime, int]:
    """The proposed end, and how many whole days that is."""
    if payment_in(details) is not None:
        return row.created_at + PAYMENT_LIFE, 0
    if (named := row.parameters.get("valid_until")) is not None:
        until = datetime.fromisoformat(named)
        return until, (until - row.created_at).days
    return row.created_at + timedelta(days=days), days
