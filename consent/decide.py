"""The only gate to a person's data: a consent and a question in, Allowed or Denied out.

Code that reads a person's data takes an Allowed. It cannot be made by hand: only ``decide`` (for a client) and
``for_owner`` (for the person's own pages) hold the seal, and ``dataclasses.replace`` cannot widen one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from consent.disclose import ALL_ACCOUNT_FIELDS, ALL_CLAIMS, fields
from consent.lifecycle import status_at
from consent.model import PERSONAL_PERMISSIONS, Consent, Permission, Status, permissions_of

_SEAL = object()


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. ``scopes`` is what token ∩ client registration still hold at this moment.

    account_id None asks for every account on which the permission is given.
    """

    client_id: str
    psu_id: str
    permission: Permission
    scopes: frozenset[str]
    account_id: str | None = None


class Reason(StrEnum):
    """Why a reading is denied."""

    NO_SUCH_CONSENT = "no_such_consent"
    WRONG_CLIENT = "wrong_client"
    WRONG_PSU = "wrong_psu"
    NOT_VALID_YET = "not_valid_yet"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    REPLACED = "replaced"
    CONSUMED = "consumed"
    SCOPE_MISSING = "scope_missing"
    PERMISSION_NOT_GRANTED = "permission_not_granted"
    ACCOUNT_NOT_GRANTED = "account_not_granted"


_NO_SUCH_CONSENT = "There is no such consent between this client and this person."

MESSAGES: Mapping[Reason, str] = MappingProxyType(
    {
        # The first three read the same: a stranger learns nothing about a consent that is not theirs.
        Reason.NO_SUCH_CONSENT: _NO_SUCH_CONSENT,
        Reason.WRONG_CLIENT: _NO_SUCH_CONSENT,
        Reason.WRONG_PSU: _NO_SUCH_CONSENT,
        Reason.NOT_VALID_YET: "The person has not answered this request yet. Send them to the consent screen.",
        Reason.REJECTED: "The person said no to this request.",
        Reason.REVOKED: "This consent was revoked. Ask the person again if they still want your service.",
        Reason.EXPIRED: "This consent has come to its end. Ask the person to renew it.",
        Reason.SUSPENDED: "The hub has suspended this consent for now. Retry later; a new token does not help.",
        Reason.REPLACED: "A newer consent has replaced this one. Use the token that came with the newer one.",
        Reason.CONSUMED: "The payment of this consent was made. Ask the person for the next one.",
        Reason.SCOPE_MISSING: "The access token or the client's registration does not hold the scope for this.",
        Reason.PERMISSION_NOT_GRANTED: "The person did not give this permission.",
        # One text whether the account is another's, was not picked, or does not exist.
        Reason.ACCOUNT_NOT_GRANTED: "There is no such account in this consent.",
    }
)

_STATUS_REASON: Mapping[Status, Reason] = MappingProxyType(
    {
        Status.RECEIVED: Reason.NOT_VALID_YET,
        Status.REJECTED: Reason.REJECTED,
        Status.REVOKED: Reason.REVOKED,
        Status.EXPIRED: Reason.EXPIRED,
        Status.SUSPENDED: Reason.SUSPENDED,
        Status.REPLACED: Reason.REPLACED,
        Status.CONSUMED: Reason.CONSUMED,
    }
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be read, and no more. Made by ``decide`` or ``for_owner`` only; anything else raises TypeError.

    consent_id, client_id, permission: None only where the person reads their own data (``for_owner``).
    account_ids: sorted. fields: for each of them the field names disclosed. claims: the personal fields disclosed.
    since: first booking day that may be read; None = all.
    """

    consent_id: str | None
    psu_id: str
    client_id: str | None
    permission: Permission | None
    account_ids: tuple[str, ...]
    fields: Mapping[str, frozenset[str]] = field(hash=False)
    claims: frozenset[str]
    since: date | None
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("an Allowed comes from decide() or for_owner(), never from a call of its own")

    def covers(self, permission: Permission) -> bool:
        """Whether this reading is of that kind: a reader of transactions refuses an Allowed made for balances.

        The owner's covers everything that is read; it never stands for a payment.
        """
        if self.permission is None:
            return permission is not Permission.PAYMENTS_WRITE
        return permission is self.permission


@dataclass(frozen=True, slots=True)
class Denied:
    """No, and why."""

    reason: Reason

    @property
    def message(self) -> str:
        """The reason in plain words, for the developer of the client; names no id."""
        return MESSAGES[self.reason]

    @property
    def public_reason(self) -> Reason:
        """The reason as a client may be told it; ``reason`` itself is for the hub's own log.

        Whose a consent is stays unsaid: somebody else's reads as one that does not exist.
        """
        return Reason.NO_SUCH_CONSENT if self.message == _NO_SUCH_CONSENT else self.reason


def decide(consent: Consent | None, ask: Ask, now: datetime) -> Allowed | Denied:
    """Whether ``ask`` is covered at ``now``. ``None`` = no consent was found.

    What holds is scopes ∩ consent, on each account apart: a parties:read that the token lacks widens nothing.
    Strangers are turned away before anything about the consent is looked at.
    """
    if consent is None:
        return Denied(Reason.NO_SUCH_CONSENT)
    if consent.client_id != ask.client_id:
        return Denied(Reason.WRONG_CLIENT)
    if consent.psu_id != ask.psu_id:
        return Denied(Reason.WRONG_PSU)
    status = status_at(consent, now)
    if status is not Status.VALID:
        return Denied(_STATUS_REASON[status])
    scopes = permissions_of(ask.scopes)
    if ask.permission not in scopes:
        return Denied(Reason.SCOPE_MISSING)
    if ask.permission not in consent.holds:
        return Denied(Reason.PERMISSION_NOT_GRANTED)
    # Before the account: the answer must not depend on whether an account that was not given exists.
    shown = {
        account: fields(ask.permission, held & scopes)
        for account, held in sorted(consent.accounts.items())
        if ask.permission in held
    }
    if ask.account_id is not None:
        if ask.account_id not in shown:
            return Denied(Reason.ACCOUNT_NOT_GRANTED)
        shown = {ask.account_id: shown[ask.account_id]}
    personal = ask.permission in PERSONAL_PERMISSIONS
    return Allowed(
        consent_id=consent.id,
        psu_id=consent.psu_id,
        client_id=consent.client_id,
        permission=ask.permission,
        account_ids=tuple(shown),
        fields=MappingProxyType(shown),
        claims=fields(ask.permission, consent.personal & scopes) if personal else frozenset(),
        since=consent.history_from,
        seal=_SEAL,
    )


def for_owner(psu_id: str, account_ids: Iterable[str]) -> Allowed:
    """The person reads their own data on the hub's pages: no consent is needed from oneself; all fields, all history.

    The caller has authenticated the person and looked up that these accounts are theirs. Never for a client:
    a client's reading always goes through ``decide``. Raises ValueError where there is no person.
    """
    if not psu_id:
        raise ValueError("an owner is somebody")
    ids = tuple(sorted(set(account_ids)))
    return Allowed(
        consent_id=None,
        psu_id=psu_id,
        client_id=None,
        permission=None,
        account_ids=ids,
        fields=MappingProxyType(dict.fromkeys(ids, ALL_ACCOUNT_FIELDS)),
        claims=ALL_CLAIMS,
        since=None,
        seal=_SEAL,
    )
