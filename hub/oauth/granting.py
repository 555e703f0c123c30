"""The person's yes, inside its transaction: a consent, or one that takes an older one's place, and the code for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent.details import AccountId, AccountInformation, AccountReference, payment_in
from consent.model import HISTORY_PERMISSIONS, Consent, Permission, permissions_of
from consent.succession import How, succeed
from hub.consents import service as consents
from hub.consents import succession
from hub.errors import BadInput, Conflict, NotFound
from hub.identity.sessions import Person
from hub.ledger import numbered
from hub.models.client import Client
from hub.models.consent import ConsentRow
from hub.models.ledger import Account
from hub.models.oauth import AuthorizationRequest, Grant
from hub.oauth import decoupled, issue, scopes
from hub.oauth.wanted import Wanted
from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person picked. ``history_from`` None leaves it at what the client asked for."""

    accounts: Mapping[str, frozenset[Permission]]
    personal: frozenset[Permission]
    valid_until: datetime
    history_from: date | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the authorisations of an older consent held, which a merge takes over."""

    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict)
    resources: tuple[str, ...] = ()


NOTHING = Earlier()


def payers(session: Session, psu_id: str, wish: Wanted) -> frozenset[str] | None:
    """The accounts of the person that may pay: those that the request named; None where it named none."""
    payment = payment_in(wish.details)
    if payment is None or payment.debtor_account is None:
        return None
    return _meant(session, psu_id, payment.debtor_account)


def wished(session: Session, psu_id: str, wish: Wanted) -> frozenset[str]:
    """The accounts that the app would like to read, by whichever name it knows them."""
    named = [one for detail in wish.details if isinstance(detail, AccountInformation) for one in detail.accounts]
    return frozenset[str]().union(*(_meant(session, psu_id, one) for one in named))


def _meant(session: Session, psu_id: str, reference: AccountReference) -> frozenset[str]:
    if isinstance(reference, AccountId):
        return frozenset({reference.id})
    return numbered.with_number(session, psu_id, reference)


def give(session: Session, wish: Wanted, person: Person, choice: Choice, now: datetime) -> tuple[Consent, Earlier]:
    """The consent to what the person chose. The caller has claimed the request.

    Raises NotFound for an account that is not theirs, BadInput for a choice that cannot stand, Conflict if the grant
    that this would change has changed meanwhile.
    """
    _own(session, person, choice)
    payer = payers(session, person.psu_id, wish)
    if payer is not None and not choice.accounts.keys() <= payer:
        raise BadInput("The app asked for a payment from another account.", parameter="account")
    if wish.how is None:
        proposed = _propose(session, wish, person, now)
        return _authorised(session, proposed, choice, now), NOTHING
    older = older_of(session, wish)
    if older is None or older.psu_id != person.psu_id:
        raise Conflict("What this would change was changed meanwhile. Go back to the app.")
    return _taken_place(session, wish, wish.how, older, person, choice, now)


def older_of(session: Session, wish: Wanted) -> Consent | None:
    """The consent that the request would change; None if it has none, or that one has been replaced since."""
    if wish.grant_id is None:
        return None
    found = succession.current(session, wish.grant_id, client_id=wish.client_id)
    return found if found is not None and found.id == wish.older_consent else None


def start_of_history(wish: Wanted, older: Consent | None) -> date | None:
    """Where what is added reaches into the past as the older consent does, it starts where that one starts."""
    if wish.how is How.MERGE and older is not None and older.holds & HISTORY_PERMISSIONS:
        return older.history_from
    return wish.history_from


def earlier(session: Session, consent_id: str) -> Earlier:
    """All that was granted under this consent, in whichever authorisation: what the person said yes to stays said."""
    grants = session.scalars(select(Grant).where(Grant.consent_id == consent_id).order_by(Grant.created_at)).all()
    asked: dict[str, dict[str, Any]] = {}
    for grant in grants:
        for member, claims in (grant.claims or {}).items():
            asked[member] = asked.get(member, {}) | claims
    return Earlier(
        scopes=frozenset[str]().union(*(scopes.parse(grant.scope) for grant in grants)),
        claims=asked,
        resources=tuple(dict.fromkeys(one for grant in grants for one in grant.resources)),
    )


def issued(
    session: Session,
    settings: Settings,
    row: AuthorizationRequest,
    client: Client,
    person: Person,
    consent: Consent,
    wish: Wanted,
    now: datetime,
    *,
    before: Earlier = NOTHING,
) -> str | None:
    """The scope of the grant is what was asked for, and before, less what the person did not give and what the client
    lost.

    Returns its code; None for a decoupled request, whose client has a secret for it already. The session at which it
    was answered is not the one that the app will have elsewhere, so such a grant hangs on none; its yes
    does, until it is fetched.
    """
    wanted = (wish.scopes | before.scopes) & frozenset(client.scopes)
    granted = (wanted & scopes.PROTOCOL) | (wanted & frozenset(held.value for held in consent.holds))
    if not permissions_of(granted):
        raise BadInput("Nothing that this app may still have was chosen.", parameter="permission")
    claims, asked = dict(before.claims), row.parameters.get("claims") or {}
    grant = issue.grant(
        session,
        consent=consent,
        scope=scopes.text_of(granted),
        person=person,
        claims={member: claims.get(member, {}) | asked.get(member, {}) for member in claims | asked} or None,
        resources=_resources(settings, row.parameters.get("resource"), before.resources),
        sid=person.sid if row.decoupled_id is None else None,
        now=now,
    )
    if row.decoupled_id is not None:
        decoupled.allow(session, row.decoupled_id, grant.id, sid=person.sid)
        return None
    return issue.code(session, settings, grant, facts=row.parameters, now=now)


def _resources(settings: Settings, asked: str | None, before: tuple[str, ...]) -> list[str]:
    """What the tokens may be for, that of this request first. Naming none means our own API (hub.oauth.resources)."""
    if not before:
        return [] if asked is None else [asked]
    return list(dict.fromkeys((asked or settings.base_url, *before)))


def _own(session: Session, person: Person, choice: Choice) -> None:
    if not choice.accounts:
        return
    owned = session.scalar(
        select(func.count()).where(Account.id.in_(list(choice.accounts)), Account.psu_id == person.psu_id)
    )
    if owned != len(choice.accounts):
        raise NotFound("There is no such account.")


def _propose(
    session: Session, wish: Wanted, person: Person, now: datetime, *, older: Consent | None = None, **line: str
) -> ConsentRow:
    return consents.propose(
        session,
        psu_id=person.psu_id,
        client_id=wish.client_id,
        requested=wish.permissions,
        purpose=wish.purpose,
        history_from=start_of_history(wish, older),
        valid_until=wish.valid_until,
        details=wish.details,
        now=now,
        **line,
    )


def _authorised(session: Session, proposed: ConsentRow, choice: Choice, now: datetime) -> Consent:
    return consents.authorise(
        session,
        proposed,
        accounts=choice.accounts,
        personal=choice.personal,
        valid_until=choice.valid_until,
        history_from=choice.history_from,
        now=now,
    )


def _taken_place(
    session: Session, wish: Wanted, how: How, older: Consent, person: Person, choice: Choice, now: datetime
) -> tuple[Consent, Earlier]:
    before = earlier(session, older.id) if how is How.MERGE else NOTHING
    newer = succession.take_place(
        session,
        how,
        older,
        propose=lambda consent_id, grant_id: _propose(
            session, wish, person, now, older=older, consent_id=consent_id, grant_id=grant_id
        ),
        answer=lambda ending, waiting: succeed(
            how,
            ending,
            waiting,
            now=now,
            accounts=choice.accounts,
            personal=choice.personal,
            valid_until=choice.valid_until,
            history_from=choice.history_from,
        ),
        now=now,
    )
    return newer, before
