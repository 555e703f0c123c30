"""Consent: what one person (the PSU) allowed one client, per account, until when.

Everything here is frozen and checks itself when it is made: a Consent that exists is a consistent one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from consent.details import AccountId, Detail, PaymentInitiation, payment_in, permissions_asked
from consent.permission import (
    ACCOUNT_PERMISSIONS,
    HISTORY_PERMISSIONS,
    PERSONAL_PERMISSIONS,
    READ_PERMISSIONS,
    Permission,
    permissions_of,
)

__all__ = [
    "ACCOUNT_PERMISSIONS",
    "HISTORY_PERMISSIONS",
    "HOLDS_NOTHING",
    "HOLDS_SOMETHING",
    "PAYMENT_LIFE",
    "PERSONAL_PERMISSIONS",
    "READ_PERMISSIONS",
    "Actor",
    "Consent",
    "Permission",
    "Status",
    "permissions_of",
    "utc",
]

PAYMENT_LIFE = timedelta(hours=1)
"""How long after the request a payment may still be made: a person who says yes to one expects it now, and an hour
outlasts a bank's hiccup."""


class Status(StrEnum):
    """Where a consent stands. The moves between them are ``lifecycle.MOVES``."""

    RECEIVED = "received"  # the client asked, the person has not answered
    VALID = "valid"
    REJECTED = "rejected"  # answered: no
    REVOKED = "revoked"  # a party ended it
    EXPIRED = "expired"  # time ended it
    SUSPENDED = "suspended"  # the hub stopped it for now
    REPLACED = "replaced"  # a newer consent took its place
    CONSUMED = "consumed"  # the one payment it was for was made


HOLDS_NOTHING = frozenset({Status.RECEIVED, Status.REJECTED})
"""Nobody gave anything in these states."""

HOLDS_SOMETHING = frozenset({Status.VALID, Status.SUSPENDED, Status.REPLACED, Status.CONSUMED})
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
    history_from: first booking day, or first day of a statement, that the client may see; None = all the hub has.
    valid_until: the end, exclusive (at this moment the consent is over). While RECEIVED: the proposed end.
    Times are aware and kept in UTC. Raises ValueError where any of this does not hold.

    details: what was asked for as authorization_details (RFC 9396), permissions included in ``requested``. A payment
    stands alone: one detail, no reading beside it, one account that pays, PAYMENT_LIFE; and payments:write is held for
    such a payment or not at all. Sign-in may come with it.
    replaces, replaced_by: the ids of the consents before and after this one where a person renewed or widened it.
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
    details: tuple[Detail, ...] = ()
    replaces: str | None = None
    replaced_by: str | None = None

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
        put(self, "details", tuple(self.details))
        for rule, holds in (*self._invariants(), *self._payment_invariants()):
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
        yield "what the details ask for is requested", permissions_asked(self.details) <= self.requested
        yield "a replaced consent names its successor", bool(self.replaced_by) == (self.status is Status.REPLACED)
        yield "only an answered consent took another's place", not (self.replaces and self.status in HOLDS_NOTHING)
        yield "no consent takes its own place", self.id not in {self.replaces, self.replaced_by}

    def _payment_invariants(self) -> Iterable[tuple[str, bool]]:
        payment = self.payment
        yield (
            "payments:write is for one payment",
            (payment is None) == (Permission.PAYMENTS_WRITE not in self.requested),
        )
        if payment is None:
            yield "only a payment is consumed", self.status is not Status.CONSUMED
            return
        yield "a payment stands alone", len(self.details) == 1 and not self.requested & READ_PERMISSIONS
        yield "a payment is soon made or never", self.valid_until <= self.created_at + PAYMENT_LIFE
        yield (
            "one account pays",
            len(self.accounts) == 1 if self.status in HOLDS_SOMETHING else len(self.accounts) <= 1,
        )
        named = payment.debtor_account
        if isinstance(named, AccountId):
            yield "no account pays but the one that was named", self.accounts.keys() <= {named.id}

    @property
    def payment(self) -> PaymentInitiation | None:
        """The one payment that this consent is for; None where it is for reading."""
        return payment_in(self.details)

    @property
    def holds(self) -> frozenset[Permission]:
        """Every permission given anywhere in this consent."""
        return self.personal.union(*self.accounts.values())
