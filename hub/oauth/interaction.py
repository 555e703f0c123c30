"""Between a checked authorization request and the person's answer. The consent page calls open_request, approve, deny.

A request belongs to the first person who opens it with a fresh enough login; to everybody else it does not exist. It
is answered once: the answer claims it by one conditional UPDATE.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from authlib.oauth2.rfc6749.errors import AccessDeniedError, OAuth2Error
from authlib.oidc.core.errors import ConsentRequiredError, InteractionRequiredError, LoginRequiredError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consent.model import Consent, Permission, permissions_of
from hub.consents import service as consents
from hub.context import Hub
from hub.errors import BadInput, NotFound, NotPermitted
from hub.identity import activity
from hub.identity.activity import Kind
from hub.identity.origin import UNKNOWN, Origin
from hub.identity.sessions import Person
from hub.models.client import Client
from hub.models.ledger import Account
from hub.models.oauth import AuthorizationRequest
from hub.oauth import answers, decoupled, issue, pending, redirects, scopes
from hub.oauth.answers import Delivery
from hub.oauth.decoupled import Elsewhere
from hub.oauth.pending import LoginReason, NeedsLogin
from hub.oauth.policy import NONE
from hub.oauth.standing import Wish, standing_consent
from hub.oauth.wanted_acr import UnmetAuthenticationRequirements

__all__ = [
    "Ask",
    "Choice",
    "ClientFacts",
    "LoginReason",
    "NeedsLogin",
    "Redirect",
    "answer_silently",
    "approve",
    "deny",
    "open_request",
]


@dataclass(frozen=True, slots=True)
class Redirect:
    """There is nothing to ask: the answer goes back at once."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """``vouched_by``: the trust anchor that does, if one does. ``policy_uri`` and ``tos_uri`` are pages of the client's
    own, which the person can read before they answer (OpenID Connect Registration 2).
    """

    client_id: str
    name: str
    description: str
    site_uri: str | None
    verified: bool
    vouched_by: str | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """What the consent page shows. ``history_days`` is the client's wish, None if it has none; ``consent_days`` its
    wish or the hub's default. ``history_from`` and ``valid_until`` are what comes of them, and what the receipt
    will say.

    ``redirect_uri`` is where the browser goes with the answer: the page's form-action must allow its origin. It is None
    for a request that came from ``elsewhere`` and is answered there.
    """

    client: ClientFacts
    permissions: frozenset[Permission]
    protocol_scopes: frozenset[str]
    purpose: str | None
    history_days: int | None
    consent_days: int
    history_from: date | None
    valid_until: datetime
    redirect_uri: str | None
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person picked. ``history_from`` None leaves it at what the client asked for."""

    accounts: Mapping[str, frozenset[Permission]]
    personal: frozenset[Permission]
    valid_until: datetime
    history_from: date | None = None


def open_request(hub: Hub, handle: str, person: Person, *, answer_standing: bool = True) -> Ask | Redirect | NeedsLogin:
    """What to show to the person who opened this request.

    ``answer_standing`` False: an older consent does not answer for a person who is answering right now.

    Raises NotFound for a request that does not exist, has expired or is another person's; Conflict for one answered.
    """
    now = hub.clock()
    with hub.db.read() as session:
        row, client = pending.find(session, handle, person, now)
    if (stale := pending.stale(row, person)) is not None:
        if stale.acr is not None:
            pending.acr_was_asked(hub, row)
        return stale
    if (other := pending.someone_else(hub, row, client, person)) and person.auth_time < row.created_at:
        return NeedsLogin(LoginReason.PERSON, row.parameters.get("login_hint"))
    pending.bind(hub, row, person, now)
    if other or pending.unmet(row, person):
        error = LoginRequiredError() if other else UnmetAuthenticationRequirements()
        return Redirect(_refuse(hub, row, client, person, error, now))
    if "consent" in row.parameters["prompt"] or not answer_standing:
        return _ask(hub, row, client)
    delivery = _answer_by_standing_consent(hub, row, client, person, now)
    return _ask(hub, row, client) if delivery is None else Redirect(delivery)


