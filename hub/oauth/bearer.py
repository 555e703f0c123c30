"""A client's access token at the API: checked offline, then against the database in ONE statement.

That statement is why revocation is immediate: the token was signed minutes ago, the grant, the consent and the
client's registration are read now. Effective scope at every use = token ∩ consent ∩ registration; the middle part is
``consent.decide``'s, which gets the consent from here.

A token that is bound (RFC 8705, 9449) opens nothing without its key: hub.oauth.possession asks for the proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, select

from consent.details_form import restore
from consent.model import Consent, Permission, Status
from hub.db import Reading
from hub.errors import Unauthenticated
from hub.models.client import Client
from hub.models.consent import ConsentAccount, ConsentRow
from hub.models.oauth import DeniedToken, Grant
from hub.oauth.grant_types import EXCHANGE
from hub.oauth.policy import POLICIES, Profile
from hub.oauth.tokens import BadToken, Claims


@dataclass(frozen=True, slots=True)
class Token:
    """A checked access token. ``psu_id``, ``grant_id`` and ``consent`` are None where a client speaks for itself.

    ``scopes`` is token ∩ client registration ∩ profile. ``consent`` may have ended: that is for ``consent.decide`` to
    say. ``acr`` and ``auth_time`` tell of the login behind it. ``client_id`` is whom the person allowed; ``actor`` the
    service that acts on its behalf with an exchanged token (RFC 8693), None for any other.
    """

    jti: str
    client_id: str
    actor: str | None
    sub: str
    psu_id: str | None
    grant_id: str | None
    consent: Consent | None
    scopes: frozenset[str]
    expires_at: datetime
    acr: str | None
    auth_time: datetime | None


_COLUMNS = (
    Client.client_id.label("holder"),
    Client.scopes,
    Client.profile,
    Grant.id.label("grant_id"),
    Grant.psu_id.label("grant_psu_id"),
    ConsentRow.id.label("consent_id"),
    ConsentRow.psu_id,
    ConsentRow.client_id,
    ConsentRow.status,
    ConsentRow.requested,
    ConsentRow.personal,
    ConsentRow.purpose,
    ConsentRow.history_from,
    ConsentRow.valid_until,
    ConsentRow.created_at,
    ConsentRow.status_changed_at,
    ConsentRow.details,
    ConsentRow.replaces,
    ConsentRow.replaced_by,
    ConsentAccount.account_id,
    ConsentAccount.permissions,
)

_STATE = (
    select(*_COLUMNS)
    .select_from(Client)
    .outerjoin(
        Grant,
        and_(Grant.id == bindparam("grant_id"), Grant.client_id == Client.client_id, Grant.revoked_at.is_(None)),
    )
    .outerjoin(ConsentRow, and_(ConsentRow.id == Grant.consent_id, ConsentRow.id == bindparam("consent_id")))
    .outerjoin(ConsentAccount, ConsentAccount.consent_id == ConsentRow.id)
    .where(
        Client.client_id == bindparam("client_id"),
        Client.deleted_at.is_(None),
        ~exists().where(DeniedToken.jti == bindparam("jti")),
    )
)

_EXCHANGED = (
    select(*_COLUMNS)
    .select_from(Grant)
    .join(Client, Client.client_id == Grant.client_id)
    .join(ConsentRow, and_(ConsentRow.id == Grant.consent_id, ConsentRow.id == bindparam("consent_id")))
    .outerjoin(ConsentAccount, ConsentAccount.consent_id == ConsentRow.id)
    .where(
        Grant.id == bindparam("grant_id"),
        Grant.revoked_at.is_(None),
        Client.deleted_at.is_(None),
        ~exists().where(DeniedToken.jti.in_(bindparam("jtis", expanding=True))),
    )
)
_SERVICES = select(Client.scopes, Client.grant_types).where(
    Client.client_id.in_(bindparam("actors", expanding=True)),
    Client.deleted_at.is_(None),
    Client.profile == Profile.RESOURCE_SERVER.value,
)


def resolve(reading: Reading, claims: Claims) -> Token:
    """What the token stands for at this moment; one statement, two for an exchanged token.

    Raises BadToken if it has been withdrawn, or if its client's profile has come to demand bound tokens and it is none.
    """
    rows = _rows(reading, claims)
    if not rows or (claims.authorization_id is not None and rows[0].consent_id is None):
        raise BadToken("withdrawn")
    first = rows[0]
    policy = POLICIES[Profile(first.profile)]
    if policy.sender_constrained and not claims.cnf:
        raise BadToken("not bound")
    return Token(
        jti=claims.jti,
        client_id=first.holder,
        actor=claims.actors[0] if claims.actors else None,
        sub=claims.sub,
        psu_id=first.grant_psu_id,
        grant_id=first.grant_id,
        consent=None if first.consent_id is None else _consent(rows),
        scopes=frozenset(filter(policy.may_hold, claims.scopes & frozenset(first.scopes)))
        & _of_services(reading, claims),
        expires_at=datetime.fromtimestamp(claims.expires_at_s, UTC),
        acr=claims.acr,
        auth_time=None if claims.auth_time_s is None else datetime.fromtimestamp(claims.auth_time_s, UTC),
    )


def _rows(reading: Reading, claims: Claims) -> Sequence[Any]:
    named = {"grant_id": claims.authorization_id, "consent_id": claims.consent_id}
    if claims.actors:
        return reading.execute(_EXCHANGED, named | {"jtis": [claims.jti, *claims.exchanged_from]}).all()
    return reading.execute(_STATE, named | {"client_id": claims.client_id, "jti": claims.jti}).all()


def _of_services(reading: Reading, claims: Claims) -> frozenset[str]:
    """What every service on the way may still have. Raises BadToken if one of them is gone, or may exchange no more."""
    left = claims.scopes
    if not claims.actors:
        return left
    services = reading.execute(_SERVICES, {"actors": list(claims.actors)}).all()
    if len(services) != len(set(claims.actors)) or not all(EXCHANGE in one.grant_types for one in services):
        raise BadToken("a service on the way is gone")
    return left.intersection(*(one.scopes for one in services))


def invalid() -> Unauthenticated:
    return Unauthenticated("The access token is not valid, has ended, or was revoked.", reason="invalid_token")


def _consent(rows: Sequence[Any]) -> Consent:
    first = rows[0]
    return Consent(
        id=first.consent_id,
        psu_id=first.psu_id,
        client_id=first.client_id,
        status=Status(first.status),
        requested=frozenset(map(Permission, first.requested)),
        personal=frozenset(map(Permission, first.personal)),
        accounts={
            row.account_id: frozenset(map(Permission, row.permissions)) for row in rows if row.account_id is not None
        },
        purpose=first.purpose,
        history_from=first.history_from,
        valid_until=first.valid_until,
        created_at=first.created_at,
        status_changed_at=first.status_changed_at,
        details=restore(first.details),
        replaces=first.replaces,
        replaced_by=first.replaced_by,
    )
