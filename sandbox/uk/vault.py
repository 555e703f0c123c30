"""What Albion Bank remembers of consents, authorisation attempts, codes and tokens. In memory, one lock."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sandbox.clock import BankClock

CODE_TTL_S = 60
ACCESS_TTL_S = 300
ATTEMPT_TTL_S = 900


class Status(StrEnum):
    """OBReadConsentResponse1 Data.Status."""

    AWAITING = "AwaitingAuthorisation"
    AUTHORISED = "Authorised"
    REJECTED = "Rejected"
    REVOKED = "Revoked"


@dataclass(slots=True)
class BankConsent:
    consent_id: str
    client_id: str
    permissions: tuple[str, ...]
    created_at: datetime
    changed_at: datetime
    expires_at: datetime | None
    shows_from: datetime | None
    shows_to: datetime | None
    status: Status = Status.AWAITING
    username: str = ""
    account_keys: tuple[str, ...] = ()

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(slots=True)
class Attempt:
    """One pass of a person through /authorize; everything in it has been checked."""

    attempt_id: str
    consent_id: str
    client_id: str
    redirect_uri: str
    response_type: str
    state: str
    nonce: str
    code_challenge: str
    ends_at: datetime
    wrong_passwords: int = 0


@dataclass(slots=True)
class Code:
    attempt: Attempt
    ends_at: datetime
    auth_time: int
    used: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """``consent_id`` is empty for a client_credentials token. ``code_hash``: the code it came from."""

    kind: str
    client_id: str
    ends_at: datetime | None
    consent_id: str = ""
    code_hash: str = ""


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


@dataclass
class Vault:
    clock: BankClock
    consents: dict[str, BankConsent] = field(default_factory=dict)
    _attempts: dict[str, Attempt] = field(default_factory=dict)
    _codes: dict[str, Code] = field(default_factory=dict)
    _tokens: dict[str, Token] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def all(self) -> list[BankConsent]:
        with self.lock:
            return list(self.consents.values())

    def consent_of(self, consent_id: str, client_id: str) -> BankConsent | None:
        with self.lock:
            consent = self.consents.get(consent_id)
        return consent if consent and consent.client_id == client_id else None

    def move(self, consent: BankConsent, status: Status) -> None:
        with self.lock:
            consent.status, consent.changed_at = status, self.clock.now()

    def open_attempt(self, attempt: Attempt) -> None:
        with self.lock:
            self._attempts[attempt.attempt_id] = attempt

    def attempt(self, attempt_id: str) -> Attempt | None:
        with self.lock:
            found = self._attempts.get(attempt_id)
        return found if found and found.ends_at > self.clock.now() else None

    def close_attempt(self, attempt_id: str) -> Attempt | None:
        """Take the attempt away: whoever gets it may answer it, nobody else."""
        with self.lock:
            return self._attempts.pop(attempt_id, None)

    def count_wrong_password(self, attempt: Attempt) -> int:
        with self.lock:
            attempt.wrong_passwords += 1
            return attempt.wrong_passwords

    def authorise(self, attempt: Attempt, username: str, account_keys: tuple[str, ...], auth_time: int) -> str | None:
        """The person said yes: the consent is theirs, what was issued before is void; returns the code.

        None where the consent can no longer be authorised, or is another person's.
        """
        with self.lock:
            consent = self.consents.get(attempt.consent_id)
            if (
                consent is None
                or consent.status not in (Status.AWAITING, Status.AUTHORISED)
                or consent.has_expired(self.clock.now())
                or consent.username not in ("", username)
            ):
                return None
            self.drop_tokens(consent_id=attempt.consent_id)
            consent.username, consent.account_keys = username, account_keys
            self.move(consent, Status.AUTHORISED)
            code = secrets.token_urlsafe(32)
            self._codes[_hash(code)] = Code(attempt, self.clock.now() + timedelta(seconds=CODE_TTL_S), auth_time)
            return code

    def redeem(self, code: str, client_id: str) -> Code | None:
        """The code's one use. A second use revokes what the first produced (RFC 6749 4.1.2)."""
        with self.lock:
            found = self._codes.get(_hash(code))
            if found is None or found.attempt.client_id != client_id:
                return None
            if found.used:
                self.drop_tokens(code_hash=_hash(code))
                return None
            found.used = True
            return found if found.ends_at > self.clock.now() else None

    def issue(self, kind: str, client_id: str, ends_at: datetime | None, consent_id: str = "", code: str = "") -> str:
        secret = secrets.token_urlsafe(32)
        with self.lock:
            self._tokens[_hash(secret)] = Token(kind, client_id, ends_at, consent_id, _hash(code) if code else "")
        return secret

    def token(self, secret: str, kind: str) -> Token | None:
        """A token of that kind that is still good; the consent behind it is the caller's to check."""
        with self.lock:
            found = self._tokens.get(_hash(secret))
        if found is None or found.kind != kind or (found.ends_at and found.ends_at <= self.clock.now()):
            return None
        return found

    def drop_tokens(self, *, consent_id: str = "", code_hash: str = "") -> None:
        with self.lock:
            self._tokens = {
                key: token
                for key, token in self._tokens.items()
                if not (consent_id and token.consent_id == consent_id)
                and not (code_hash and token.code_hash == code_hash)
            }
            if consent_id:
                self._codes = {key: code for key, code in self._codes.items() if code.attempt.consent_id != consent_id}

    def revoke_all(self) -> int:
        """People withdraw at the bank everything that stands; returns how many consents."""
        with self.lock:
            standing = [consent for consent in self.consents.values() if consent.status is Status.AUTHORISED]
            for consent in standing:
                self.move(consent, Status.REVOKED)
            return len(standing)