def answer_silently(hub: Hub, handle: str, person: Person) -> Delivery:
    """prompt=none (OIDC Core 3.1.2.1): a code, or an error that says which page would have been needed."""
    now = hub.clock()
    with hub.db.read() as session:
        row, client = pending.find(session, handle, person, now)
    error: OAuth2Error
    if pending.stale(row, person) is not None or pending.someone_else(hub, row, client, person):
        error = LoginRequiredError()
    elif pending.unmet(row, person):
        error = UnmetAuthenticationRequirements()
    elif delivery := _answer_by_standing_consent(hub, row, client, person, now):
        return delivery
    else:
        error = ConsentRequiredError() if _answerable_unseen(row, client) else InteractionRequiredError()
    return _refuse(hub, row, client, person, error, now)


def approve(hub: Hub, handle: str, person: Person, choice: Choice, *, origin: Origin = UNKNOWN) -> Delivery:
    """The person's yes; returns how a code goes back to the client. One transaction: all of it happens or nothing.

    Raises NotFound (also for an account that is not theirs), Conflict if the request was answered meanwhile,
    NotPermitted if the login is not fresh enough, BadInput for a choice that the consent cannot hold.
    """
    now = hub.clock()
    with hub.db.write() as session:
        row, client = pending.find(session, handle, person, now)
        unfit = pending.unmet(row, person) or pending.someone_else(hub, row, client, person)
        if unfit or pending.stale(row, person) is not None:
            raise NotPermitted("Log in again before you answer this.", reason="login_required")
        pending.claim(session, row, person, now)
        _own(session, person, choice)
        consent = _consent(session, hub, row, person, choice, now)
        detail = {"app": client.name}
        activity.write(session, person.psu_id, Kind.CONSENT_AUTHORISED, origin=origin, now=now, detail=detail)
        code = _granted(session, hub, row, client, person, consent, now)
    return _allowed(hub, row, client, code, now)


def deny(hub: Hub, handle: str, person: Person, *, origin: Origin = UNKNOWN) -> Delivery:
    """The person's no; returns how it goes back to the client. Raises NotFound, or Conflict if it was answered."""
    now = hub.clock()
    with hub.db.write() as session:
        row, client = pending.find(session, handle, person, now)
        pending.claim(session, row, person, now)
        detail = {"app": client.name}
        activity.write(session, person.psu_id, Kind.CONSENT_REJECTED, origin=origin, now=now, detail=detail)
    return _refused(hub, row, client, AccessDeniedError(), now)


def _allowed(hub: Hub, row: AuthorizationRequest, client: Client, code: str | None, now: datetime) -> Delivery:
    """``code`` is None for a decoupled request."""
    came_from = decoupled.elsewhere(row.parameters)
    if came_from is not None:
        return Delivery(f"{came_from.where_answered}/allowed")
    return answers.success(hub, client, row.parameters, code or "", now)


def _refused(hub: Hub, row: AuthorizationRequest, client: Client, error: OAuth2Error, now: datetime) -> Delivery:
    if (came_from := decoupled.elsewhere(row.parameters)) is not None:
        return Delivery(f"{came_from.where_answered}/denied")
    return answers.refusal(hub, client, row.parameters, error, now)


def _refuse(
    hub: Hub, row: AuthorizationRequest, client: Client, person: Person, error: OAuth2Error, now: datetime
) -> Delivery:
    with hub.db.write() as session:
        pending.claim(session, row, person, now)
    return _refused(hub, row, client, error, now)


def _ask(hub: Hub, row: AuthorizationRequest, client: Client) -> Ask:
    wanted = scopes.parse(row.parameters["scope"])
    return Ask(
        client=ClientFacts(
            client_id=client.client_id,
            name=client.name,
            description=client.description,
            site_uri=client.site_uri,
            verified=client.verified_at is not None,
            vouched_by=client.trust_anchor,
            policy_uri=client.registration.get("policy_uri"),
            tos_uri=client.registration.get("tos_uri"),
        ),
        permissions=permissions_of(wanted),
        protocol_scopes=wanted & scopes.PROTOCOL,
        purpose=row.parameters.get("purpose"),
        history_days=row.parameters.get("history_days"),
        consent_days=_days(hub, row),
        history_from=_history_from(row),
        valid_until=_until(hub, row),
        redirect_uri=row.parameters.get("redirect_uri"),
        elsewhere=decoupled.elsewhere(row.parameters),
    )


