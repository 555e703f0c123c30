"""What Lorelei Bank remembers of bank consents: their life as a table, their rights, their counted calls. In memory."""

import secrets
import threading
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from sandbox.berlin.access import Wanted
from sandbox.clock import BankClock
from sandbox.people import Account

SCA_TTL_S = 1800
UNCONFIRMED = "unconfirmed"
ONE_OFF_TTL_S = 1200


class Status(StrEnum):
    """consentStatus (14.11); partiallyAuthorised is for accounts that need two signatures: Lorelei has none."""

    RECEIVED = "received"
    REJECTED = "rejected"
    VALID = "valid"
    REVOKED = "revokedByPsu"
    EXPIRED = "expired"
    TERMINATED = "terminatedByTpp"


class Approach(StrEnum):
    """How the person proves who they are: on our page, in our app, or with what they type at the TPP's."""

    REDIRECT = "REDIRECT"
    DECOUPLED = "DECOUPLED"
    EMBEDDED = "EMBEDDED"


MOVES = {
    (Status.RECEIVED, "authorise"): Status.VALID,
    (Status.RECEIVED, "reject"): Status.REJECTED,
    (Status.RECEIVED, "terminate"): Status.TERMINATED,
    (Status.RECEIVED, "expire"): Status.EXPIRED,
    (Status.VALID, "terminate"): Status.TERMINATED,
    (Status.VALID, "revoke"): Status.REVOKED,
    (Status.VALID, "expire"): Status.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Granted:
    """An account under one consent: its resource id there, and what may be read of it."""

    resource_id: str
    account: Account
    rights: frozenset[str]


@dataclass(slots=True)
class BankConsent:
    """``owner`` is whose token it was asked for with, at a bank that wants one first."""

    consent_id: str
    wanted: Wanted
    recurring: bool
    valid_until: date
    frequency_per_day: int
    redirect_uri: str
    nok_redirect_uri: str
    created_at: datetime
    approach: Approach = Approach.REDIRECT
    sca_id: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    authorisation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    sca_status: str = "received"
    status: Status = Status.RECEIVED
    last_action: date = date.min
    owner: str = ""
    username: str = ""
    picked: tuple[Account, ...] = ()
    tan: str = field(default_factory=lambda: f"{secrets.randbelow(1_000_000):06d}", repr=False)
    confirmation_code: str = field(default_factory=lambda: secrets.token_urlsafe(6), repr=False)
    method: str = ""
    wrong_tries: int = 0
    authorised_at: datetime | None = None
    granted: dict[str, Granted] = field(default_factory=dict)


@dataclass
class Vault:
    clock: BankClock
    _consents: dict[str, BankConsent] = field(default_factory=dict)
    _unattended: dict[tuple[str, str, str, date], int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add(self, consent: BankConsent) -> None:
        with self.lock:
            self._consents[consent.consent_id] = consent

    def all(self) -> list[BankConsent]:
        with self.lock:
            for one in self._consents.values():
                self._let_time_act(one)
            return list(self._consents.values())

    def consent(self, consent_id: str) -> BankConsent | None:
        with self.lock:
            found = self._consents.get(consent_id)
            if found:
                self._let_time_act(found)
            return found

    def by_sca_id(self, sca_id: str) -> BankConsent | None:
        """The consent that a person may still authorise through this link."""
        with self.lock:
            found = next((one for one in self._consents.values() if one.sca_id == sca_id), None)
            if found:
                self._let_time_act(found)
            return found if found and found.status is Status.RECEIVED and found.sca_status != UNCONFIRMED else None

    def move(self, consent: BankConsent, action: str) -> bool:
        """Whether the consent could move; a finished one stays as it is."""
        with self.lock:
            target = MOVES.get((consent.status, action))
            if target is None:
                return False
            consent.status, consent.last_action = target, self.clock.today()
            if consent.sca_status not in ("finalised", "failed"):
                consent.sca_status = "finalised" if target is Status.VALID else "failed"
            return True

    def authorise(self, consent: BankConsent) -> bool:
        """The person confirmed: new resource ids; a recurring consent ends the person's former one (6.3)."""
        with self.lock:
            if not self.move(consent, "authorise"):
                return False
            consent.authorised_at = self.clock.now()
            for account in consent.picked:
                resource_id = str(uuid.uuid4())
                consent.granted[resource_id] = Granted(resource_id, account, consent.wanted.rights_on(account))
            if consent.recurring:
                for other in self._consents.values():
                    if other is not consent and other.recurring and other.username == consent.username:
                        self._let_time_act(other)
                        if other.status is Status.VALID:
                            self.move(other, "expire")
            return True

    def count_wrong_try(self, consent: BankConsent) -> int:
        with self.lock:
            consent.wrong_tries += 1
            return consent.wrong_tries

    def count_unattended(self, consent: BankConsent, endpoint: str, resource_id: str) -> bool:
        """Count a call without the person (per endpoint and account, each day); False: it was one too many."""
        with self.lock:
            key = (consent.consent_id, endpoint, resource_id, self.clock.today())
            if self._unattended[key] >= consent.frequency_per_day:
                return False
            self._unattended[key] += 1
            return True

    def revoke_all(self) -> int:
        """People withdraw at the bank everything that stands; returns how many consents."""
        with self.lock:
            return sum(self.move(consent, "revoke") for consent in self._consents.values())

    def _let_time_act(self, consent: BankConsent) -> None:
        now = self.clock.now()
        too_late = consent.valid_until < now.date()
        if consent.status is Status.RECEIVED:
            too_late = too_late or consent.created_at + timedelta(seconds=SCA_TTL_S) <= now
        elif consent.authorised_at and not consent.recurring:
            too_late = too_late or consent.authorised_at + timedelta(seconds=ONE_OFF_TTL_S) <= now
        if too_late:
            self.move(consent, "expire")
