"""Consent: what one person (the PSU) allowed one client, per account, until when.

Everything here is frozen and checks itself when it is made: a Consent that exists is a consistent one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType


class Permission(StrEnum):
    """One thing a client may do. The value IS the OAuth scope: one vocabulary from screen to token to gate."""

    ACCOUNTS_READ = "accounts:read"
    BALANCES_READ = "balances:read"
    TRANSACTIONS_READ = "transactions:read"
    PARTIES_READ = "parties:read"
    PAYMENTS_WRITE = "payments:write"
    SIGN_IN = "openid"
    PROFILE = "profile"
    EMAIL = "email"


PERSONAL_PERMISSIONS = frozenset({Permission.SIGN_IN, Permission.PROFILE, Permission.EMAIL})
"""Given once, for the person."""

ACCOUNT_PERMISSIONS = frozenset(Permission) - PERSONAL_PERMISSIONS
"""Given for each account apart.

None of them implies another, accounts:read included: a client that needs only the balance of one account gets only
that (data minimisation, GDPR 5.1.c). What would not make sense alone is a matter of the screen, not of the model.
"""


def permissions_of(scopes: Iterable[str]) -> frozenset[Permission]:
    """The permissions among OAuth scopes. Left out: offline_access, which gives nothing by itself; unknown words."""
    return frozenset(map(Permission, frozenset(scopes) & frozenset(Permission)))


class Status(StrEnum):
    """Where a consent stands. The moves between them are ``lifecycle.MOVES``."""

    RECEIVED = "received"  # the client asked, the person has not answered
    VALID = "valid"
    REJECTED = "rejected"  # answered: no
    REVOKED = "revoked"  # a party ended it
    EXPIRED = "expired"  # time ended it
    SUSPENDED = "suspended"  # the hub stopped it for now
    REPLACED = "replaced"  # a newer consent took its place


HOLDS_NOTHING = frozenset({Status.RECEIVED, Status.REJECTED})
"""Nobody gave anything in these states."""

HOLDS_SOMETHING = frozenset({Status.VALID, Status.SUSPENDED, Status.REPLACED})
"""Reached only through the person's yes, which always gives something. Revoked and expired may be either."""


class Actor(StrEnum):
    """Who makes a move."""

    PSU = "psu"
    CLIENT = "client"
    HUB = "hub"
    TIME = "time"


def utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a naive one: a time without its zone is a bug of the caller."""
    if moment.utcoffset() is None:
        raise ValueError("a moment is aware: it knows its zone")
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Consent:
    """What the PSU was asked for (``requested``) and what they gave (``personal``, ``accounts``).

    id, psu_id, client_id, account ids: opaque text, never empty for the first three.
    accounts: account id -> permissions given on it, none of them empty; read-only.
    history_from: first booking day the client may see; None = all the hub has.
    valid_until: the end, exclusive (at this moment the consent is over). While RECEIVED: the proposed end.
    Times are aware and kept in UTC. Raises ValueError where any of this does not hold.
    """

    id: str
    psu_id: str
    client_id: str
    status: Status
    requested: frozenset[Permission]
    personal: frozenset[Permission]
    accounts: Mapping[str, frozenset[Permission]] = field(hash=False)  # a read-only mapping has no hash
    purpose: str | None
    history_from: date | None
    valid_until: datetime
    created_at: datetime
    status_changed_at: datetime

    def __post_init__(self) -> None:
        """Bring the parts to their one form (enums, frozen sets, UTC), then check them."""
        put = object.__setattr__
        put(self, "status", Status(self.status))
        put(self, "requested", frozenset(map(Permission, self.requested)))
        put(self, "personal", frozenset(map(Permission, self.personal)))
        given = {account: frozenset(map(Permission, held)) for account, held in self.accounts.items()}
        put(self, "accounts", MappingProxyType(given))
        for name in ("valid_until", "created_at", "status_changed_at"):
            put(self, name, utc(getattr(self, name)))
        for rule, holds in self._invariants():
            if not holds:
                raise ValueError(rule)

    def _invariants(self) -> Iterable[tuple[str, bool]]:
        held = self.holds
        yield "a consent has an id, a PSU and a client", bool(self.id and self.psu_id and self.client_id)
        yield "a consent asks for at least one permission", bool(self.requested)
        yield (
            "personal permissions are among those requested",
            (self.personal <= PERSONAL_PERMISSIONS & self.requested),
        )
        yield (
            "account permissions are among those requested",
            all(given <= ACCOUNT_PERMISSIONS & self.requested for given in self.accounts.values()),
        )
        yield "an account in a consent carries at least one permission", all(self.accounts.values())
        yield "an unanswered or refused consent holds nothing", not (held and self.status in HOLDS_NOTHING)
        yield "an answered consent holds something", bool(held) or self.status not in HOLDS_SOMETHING
        # A datetime is a date to Python, and would fail only later, when compared with a real day.
        yield "history starts on a day, not at a moment", not isinstance(self.history_from, datetime)
        yield "a consent ends after it began", self.valid_until > self.created_at
        yield "a status changes no earlier than the consent began", self.status_changed_at >= self.created_at

    @property
    def holds(self) -> frozenset[Permission]:
        """Every permission given anywhere in this consent."""
        return self.personal.union(*self.accounts.values())