def _answerable_unseen(row: AuthorizationRequest, client: Client) -> bool:
    """RFC 6749 10.2, RFC 8252 8.6: an app that anybody on the device can impersonate never passes unseen; nor does what
    was asked elsewhere (hub.oauth.decoupled).
    """
    if row.decoupled_id is not None:
        return False
    return client.token_endpoint_auth_method != NONE or redirects.assured(row.parameters["redirect_uri"])


def _answer_by_standing_consent(
    hub: Hub, row: AuthorizationRequest, client: Client, person: Person, now: datetime
) -> Delivery | None:
    """A code at once where the person already allowed all of this; None if they must be asked."""
    if not _answerable_unseen(row, client):
        return None
    wish = Wish(
        psu_id=person.psu_id,
        client_id=client.client_id,
        scopes=scopes.parse(row.parameters["scope"]),
        purpose=row.parameters.get("purpose"),
        history_from=_history_from(row),
    )
    with hub.db.read() as session:  # most requests are new: they should not wait for the right to write
        if standing_consent(session, wish, now) is None:
            return None
    with hub.db.write() as session:
        if (consent := standing_consent(session, wish, now)) is None:
            return None
        pending.claim(session, row, person, now)
        code = _granted(session, hub, row, client, person, consent, now)
    return _allowed(hub, row, client, code, now)


def _own(session: Session, person: Person, choice: Choice) -> None:
    if not choice.accounts:
        return
    owned = session.scalar(
        select(func.count()).where(Account.id.in_(list(choice.accounts)), Account.psu_id == person.psu_id)
    )
    if owned != len(choice.accounts):
        raise NotFound("There is no such account.")


def _consent(
    session: Session, hub: Hub, row: AuthorizationRequest, person: Person, choice: Choice, now: datetime
) -> Consent:
    proposed = consents.propose(
        session,
        psu_id=person.psu_id,
        client_id=row.client_id,
        requested=permissions_of(scopes.parse(row.parameters["scope"])),
        purpose=row.parameters.get("purpose"),
        history_from=_history_from(row),
        valid_until=_until(hub, row),
        now=now,
    )
    return consents.authorise(
        session,
        proposed,
        accounts=choice.accounts,
        personal=choice.personal,
        valid_until=choice.valid_until,
        history_from=choice.history_from,
        now=now,
    )


def _history_from(row: AuthorizationRequest) -> date | None:
    """Counted from when the app asked, so that page, consent and receipt say the same day."""
    days = row.parameters.get("history_days")
    return None if days is None else row.created_at.date() - timedelta(days=days)


def _until(hub: Hub, row: AuthorizationRequest) -> datetime:
    return row.created_at + timedelta(days=_days(hub, row))


def _days(hub: Hub, row: AuthorizationRequest) -> int:
    return row.parameters.get("consent_days") or hub.settings.consent_default_days


def _granted(
    session: Session,
    hub: Hub,
    row: AuthorizationRequest,
    client: Client,
    person: Person,
    consent: Consent,
    now: datetime,
) -> str | None:
    """The scope of the grant is what was asked for, less what the person did not give and what the client lost.

    Returns its code; None for a decoupled request, whose client has a secret for it already. The session at which it
    was answered is not the one that the app will have elsewhere, so such a grant hangs on none.
    """
    wanted = scopes.parse(row.parameters["scope"]) & frozenset(client.scopes)
    granted = (wanted & scopes.PROTOCOL) | (wanted & frozenset(held.value for held in consent.holds))
    if not permissions_of(granted):
        raise BadInput("Nothing that this app may still have was chosen.", parameter="permission")
    grant = issue.grant(
        session,
        consent=consent,
        scope=scopes.text_of(granted),
        person=person,
        facts=row.parameters,
        sid=person.sid if row.decoupled_id is None else None,
        now=now,
    )
    if row.decoupled_id is not None:
        decoupled.allow(session, row.decoupled_id, grant.id)
        return None
    return issue.code(session, hub.settings, grant, facts=row.parameters, now=now)
