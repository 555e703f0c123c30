"""What a bank remembers of grants, authorisation attempts, codes and tokens. In memory, one lock."""

import secrets
import threading
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from sandbox.clock import BankClock

CODE_TTL_S = 60
ATTEMPT_TTL_S = 900


class Status(StrEnum):
    AWAITING = "awaiting"
    ACTIVE = "active"
    REJECTED = "rejected"
    REVOKED = "revoked"


@dataclass(slots=True)
class Grant:
    """What one person allowed the TPP. ``resources`` maps this grant's own account ids to accounts' keys; ``kept`` is
    what a standard remembers beside it. ``revoked_by`` says who ended it."""

    grant_id: str
    client_id: str
    scope: frozenset[str]
    created_at: datetime
    ends_at: datetime | None
    kept: dict[str, Any] = field(default_factory=dict)
    status: Status = Status.AWAITING
    username: str = ""
    resources: dict[str, str] = field(default_factory=dict)
    revoked_by: str = ""

    def stands(self, now: datetime) -> bool:
        return self.status is Status.ACTIVE and (self.ends_at is None or self.ends_at > now)


@dataclass(slots=True)
class Attempt:
    """One pass of a person through the bank's pages; everything in it has been checked."""

    attempt_id: str
    grant_id: str
    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    ends_at: datetime
    username: str = ""
    picked: tuple[str, ...] = ()
    tan: str = field(default_factory=lambda: f"{secrets.randbelow(1_000_000):06d}", repr=False)
    wrong_tries: int = 0


@dataclass(slots=True)
class Code:
    attempt: Attempt
    ends_at: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """``grant_id`` is empty for a client_credentials token. ``code_hash``: the code it came from."""

    kind: str
    client_id: str
    ends_at: datetime | None
    grant_id: str = ""
    code_hash: str = ""


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


@dataclass
class Vault:
    clock: BankClock
    grants: dict[str, Grant] = field(default_factory=dict)
    _attempts: dict[str, Attempt] = field(default_factory=dict)
    _codes: dict[str, Code] = field(default_factory=dict)
    _tokens: dict[str, Token] = field(default_factory=dict)
    _unattended: dict[tuple[str, str, str, date], int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add(self, grant: Grant) -> None:
        with self.lock:
            self.grants[grant.grant_id] = grant

    def all(self) -> list[Grant]:
        with self.lock:
            return list(self.grants.values())

    def grant_of(self, grant_id: str, client_id: str) -> Grant | None:
        with self.lock:
            found = self.grants.get(grant_id)
        return found if found and found.client_id == client_id else None

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

    def count_wrong_try(self, attempt: Attempt) -> int:
        with self.lock:
            attempt.wrong_tries += 1
            return attempt.wrong_tries

    def authorise(self, attempt: Attempt) -> str | None:
        """The person said yes: the grant is theirs; returns the code. None where it can no longer be authorised."""
        with self.lock:
            grant = self.grants.get(attempt.grant_id)
            if grant is None or grant.status is not Status.AWAITING:
                return None
            grant.username, grant.status = attempt.username, Status.ACTIVE
            grant.resources = {str(uuid.uuid4()): key for key in attempt.picked}
            code = secrets.token_urlsafe(32)
            self._codes[_hash(code)] = Code(attempt, self.clock.now() + timedelta(seconds=CODE_TTL_S))
            return code

    def reject(self, attempt: Attempt) -> None:
        with self.lock:
            grant = self.grants.get(attempt.grant_id)
            if grant is not None and grant.status is Status.AWAITING:
                grant.status, grant.revoked_by = Status.REJECTED, "person"

    def redeem(self, code: str, client_id: str) -> Attempt | None:
        """The code's one use. A second use revokes what the first produced (RFC 6749 4.1.2)."""
        with self.lock:
            found = self._codes.get(_hash(code))
            if found is None or found.attempt.client_id != client_id:
                return None
            if found.used:
                self.drop_tokens(code_hash=_hash(code))
                return None
            found.used = True
            return found.attempt if found.ends_at > self.clock.now() else None

    def issue(self, kind: str, client_id: str, ends_at: datetime | None, grant_id: str = "", code: str = "") -> str:
        secret = secrets.token_urlsafe(32)
        with self.lock:
            self._tokens[_hash(secret)] = Token(kind, client_id, ends_at, grant_id, _hash(code) if code else "")
        return secret

    def token(self, secret: str, kind: str) -> Token | None:
        """A token of that kind that is still good; the grant behind it is the caller's to check."""
        with self.lock:
            found = self._tokens.get(_hash(secret))
        if found is None or found.kind != kind or (found.ends_at and found.ends_at <= self.clock.now()):
            return None
        return found

    def drop(self, secret: str, client_id: str) -> None:
        with self.lock:
            found = self._tokens.get(_hash(secret))
            if found is not None and found.client_id == client_id:
                del self._tokens[_hash(secret)]

    def drop_tokens(self, *, code_hash: str) -> None:
        with self.lock:
            self._tokens = {key: one for key, one in self._tokens.items() if one.code_hash != code_hash}

    def end(self, grant: Grant, by: str) -> None:
        with self.lock:
            if grant.status in (Status.ACTIVE, Status.AWAITING):
                grant.status, grant.revoked_by = Status.REVOKED, by

    def revoke_all(self) -> int:
        """People withdraw at the bank everything that stands; returns how many grants."""
        with self.lock:
            standing = [grant for grant in self.grants.values() if grant.status is Status.ACTIVE]
            for grant in standing:
                self.end(grant, "person")
            return len(standing)

    def count_unattended(self, grant: Grant, endpoint: str, resource_id: str, most: int) -> bool:
        """Count a call without the person (per endpoint and account, each day); False: it was one too many."""
        with self.lock:
            key = (grant.grant_id, endpoint, resource_id, self.clock.today())
            if self._unattended[key] >= most:
                return False
            self._unattended[key] += 1
            return True
